"""The bridge to scikit-learn: the same network and the same `train`, as an estimator.

With it the tools of scikit-learn (pipelines, cross-validation, grid searches) can put an
initializer to the test. It is an extra, ``pip install "mlp-demo[sklearn]"``: nothing else in
the project imports this file, and nothing but this file in ``mlp/`` imports scikit-learn.

It differs from ``sklearn.neural_network.MLPRegressor`` in what the lesson needs: initializers
can be chosen, the loss is the mean squared error without a factor 1/2 and without a penalty
on the weights, and training runs for all of its epochs.

Where to go next: ``notebooks/guide.md``, for a grid search over initializers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from mlp.activations import Activation
from mlp.arrays import Array
from mlp.initializers import InitializerLike
from mlp.network import MLP
from mlp.optimizers import OPTIMIZERS, Optimizer
from mlp.training import train

try:
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_is_fitted, validate_data
    from threadpoolctl import threadpool_limits  # which scikit-learn brings along
except ImportError as error:
    raise ImportError(
        f'mlp.sklearn needs scikit-learn: pip install "mlp-demo[sklearn]" ({error})'
    ) from error


# From this width on a layer's products are left to as many threads as BLAS likes to take.
WIDE = 256


class MLPRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A multilayer perceptron with linear output, trained on the mean squared error.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int
        Units of each hidden layer.
    activation : str, Activation, or one per hidden layer
        f of the hidden layers.
    kernel_initializer, bias_initializer : str, callable, or one per layer
        How W and b start; see `mlp.MLP`.
    optimizer : str or callable (learning_rate) -> Optimizer
        A registered name, or a class such as ``mlp.SGD`` or what makes one.
    learning_rate : float, optional
        η, per step; by default the optimizer's own (sgd 0.1, adam 0.001). For the same step
        scikit-learn's rate is twice ours, because its loss has a factor 1/2.
    epochs : int
        How often to go through the data; all of them are gone through.
    batch_size : int, optional
        Rows per step; by default all of them.
    random_state : int, numpy.random.RandomState or None
        Where weights and batches come from. An int is the ``seed`` of `mlp.MLP` and
        `mlp.train`; None draws one from NumPy's global generator, as everywhere in
        scikit-learn.
    dtype : {"float64", "float32"}
        The type of all numbers in the network.

    Attributes
    ----------
    network_ : mlp.MLP
        The network, trained.
    loss_curve_ : numpy.ndarray, shape (epochs + 1,)
        The mean squared error on all rows, before training and after every epoch.
    n_features_in_, feature_names_in_
        The columns of X, and their names if it had any.

    Notes
    -----
    X and y are taken as they are; put a ``StandardScaler`` before it, and scale y with a
    ``TransformedTargetRegressor``, where they are not near 1. Sample weights and sparse
    matrices are not supported.

    While a network with fewer than `WIDE` units in every layer is fitted, BLAS has one thread in
    this process: such products are over before a second one is awake, and on a busy machine
    waiting for it takes many times as long as the work. To fit many at once, use the ``n_jobs``
    of a grid search.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 50)[:, np.newaxis]
    >>> model = MLPRegressor(8, activation="tanh", random_state=0).fit(X, X[:, 0] ** 2)
    >>> model.predict([[0.5]]).shape
    (1,)
    """

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str | Activation | Sequence[str | Activation] = "relu",
        *,
        kernel_initializer: str | InitializerLike | Sequence[str | InitializerLike] = (
            "glorot_uniform"
        ),
        bias_initializer: str | InitializerLike | Sequence[str | InitializerLike] = "zeros",
        optimizer: str | Callable[..., Optimizer] = "adam",
        learning_rate: float | None = None,
        epochs: int = 500,
        batch_size: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        dtype: DTypeLike = "float64",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.kernel_initializer = kernel_initializer
        self.bias_initializer = bias_initializer
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.random_state = random_state
        self.dtype = dtype

    def fit(self, X: ArrayLike, y: ArrayLike) -> MLPRegressor:
        """Draw a network and train it on X and y.

        Parameters
        ----------
        X : array_like, shape (n, inputs)
        y : array_like, shape (n,) or (n, outputs)

        Returns
        -------
        MLPRegressor
            The estimator itself.

        Raises
        ------
        ValueError
            If X, y or a parameter is wrong, or if training diverges.
        TypeError
            If X is sparse, or a parameter of another kind.
        """
        x, targets = validate_data(self, X, y, dtype=np.float64, multi_output=True, y_numeric=True)
        hidden = np.atleast_1d(self.hidden_layer_sizes).tolist()
        outputs = 1 if targets.ndim == 1 else targets.shape[1]
        seed = self._seed()
        network = MLP(
            [x.shape[1], *hidden, outputs],
            activation=self.activation,
            kernel_initializer=self.kernel_initializer,
            bias_initializer=self.bias_initializer,
            seed=seed,
            dtype=self.dtype,
        )
        with threadpool_limits(1 if max(network.sizes) < WIDE else None, user_api="blas"):
            history = train(
                network,
                x,
                targets,
                optimizer=self._new_optimizer(),
                epochs=self.epochs,
                batch_size=self.batch_size,
                seed=seed,
            )
        if history.diverged_at >= 0:
            raise ValueError(
                f"training diverged: not finite at epoch {int(history.diverged_at)}; standardise "
                "X and y, or lower learning_rate"
            )
        self.network_ = network
        self.loss_curve_ = history.loss
        self._y_is_flat = targets.ndim == 1
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Return the answers of the network, in the shape of the y of `fit`.

        Parameters
        ----------
        X : array_like, shape (n, inputs)

        Raises
        ------
        ValueError
            If X is wrong.
        sklearn.exceptions.NotFittedError
            If there is no network yet.
        """
        check_is_fitted(self, "network_")
        answers = self.network_.predict(validate_data(self, X, dtype=np.float64, reset=False))
        return answers[:, 0] if self._y_is_flat else answers

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _new_optimizer(self) -> Optimizer:
        make = OPTIMIZERS[self.optimizer] if isinstance(self.optimizer, str) else self.optimizer
        if not callable(make):
            raise TypeError(f"optimizer must be a name or a class such as SGD, not {make!r}")
        return make() if self.learning_rate is None else make(self.learning_rate)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
