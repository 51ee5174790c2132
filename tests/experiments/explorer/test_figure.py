"""The explorer by events, in a figure without a display: knobs turn, and the picture follows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.backend_bases import Event, KeyEvent, MouseEvent, ResizeEvent
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.widgets import RadioButtons
from nbclient import NotebookClient
from PIL import Image

from experiments.data import load
from experiments.explorer import panels, scales, text
from experiments.explorer.controls import CONTROLS, Dial, Pick
from experiments.explorer.figure import ExplorerFigure, explore
from experiments.explorer.measure import Choice, Explorer, start_names
from experiments.kit.style import save
from mlp import activations, initializers
from mlp.activations import ACTIVATIONS
from tests.pictures import assert_legible

PENGUINS = load()


class Canvas(FigureCanvasAgg):
    """A canvas that draws when it is told to, as those of windows do."""

    asked = 0

    def draw_idle(self, *args: Any, **kwargs: Any) -> None:
        """Count the wish."""
        self.asked += 1


def happen(event: Event) -> None:
    event.canvas.callbacks.process(event.name, event)


class Board:
    """An explorer with a mouse and a keyboard."""

    def __init__(self, hide: tuple[str, ...] = (), data: Any = PENGUINS, **choice: Any) -> None:
        choice = {"depth": 3, "width": 8} | choice
        self.explorer = Explorer(data, Choice(**choice))
        self.figure = ExplorerFigure(self.explorer, hide)
        self.canvas: Any = Canvas(self.figure)
        self.pixels()

    @property
    def choice(self) -> Choice:
        return self.explorer.choice

    def __getitem__(self, name: str) -> Any:
        return {control.name: control for control in self.figure._controls}[name]

    def panel(self, kind: type[panels.Panel], k: int = 0) -> Any:
        return [panel for panel in self.figure._panels if isinstance(panel, kind)][k]

    def mouse(self, kind: str, ax: Axes, x: float, y: float) -> None:
        """Do something at a place of some axes: 0, 0 is their lower left corner."""
        at = ax.transAxes.transform((x, y))
        button: Any = {"button": 1} if kind != "motion_notify" else {"buttons": {1}}
        happen(MouseEvent(f"{kind}_event", self.canvas, *at, **button))

    def click(self, ax: Axes, x: float = 0.5, y: float = 0.5) -> None:
        for kind in ("button_press", "button_release"):
            self.mouse(kind, ax, x, y)

    def drag(self, ax: Axes, *places: float) -> None:
        self.mouse("button_press", ax, places[0], 0.5)
        for x in places:
            self.mouse("motion_notify", ax, x, 0.5)
        self.mouse("button_release", ax, places[-1], 0.5)

    def keys(self, *names: str) -> None:
        for name in names:
            happen(KeyEvent("key_press_event", self.canvas, name))

    def pick(self, radio: RadioButtons, k: int) -> None:
        x, y = np.asarray(radio.ax.collections[0].get_offsets())[k]
        self.click(radio.ax, x, y)

    def command(self) -> str:
        """Return the command that a shell would make of what is written."""
        return self.figure._command.get_text().replace(" \\\n", " ")

    def look(self) -> None:
        """Bring the artists up to date, without the pixels, which take five times as long."""
        self.figure._show()

    def pixels(self) -> Any:
        self.canvas.draw()
        return np.asarray(self.canvas.buffer_rgba()).copy()


@pytest.fixture(scope="module")
def one_for_all() -> Board:
    """Return a board that is used again and again: to make one takes longer than to use it."""
    return Board()


@pytest.fixture
def board(one_for_all: Board) -> Board:
    """Return a board as it is at the start."""
    one_for_all.explorer.choose(**vars(Choice(depth=3, width=8)))
    figure = one_for_all.figure
    figure.past.clear()
    figure.playing, figure.sight, figure._timer, figure._focus = False, None, None, 0
    one_for_all.look()
    return one_for_all


# --- controls ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("sigma_w", 0.01, 100), ("depth", 1, 50), ("width", 1, 250), ("learning_rate", 1e-4, 10)],
)
def test_every_slider_goes_through_its_range(
    board: Board, name: str, low: float, high: float
) -> None:
    dial: Dial = board[name]
    places = np.linspace(0, 1, 9)
    values = []
    board.mouse("button_press", dial.ax, 0.6, 0.5)
    for x in places:
        board.mouse("motion_notify", dial.ax, 1.1 * x - 0.05, 0.5)
        values.append(getattr(board.choice, name))
    board.mouse("button_release", dial.ax, 0.5, 0.5)
    assert (values[0], values[-1]) == pytest.approx((low, high))
    assert (np.diff(values) >= 0).all()
    assert len(set(values)) >= 7
    expected = low * (high / low) ** np.clip(1.1 * places - 0.05, 0, 1)  # a log axis
    np.testing.assert_allclose(values, expected, rtol=0.06, atol=0.51 if low == 1 else 0)
    board.click(dial.ax, 0.3)
    board.look()
    assert dial.value == getattr(board.choice, name)
    assert f"{dial.value:.2g}".rstrip("0") in dial.number.get_text()


def test_the_named_starts_are_marked_on_the_slider(board: Board) -> None:
    """A click on a mark leads to the range of that start."""
    marks, slider = board["sigma_w"].marks, board["sigma_w"].ax
    places = np.asarray(marks.get_xdata())
    assert len(places) == 4
    for place, start in zip(places, ("small", "scaled", "he_normal", "large"), strict=True):
        board.click(slider, slider.transLimits.transform((place, 0))[0])
        assert board.choice.sigma_w == pytest.approx(Choice(start, width=8).at, rel=0.03)


def test_every_start_and_activation_can_be_clicked(board: Board) -> None:
    start: Pick = board["start"]
    for k, name in enumerate(text.WORDS):
        board.pick(start.radio, k)
        assert (board.choice.start, board.choice.sigma_w) == (name, None)
    board.pick(start.radio, len(text.WORDS))  # by the slider: from where it is
    assert board.choice.sigma_w == pytest.approx(2**0.5)
    for k, name in enumerate(ACTIVATIONS):
        board.pick(board["activation"].radio, k)
        assert board.choice.activation == name


def test_starts_without_a_button_take_turns_in_the_last(board: Board) -> None:
    start: Pick = board["start"]
    others = [name for name in start_names("scaled") if name not in text.WORDS]
    seen = []
    for _ in range(len(others) + 1):
        board.pick(start.radio, len(start.radio.labels) - 1)
        board.look()
        seen.append(board.choice.start)
        assert seen[-1].replace("_", " ") in start.radio.labels[-1].get_text()
    assert set(seen) == set(others)
    assert seen[0] == seen[-1]


def test_buttons_step_play_reset_and_seed(board: Board) -> None:
    play, step, reset, seed = board.figure._buttons.values()
    before = board.explorer.sight.network.theta.copy()
    board.click(step.ax)
    assert board.explorer.sight.epoch == 1
    board.click(play.ax)
    board.figure.tick()
    epochs = board.explorer.sight.epoch
    assert epochs > 1
    board.look()
    assert play.label.get_text() == "pause"
    board.click(play.ax)
    board.figure.tick()
    assert board.explorer.sight.epoch == epochs
    board.click(reset.ax)
    np.testing.assert_array_equal(board.explorer.sight.network.theta, before)
    board.click(seed.ax)
    assert board.choice.seed == 1
    assert not np.allclose(board.explorer.sight.network.theta, before)


def test_keys_move_through_the_controls_and_change_them(board: Board) -> None:
    for name in CONTROLS[:-1]:
        board.look()
        assert [c.name for c in board.figure._controls if c.focused] == [name]
        before = board.choice
        board.keys("right")
        board.look()
        more = board.choice
        board.keys("left")
        assert more != before
        if name not in ("start", "sigma_w", "activation"):
            assert getattr(more, name) > getattr(before, name)
            assert getattr(board.choice, name) == getattr(before, name)
        board.keys("down" if name != "depth" else "tab")
    board.keys("up", "shift+tab", "shift+iso_left_tab")
    board.look()
    assert [c.name for c in board.figure._controls if c.focused] == ["depth"]


def test_keys_play_step_reset_seed_and_help(board: Board) -> None:
    board.keys("s", "s")
    assert board.explorer.sight.epoch == 2
    board.keys("r")
    assert board.explorer.sight.epoch == 0
    board.keys("n")
    assert board.choice.seed == 1
    board.keys(" ")
    assert board.figure.playing
    board.keys("?")
    board.look()
    assert board.figure._keys.get_visible()
    for key, does in text.KEYS:
        assert does in board.figure._keys.get_text(), key
    board.keys("?", "x", "f5")
    assert not board.figure._keys.get_visible()


def test_controls_can_be_left_out() -> None:
    board = Board(hide=("activation", "depth", "seed"))
    assert [c.name for c in board.figure._controls] == [
        "start", "sigma_w", "width", "learning_rate",
    ]  # fmt: skip
    assert "seed" not in board.figure._buttons
    board.keys("n")
    assert board.choice.seed == 0
    bare = Board(hide=CONTROLS)
    bare.keys("left", "right", "up", "down", "tab", "n", "s")
    assert bare.explorer.sight.epoch == 1


def test_the_slider_can_be_left_out_where_it_is_needed() -> None:
    board = Board(hide=("sigma_w",), sigma_w=0.5)
    assert board["start"].value == ""
    board = Board(hide=("sigma_w",))
    assert "" not in board["start"].words


# --- the picture -------------------------------------------------------------------------


def test_lines_are_what_is_measured() -> None:
    board = Board(start="he_normal", activation="relu", depth=6, width=20)
    sight = board.explorer.sight
    for k, measure in enumerate(panels.SIGNALS):
        panel = board.panel(panels.SignalPanel, k)
        np.testing.assert_array_equal(panel.line.get_xdata(), np.arange(1, 7))
        np.testing.assert_array_equal(panel.line.get_ydata(), sight.measured(measure))
        assert panel.dots.get_visible()
        np.testing.assert_array_equal(panel.dots.get_ydata(), sight.theory(measure))
    board.keys("s", "s", "s")
    board.look()
    loss = board.panel(panels.LossPanel)
    np.testing.assert_array_equal(loss.line.get_ydata(), board.explorer.sight.losses)
    assert not board.panel(panels.SignalPanel).dots.get_visible()


def test_histograms_hold_every_answer() -> None:
    a = np.array([-5.0, -1, -1, 0, 0, 0, 0, 0.99, 1, np.nan])
    edges = scales.histogram_edges("tanh")
    counted, _ = np.histogram(np.clip(a[:-1], -1, 1), edges)
    np.testing.assert_allclose(scales.heights(a, edges) * 4, counted)
    assert scales.histogram_edges("relu")[[0, -1]].tolist() == [0, 4]
    assert scales.heights(np.full(5, np.inf), edges).sum() == 0


def test_the_whole_command_is_written_whatever_is_chosen(board: Board) -> None:
    """Also a long one, and one with signs that would be mathematics."""
    source = ["--data", "the $\\frac$ of $1.csv", "--inputs", "bill_length_mm,bill_depth_mm,year"]
    board.explorer.source = tuple(source)
    try:
        board.explorer.choose(
            start="glorot_uniform", activation="sigmoid", learning_rate=1e-4, width=250,
            seed=12345, batch_size=16, optimizer="adam",
        )  # fmt: skip
        assert_legible(board.figure, 10)
        assert board.command() == text.command(board.explorer.sight, source)
        assert "\n" in board.figure._command.get_text()
    finally:
        board.explorer.source = ()


def test_equal_units_have_one_colour() -> None:
    board = Board(start="zeros")
    dots = board.panel(panels.UnitsPanel).dots
    assert len(np.unique(dots.get_facecolor(), axis=0)) == 1
    assert board.panel(panels.UnitsPanel).title.get_text() == "24 hidden units act as 3"
    board.explorer.choose(start="scaled")
    board.look()
    assert len(np.unique(dots.get_facecolor(), axis=0)) == panels.UNITS_SHOWN


def test_what_was_before_stays_in_grey(board: Board) -> None:
    """A whole drag counts as one change, and so does a key; three are kept."""
    seen = [board.figure.sight]
    slider = board["sigma_w"].ax
    for to in (0.2, 0.4, 0.6, 0.8):
        board.mouse("button_press", slider, to, 0.5)
        for x in (0.1, 0.15, 0.12):
            board.mouse("motion_notify", slider, to + x, 0.5)
            board.look()
        board.mouse("button_release", slider, to, 0.5)
        seen.append(board.figure.sight)
    assert list(board.figure.past) == seen[-4:-1]
    panel = board.panel(panels.SignalPanel)
    for line, before in zip(panel.before, board.figure.past, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), before.measured("a_std"))


def test_a_drag_measures_nothing_until_it_is_drawn(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[Choice] = []
    whole = Explorer._measured

    def counted(self: Explorer, now: Any) -> Any:
        measured.append(self.choice)
        return whole(self, now)

    monkeypatch.setattr(Explorer, "_measured", counted)
    board.drag(board["sigma_w"].ax, *np.linspace(0.1, 0.9, 200))
    assert measured == []
    assert board.canvas.asked >= 100
    board.look()
    assert measured == [board.choice]
    assert board.choice.sigma_w == pytest.approx(0.01 * 1e4**0.9, rel=0.05)


def test_the_background_and_what_moves_on_it_are_the_whole_picture(board: Board) -> None:
    acts: list[Callable[[], None]] = [
        lambda: board.click(board["sigma_w"].ax, 0.3),
        lambda: board.click(board["sigma_w"].ax, 0.31),
        lambda: board.keys("s", "s"),
        lambda: board.pick(board["start"].radio, 0),
        lambda: board.click(board["depth"].ax, 0.7),
        lambda: board.keys("?"),
        lambda: board.keys("?", "down", "r", "n"),
    ]
    for act in acts:
        act()
        quick = board.pixels()
        board.figure.stale = True
        np.testing.assert_array_equal(quick, board.pixels())


def test_training_waits_for_the_picture_and_never_for_nothing(board: Board) -> None:
    started: list[int] = []

    class Timer:
        """A timer that only counts."""

        def start(self) -> None:
            started.append(board.explorer.sight.epoch)

    board.figure._timer = Timer()
    board.canvas.draw()
    board.figure.tick()
    assert (started, board.explorer.sight.epoch) == ([], 0)
    board.keys(" ")
    board.canvas.draw()
    board.figure.tick()
    board.canvas.draw()
    assert len(started) == 2
    assert started[0] == 0 < started[1]


def test_a_training_that_diverged_stops_playing() -> None:
    board = Board(activation="relu", learning_rate=10.0, start="large")
    board.keys(" ")
    for _ in range(20):
        board.figure.tick()
    board.canvas.draw()
    assert board.explorer.sight.verdict == "diverged"
    assert not board.figure.playing


def test_what_diverged_is_empty_and_where_it_came_from_stays_in_grey() -> None:
    board = Board(activation="relu", start="large", depth=10, width=100)
    before = board.figure.sight
    board.explorer.train()
    board.look()
    assert list(board.figure.past) == [before]
    for k, measure in enumerate(panels.SIGNALS):
        panel = board.panel(panels.SignalPanel, k)
        unknown = np.isnan(board.explorer.sight.measured(measure))
        assert unknown.any()
        np.testing.assert_array_equal(np.isnan(panel.line.get_ydata()), unknown)
        assert np.isfinite(panel.before[0].get_ydata()).all()
    assert board.panel(panels.LossPanel).title.get_text().startswith("diverged at epoch ")
    assert "not finite" in board.panel(panels.UnitsPanel).title.get_text()
    assert_legible(board.figure, 10)


def test_the_number_under_the_mouse_is_exact() -> None:
    board = Board(depth=5)
    sight = board.explorer.sight
    predicted = sight.theory("a_std")
    assert predicted is not None
    told = board.panel(panels.SignalPanel).ax.format_coord(3.2, 1.0)
    assert told.startswith("layer 3: ")
    assert float(told.split()[2].rstrip(",")) == pytest.approx(sight.measured("a_std")[2], 1e-5)
    assert float(told.split()[4]) == pytest.approx(predicted[2], 1e-5)
    assert f"{sight.losses[0]:.6g}" in board.panel(panels.LossPanel).ax.format_coord(9.0, 1.0)
    assert "8 of 8 differ" in board.panel(panels.UnitsPanel).ax.format_coord(1.0, 1.0)
    assert "any depth" in board.panel(panels.Map).ax.format_coord(1.0, 1.0)
    assert "saturated" in board.panel(panels.HistogramsPanel).ax.format_coord(1.0, 0.0)
    x = PENGUINS.x[:1] * PENGUINS.x_std + PENGUINS.x_mean
    answer = float(
        (sight.network.predict(PENGUINS.x[:1]) * PENGUINS.y_std + PENGUINS.y_mean)[0, 0]
    )
    surface = board.panel(panels.SurfacePanel)
    assert float(surface.ax.format_coord(*x[0]).split()[-1]) == pytest.approx(answer, 1e-5)


@pytest.mark.parametrize("inputs", ["bill_length_mm", "bill_length_mm,bill_depth_mm,year"])
def test_other_numbers_of_inputs_show_the_answer_against_the_truth(inputs: str) -> None:
    board = Board(data=load("penguins", tuple(inputs.split(","))))
    panel = board.panel(panels.TruthPanel)
    truth, answer = panel.dots.get_data()
    assert len(truth) == len(answer) == 342
    assert "it answers" in panel.ax.format_coord(float(truth[0]), 0.0)
    board.keys("s")
    assert_legible(board.figure, 10)


def test_an_input_that_does_not_vary_has_a_picture_too(tmp_path: Path) -> None:
    table = tmp_path / "flat.csv"
    table.write_text("a,b,c\n1,5,3\n2,5,1\n4,5,2\n3,5,9\n", encoding="utf-8")
    board = Board(data=load(str(table), ("a", "b"), ("c",)))
    board.keys("s")
    assert_legible(board.figure, 10)


@pytest.mark.parametrize(
    "changes",
    [
        {"start": "zeros"},
        {"start": "constant", "activation": "relu", "depth": 50, "width": 100},
        {"start": "large", "depth": 50, "width": 100, "activation": "relu"},
        {"start": "ones", "activation": "linear", "depth": 50, "width": 50},
        {"sigma_w": 0.01, "depth": 50, "width": 1, "activation": "relu"},
        {"sigma_w": 100.0, "depth": 1, "width": 250, "activation": "sigmoid"},
        {"learning_rate": 10.0, "activation": "linear"},
        {"width": 1, "depth": 1, "start": "orthogonal", "learning_rate": 1e-4},
        {"sigma_w": 1e6},
    ],
)
def test_every_extreme_is_a_legible_picture(board: Board, changes: dict[str, Any]) -> None:
    board.explorer.choose(**changes)
    board.look()
    board.explorer.train(1)
    assert_legible(board.figure, 10)


def test_an_initializer_that_fails_is_a_sentence_and_the_last_picture_stays(
    board: Board,
) -> None:
    def bad(rng: np.random.Generator, fan_in: int, fan_out: int) -> Any:
        raise RuntimeError("no weights today")

    initializers.register("bad")(bad)
    try:
        board.explorer.choose(start="bad")
        board.keys("s", " ")
        board.figure.tick()
        board.look()
        assert "no weights today" in board.figure._progress.get_text()
        assert board.choice.start == "scaled"
        board.figure.tick()
        board.look()
        assert "no weights today" not in board.figure._progress.get_text()
    finally:
        initializers.INITIALIZERS.remove("bad")


def test_an_activation_of_the_users_has_a_button_and_a_map() -> None:
    """Softplus has no edge of chaos: what is added to every a never comes to rest."""
    activations.register(
        activations.Activation(
            "softplus",
            lambda z: np.logaddexp(0, z),
            lambda z, a: 1 / (1 + np.exp(-z)),
            bounds=(0.0, np.inf),
        )
    )
    try:
        board = Board(activation="softplus")
        assert board["activation"].value == "softplus"
        board.keys("s")
        assert_legible(board.figure, 10)
    finally:
        activations.ACTIVATIONS.remove("softplus")


@pytest.mark.parametrize("size", [(640, 400), (1920, 1080), (600, 900)])
def test_it_grows_with_the_window(size: tuple[int, int]) -> None:
    board = Board()
    board.figure.set_size_inches(size[0] / board.figure.dpi, size[1] / board.figure.dpi)
    happen(ResizeEvent("resize_event", board.canvas))
    board.canvas.draw()
    assert board.canvas.get_width_height() == size
    assert board.figure.dpi == pytest.approx(100 * min(size[0] / 1280, size[1] / 800))
    assert_legible(board.figure, 10)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_it_is_saved_whole_with_what_moves(board: Board, tmp_path: Any, suffix: str) -> None:
    path = tmp_path / f"p.{suffix}"
    save(board.figure, path, "A sentence.")
    assert path.stat().st_size > 10_000
    if suffix == "png":
        differ = (np.asarray(Image.open(path)) != board.pixels()).any(axis=-1)
        assert differ.mean() < 0.005  # spines and what moves lie the other way round


def test_the_same_state_is_the_same_picture_however_it_came_about(tmp_path: Any) -> None:
    wandered, direct = Board(), Board(start="small", depth=4)
    wandered.drag(wandered["sigma_w"].ax, 0.2, 0.7)
    wandered.keys("s", "n")
    wandered.explorer.choose(start="small", depth=4, seed=0)
    wandered.figure.past.clear()
    for board in (wandered, direct):
        board.keys("s")
    np.testing.assert_array_equal(wandered.pixels(), direct.pixels())


# --- at random ---------------------------------------------------------------------------

MOVES = st.one_of(
    st.tuples(st.just("click"), st.floats(0, 1), st.floats(0, 1)),
    st.tuples(st.just("drag"), st.floats(0, 1), st.floats(0, 1)),
    st.tuples(st.just("control"), st.integers(0, 5), st.floats(0, 1)),
    st.tuples(
        st.just("key"),
        st.sampled_from(["up", "down", "left", "right", "tab", " ", "s", "r", "n", "?", "q"]),
        st.just(0.0),
    ),
    st.tuples(st.just("tick"), st.just(0.0), st.just(0.0)),
)


def move(board: Board, kind: str, a: Any, b: float) -> None:
    width, height = board.canvas.get_width_height()
    if kind == "key":
        board.keys(a)
    elif kind == "tick":
        board.figure.tick()
    elif kind == "control":
        ax = board.figure._controls[a].ax
        board.click(ax, 0.1 if isinstance(board.figure._controls[a], Pick) else b, b)
    else:
        for step, (x, y) in enumerate(((a, b), (b, b), (a, a))):
            event = ("button_press", "motion_notify", "button_release")[step]
            if kind == "drag" or event != "motion_notify":
                button: Any = {"button": 1} if event != "motion_notify" else {"buttons": {1}}
                at = (x * width, y * height) if kind == "drag" else (a * width, b * height)
                happen(MouseEvent(f"{event}_event", board.canvas, *at, **button))


def held(moves: list[Any]) -> None:
    """Make the moves, drawing now and then, and hold the picture to the state."""
    board = Board(depth=2, width=3)
    for k, act in enumerate(moves):
        move(board, *act)
        if k % 4 == 0:
            board.canvas.draw()
    board.canvas.draw()
    sight = board.explorer.sight
    assert board.figure.sight is sight
    assert sight.choice == board.choice
    assert board.command() == text.command(sight)


@settings(max_examples=2)
@given(st.lists(MOVES, min_size=15, max_size=15))
def test_random_moves_raise_nothing(moves: list[Any]) -> None:
    held(moves)


@pytest.mark.long
@settings(max_examples=40)
@given(st.lists(MOVES, min_size=50, max_size=50))
def test_two_thousand_random_moves_raise_nothing(moves: list[Any]) -> None:
    held(moves)


def test_a_notebook_shows_it_as_a_picture_with_a_sentence() -> None:
    data, metadata = explore(start="small")._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert "signal vanishes" in metadata["image/png"]["alt"]


def test_after_the_magic_a_notebook_shows_it_alive(tmp_path: Path) -> None:
    cells = [
        "%matplotlib widget",
        "from experiments.explorer.figure import explore\n"
        "shown = explore(start='small', depth=2, width=4)\nshown",
        "shown.choose(start='zeros'); shown.canvas.draw(); print(shown.sight.verdict)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    arguments = ["--IPKernelApp.log_level=40"]
    client = NotebookClient(notebook, kernel_name="python3", timeout=60, extra_arguments=arguments)
    client.execute(env=os.environ | {"IPYTHONDIR": str(tmp_path)})
    _, alive, after = (cell.outputs for cell in notebook.cells)
    assert "application/vnd.jupyter.widget-view+json" in alive[0].data
    assert after[0].text == "no signal\n"
