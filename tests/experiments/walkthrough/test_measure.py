"""The walkthrough: what is printed can be checked with a calculator, and is the real network."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from functools import cache

import click
import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

from experiments.case.cases import CONSTANT, RANDOM, ZERO, Case
from experiments.data import load
from experiments.kit.training import networks
from experiments.race.races import Race
from experiments.walkthrough import symbols as s
from experiments.walkthrough import text as words
from experiments.walkthrough.handout import as_markdown
from experiments.walkthrough.measure import LESSONS, Line, Step, Walkthrough, parameters, walk
from experiments.walkthrough.text import Question, blocks, lessons
from mlp import MLP, SGD, mse, train
from mlp.activations import ACTIVATIONS, Activation, register
from mlp.formulas import Call, Formula, a, exp, z
from tests.oracles import gradients_by_loops

PENGUINS = load()
THREE = load(inputs=("bill_length_mm", "bill_depth_mm", "year"))
EVERY = [(case, activation) for case in LESSONS.values() for activation in ACTIVATIONS]
each = pytest.mark.parametrize(
    ("case", "activation"), EVERY, ids=[f"{case.name}-{activation}" for case, activation in EVERY]
)


# Any symbol of the notes, in text.
SYMBOL = re.compile(r"∂|[wzabx]'*\d+|ŷ|\b[Ly]\b|η")


def text_of(result: Walkthrough) -> str:
    return "\n".join(click.unstyle(part.text) for part in words.parts(result))


def lines_of(result: Walkthrough) -> list[Line]:
    return [line for step in result.steps for block in blocks(step) for line in block.lines]


def questions_of(result: Walkthrough) -> list[Question]:
    return [q for step in result.steps for block in blocks(step) for q in block.questions]


def said_of(result: Walkthrough) -> list[str]:
    return [str(lesson) for lesson in lessons(result)]


def notices_of(step: Step) -> dict[str, str]:
    return {str(name): str(said) for name, said in words.notices(step).items()}


# --- the numbers -----------------------------------------------------------------------


def functions_of(formula: Formula | str) -> dict[str, Callable[..., float]]:
    """Return the functions that a formula calls by their names, such as max."""
    found = {formula.function.name: formula.function.compute} if isinstance(formula, Call) else {}
    for part in getattr(formula, "parts", ()):
        found |= functions_of(part)
    return found


# The keys of the calculator beside + - · / and powers.
KEYS = {"__builtins__": {}, "exp": math.exp} | {
    name: function
    for f in map(ACTIVATIONS.__getitem__, ACTIVATIONS)
    for formula in (f.formula, f.derivative_formula)
    for name, function in functions_of(formula).items()
}


def calculated(worked: str) -> float:
    """Return what a calculator makes of a formula with numbers put in."""
    code = worked.replace("·", "*").replace("²", "**2").replace(", else", " else")
    code = re.sub(r"e\^(-?[\d.]+(?:e-?\d+)?|(?=\())", r"exp(\1)", code).replace("exp()", "exp")
    return float(eval(code, dict(KEYS)))


def rounding_of(worked: str) -> float:
    """Return how far off the result may be when every number is off by half its fourth digit."""
    total = 0.0
    for match in re.finditer(r"[\d.]+(?:e-?\d+)?", worked):
        value = float(match[0])
        if value:
            off = value + 0.5 * 10 ** (math.floor(math.log10(value)) - 3)
            changed = f"{worked[: match.start()]}{off:.12g}{worked[match.end() :]}"
            total += abs(calculated(changed) - calculated(worked))
    return total


def printed(result: Walkthrough) -> Iterator[tuple[str, str]]:
    """Yield every formula with numbers put in, and its value, as they stand in the text."""
    for part in words.parts(result)[1:-1]:
        unbroken = re.sub(r"\n( {6}| {12})(?=\S)", " ", click.unstyle(part.text))
        for line in unbroken.splitlines():
            equal = line.split("←")[0].strip().split(" = ")
            if len(equal) > 1:
                worked = re.sub(r"^(row \d|mean|=) *", "", equal[-2])
                if worked and not SYMBOL.search(worked):
                    yield worked, equal[-1]


@each
@pytest.mark.parametrize("rows", [1, 3])
def test_a_calculator_gets_what_is_printed(case: Case | Race, activation: str, rows: int) -> None:
    for options in case.variants if isinstance(case, Case) else [{}]:
        result = walk(case, PENGUINS, options, activation=activation, rows=rows)
        found = list(printed(result))
        # 22 quantities have something to put in: 13 for every row and 9 updates; and 10 means.
        assert len(found) >= 3 * (13 * rows + 9)
        for worked, value in found:
            allowed = 1.01 * (rounding_of(worked) + rounding_of(value.lstrip("-")))
            assert abs(calculated(worked) - float(value)) <= allowed, f"{worked} = {value}"


@each
def test_it_is_the_training_of_the_real_network(case: Case | Race, activation: str) -> None:
    result = walk(case, PENGUINS, activation=activation, rows=3, steps=4, seed=5)
    (network,) = networks([2, 2, 1], activation, result.start, 5, [0])
    for p, q in zip(network.parameters(), result.before.parameters(), strict=True):
        np.testing.assert_array_equal(p, q)
    history = train(network, result.x, result.y, optimizer=SGD(0.1), epochs=4)
    for p, q in zip(network.parameters(), result.network.parameters(), strict=True):
        np.testing.assert_array_equal(p, q)
    assert [step.loss for step in result.steps] == history.loss[:-1].tolist()
    assert [step.loss_after for step in result.steps] == history.loss[1:].tolist()


@each
def test_the_gradients_are_those_of_central_differences(
    case: Case | Race, activation: str
) -> None:
    result = walk(case, PENGUINS, activation=activation, rows=3, steps=1)
    W1, b1, W2, b2 = gradients_by_loops(result.before, result.x, result.y)
    expected = {
        **{f"∂L/∂w'{i}{j}": W1[i - 1, j - 1] for i in (1, 2) for j in (1, 2)},
        **{f"∂L/∂b1{j}": b1[0, j - 1] for j in (1, 2)},
        **{f"∂L/∂w''{j}1": W2[j - 1, 0] for j in (1, 2)},
        "∂L/∂b21": b2[0, 0],
    }
    means = {str(line.name): line.mean for line in lines_of(result)}
    means = {name: mean for name, mean in means.items() if name in expected}
    assert means == pytest.approx(expected, abs=1e-7)
    for line in lines_of(result):
        if line.mean is not None:
            assert line.mean == pytest.approx(math.fsum(line.values) / 3, rel=1e-12, abs=1e-15)


def test_the_indices_are_those_of_the_notes() -> None:
    network = MLP([3, 2, 1], kernel_initializer="zeros")
    network.layers[0].W = np.array([[11, 12], [21, 22], [31, 32]])
    network.layers[0].b = np.array([[1, 2]])
    network.layers[1].W = np.array([[110], [210]])
    names = parameters(network)
    assert {str(name): float(value) for name, value in names.items()} == {
        "w'11": 11, "w'12": 12, "w'21": 21, "w'22": 22, "w'31": 31, "w'32": 32,
        "b11": 1, "b12": 2, "w''11": 110, "w''21": 210, "b21": 0,
    }  # fmt: skip


def test_the_rows_are_the_first_of_the_data_rounded() -> None:
    result = walk(ZERO, PENGUINS, rows=2)
    np.testing.assert_allclose(result.x, PENGUINS.x[:2], atol=0.005)
    np.testing.assert_allclose(result.y, PENGUINS.y[:2], atol=0.005)
    assert all(len(str(v)) <= 5 for v in result.x.ravel().tolist())
    assert "x1 = bill_length_mm, x2 = bill_depth_mm, y = body_mass_g" in text_of(result)


# --- the lessons -----------------------------------------------------------------------


def test_zero_sigmoid_wakes_layer_by_layer() -> None:
    result = walk(ZERO, PENGUINS, activation="sigmoid")
    awake = [
        {"".join(map(str, of)) for of in (step.hidden, step.output, [s.b_out]) if step.moved(of)}
        for step in result.steps
    ]
    woken = {"w''11w''21", "b21"}
    assert awake == [woken, woken | {"w'11w'12w'21w'22"}] + [awake[1]]
    first, units, all_rows = said_of(result)
    assert first == "the layers wake from the output back: w'' in step 1, w' in step 2"
    assert units.startswith("w'11 = w'12 and w'21 = w'22: 2 hidden units that stay the same")
    assert "on all 342 rows the mean of y is 0" in all_rows
    notices = notices_of(result.steps[0])
    assert notices["∂L/∂w''11"] == "not 0, because a11 is not: the output layer wakes first"
    notices = notices_of(result.steps[1])
    assert notices["∂L/∂w'11"].startswith("not 0 any more: w''11 has moved")


def test_on_all_rows_the_zero_start_would_not_move() -> None:
    for case, activation, still in [
        (ZERO, "sigmoid", True),
        (ZERO, "tanh", True),
        (CONSTANT, "sigmoid", False),
        (RANDOM, "relu", False),
    ]:
        result = walk(case, PENGUINS, activation=activation)
        network = result.before.copy()
        train(network, PENGUINS.x, PENGUINS.y, optimizer=SGD(0.1), epochs=1)
        pairs = zip(network.layers, result.before.layers, strict=True)
        moved = max(float(abs(new.W - old.W).max()) for new, old in pairs)
        assert (moved < 1e-15) is still is result.still_on_all_rows
        said = any("on all 342 rows" in lesson for lesson in said_of(result))
        assert said is (activation == "sigmoid" and still)


@pytest.mark.parametrize("activation", ["relu", "tanh", "linear"])
def test_zero_moves_nothing_but_the_output_bias(activation: str) -> None:
    result = walk(ZERO, PENGUINS, activation=activation)
    for step in result.steps:
        assert step.moved([*step.hidden, *step.output]) == 0
        notices = notices_of(step)
        assert notices["a11"] == "0: nothing of x gets past this unit"
        assert notices["∂L/∂w''11"] == "0, because a11 = 0"
        assert notices["∂L/∂b21"].startswith("the only one that is not 0")
        assert notices["new w'11"] == notices["new w''21"] == "no update"
    assert said_of(result) == ["no weight moved, w_new = w_old: only the output bias b21 learns"]


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_constant_units_stay_the_same_and_random_ones_do_not(activation: str) -> None:
    for case, same in ((CONSTANT, True), (RANDOM, False)):
        result = walk(case, PENGUINS, activation=activation)
        for step in result.steps:
            notices = notices_of(step)
            for i in (1, 2):
                one, two = step.means[s.w(i, 1)], step.means[s.w(i, 2)]
                assert (one == pytest.approx(two, rel=1e-12)) is same
                expected = "the same as" if same else ("not the same as", "0, because ∂a12/∂z12")
                assert notices[f"∂L/∂w'{i}2"].startswith(expected)
        assert ("one perceptron" in said_of(result)[1]) is same


def test_a_silent_relu_unit_is_pointed_out() -> None:
    found = {
        (name, notice)
        for seed in range(10)
        for step in walk(RANDOM, PENGUINS, seed=seed, rows=3).steps
        for name, notice in notices_of(step).items()
        if "row" in notice
    }
    assert ("a11", "0 in row 1, where z11 ≤ 0") in found or (
        "a12", "0 in row 1, where z12 ≤ 0"
    ) in found  # fmt: skip
    assert any(notice.endswith("no gradient gets through") for _, notice in found)


@each
def test_what_is_asked_is_answered_by_the_run(case: Case | Race, activation: str) -> None:
    result = walk(case, PENGUINS, activation=activation)
    network = result.before.copy()
    answers = []
    for _ in result.steps:
        a = network.forward(result.x).a[1]
        gradient = gradients_by_loops(network, result.x, result.y)[0]
        before = mse(network.predict(result.x), result.y)[0]
        train(network, result.x, result.y, optimizer=SGD(0.1), epochs=1)
        after = mse(network.predict(result.x), result.y)[0]
        answers += [
            np.allclose(a[:, 0], a[:, 1], rtol=1e-9),
            abs(gradient[0, 0]) > 1e-8,
            math.isclose(gradient[0, 0], gradient[0, 1], abs_tol=1e-8),
            after < before,
        ]
    assert [question.answer for question in questions_of(result)] == answers


def test_one_unit_is_not_compared_with_another() -> None:
    result = walk(RANDOM, PENGUINS, hidden=(1,))
    assert len(questions_of(result)) == 2 * 3
    assert len(lessons(result)) == 1
    assert "w'12" not in text_of(result)


def test_a_start_that_overflows_is_said_to_diverge() -> None:
    at_once = walk(CONSTANT, PENGUINS, {"value": 1e300})
    assert (at_once.steps, at_once.diverged) == ([], True)
    assert "diverged: in step 1" in text_of(at_once)
    later = walk(CONSTANT, PENGUINS, learning_rate=1e80)
    assert len(later.steps) == 1
    assert said_of(later)[-1].startswith("diverged: in step 2")
    assert later.network.is_finite()
    assert "inf" not in text_of(later)
    assert "nan" not in text_of(later)
    json.dumps(words.as_json(later), allow_nan=False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hidden": (4,)}, "4 units are too much to work by hand"),
        ({"hidden": (2, 2)}, "choose one layer of 1 to 3, such as 2"),
        ({"rows": 10}, "choose 1 to 9"),
        ({"rows": 0}, "choose 1 to 9"),
        ({"learning_rate": -1.0}, "learning_rate must be positive"),
    ],
)
def test_what_is_no_work_for_one_hand_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        walk(ZERO, PENGUINS, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"inputs": ("bill_length_mm", "bill_depth_mm", "year", "flipper_length_mm")}, "4 inputs"),
        ({"targets": ("body_mass_g", "year")}, "has one output, not 2"),
    ],
)
def test_so_are_other_shapes_of_data(columns: dict[str, tuple[str, ...]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        walk(ZERO, load(**columns))  # type: ignore[arg-type]


# --- how it reads ----------------------------------------------------------------------


@each
@pytest.mark.parametrize("hidden", [1, 2, 3])
def test_it_fits_eighty_columns(case: Case | Race, activation: str, hidden: int) -> None:
    for dataset, rows in ((PENGUINS, 1), (PENGUINS, 3), (THREE, 2), (THREE, 9)):
        result = walk(case, dataset, activation=activation, hidden=(hidden,), rows=rows)
        assert max(map(len, text_of(result).splitlines())) <= 80


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("ask", [False, True])
def test_a_part_fits_twenty_four_lines(activation: str, ask: bool) -> None:
    for dataset, rows, hidden in ((PENGUINS, 1, 2), (PENGUINS, 2, 2), (THREE, 9, 3)):
        options = {"scale": "large"}
        result = walk(RANDOM, dataset, options, activation=activation, rows=rows, hidden=(hidden,))
        parts = words.parts(result, ask)
        for part in parts:
            asked = sum(3 for _ in part.questions) if ask else 0
            title = 2 if part.title else 0
            assert len(part.text.splitlines()) + asked + title <= 23
            assert part.text
        # Nothing is lost where a screen ends.
        whole = words.parts(result)
        assert "\n".join(p.text for p in parts) == "\n".join(p.text for p in whole)


def test_a_formula_too_long_for_a_line_is_broken_not_cut() -> None:
    for rows in (1, 2):
        result = walk(RANDOM, THREE, {"scale": "large"}, hidden=(3,), rows=rows)
        text = " ".join(text_of(result).split())
        worked = words.as_json(result)["steps"][2]["forward propagate an input"]
        for line in worked["lines"]:
            assert line["formula"] in text
            assert all(numbers in text for numbers in line["worked"])


def test_parts_begin_with_the_steps_of_the_notes() -> None:
    parts = words.parts(walk(ZERO, PENGUINS, steps=2))
    assert [click.unstyle(part.title) for part in parts if part.title] == [
        "step 1 of 2", "step 2 of 2",
    ]  # fmt: skip
    first = [click.unstyle(part.text).splitlines()[0] for part in parts]
    assert [line for line in first if not line.startswith(" ")] == [
        "Case 1: zero initialization, relu, worked by hand",
        "rows",
        "forward propagate an input",
        "compute the cost function",
        "backpropagate: the output layer",
        "backpropagate: the hidden layer",
        "update each parameter",
        "forward propagate an input",
        "compute the cost function",
        "backpropagate: the output layer",
        "backpropagate: the hidden layer",
        "update each parameter",
        "what happened",
    ]


@cache
def assert_latex(equation: str) -> None:
    MathTextParser("path").parse(f"${equation}$")
    # Markdown would eat a backslash before punctuation, and may take an underscore that does
    # not follow a letter for emphasis.
    assert not re.search(r"\\[^A-Za-z]", equation)
    assert not re.search(r"(?<![A-Za-z])_", equation)
    assert not SYMBOL.search(re.sub(r"\b[Ly]\b", "", equation))


@each
def test_the_handout_is_latex_that_renders(case: Case | Race, activation: str) -> None:
    for rows in (1, 2):
        result = walk(case, PENGUINS, activation=activation, rows=rows, steps=2)
        handout = as_markdown(result, ask=True)
        blocks = re.findall(r"^\$\$(.+)\$\$$", handout, flags=re.MULTILINE)
        rest = re.sub(r"^\$\$.+\$\$$", "", handout, flags=re.MULTILINE)
        inline = re.findall(r"\$([^$]+)\$", rest)
        assert "$" not in re.sub(r"\$[^$]+\$", "", rest)
        assert len(blocks) == len(lines_of(result))
        for equation in set(blocks + inline):
            assert_latex(re.sub(r"\b\d+\.\d+\b", "1.5", equation))
        for block in re.finditer(r"^\$\$.+\$\$$", handout, flags=re.MULTILINE):
            assert handout[block.start() - 2 : block.start()] == "\n\n"
            assert handout[block.end() : block.end() + 2] == "\n\n"


@each
def test_the_handout_has_the_numbers_of_the_terminal(case: Case | Race, activation: str) -> None:
    result = walk(case, PENGUINS, activation=activation, rows=2, steps=2)

    def values(text: str) -> list[str]:
        plain = re.sub(r" \\times 10\^\{(-?\d+)\}", r"e\1", text)
        return re.findall(r" = (-?\d[\d.e-]*)\$", plain)

    handout = values(as_markdown(result))
    terminal = [value for _, value in printed(result)]
    assert set(terminal) <= set(handout)


def test_questions_are_folded_into_the_handout_only_when_asked_for() -> None:
    result = walk(ZERO, PENGUINS, activation="sigmoid")
    assert "<details>" not in as_markdown(result)
    asked = as_markdown(result, ask=True)
    assert asked.count("<details>") == asked.count("</details>") == len(questions_of(result))


@pytest.fixture
def registered() -> Iterator[Callable[[Activation], Activation]]:
    names = []

    def add(activation: Activation) -> Activation:
        names.append(activation.name)
        return register(activation)

    yield add
    for name in names:
        ACTIVATIONS.remove(name)


Register = Callable[[Activation], Activation]


def test_a_new_activation_is_worked_by_its_formula(registered: Register) -> None:
    square = Activation(
        "square", lambda z: z * z, lambda z, a: 2 * z, formula=z**2, derivative_formula=2 * z
    )
    registered(square)
    result = walk(CONSTANT, PENGUINS, activation="square", rows=1)
    assert "∂a11/∂z11 = 2 z11 = 2·0.455 = 0.91" in text_of(result)
    assert "a_{11} = z_{11}^2 = 0.455^2 = 0.207" in as_markdown(result)


def test_a_steep_sigmoid_is_written_as_mathematics_has_it(registered: Register) -> None:
    registered(
        Activation(
            "steep",
            lambda z: 1 / (1 + np.exp(-2 * z)),
            lambda z, a: 2 * a * (1 - a),
            formula=1 / (1 + exp(-2 * z)),
            derivative_formula=2 * a * (1 - a),
        )
    )
    result = walk(CONSTANT, PENGUINS, {"value": -0.5}, activation="steep", rows=2)
    text, handout = text_of(result), as_markdown(result)
    assert "a11 = 1 / (1 + e^(-2 z11))\n    row 1   1 / (1 + e^(-2·(-0.455)))" in text
    assert r"a_{11} = \frac{1}{1 + e^{-2 z_{11}}}$$" in handout
    assert r"$\frac{1}{1 + e^{-2 \cdot (-0.455)}} = 0.287" in handout
    assert r"\frac{\partial a_{11}}{\partial z_{11}} = 2 a_{11} (1 - a_{11})$$" in handout
    for worked, value in printed(result):
        assert abs(calculated(worked) - float(value)) <= 2e-3 * abs(float(value))


@pytest.mark.parametrize("formula", ["", "z³"])
def test_a_formula_that_is_mere_text_is_left_out(registered: Register, formula: str) -> None:
    cube = Activation("my_cube", lambda z: z**3, lambda z, a: 3 * z * z, formula=formula)
    registered(cube)
    result = walk(CONSTANT, PENGUINS, activation="my_cube", rows=1)
    assert "a11 = my_cube(z11) = my_cube(0.455) = 0.0942" in text_of(result)
    assert "∂a11/∂z11 = my_cube'(z11) = my_cube'(0.455) = 0.6211" in text_of(result)
    for equation in re.findall(r"^\$\$(.+)\$\$$", as_markdown(result), flags=re.MULTILINE):
        assert_latex(re.sub(r"\b\d+\.\d+\b", "1.5", equation))


@each
def test_every_formula_gives_the_number_beside_it(case: Case | Race, activation: str) -> None:
    for line in lines_of(walk(case, PENGUINS, activation=activation, rows=3)):
        for inputs, value in zip(line.inputs, line.values, strict=True):
            assert line.formula.evaluate(inputs) == pytest.approx(value, rel=1e-9, abs=1e-12)


def test_json_is_the_whole_walkthrough() -> None:
    result = walk(RANDOM, PENGUINS, activation="tanh", seed=3)
    data = json.loads(json.dumps(words.as_json(result)))
    assert (data["case"], data["of"], data["options"]) == (
        "walkthrough",
        "random",
        {"scale": "scaled"},
    )
    assert len(data["loss"]) == len(data["steps"]) + 1 == 4
    z11 = data["steps"][0]["forward propagate an input"]["lines"][0]
    assert (z11["name"], z11["formula"]) == ("z11", "w'11 x1 + w'21 x2 + b11")
    expected = result.before.forward(result.x).z[0][:, 0]
    np.testing.assert_allclose(z11["values"], expected, rtol=1e-15)
