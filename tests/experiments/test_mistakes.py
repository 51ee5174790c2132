"""Mistakes: more than a hundred things that people type or keep in files, over all commands.

Each is answered by one sentence and its exit code, and no file changes. To add one, add a line
to `TYPED` and, where it needs a file, one to `FILES`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from experiments.case.cases import CASES
from experiments.cli import main
from experiments.data import read
from experiments.fitting.measure import begin, fit
from experiments.fitting.model import Model
from experiments.kit.settings import Settings
from experiments.race.races import RACES
from mlp import MLP
from tests.experiments.test_cli import WRONG

GOOD = "a,b,price\n1,2,3\n2,1,5\n3,5,8\n4,4,9\n5,1,9\n"
FILES: dict[str, str | bytes] = {
    "good.csv": GOOD,
    "other.csv": GOOD.replace("9", "7"),
    "short.csv": "a,b,price\n1,2,3\n2,1,5\n3,5,8\n",
    "inputs.csv": "a,b\n1,2\n",
    "empty.csv": "",
    "blank.csv": "\n\n  \n",
    "header.csv": "a,b\n",
    "one.csv": "a,b\n1,2\n",
    "two.csv": "a,b\n1,2\n3,4\n",
    "text.csv": "a,b\n1,2\n1,two\n",
    "gap.csv": "a,b,price\n1,2,3\n1,,4\n3,5,6\n",
    "gaps.csv": "a,b\n1,\n,2\n",
    "nan.csv": "a,b\n1,2\n1,NaN\n",
    "inf.csv": "a,b\n1,2\n1,-inf\n",
    "overflow.csv": "a,b\n1,2\n1,1e400\n",
    "underscore.csv": "a,b\n1,2\n1,1_000\n",
    "comma.csv": "a;b\n1,5;2\n2,5;3\n",
    "minus.csv": "a,b\n1,2\n\u22121,3\n",
    "long.csv": "a,b\n1,2,3\n2,3\n",
    "ragged.csv": "a,b,c\n1,2,3\n2,3\n",
    "twice.csv": "a,a,b\n1,2,3\n2,3,4\n",
    "unnamed.csv": ",a,b\n0,1,2\n1,2,3\n",
    "quote.csv": 'a,b\n1,2\n3,"4\n',
    "constant.csv": "a,b\n1,2\n2,2\n3,2\n4,2\n5,2\n",
    "large.csv": "a,b\n1e300,1\n-1e300,2\n1,2\n3,4\n5,6\n",
    "blanks.csv": "a b\n1 2\n3 4\n",
    "numbers.csv": "1,2\n3,x\n",
    "latin.csv": "a,größe\n1,2\n3,4\n".encode("latin-1"),
    "latin_row.csv": "a,b\n1,2\n3,2 €\n".encode("cp1252"),
    "utf16.csv": GOOD.encode("utf-16"),
    "nul.csv": "a,b\n1,2\n3,\0\n",
    "picture.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff",
    "text.npz": "not a network",
    "empty.npz": "",
}

# What is typed: the exit code, and words of the sentence.
TYPED: dict[str, tuple[int, str]] = {
    # train: the table
    "train": (2, "Missing argument 'DATA'"),
    "train missing.csv": (1, "no data set and no file is called 'missing.csv'"),
    "train penguins --patience 3 --validation 0": (2, "--patience needs rows held out"),
    "train penguins --keep first": (2, "is not one of best, last"),
    "train penguin": (1, "did you mean 'penguins'"),
    "train folder": (1, "folder is a folder"),
    f"train {os.devnull}": (1, "is a pipe or a device"),
    "train empty.csv": (1, "empty.csv is empty"),
    "train blank.csv": (1, "blank.csv is empty"),
    "train header.csv": (1, "0 complete rows"),
    "train one.csv": (1, "too few"),
    "train one.csv --validation 0": (1, "needs at least 2"),
    "train two.csv": (1, "--validation 0"),
    "train text.csv": (1, "text.csv, line 3, column 'b': 'two' is not a number"),
    "train gap.csv": (1, "line 3, column 'b': the value is missing"),
    "train gaps.csv --drop-missing": (1, "0 complete rows"),
    "train nan.csv": (1, "line 3, column 'b': the value is missing"),
    "train inf.csv": (1, "line 3, column 'b': -inf is not a finite number"),
    "train inf.csv --drop-missing": (1, "-inf is not a finite number"),
    "train overflow.csv": (1, "line 3, column 'b': 1e400 is not a finite number"),
    "train underscore.csv": (1, "'1_000' has an underscore"),
    "train comma.csv": (1, "line 2, column 'a': '1,5' has a comma"),
    "train minus.csv": (1, "line 3, column 'a'"),
    "train long.csv": (1, "line 2: 3 fields, but the first line has 2"),
    "train ragged.csv": (1, "line 3: 2 fields, but the first line has 3"),
    "train twice.csv": (1, "2 columns called 'a'"),
    "train unnamed.csv": (1, "column 1 has no name"),
    "train quote.csv": (1, "line 3: this is not a CSV file"),
    "train constant.csv": (1, "column 'b' is constant"),
    "train large.csv": (1, "column 'a': its numbers are too large"),
    "train blanks.csv": (1, "separated by commas, semicolons or tabs"),
    "train numbers.csv": (1, "line 2, column 'x2': 'x' is not a number"),
    "train latin.csv": (1, "line 1, column 2: its name is not UTF-8"),
    "train latin_row.csv": (1, "line 3, column 'b': it holds bytes that are not UTF-8"),
    "train utf16.csv": (1, "UTF-8"),
    "train nul.csv": (1, "line 3, column 'b'"),
    "train picture.png": (1, "UTF-8"),
    "train model.npz": (1, "UTF-8"),
    # train: columns
    "train good.csv --target cost": (1, "has no column 'cost': choose from a, b, price"),
    "train good.csv --target pric": (1, "did you mean 'price'"),
    "train good.csv --inputs a,c": (1, "has no column 'c'"),
    "train good.csv --inputs a,price": (1, "column 'price' is chosen twice"),
    "train good.csv --inputs a,a": (1, "column 'a' is chosen twice"),
    "train good.csv --inputs a --target a": (1, "column 'a' is chosen twice"),
    "train good.csv --target a,b,price": (1, "no column left to learn from"),
    "train good.csv --inputs a,": (2, "not a list of columns"),
    'train good.csv --inputs "a': (2, "not a list of columns"),
    # train: options
    "train good.csv --hidden 0": (2, "such as 2 or 16,16"),
    "train good.csv --hidden 16;16": (2, "such as 2 or 16,16"),
    "train good.csv --init he_norml": (2, "did you mean 'he_normal'"),
    "train good.csv --activation swish": (2, "unknown activation 'swish'"),
    "train good.csv --optimizer rmsprop": (2, "unknown optimizer 'rmsprop'"),
    "train good.csv --epochs 0": (2, "x>=1"),
    "train good.csv --epochs 1.5": (2, "not a valid integer"),
    "train good.csv --learning-rate 0": (2, "not a positive finite number"),
    "train good.csv --learning-rate inf": (2, "not a positive finite number"),
    "train good.csv --batch-size -1": (2, "x>=1"),
    "train good.csv --validation 1": (2, "from 0 and below 1"),
    "train good.csv --validation -0.1": (2, "from 0 and below 1"),
    "train good.csv --validation nan": (2, "from 0 and below 1"),
    "train good.csv --validation some": (2, "from 0 and below 1"),
    "train good.csv --validation 0.9": (1, "too few"),
    "train good.csv --seed x": (2, "not a valid integer"),
    "train good.csv --save-every 1": (2, "needs --save"),
    "train good.csv --save-every 0 --save n.npz": (2, "x>=1"),
    "train good.csv --sav n.npz": (2, "--save"),
    "train good.csv other.csv": (2, "unexpected extra argument"),
    "train good.csv --hidden 300000,300000": (1, "memory"),
    # train: where it writes
    "train good.csv --save missing/n.npz": (1, "folder missing does not exist"),
    "train good.csv --save folder": (1, "folder is a folder"),
    "train good.csv --save good.csv": (2, "good.csv is needed as it is"),
    "train good.csv --save ./folder/../good.csv": (2, "is needed as it is"),
    "train good.csv --save text.csv/n.npz": (1, "does not exist"),
    f"train good.csv --save {os.devnull}": (1, "is a pipe or a device"),
    "train good.csv -o curve.xyz": (2, "does not end in a format"),
    "train good.csv -o curve": (2, "does not end in a format"),
    "train good.csv -o missing/c.png": (1, "folder missing does not exist"),
    "train good.csv -o folder.png": (1, "folder.png is a folder"),
    "train good.csv -o c.png --save c.png": (2, "is needed as it is"),
    "train good.csv -o": (2, "requires an argument"),
    # train: going on
    "train good.csv --resume missing.npz": (1, "missing.npz"),
    "train good.csv --resume folder": (1, "folder"),
    "train good.csv --resume text.npz": (1, "text.npz is damaged, cut off or not"),
    "train good.csv --resume empty.npz": (1, "empty.npz is damaged"),
    "train good.csv --resume cut.npz": (1, "cut.npz is damaged"),
    "train good.csv --resume network.npz": (1, "not the columns and units"),
    "train good.csv --resume foreign.npz": (1, "foreign.npz"),
    "train good.csv --resume model.npz": (2, "say with --epochs how many more"),
    "train other.csv --resume model.npz --epochs 1": (1, "other numbers than at the start"),
    "train short.csv --resume model.npz --epochs 1": (1, "3 complete rows, not 5"),
    "train inputs.csv --resume model.npz --epochs 1": (1, "has no column 'price'"),
    "train good.csv --resume model.npz --hidden 3": (2, "--hidden is in model.npz already"),
    "train good.csv --resume model.npz --seed 1": (2, "--seed is in model.npz already"),
    "train good.csv --resume model.npz --target b": (2, "--target is in model.npz already"),
    "train good.csv --resume model.npz --epochs 1 --save missing/n.npz": (1, "folder missing"),
    # predict
    "predict": (2, "Missing argument"),
    "predict model.npz": (2, "Missing argument 'DATA'"),
    "predict missing.npz good.csv": (1, "missing.npz"),
    "predict folder good.csv": (1, "folder"),
    "predict good.csv model.npz": (1, "good.csv is damaged, cut off or not"),
    "predict text.npz good.csv": (1, "text.npz is damaged"),
    "predict empty.npz good.csv": (1, "empty.npz is damaged"),
    "predict cut.npz good.csv": (1, "cut.npz is damaged"),
    "predict damaged.npz good.csv": (1, "damaged.npz is damaged"),
    "predict pickled.npz good.csv": (1, "pickled.npz is damaged"),
    "predict network.npz good.csv": (1, "mlp-demo train --save"),
    "predict stack.npz good.csv": (1, "not the columns"),
    "predict foreign.npz good.csv": (1, "foreign.npz"),
    "predict model.npz missing.csv": (1, "no data set and no file"),
    "predict model.npz folder": (1, "folder is a folder"),
    "predict model.npz two.csv --quiet --jsn": (2, "--json"),
    "predict model.npz text.csv": (1, "line 3, column 'b': 'two' is not a number"),
    "predict model.npz gap.csv": (1, "line 3, column 'b': the value is missing"),
    "predict model.npz gaps.csv --drop-missing": (1, "no complete row"),
    "predict model.npz header.csv": (1, "no complete row"),
    "predict model.npz comma.csv": (1, "'1,5' has a comma"),
    "predict model.npz numbers.csv": (1, "has no column 'a'"),
    "predict model.npz empty.csv": (1, "is empty"),
    "predict model.npz twice.csv": (1, "2 columns called 'a'"),
    "predict model.npz good.csv -o missing/out.csv": (1, "folder missing does not exist"),
    "predict model.npz good.csv -o folder": (1, "folder is a folder"),
    "predict model.npz good.csv -o good.csv": (2, "is needed as it is"),
    "predict model.npz good.csv -o model.npz": (2, "is needed as it is"),
    f"predict model.npz good.csv -o {os.devnull}": (1, "is a pipe or a device"),
    # the commands of the notes, with tables of the user's
    **{f"{case} --data text.csv": (1, "text.csv, line 3, column 'b'") for case in CASES},
    **{f"{case} --data gap.csv": (1, "--drop-missing") for case in CASES},
    **{f"{case} -o folder.png": (1, "folder.png is a folder") for case in CASES},
    **{f"{case} --activation": (2, "requires an argument") for case in CASES},
    "zero --data empty.csv": (1, "is empty"),
    "zero --data constant.csv": (1, "is constant"),
    "zero --data latin.csv": (1, "UTF-8"),
    "zero --data penguins --inputs sex": (1, "'male' is not a number"),
    # the races, compare, symmetry and the walkthrough
    **{f"{race} --data text.csv": (1, "text.csv, line 3, column 'b'") for race in RACES},
    **{f"{race} -o folder.png": (1, "folder.png is a folder") for race in RACES},
    "xavier --hidden 50x": (2, "such as 2 or 16,16 or 50x10"),
    "xavier --hidden x10": (2, "such as 2 or 16,16 or 50x10"),
    "xavier --distribution normla": (2, "did you mean 'normal'"),
    "he --scale small": (2, "No such option"),
    "he --epochs 0": (2, "x>=1"),
    "he --hidden 90000x2": (1, "memory"),
    "compare --data gap.csv": (1, "--drop-missing"),
    "compare --data latin.csv": (1, "UTF-8"),
    "compare --init": (2, "requires an argument"),
    "compare --init glorot": (2, "unknown start 'glorot'"),
    "compare --init text.csv:f": (2, "unknown initializer 'text.csv'"),
    "compare --init missing.py:f": (2, "missing.py cannot be read"),
    "compare --runs many": (2, "not a valid integer"),
    "compare --margin 1": (2, "'1' is not a number from 0 and below 1"),
    "compare --init normal:x": (2, "stddev must be a finite number, not x"),
    "compare --init he_normal:2": (2, "he_normal takes no numbers"),
    "compare --init -0.1": (2, "stddev must be positive"),
    "walkthrough xavier --init 0": (2, "stddev must be positive"),
    "compare --csv folder": (1, "folder is a folder"),
    "compare --csv missing/c.csv": (1, "folder missing does not exist"),
    "compare --data good.csv --csv good.csv": (2, "is needed as it is"),
    "compare -o c.png --csv c.png": (2, "is needed as it is"),
    "symmetry --epsilon -1": (2, "epsilon"),
    "symmetry --epsilon tiny": (2, "epsilon"),
    "symmetry --value nan": (2, "finite"),
    "symmetry --bias-init nrmal": (2, "did you mean 'normal'"),
    "symmetry --data text.csv": (1, "text.csv, line 3"),
    "symmetry -o folder.png": (1, "folder.png is a folder"),
    "walkthrough zreo": (2, "did you mean 'zero'"),
    "walkthrough zero --steps 0": (2, "x>=1"),
    "walkthrough zero --rows 0": (2, "x>=1"),
    "walkthrough zero --hidden 9,9": (2, "hidden"),
    "walkthrough zero --format pdf": (2, "markdown"),
    "walkthrough zero --data text.csv": (1, "text.csv, line 3"),
    "zero --animate film.avi": (2, "film.avi"),
    "zero --animate missing/film.gif": (1, "folder missing does not exist"),
    "zero --animate folder": (2, "folder"),
    "random --scale 1e308": (2, "is inf; every entry must be a finite number"),
    # what is no file: a pipe, a device, a link to itself
    "train pipe": (1, "is a pipe or a device"),
    "train loop.csv": (1, "no data set and no file"),
    "train good.csv --resume pipe": (1, "pipe is a pipe or a device"),
    "train good.csv --resume loop.npz": (1, "loop.npz: "),
    "train good.csv --save pipe": (1, "pipe is a pipe or a device"),
    "train good.csv --init loop.py:f": (2, "loop.py cannot be read"),
    "train good.csv --init pipe.py:f": (2, "pipe.py is a pipe or a device"),
    "train good.csv --init folder.py:f": (2, "folder.py is a folder"),
    "predict pipe good.csv": (1, "pipe is a pipe or a device"),
    "predict model.npz pipe": (1, "pipe is a pipe or a device"),
    "predict loop.npz good.csv": (1, "loop.npz: "),
    "predict /dev/zero good.csv": (1, "/dev/zero is a pipe or a device"),
    "compare --init loop.py:f": (2, "loop.py cannot be read"),
    "zero --data pipe": (1, "is a pipe or a device"),
    "zero -o pipe.png": (1, "pipe.png is a pipe or a device"),
    # what no machine can hold, or nobody read
    "zero --hidden 1000000": (1, "memory: it takes about"),
    "zero --epochs 100000000000": (1, "memory: it takes about"),
    "he --epochs 10000000000": (1, "memory: it takes about"),
    "compare --epochs 1000000000000": (1, "memory: it takes about"),
    "compare --hidden 300000,300000": (1, "memory: it takes about"),
    "symmetry --runs 100000000": (1, "memory: it takes about"),
    "symmetry --epochs 10000000000": (1, "memory: it takes about"),
    "propagate --depth 100000000": (1, "memory: it takes about"),
    "propagate --depth 100000000000000000000000": (1, "million TB, and"),
    "propagate --width 1000000": (1, "memory: it takes about"),
    "train good.csv --epochs 1000000000000": (1, "memory: it takes about"),
    "train good.csv --resume model.npz --epochs 1000000000000": (1, "memory: it takes about"),
    "map --runs 1000000000": (1, "memory: it takes about"),
    "map --width 1000000": (1, "memory: it takes about"),
    "map --epochs 10000000000000": (1, "memory: it takes about"),
    "map --against rate --zoom 4.3,0.26 --width 1000000": (1, "memory: it takes about"),
    "walkthrough zero --steps 100000000": (2, "choose 1 to 1000"),
    # the map
    "map --scales 1e308": (2, "every σ_w must be from 1e-18 to 1e+18, not 1e+308"),
    "map --scales 1e-320": (2, "every σ_w must be from 1e-18"),
    "map --scales 1,x": (2, "'1,x' is not a list of positive numbers"),
    "map --learning-rate 1e-320": (2, "every rate must be from 1e-18"),
    "map --sigma-b 1e308": (2, "every σ_b must be from 1e-18"),
    "map --sigma-b -1": (2, "0 or more is needed"),
    "map --depths 3,": (2, "is not a list of whole numbers"),
    "map --zoom 4.3,0.26": (2, "add --against rate"),
    "map --against rate --zoom 4.3": (2, "is not a point σ_w,η such as 4.3,0.26"),
    "map --against rate --zoom 1e9,1": (2, "the σ_w to zoom to is 1e+09"),
    "map --data short.csv": (1, "3 rows are too few"),
    "map -o folder.png": (1, "folder.png is a folder"),
    "random -o beside.png": (1, "beside-deep.png is a folder"),
    # the others
    "propagate --init he_norml": (2, "did you mean 'he_normal'"),
    "propagate --activation rellu": (2, "did you mean 'relu'"),
    "propagate --width 0": (2, "x>=1"),
    "propagate --depth many": (2, "not a valid integer"),
    "propagate --runs 0": (2, "x>=1"),
    "propagate --paper he2016": (2, "he2015"),
    "propagate --seed -3": (2, "x>=0"),
    "propagate -o missing/p.png": (1, "folder missing does not exist"),
    "propagate -o p.gif": (2, "does not end in a format"),
    "propagate --data penguins": (2, "No such option"),
    "explore --init he_norml -o p.png": (2, "did you mean 'he_normal'"),
    "explore --hide depht -o p.png": (2, "did you mean 'depth'"),
    "explore --sigma-w 1e308 -o p.png": (2, "out of range"),
    "explore --sigma-w 1e-320 -o p.png": (2, "out of range"),
    "explore --hidden 3,4 -o p.png": (2, "one width"),
    "explore --data text.csv -o p.png": (1, "text.csv, line 3"),
    "explore --json": (2, "say where to with -o FILE"),
    "explore --hidden 1000000x3 -o p.png": (1, "memory: it takes about"),
    "explore --epochs 1000000000000 -o p.png": (1, "memory: it takes about"),
    "explore -o missing/p.png": (1, "folder missing does not exist"),
    "explore -o p.gif": (2, "does not end in a format"),
    "verify --epochs 3": (2, "No such option"),
    "verify --format yaml": (2, "json"),
    "list everything": (2, "choose from initializers"),
    "list data now": (2, "unexpected extra argument"),
    "list -o x.png": (2, "No such option"),
    "trian good.csv": (2, "did you mean 'train'"),
    "predikt": (2, "did you mean 'predict'"),
}


# Numbers at the edge of what a number can be: no mistake, and a verdict for an answer.
AT_THE_EDGE = (
    "constant --value 1e308",
    "constant --value 1e308 --animate film.gif",
    "constant --value -1e308 --activation tanh --json",
    "constant --value 1e154 --activation linear",
    "random --scale 1e-320",
    "zero --learning-rate 1e308",
    "explore --hidden 3x2 --learning-rate 1e308 -o p.png",
    "explore --hidden 3x2 --sigma-w 1e150 --activation relu -o p.png",
    "explore --hidden 3x2 --sigma-w 1e-150 -o p.png",
    "zero --optimizer adam --learning-rate 1e308 --activation sigmoid",
    "zero --batch-size 100000000000000000000000000",
    "zero --seed 100000000000000000000000000",
    "symmetry --value 1e308 --runs 1",
    "symmetry --epsilon 1e308 --runs 1",
    "symmetry --epsilon 1e308 --runs 1 --activation relu",
    "symmetry --value 1e40 --hidden 4,4 --runs 1",
    "symmetry --learning-rate 1e40 --hidden 4,4 --runs 1",
    "train penguins --init 1e154",
    "train penguins --init constant:1e308 --save n.npz",
    "walkthrough constant --value 1e308",
    "walkthrough random --scale 1e308 --json",
    "walkthrough zero --learning-rate 1e308 --activation sigmoid",
    "he --learning-rate 1e300 --hidden 5x3",
    "compare --learning-rate 1e308 --runs 1",
    "compare --learning-rate 1e-320 --runs 1",
    "train penguins --learning-rate 1e308",
    "propagate --init ones --depth 400 --width 100 --runs 1 --activation relu",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of files of all kinds; one for all, as none may ever change."""
    folder = tmp_path_factory.mktemp("mistakes")
    for name, content in FILES.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
    for name in ("folder", "folder.png", "folder.py", "beside-deep.png"):
        (folder / name).mkdir()
    for name in ("loop.csv", "loop.npz", "loop.py"):
        (folder / name).symlink_to(name)
    for name in ("pipe", "pipe.py", "pipe.png"):
        os.mkfifo(folder / name)
    table = read(folder / "good.csv")
    settings = Settings(hidden=(3,), activation="tanh", epochs=3)
    fit(begin(table, settings), table).model.save(folder / "model.npz")
    whole = (folder / "model.npz").read_bytes()
    (folder / "cut.npz").write_bytes(whole[: len(whole) // 2])
    (folder / "damaged.npz").write_bytes(whole.replace(b"tanh", b"than"))
    network = MLP([2, 3, 1])
    network.save(folder / "network.npz")
    MLP.stack([network, network]).save(folder / "stack.npz")
    np.savez(folder / "foreign.npz", a=np.ones(3))
    np.savez(folder / "pickled.npz", W0=np.array([print], dtype=object))
    return folder


def everything_in(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def test_the_good_files_are_good(folder: Path) -> None:
    assert Model.load(folder / "model.npz").epoch == 3
    assert read(folder / "good.csv").values.shape == (5, 3)


# What no command takes.
NONSENSE = {f"{name} --nonsense": (2, "No such option") for name in main.commands}
MISTAKES = TYPED | WRONG | NONSENSE


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_sentence_and_changes_no_file(
    line: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, words = MISTAKES[line]
    monkeypatch.chdir(folder)
    before = everything_in(folder)
    result = CliRunner().invoke(main, line.split())
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit), "no traceback"
    assert result.stdout == ""
    usage, (sentence,) = result.stderr.splitlines()[:-1], result.stderr.splitlines()[-1:]
    assert sentence.startswith("Error: ")
    assert words in sentence
    # click may say before the sentence how the command is used, and where its help is.
    first_words = [words.split()[0] for words in usage if words]
    assert first_words in ([[], ["Usage:", "Try"]] if code == 2 else [[]])
    assert everything_in(folder) == before


@pytest.mark.parametrize("line", AT_THE_EDGE)
def test_numbers_at_the_edge_are_no_mistake(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = line.split()
    few = ["--epochs", "2"] if command[0] not in ("walkthrough", "propagate") else []
    result = CliRunner().invoke(main, [*command, *few])
    assert result.stderr == ""
    assert result.exit_code == 0
    assert "Traceback" not in result.stdout
    assert re.search(r"diverged|verdict|explodes|saturates|stalled|learning|answer", result.stdout)


def test_there_are_more_than_a_hundred() -> None:
    assert len(TYPED | WRONG) > 100
