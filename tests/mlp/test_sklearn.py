"""The bridge: scikit-learn accepts the estimator, and it is the network of this library."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_info, threadpool_limits

from experiments.data import load
from mlp import MLP, SGD, Adam, activations, initializers, train
from mlp.activations import Activation
from mlp.arrays import Array
from mlp.sklearn import MLPRegressor
from tests.conftest import Data
from tests.oracles import assert_one_line, assert_same

PENGUINS = load()
SMALL: dict[str, Any] = {
    "hidden_layer_sizes": 4,
    "activation": "tanh",
    "epochs": 20,
    "random_state": 0,
}
# Plain gradient descent, as in the notes.
NOTES: dict[str, Any] = {"activation": "tanh", "optimizer": "sgd", "epochs": 500}
FOLDS = KFold(5, shuffle=True, random_state=0)


# What scikit-learn expects of every estimator; with the defaults none is expected to fail.
@parametrize_with_checks([MLPRegressor()])  # type: ignore[untyped-decorator]
def test_scikit_learn_accepts_it(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


@pytest.mark.parametrize(
    ("optimizer", "rate", "expected"),
    [
        ("sgd", 0.05, SGD(0.05)),
        ("adam", None, Adam()),
        (SGD, None, SGD()),
        (partial(SGD, momentum=0.9), 0.01, SGD(0.01, momentum=0.9)),
    ],
)
def test_it_is_the_network_and_the_training_of_this_library(
    data: Data, optimizer: Any, rate: float | None, expected: Any
) -> None:
    x, y = data
    model = MLPRegressor(
        (5, 3), ["tanh", "sigmoid"], kernel_initializer="lecun_normal",
        bias_initializer=initializers.constant(0.1), optimizer=optimizer, learning_rate=rate,
        epochs=30, batch_size=7, random_state=11,
    ).fit(x, y)  # fmt: skip
    network = MLP(
        [2, 5, 3, 1], ["tanh", "sigmoid"], kernel_initializer="lecun_normal",
        bias_initializer=initializers.constant(0.1), seed=11,
    )  # fmt: skip
    history = train(network, x, y, optimizer=expected, epochs=30, batch_size=7, seed=11)
    assert_same(model.network_.parameters(), network.parameters())
    assert_same([model.loss_curve_], [history.loss])
    assert_same([model.predict(x)], [network.predict(x)])


def test_the_loss_is_the_mean_squared_error_without_a_half(data: Data) -> None:
    x, y = data
    model = MLPRegressor(**SMALL).fit(x, y[:, 0])
    assert model.loss_curve_.shape == (21,)
    assert model.loss_curve_[-1] == pytest.approx(mean_squared_error(y, model.predict(x)))
    assert model.score(x, y) == pytest.approx(r2_score(y, model.predict(x)))


def test_a_grid_search_over_initializers_finds_what_the_notes_say() -> None:
    for seed in range(3):
        search = GridSearchCV(
            MLPRegressor(8, **NOTES, random_state=seed),
            {"kernel_initializer": ["zeros", "constant", "glorot_uniform"]},
            cv=KFold(5, shuffle=True, random_state=seed),
            error_score="raise",
        ).fit(PENGUINS.x, PENGUINS.y[:, 0])
        zeros, constant, glorot = search.cv_results_["mean_test_score"]
        assert zeros < 0.02
        assert 0.45 < constant < glorot - 0.1
        assert search.best_params_ == {"kernel_initializer": "glorot_uniform"}
        assert search.best_estimator_.network_.sizes == [2, 8, 1]


def test_cross_validation_takes_names_callables_and_lists_of_them() -> None:
    def coin(rng: np.random.Generator, fan_in: int, fan_out: int) -> Any:
        return rng.choice([-0.5, 0.5], size=(fan_in, fan_out))

    plane = cross_val_score(LinearRegression(), PENGUINS.x, PENGUINS.y[:, 0], cv=FOLDS).mean()
    for start in ("he_normal", coin, initializers.orthogonal(0.5), ["zeros", "ones"]):
        model = MLPRegressor(8, **NOTES, kernel_initializer=start, random_state=0)
        scores = cross_val_score(model, PENGUINS.x, PENGUINS.y[:, 0], cv=FOLDS)
        assert scores.shape == (5,)
        assert scores.mean() > plane


def test_it_works_in_a_pipeline_that_scales_inputs_and_targets(data: Data) -> None:
    x, y = 1e4 * data[0] + 1e6, 1e5 * data[1][:, 0]
    network = MLPRegressor(8, **NOTES, random_state=0)
    model = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), network), transformer=StandardScaler()
    )
    assert model.fit(x, y).score(x, y) > 0.9


def test_answers_have_the_shape_of_y(data: Data) -> None:
    x, y = data
    one = MLPRegressor(**SMALL).fit(x, y[:, 0])
    column = MLPRegressor(**SMALL).fit(x, y)
    several = MLPRegressor(**SMALL).fit(x, np.hstack([y, 2 * y, -y]))
    assert one.predict(x).shape == (23,)
    assert column.predict(x).shape == (23, 1)
    assert several.predict(x).shape == (23, 3)
    np.testing.assert_array_equal(one.predict(x), column.predict(x)[:, 0])


@pytest.mark.parametrize(
    ("given", "sizes"),
    [(3, [2, 3, 1]), ((), [2, 1]), ([4, 3], [2, 4, 3, 1]), (np.array([4]), [2, 4, 1])],
)
def test_hidden_layers_may_be_one_number_several_or_none(
    data: Data, given: Any, sizes: list[int]
) -> None:
    model = MLPRegressor(given, epochs=1).fit(*data)
    assert model.network_.sizes == sizes


def test_random_states_are_those_of_scikit_learn(data: Data) -> None:
    def weights(random_state: Any) -> bytes:
        model = MLPRegressor(**(SMALL | {"random_state": random_state})).fit(*data)
        return bytes(model.network_.layers[0].W.tobytes())

    assert weights(3) == weights(np.int64(3))
    assert weights(np.random.RandomState(3)) == weights(np.random.RandomState(3))
    generator = np.random.RandomState(3)
    assert len({weights(3), weights(4), weights(generator), weights(generator)}) == 4
    assert weights(None) != weights(None)


def test_it_can_be_cloned_pickled_and_copied(data: Data, tmp_path: Path) -> None:
    x, y = data
    model = MLPRegressor(**SMALL, kernel_initializer="he_normal", dtype="float32").fit(x, y)
    twin = clone(model)
    assert twin.get_params() == model.get_params()
    assert not hasattr(twin, "network_")
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert_same([other.predict(x)], [model.predict(x)])
        other.network_.save(tmp_path / "net.npz")
        assert_same(MLP.load(tmp_path / "net.npz").parameters(), model.network_.parameters())


def test_an_activation_is_pickled_by_its_name() -> None:
    for name in activations.ACTIVATIONS:
        f = activations.get(name)
        assert pickle.loads(pickle.dumps(f)) is f
        assert copy.deepcopy(f) is f
    own = Activation("relu", np.abs, np.multiply)  # not the registered one, whatever its name
    assert copy.deepcopy(own) == own
    assert pickle.loads(pickle.dumps(own)) == own


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "epochs": ({"epochs": -1}, ValueError, "epochs must be a whole number"),
    "batch": ({"batch_size": 0}, ValueError, "batch_size must be a whole number"),
    "rate": ({"learning_rate": 0.0}, ValueError, "learning_rate must be positive"),
    "optimizer": ({"optimizer": "adamm"}, ValueError, "did you mean 'adam'"),
    "instance": ({"optimizer": SGD(0.1)}, TypeError, "a class such as SGD, not SGD("),
    "activation": ({"activation": "rellu"}, ValueError, "did you mean 'relu'"),
    "initializer": ({"kernel_initializer": "he_norml"}, ValueError, "did you mean 'he_normal'"),
    "layers": ({"kernel_initializer": ["zeros"]}, ValueError, "expected 2, one per layer"),
    "hidden": ({"hidden_layer_sizes": 0}, ValueError, "sizes must be two or more positive"),
    "dtype": ({"dtype": "int8"}, ValueError, "dtype must be 'float64' or 'float32'"),
    "seed": ({"random_state": -1}, ValueError, "seed must be a whole number, 0 or more"),
    "diverges at once": (
        {"optimizer": "sgd", "learning_rate": 1e300}, ValueError, "not finite at epoch 1;",
    ),
    "diverges": (
        {"optimizer": "sgd", "learning_rate": 1e9}, ValueError, "training diverged: not finite at",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_a_wrong_parameter_is_one_sentence(data: Data, mistake: str) -> None:
    change, kind, words = WRONG[mistake]
    model = MLPRegressor(**(SMALL | change))
    with pytest.raises(kind) as error:
        model.fit(*data)
    assert_one_line(error, words)
    with pytest.raises(NotFittedError):
        model.predict(data[0])


def test_what_it_does_not_support_is_refused(data: Data) -> None:
    x, y = data
    with pytest.raises(TypeError, match="Sparse data was passed"):
        MLPRegressor(**SMALL).fit(csr_array(x), y)
    with pytest.raises(TypeError, match="sample_weight"):
        MLPRegressor(**SMALL).fit(x, y, sample_weight=np.ones(len(x)))  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="NaN"):
        MLPRegressor(**SMALL).fit(np.where(x > 0, x, np.nan), y)


def test_without_scikit_learn_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['sklearn'] = None; import mlp; import mlp.sklearn"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith('ImportError: mlp.sklearn needs scikit-learn: pip install "mlp-demo[')


# Threads ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("units", "alone"), [(8, True), (300, False)])
def test_small_networks_are_fitted_with_one_thread_and_the_others_come_back(
    units: int, alone: bool
) -> None:
    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    class Watching(SGD):
        def update(self, theta: Array, g: Array) -> None:
            seen.append(threads())

    seen: list[list[int]] = []
    with threadpool_limits(2, user_api="blas"):
        before = threads()
        MLPRegressor(units, optimizer=Watching, epochs=1).fit(np.eye(5), np.arange(5.0))
        assert threads() == before
    assert seen == [[1] * len(before) if alone else before]
