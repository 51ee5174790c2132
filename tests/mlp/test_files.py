"""Files: what was saved comes back, damage is met by one sentence, and no half file is left."""

from __future__ import annotations

import errno
import io
import os
import pickle
import signal
import struct
import tempfile
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlp import MLP, activations
from mlp.activations import Activation
from mlp.files import as_text, check_writable, from_text, read_npz, replacing, write_npz
from tests.oracles import activation_names, assert_one_line, assert_same


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "net.npz"


def some_network() -> MLP:
    return MLP([2, 12, 1], ["tanh"], bias_initializer="normal")


def assert_network(network: MLP) -> None:
    """Hold what was loaded to what a network is: it answers, and is of a type MLP() takes."""
    assert network.dtype in (np.float32, np.float64)
    assert network.is_finite().all()
    output = network.predict(np.zeros((3, network.sizes[0])))
    assert output.shape == (*network.stack_shape, 3, network.sizes[-1])
    assert {p.dtype for p in network.parameters()} == {network.dtype}


def load_or_refuse(path: Path) -> MLP | None:
    """Load a network, or see it refused in one line that names the file; nothing else."""
    try:
        network = MLP.load(path)
    except ValueError as error:
        message = str(error)
    else:
        assert_network(network)
        return network
    assert str(path) in message
    assert len(message.splitlines()) == 1, message
    return None


def assert_refused(path: Path, *words: str) -> None:
    with pytest.raises(ValueError, match="net") as error:
        MLP.load(path)
    assert_one_line(error, str(path), *words)


# Round trip -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "make",
    [
        lambda **how: MLP([2, 1], **how),
        lambda **how: MLP([3, 4, 5, 2], ["tanh", "sigmoid"], "relu", "he_normal", **how),
        lambda **how: MLP.stack([MLP([2, 3, 1], seed=s, **how) for s in range(4)]),
        lambda **how: MLP.stack([MLP.stack([MLP([2, 3, 1], **how)] * 2)] * 3),
    ],
    ids=["one layer", "three layers", "a stack", "a stack of stacks"],
)
def test_what_was_saved_comes_back(make: Callable[..., MLP], dtype: str, path: Path) -> None:
    network = make(dtype=dtype, bias_initializer="normal")
    network.save(path)
    loaded = MLP.load(path)
    assert repr(loaded) == repr(network)
    assert activation_names(loaded) == activation_names(network)
    assert_same(loaded.parameters(), network.parameters())
    for p in loaded.parameters():
        p += 1.0
    assert_same(MLP.load(str(path)).parameters(), network.parameters())


