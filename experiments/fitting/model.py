"""The model: a trained network with the table that it knows, and the file it is kept in.

The file is the ``.npz`` of `mlp.MLP.save` with more members, so `mlp.MLP.load` reads it too. It
is not trusted: nothing in it is run, and what does not fit is refused with one sentence.

Where to go next: ``measure.py``, which makes models and trains them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from os import PathLike
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.data import DataError, Dataset, Scale
from experiments.kit.settings import Default, Defaults, PerLayer, Settings
from experiments.kit.starts import good_start, is_usual
from mlp import MLP, activations, diagnostics, files, mse
from mlp.arrays import Array, InputError, as_floats, as_whole

# The network is larger than those of the cases: it is not there to be looked at.
# Adam's steps do not grow with the gradient, so that an outlier in the table makes none diverge.
DEFAULTS = Defaults(
    hidden=Default((16, 16)),
    epochs=Default(100),
    learning_rate=Default(PerLayer(0.02), adam=0.003),
    batch_size=Default(32),
    optimizer="adam",
)
# About how many rows the diagnostics of the layers look at.
LOOKED_AT = 10_000


class Layer(NamedTuple):
    """What can be seen of a hidden layer in one pass.

    Attributes
    ----------
    units, distinct : float
        How many units it has, and how many of them differ.
    dead, saturated : float
        `mlp.diagnostics.dead` and `mlp.diagnostics.saturated`, from 0 to 1.
    a_std, delta_std : float
        Standard deviations of a, and of delta without the 1/n of the mean loss.
    """

    units: float
    distinct: float
    dead: float
    saturated: float
    a_std: float
    delta_std: float


@dataclass(frozen=True)
class Model:
    """A network with the table that it knows and all that its next epoch depends on.

    Attributes
    ----------
    network : MLP
        Finite, after a whole number of epochs.
    inputs, targets : tuple of str
        The columns of the table.
    x_scale, y_scale : Scale
        How they are standardised, measured on the rows to learn from.
    settings : Settings
        With all epochs that are planned, those already done among them.
    start : str
        The name of the start of its weights.
    validation : float
        Which part of the rows is held out, from 0 and below 1.
    rows, digest : int, str
        How many complete rows the table has, and a fingerprint of their numbers.
    learned : numpy.ndarray of int
        `fingerprints` of the rows to learn from.
    drop_missing : bool
        Whether incomplete rows of the table are left out.
    loss, held_out_loss : numpy.ndarray, shape (epoch + 1,)
        On the rows to learn from and on those held out; the latter is empty if there are none.
    began : tuple of Layer
        The hidden layers before any training.
    memory : mapping of str to numpy.ndarray
        The state of the optimizer, `mlp.optimizers.Memory.state`.
    best : numpy.ndarray, optional
        theta of `best_epoch`; None for that of the network.
    keep : {"best", "last"}
        Whether the network of `best_epoch` answers and is what other programs find in the file,
        or that of the last epoch. Training goes on with the last in both cases.
    """

    network: MLP
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    x_scale: Scale
    y_scale: Scale
    settings: Settings
    start: str
    validation: float
    rows: int
    digest: str
    learned: NDArray[np.int64]
    drop_missing: bool
    loss: Array
    held_out_loss: Array
    began: tuple[Layer, ...]
    memory: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    best: Array | None = None
    keep: str = "best"

    @property
    def best_epoch(self) -> int:
        """The epoch with the lowest loss on the rows held out; without any the last."""
        held_out = self.held_out_loss
        return int(np.nan_to_num(held_out, nan=np.inf).argmin()) if len(held_out) else self.epoch

    @property
    def kept_epoch(self) -> int:
        """The epoch of the network that answers."""
        return self.best_epoch if self.keep == "best" else self.epoch

    @property
    def kept(self) -> MLP:
        """The network that answers."""
        if self.keep == "last" or self.best is None:
            return self.network
        return self.network.with_theta(self.best)

    @property
    def epoch(self) -> int:
        """How many epochs it has had."""
        return max(len(self.loss) - 1, 0)

    @property
    def epochs_left(self) -> int:
        """How many of the planned epochs it has not had yet."""
        return self.settings.epochs - self.epoch

    @property
    def usual_start(self) -> str:
        """The start that it has unless the user chooses another."""
        return good_start(self.settings.activation).kernel.name

    @property
    def has_usual_start(self) -> bool:
        """Whether it began with that one, by whatever name."""
        return is_usual(self.start, self.settings.activation)

    @property
    def usual_rate(self) -> float:
        """The learning rate that it has unless the user chooses another."""
        settings = self.settings
        rate: float = DEFAULTS.learning_rate.of(
            settings.activation, settings.optimizer, len(settings.hidden)
        )
        return rate

    def answer(self, x: Array) -> Array:
        """Return the answers to inputs, both in the units of the table."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self.y_scale.back(self.kept.forward(self.x_scale.forth(x)).output)

    def has_learned_from(self, rows: Array) -> NDArray[np.bool_]:
        """Return of each row, inputs and targets, whether it is among those to learn from."""
        return np.isin(fingerprints(rows), self.learned)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model to an ``.npz`` file, whole or not at all; `MLP.load` reads it too.

        Raises
        ------
        OSError
            If the file cannot be written; an older one is then still there.
        """
        about = {name: getattr(self, name) for name in _TOLD} | {"settings": asdict(self.settings)}
        theta = self.network.theta if self.best is None else self.best
        files.write_npz(
            path,
            self.kept.to_arrays()
            | {"last": self.network.theta, "best": theta}
            | {"training": files.as_text(about)}
            | {"x_mean": self.x_scale.mean, "x_std": self.x_scale.std}
            | {"y_mean": self.y_scale.mean, "y_std": self.y_scale.std}
            | {"loss": self.loss, "held_out_loss": self.held_out_loss}
            | {"learned": self.learned}
            | {"began": np.array(self.began, dtype=np.float64).reshape(-1, len(Layer._fields))}
            | {f"memory.{name}": array for name, array in self.memory.items()},
        )

    @staticmethod
    def load(path: str | PathLike[str]) -> Model:
        """Read a model that `save` wrote. No code of the file is run.

        Raises
        ------
        DataError
            If the file is not such a model: damaged, cut off, foreign.
        OSError
            If it cannot be read at all.
        """
        try:
            arrays = files.read_npz(path)
        except InputError as error:
            raise DataError(str(error)) from None
        if "activations" in arrays and "training" not in arrays:
            raise DataError(
                f"{path} holds a network, but not the columns and units that it knows; write one "
                "with mlp-demo train --save"
            )
        try:
            return _model(arrays)
        except KeyError as error:
            reason = f"{error} is missing"
        except (TypeError, ValueError) as error:
            reason = " ".join(str(error).split())
        raise DataError(f"{path} does not hold a model of mlp-demo train: {reason}")


def fingerprints(rows: Array) -> NDArray[np.int64]:
    """Return a number for each row: the same for the same numbers, hardly ever for others."""
    digests = [blake2b(row.tobytes(), digest_size=8).digest() for row in rows]
    return np.frombuffer(b"".join(digests), dtype=np.int64)


def rms(errors: Array) -> Array:
    """Return √mean(e²) of each column."""
    with np.errstate(over="ignore", invalid="ignore"):
        root: Array = np.sqrt(np.square(errors).mean(axis=0))
    return root


# What of a model goes into the file as it is.
_TOLD = ("inputs", "targets", "start", "validation", "rows", "digest", "drop_missing", "keep")


def look(network: MLP, dataset: Dataset) -> tuple[Layer, ...]:
    """Return what a pass over some of the rows, evenly apart, shows of each hidden layer."""
    step = -(-len(dataset.x) // LOOKED_AT)
    x, y = dataset.x[::step], dataset.y[::step]
    with np.errstate(over="ignore", invalid="ignore"):
        trace = network.forward(x)
        gradients = network.backward(trace, mse(trace.output, y)[1])
        measured = [
            diagnostics.distinct_units(network, trace, gradients),
            diagnostics.dead(network, trace, gradients),
            diagnostics.saturated(network, trace, gradients),
            diagnostics.a_std(network, trace, gradients),
            diagnostics.delta_std(network, trace, gradients) * len(x),
        ]
    return tuple(
        Layer(float(units), *(float(values[k]) for values in measured))
        for k, units in enumerate(network.sizes[1:-1])
    )


def _model(arrays: Mapping[str, NDArray[Any]]) -> Model:
    """Return the model of the arrays of a file, which may hold anything."""
    network = MLP.from_arrays(arrays)
    if network.stack_shape:
        raise ValueError("its network is a stack")
    about = files.from_text(arrays["training"])
    names = [*about["inputs"], *about["targets"], about["start"], about["digest"]]
    if not all(isinstance(name, str) and name.isprintable() for name in names):
        raise ValueError("a name in it is no text")
    keep = about.get("keep", "last")  # as files of older versions do
    if keep not in ("best", "last"):
        raise ValueError("what it keeps is neither the best nor the last")
    if not 0 <= about["validation"] < 1:
        raise ValueError("the part held out is not between 0 and 1")
    loss = as_floats(arrays["loss"], "loss")
    sizes = {
        **dict.fromkeys(("x_mean", "x_std"), (network.sizes[0],)),
        **dict.fromkeys(("y_mean", "y_std"), (network.sizes[-1],)),
        "loss": (max(loss.size, 1),),
        "held_out_loss": (loss.size if about["validation"] else 0,),
        "began": (len(network.sizes) - 2, len(Layer._fields)),
    }
    for name, shape in sizes.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} has shape {arrays[name].shape}, not {shape}")
    if [len(about["inputs"]), len(about["targets"])] != [network.sizes[0], network.sizes[-1]]:
        raise ValueError("its columns do not fit its network")
    learned = arrays.get("learned", np.empty(0, np.int64))  # older versions do not say
    if learned.dtype != np.int64 or learned.ndim != 1:
        raise ValueError("the rows that it learned from are no list of whole numbers")
    last, best = (_theta(arrays, name, network) for name in ("last", "best"))
    network = network.with_theta(last)
    settings = _settings(about["settings"], network)
    memory = _memory(arrays, network)
    settings.new_optimizer().memory.restore(network.theta, memory)
    return Model(
        network=network,
        inputs=tuple(about["inputs"]),
        targets=tuple(about["targets"]),
        x_scale=_scale(arrays, "x"),
        y_scale=_scale(arrays, "y"),
        settings=settings,
        start=about["start"],
        validation=about["validation"],
        rows=as_whole(about["rows"], "rows", 2),
        digest=about["digest"],
        learned=learned,
        drop_missing=bool(about["drop_missing"]),
        loss=loss,
        held_out_loss=arrays["held_out_loss"].astype(np.float64),
        began=tuple(Layer(*map(float, row)) for row in arrays["began"]),
        memory=memory,
        best=best,
        keep=keep,
    )


def _theta(arrays: Mapping[str, NDArray[Any]], name: str, network: MLP) -> Array:
    """Return the parameters of that name, shaped like those of the network; its own without."""
    theta = np.array(as_floats(arrays.get(name, network.theta), name, network.dtype))
    if theta.shape != network.theta.shape:
        raise ValueError(f"{name} has shape {theta.shape}, not {network.theta.shape}")
    return theta


def _memory(arrays: Mapping[str, NDArray[Any]], network: MLP) -> dict[str, NDArray[Any]]:
    """Return the state of the optimizer; an older file has an array for each W and b of it."""
    prefix, shapes = "memory.", [p.shape for p in network.parameters()]
    memory = {
        name.removeprefix(prefix): a for name, a in arrays.items() if name.startswith(prefix)
    }
    for i in (name.removeprefix("0.") for name in list(memory) if name.startswith("0.")):
        parts = [memory.pop(f"{p}.{i}") for p in range(len(shapes))]
        if [part.shape for part in parts] != shapes:
            raise ValueError("the memory of the optimizer does not fit the network")
        memory[i] = np.concatenate([part.ravel() for part in parts])
    return memory


def _settings(about: Mapping[str, Any], network: MLP) -> Settings:
    batch_size = about["batch_size"]
    return Settings(
        activation=activations.get(about["activation"]).name,
        hidden=tuple(network.sizes[1:-1]),
        epochs=as_whole(about["epochs"], "epochs", 0),
        learning_rate=about["learning_rate"],
        batch_size=None if batch_size is None else as_whole(batch_size, "batch_size", 1),
        optimizer=str(about["optimizer"]),
        seed=as_whole(about["seed"], "seed", 0),
    )


def _scale(arrays: Mapping[str, NDArray[Any]], name: str) -> Scale:
    mean, std = (as_floats(arrays[f"{name}_{part}"], f"{name}_{part}") for part in ("mean", "std"))
    if not (std > 0).all():
        raise ValueError("a standard deviation in it is not positive")
    return Scale(mean, std)