@pytest.mark.parametrize("name", ["net.npz", "net", "net.txt", "a b.npz", "größe.npz", ".npz"])
def test_the_file_has_exactly_the_name_that_was_asked_for(name: str, tmp_path: Path) -> None:
    some_network().save(tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert_network(MLP.load(tmp_path / name))


@given(
    hnp.arrays(
        st.sampled_from(["<f4", "<f8", "<i8", "|u1"]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0),
    )
)
def test_arrays_come_back_as_they_were(array: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_npz(Path(folder) / "a", {"one": array, "two": array.T})
        read = read_npz(Path(folder) / "a")
    assert list(read) == ["one", "two"]
    for back, written in ((read["one"], array), (read["two"], array.T)):
        assert (back.dtype, back.shape) == (written.dtype, written.shape)
        np.testing.assert_array_equal(back, written)


def test_the_file_opens_with_numpy_alone_and_holds_no_pickle(path: Path) -> None:
    network = some_network()
    network.save(path)
    with np.load(path, allow_pickle=False) as stored:
        assert sorted(stored.files) == ["W0", "W1", "activations", "b0", "b1"]
        assert from_text(stored["activations"]) == ["tanh", "linear"]
        np.testing.assert_array_equal(stored["W0"], network.layers[0].W)


# What must not be there -----------------------------------------------------------------------


@pytest.mark.parametrize("registered_name", ["mine", "tanh"])
def test_an_activation_that_a_file_cannot_name_is_not_saved(
    registered_name: str, path: Path
) -> None:
    network = MLP([2, 3, 1], Activation(registered_name, np.tanh, lambda z, a: 1 - a * a))
    with pytest.raises(ValueError, match=f"activation '{registered_name}'") as error:
        network.save(path)
    assert_one_line(error)
    assert not path.exists()


def test_an_activation_that_is_no_longer_registered_is_named(path: Path) -> None:
    mine = activations.register(Activation("mine", np.tanh, lambda z, a: 1 - a * a))
    MLP([2, 3, 1], mine).save(path)
    activations.ACTIVATIONS.remove("mine")
    assert_refused(path, "unknown activation 'mine'")


# Damage ---------------------------------------------------------------------------------------


def test_a_file_cut_off_anywhere_is_refused(path: Path) -> None:
    some_network().save(path)
    whole = path.read_bytes()
    for length in [*range(0, len(whole), 7), *range(len(whole) - 30, len(whole))]:
        path.write_bytes(whole[:length])
        assert load_or_refuse(path) is None, length


# NumPy checks the sum of a small array before it reads the header, of a large one after.
@pytest.mark.parametrize("width", [12, 300])
def test_a_file_with_any_byte_changed_is_refused_or_the_same_network(
    width: int, path: Path, rng: np.random.Generator
) -> None:
    network = MLP([2, width, 1], ["tanh"])
    network.save(path)
    whole = path.read_bytes()
    positions = np.unique(np.linspace(0, len(whole) - 1, 600, dtype=int))
    header = whole.index(b"{", whole.index(b"W0.npy"))
    refused = 0
    for position in [*positions, *[*range(header, header + 60)] * 5]:
        damaged = bytearray(whole)
        damaged[position] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        loaded = load_or_refuse(path)
        if loaded is None:
            refused += 1
        else:
            assert_same(loaded.parameters(), network.parameters())
    assert refused > len(positions) / 2


def test_a_file_with_many_bytes_changed_is_refused_or_a_network(
    path: Path, rng: np.random.Generator
) -> None:
    some_network().save(path)
    whole = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    for count in range(2, 200):
        damaged = whole.copy()
        damaged[rng.integers(0, len(whole), count)] = rng.integers(0, 256, count)
        path.write_bytes(damaged.tobytes())
        load_or_refuse(path)


def npy(header: bytes | str, body: bytes, version: tuple[int, int] = (1, 0)) -> bytes:
    """Return an .npy file with a header of one's own, whatever it says."""
    text = header.encode("latin1") if isinstance(header, str) else header
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + length + text + body


def members_of(network: MLP) -> dict[str, bytes]:
    stream = io.BytesIO()
    names = as_text(activation_names(network))
    arrays = {f"W{k}": layer.W for k, layer in enumerate(network.layers)}
    arrays |= {f"b{k}": layer.b for k, layer in enumerate(network.layers)}
    np.savez(stream, activations=names, **arrays)  # type: ignore[arg-type]
    with zipfile.ZipFile(stream) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_members(path: Path, members: dict[str, bytes]) -> None:
    """Write a sound .zip of whatever bytes, with the right checksums."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_the_forged_files_below_are_read_when_nothing_is_forged(path: Path) -> None:
    network = some_network()
    write_members(path, members_of(network))
    assert_same(MLP.load(path).parameters(), network.parameters())


@pytest.mark.parametrize("member", ["W0.npy", "activations.npy"])
def test_a_header_with_any_character_forged_is_refused_or_a_network(
    member: str, path: Path
) -> None:
    members = members_of(some_network())
    content = members[member]
    end = content.index(b"}") + 1
    for position in range(end):
        for forged in b"\x00\n !\"'(),-0129:<>LS[]\\{}":
            changed = bytearray(content)
            changed[position] = forged
            write_members(path, members | {member: bytes(changed)})
            load_or_refuse(path)


HEADERS = {
    "10**12 entries": "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }",
    "10**30 entries": "{'descr': '<f8', 'fortran_order': False, 'shape': (10**30, 2), }",
    "a negative size": "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -2), }",
    "endless rows": "{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999, 0), }",
    "an object": "{'descr': '|O', 'fortran_order': False, 'shape': (2, 1), }",
    "a record": "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }",
    "half a tuple": "{'descr': ('<f8',), 'fortran_order': False, 'shape': (2,), }",
    "an open bracket": "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1, }",
    "a Python 2 integer": "{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 1), }",
    "an old type": "{'descr': '|a8', 'fortran_order': False, 'shape': (2,), }",
    "keys of two kinds": "{'descr': '<f8', 1: False, 'shape': (2, 1), }",
    "a list as a key": "{[1]: 2}",
    "no dictionary": "[1, 2]",
    "nothing": "",
    "a call": "exit()",
    "very deep": "(" * 300,
    "very deep and closed": "-" * 5000 + "1",
    "very long": " " * 60000,
    "not a text": "\x00\x01\xff",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0), (9, 9)], ids=str)
def test_a_header_that_lies_is_refused_and_costs_nothing(
    header: str, version: tuple[int, int], path: Path
) -> None:
    members = members_of(MLP([2, 1]))
    write_members(path, members | {"W0.npy": npy(header, bytes(16), version)})
    tracemalloc.start()
    try:
        assert_refused(path)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_endless_names_of_no_length_cost_nothing(path: Path) -> None:
    header = "{'descr': '<U0', 'fortran_order': False, 'shape': (300000,), }"
    write_members(path, members_of(MLP([2, 1])) | {"activations.npy": npy(header, b"")})
    tracemalloc.start()
    try:
        assert_refused(path)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_name_that_is_not_text_is_refused(path: Path) -> None:
    # NumPy makes a str of any four bytes; this one is beyond the last character there is.
    header = "{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }"
    name = npy(header, b"\xff\xff\xff\x7f")
    write_members(path, members_of(MLP([2, 1])) | {"activations.npy": name})
    assert_refused(path)


class Bomb:
    """An object whose pickle runs code when it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, ("exploded",))


def test_a_pickle_is_refused_and_never_run(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    bomb = np.array([[Bomb()], [None]])
    np.savez(path, activations=as_text(["linear"]), W0=bomb, b0=np.zeros((1, 1)))
    assert_refused(path)
    path.write_bytes(pickle.dumps(Bomb()))
    assert_refused(path)
    np.save(path.with_suffix(".npy"), bomb)
    path.with_suffix(".npy").rename(path)
    assert_refused(path)
    assert sorted(p.name for p in path.parent.iterdir()) == ["net.npz"]


W, B, LINEAR = np.ones((2, 1)), np.zeros((1, 1)), as_text(["linear"])

ARRAYS: dict[str, dict[str, Any]] = {
    "no arrays": {},
    "no activations": {"W0": W, "b0": B},
    "no weights": {"activations": LINEAR, "b0": B},
    "no biases": {"activations": LINEAR, "W0": W},
    "no layers": {"activations": as_text([])},
    "no list of activations": {"activations": as_text("linear"), "W0": W, "b0": B},
    "a table of activations": {"activations": as_text([["linear"]]), "W0": W, "b0": B},
    "activations of bytes": {"activations": np.array([b"linear"]), "W0": W, "b0": B},
    "activations of numbers": {"activations": as_text([1.0]), "W0": W, "b0": B},
    "an unknown activation": {"activations": as_text(["liner"]), "W0": W, "b0": B},
    "an activation of two lines": {"activations": as_text(["lin\near"]), "W0": W, "b0": B},
    "a missing second layer": {"activations": as_text(["relu", "linear"]), "W0": W, "b0": B},
    "weights with a hole": {"activations": LINEAR, "W0": W * np.nan, "b0": B},
    "infinite biases": {"activations": LINEAR, "W0": W, "b0": B + np.inf},
    "weights of text": {"activations": LINEAR, "W0": np.array([["1"], ["2"]]), "b0": B},
    "complex weights": {"activations": LINEAR, "W0": W * 1j, "b0": B},
    "half precision": {
        "activations": LINEAR,
        "W0": W.astype(np.float16),
        "b0": B.astype(np.float16),
    },
    "extended precision": {
        "activations": LINEAR,
        "W0": W.astype(np.longdouble),
        "b0": B.astype(np.longdouble),
    },
    "two precisions": {"activations": LINEAR, "W0": W, "b0": B.astype(np.float32)},
    "flat weights": {"activations": LINEAR, "W0": W[:, 0], "b0": B},
    "flat biases": {"activations": LINEAR, "W0": W, "b0": B[0]},
    "a bias too many": {"activations": LINEAR, "W0": W, "b0": np.zeros((1, 2))},
    "two rows of biases": {"activations": LINEAR, "W0": W, "b0": np.zeros((2, 1))},
    "no inputs": {"activations": LINEAR, "W0": W[:0], "b0": B},
    "no outputs": {"activations": LINEAR, "W0": W[:, :0], "b0": B[:, :0]},
    "an empty stack": {"activations": LINEAR, "W0": np.ones((0, 2, 1)), "b0": np.ones((0, 1, 1))},
    "stacks of two heights": {
        "activations": as_text(["relu", "linear"]),
        "W0": np.ones((3, 2, 2)),
        "b0": np.ones((3, 1, 2)),
        "W1": np.ones((2, 2, 1)),
        "b1": np.ones((2, 1, 1)),
    },
    "layers that do not meet": {
        "activations": as_text(["relu", "linear"]),
        "W0": np.ones((2, 3)),
        "b0": np.ones((1, 3)),
        "W1": np.ones((2, 1)),
        "b1": B,
    },
}


@pytest.mark.parametrize("arrays", ARRAYS.values(), ids=ARRAYS)
def test_arrays_that_are_no_network_are_refused(arrays: dict[str, Any], path: Path) -> None:
    np.savez(path, **arrays)
    assert_refused(path)


def test_numbers_of_the_other_byte_order_are_refused(path: Path) -> None:
    np.savez(path, activations=LINEAR, W0=W.astype(">f8"), b0=B.astype(">f8"))
    assert_refused(path)


def compressed(path: Path) -> None:
    np.savez_compressed(path, activations=LINEAR, W0=W, b0=B)


def truncated_member(path: Path) -> None:
    write_members(path, {"W0.npy": b"\x93NUM"})


def foreign_member(path: Path) -> None:
    write_members(path, members_of(MLP([2, 1])) | {"readme.txt": b"hello"})


def encrypted(path: Path) -> None:
    some_network().save(path)
    content = bytearray(path.read_bytes())
    content[6] |= 1
    central = content.index(b"PK\x01\x02")
    content[central + 8] |= 1
    path.write_bytes(content)


FOREIGN: dict[str, Callable[[Path], object]] = {
    "an empty file": lambda path: path.write_bytes(b""),
    "a text": lambda path: path.write_text("x1,x2\n1,2\n"),
    "zeros": lambda path: path.write_bytes(bytes(4096)),
    "an end without a beginning": lambda path: path.write_bytes(b"PK\x05\x06" + bytes(18)),
    "a lone array": lambda path: path.write_bytes(members_of(MLP([2, 1]))["W0.npy"]),
    "a compressed file": compressed,
    "half a magic number": truncated_member,
    "a file beside the arrays": foreign_member,
    "an encrypted file": encrypted,
}


@pytest.mark.parametrize("write", FOREIGN.values(), ids=FOREIGN)
def test_another_kind_of_file_is_refused(write: Callable[[Path], object], path: Path) -> None:
    write(path)
    assert_refused(path)


def test_a_file_that_is_not_there_or_is_a_folder_is_an_error_of_the_system(
    tmp_path: Path,
) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.npz"):
        MLP.load(tmp_path / "nowhere.npz")
    with pytest.raises(IsADirectoryError, match=tmp_path.name):
        MLP.load(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="file"):
        MLP.load(tmp_path / "file" / "net.npz")


# Whole or not at all --------------------------------------------------------------------------


def test_an_older_file_is_replaced(path: Path) -> None:
    MLP([2, 1]).save(path)
    some_network().save(path)
    assert MLP.load(path).sizes == [2, 12, 1]
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("older", [True, False])
def test_a_failure_on_the_way_leaves_what_was_there(
    failure: BaseException, older: bool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if older:
        MLP([2, 1]).save(path)
    before = {p: p.read_bytes() for p in path.parent.iterdir()}

    def half(file: Any, **arrays: Any) -> None:
        file.write(b"half a file")
        raise failure

    monkeypatch.setattr(np, "savez", half)
    with pytest.raises(type(failure)):
        some_network().save(path)
    assert {p: p.read_bytes() for p in path.parent.iterdir()} == before


def test_a_failure_of_the_last_step_leaves_what_was_there(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(b"old")

    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, "the disk is gone")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="the disk is gone"), replacing(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[int], AbstractContextManager[None]]]:
    """Return a context in which the system refuses to make any file longer than that."""
    resource = pytest.importorskip("resource")
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)

    @contextmanager
    def room_for(size: int) -> Iterator[None]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, usual)

    yield room_for
    resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def test_a_disk_that_is_full_at_any_byte_leaves_the_old_file(
    disk: Callable[[int], AbstractContextManager[None]], path: Path
) -> None:
    network = some_network()
    network.save(path)
    size = len(path.read_bytes())
    path.write_bytes(b"old")
    for room in range(size):
        with disk(room), pytest.raises(OSError, match="net") as error:
            network.save(path)
        assert error.value.filename == str(path)
        assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]
    with disk(size):
        network.save(path)
    assert_same(MLP.load(path).parameters(), network.parameters())


def test_a_link_is_followed(path: Path) -> None:
    path.write_bytes(b"old")
    link = path.with_name("link")
    link.symlink_to(path)
    some_network().save(link)
    assert link.is_symlink()
    assert_network(MLP.load(path))


@pytest.mark.parametrize("check", [check_writable, some_network().save, MLP.load, read_npz])
def test_a_device_is_no_file(check: Callable[[Path], object]) -> None:
    with pytest.raises(OSError, match="is a pipe or a device"):
        check(Path(os.devnull))
    assert Path(os.devnull).is_char_device()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes that have a name, as Unix has them")
@pytest.mark.parametrize("check", [check_writable, some_network().save, MLP.load, read_npz])
def test_a_pipe_is_no_file_and_nobody_waits_for_it(
    check: Callable[[Path], object], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="is a pipe or a device"):
        check(tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


def test_what_could_not_be_written_is_known_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_writable(tmp_path / "new")
    with pytest.raises(FileNotFoundError, match="make it first"):
        check_writable(tmp_path / "missing" / "new")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        check_writable(tmp_path)

    def read_only(**how: Any) -> None:
        raise OSError(errno.EROFS, "Read-only file system", "a name nobody knows")

    monkeypatch.setattr(tempfile, "TemporaryFile", read_only)
    with pytest.raises(OSError, match="Read-only file system") as error:
        check_writable(tmp_path / "new")
    assert error.value.filename == str(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_seen_under_the_name_before_all_is_written(path: Path) -> None:
    path.write_bytes(b"old")
    with path.open("rb") as reader:
        with replacing(path) as file:
            file.write(b"new")
            file.flush()
            assert path.read_bytes() == b"old"
            assert len(list(path.parent.iterdir())) == 2, "a move from another disk is a copy"
        assert path.read_bytes() == b"new"
        assert reader.read() == b"old", "who reads the old file reads it to its end"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_a_replaced_file_keeps_its_permissions(mode: int, path: Path) -> None:
    path.write_bytes(b"old")
    path.chmod(mode)
    some_network().save(path)
    assert path.stat().st_mode & 0o777 == mode


def test_a_new_file_has_the_permissions_of_any_other_new_file(path: Path) -> None:
    some_network().save(path)
    other = path.with_name("other")
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode


def test_a_folder_or_a_missing_folder_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match=tmp_path.name):
        some_network().save(tmp_path)
    with pytest.raises(FileNotFoundError):
        some_network().save(tmp_path / "nowhere" / "net.npz")
    assert list(tmp_path.iterdir()) == []


def test_a_path_may_be_relative_and_a_plain_string(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    some_network().save("net.npz")
    assert MLP.load("net.npz").sizes == [2, 12, 1]
    assert [p.name for p in tmp_path.iterdir()] == ["net.npz"]


def test_a_control_c_while_saving_waits_until_the_file_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_array = np.lib.format.write_array

    def interrupted(*arguments: Any, **more: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        write_array(*arguments, **more)

    monkeypatch.setattr(np.lib.format, "write_array", interrupted)
    path, network = tmp_path / "net.npz", MLP([2, 3, 1])
    with pytest.raises(KeyboardInterrupt):
        network.save(path)
    monkeypatch.undo()
    assert_same(MLP.load(path).parameters(), network.parameters())
    assert [p.name for p in tmp_path.iterdir()] == ["net.npz"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
