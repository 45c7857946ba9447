"""Figure 1: the architecture counted by hand, images, training with early stopping, resume, and claims."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from experiments.test_table1 import Kept
from scipy.signal import correlate

from boundcheck.errors import InputError

jax = pytest.importorskip("jax")
eqx = pytest.importorskip("equinox")
optax = pytest.importorskip("optax")

from boundcheck.experiments.deep import fit  # noqa: E402
from boundcheck.experiments.figure1 import PAPER, PAPER_SCALE, figure1, run_cell  # noqa: E402
from boundcheck.experiments.images import Images, load_images, shapes, shrunk, thinned  # noqa: E402
from boundcheck.experiments.vgg import Affine, Vgg, _by_convolution, _by_product, stages_of  # noqa: E402
from boundcheck.records.reproduce import DeepSpec, Figure1Settings  # noqa: E402

DEEP = DeepSpec(convolutions=2, channels=2, batch=16, epochs=3, patience=2)
TRAIN, HELD_OUT = slice(48), slice(48, 54)  # as many images as in a cell of 60: compiled once for all tests
TINY = Figure1Settings(teacher=DEEP, student=replace(DEEP, convolutions=1), noise=(0.01, 0.2), runs=2)


@pytest.fixture(scope="module")
def images() -> Images:
    return shapes(60, seed=0)


def parameters(network: Vgg) -> int:
    """Of a network, or of its shapes."""
    return sum(leaf.size for leaf in jax.tree.leaves(network))


def test_the_papers_networks_have_the_parameters_counted_by_hand() -> None:
    """VGG-11's convolutions hold 9 220 480 numbers; the dense layers are 512 -> 512 -> 512 -> 1."""
    assert (PAPER_SCALE.teacher.convolutions, PAPER_SCALE.student.convolutions) == (8, 2)
    teacher = eqx.filter_eval_shape(Vgg, (32, 32, 3), 8, PAPER_SCALE.teacher.channels, key=jax.random.key(0))
    assert parameters(teacher) == 9_220_480 + 2 * (512 * 512 + 512) + 513
    student = eqx.filter_eval_shape(Vgg, (32, 32, 3), 2, PAPER_SCALE.student.channels, key=jax.random.key(0))
    convolutions = (9 * 3 * 64 + 64) + (9 * 64 * 128 + 128)
    assert parameters(student) == convolutions + (8 * 8 * 128 * 512 + 512) + (512 * 512 + 512) + 513


@pytest.mark.parametrize(("convolutions", "stages"), [(1, [1]), (2, [1, 1]), (3, [1, 1, 1]), (10, [1, 1, 2, 2, 4])])
def test_depth_cuts_or_extends_vgg11(convolutions: int, stages: list[int]) -> None:
    assert [len(stage) for stage in stages_of(convolutions)] == stages


@pytest.mark.parametrize("form", [_by_product, _by_convolution])
def test_both_forms_of_the_convolution_are_scipys(form: object) -> None:
    rng = np.random.default_rng(0)
    x, kernel = rng.standard_normal((2, 5, 7, 3)), rng.standard_normal((3, 3, 3, 4))
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    expected = np.stack(
        [[correlate(image, kernel[..., o], "valid")[..., 0] for o in range(4)] for image in padded]
    ).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(form(x, kernel.reshape(27, 4)), expected, atol=1e-5)  # type: ignore[operator]


def test_weights_begin_with_the_variance_that_keeps_relu_networks_alive() -> None:
    weight = np.asarray(Affine(900, 300, key=jax.random.key(1)).weight)
    assert weight.var() == pytest.approx(2 / 900, rel=0.02)
    images = np.random.default_rng(0).standard_normal((64, 16, 16, 1)).astype(np.float32)
    logits = np.asarray(jax.jit(lambda key: Vgg((16, 16, 1), 8, 4, key=key)(images))(jax.random.key(0)))
    assert logits.std() > 0.01, "after eight convolutions the images are still told apart"


def test_shapes_are_balanced_and_a_disc_and_a_ring_have_the_same_area() -> None:
    data = shapes(400, seed=3)
    assert data.X.shape == (400, 16, 16, 1)
    assert data.y.mean() == 0.5
    assert data.X.min() >= 0
    assert data.X.max() <= 1
    foreground = np.array([min((x > 0.5).sum(), (x < 0.5).sum()) for x in data.X])
    disc, ring = foreground[data.y == 0].mean(), foreground[data.y == 1].mean()
    assert abs(disc - ring) < 2.5, "pixels do not give the class away by their number"
    assert shapes(400, seed=3).digest == data.digest != shapes(400, seed=4).digest


def test_the_same_seed_trains_the_same_network_and_the_best_epoch_is_kept(images: Images) -> None:
    X, targets = images.X[TRAIN], images.y[TRAIN].astype(float)
    held_out = (images.X[HELD_OUT], images.y[HELD_OUT])
    first, second = (fit(DEEP, X, targets, held_out, 5) for _ in range(2))
    np.testing.assert_array_equal(first.logits(X), second.logits(X))
    assert first.accuracy(*held_out) == first.validation_accuracy
    assert 1 <= first.epochs <= DEEP.epochs
    other = fit(DEEP, X, targets, held_out, 6)
    assert abs(other.logits(X) - first.logits(X)).max() > 0


def test_training_stops_when_validation_no_longer_improves(images: Images, monkeypatch: pytest.MonkeyPatch) -> None:
    """A validation set of one image reaches its best early: `patience` epochs later it is over."""
    from boundcheck.experiments import deep

    epochs = []
    original = deep._epoch
    monkeypatch.setattr(deep, "_epoch", lambda *args: epochs.append(1) or original(*args))
    done = fit(replace(DEEP, epochs=50), images.X[TRAIN], images.y[TRAIN] * 1.0, (images.X[54:55], images.y[54:55]), 0)
    assert len(epochs) == done.epochs + DEEP.patience < 50


def test_one_step_of_training_is_optax_adam_on_the_penalised_loss(images: Images) -> None:
    """One epoch of one batch, against optax.adam and a gradient taken of the written-out loss."""
    X, p = images.X[:16], np.linspace(0.1, 0.9, 16)
    spec = replace(DEEP, epochs=1, l2=0.1, step_size=0.01)
    trained = fit(spec, X, p, (images.X[HELD_OUT], images.y[HELD_OUT]), 9).network
    start, _ = jax.random.split(jax.random.key(9))
    weights, rest = eqx.partition(Vgg(X.shape[1:], DEEP.convolutions, DEEP.channels, key=start), eqx.is_inexact_array)

    def loss(weights: object) -> object:
        q = jax.nn.sigmoid(eqx.combine(weights, rest)(X))
        cross = -(p * jax.numpy.log(q) + (1 - p) * jax.numpy.log(1 - q)).mean()
        return cross + 0.05 * sum((w**2).sum() for w in jax.tree.leaves(weights))

    adam = optax.adam(0.01)
    expected = jax.jit(lambda w: optax.apply_updates(w, adam.update(jax.grad(loss)(w), adam.init(w))[0]))(weights)
    moved = jax.tree.leaves(eqx.filter(trained, eqx.is_inexact_array))
    for ours, theirs in zip(moved, jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-4)


def test_repeating_figure1_trains_nothing_and_more_noise_levels_train_only_those(images: Images) -> None:
    store = Kept()
    first = figure1(images, TINY, cells=store)
    assert (first.cells_reused, len(store.writes)) == (0, 4)
    assert figure1(images, TINY, cells=store) == replace(first, cells_reused=4)
    more = figure1(images, replace(TINY, noise=(0.01, 0.1, 0.2)), cells=store)
    assert (more.cells_reused, len(store.writes)) == (4, 6)
    assert more.rows[0] == first.rows[0]
    assert [row.paper for row in more.rows] == [PAPER[v] for v in (0.01, 0.1, 0.2)]


def test_a_killed_figure1_resumes_without_repeating_a_cell(images: Images) -> None:
    class Dies(Kept):
        def keep_cell(self, key: str, kind: str, value: str) -> None:
            if len(self.writes) == 2:
                raise KeyboardInterrupt
            super().keep_cell(key, kind, value)

    first, second = Dies(), Kept()
    with pytest.raises(KeyboardInterrupt):
        figure1(images, TINY, cells=first)
    second.cells = dict(first.cells)
    resumed = figure1(images, TINY, cells=second)
    assert resumed.cells_reused == 2
    assert not set(first.writes) & set(second.writes)
    assert resumed.rows == figure1(images, TINY).rows, "the order in which threads finish changes nothing"


def test_rows_are_the_means_of_their_cells(images: Images) -> None:
    cells = [run_cell(images, TINY, 0.2, run, 0) for run in range(2)]
    row = figure1(images, TINY).rows[1]
    assert row.hard.mean == pytest.approx(np.mean([cell.hard for cell in cells]))
    assert row.gain.mean == pytest.approx(np.mean([cell.soft - cell.hard for cell in cells]))


def test_the_soft_student_learns_the_teachers_probabilities_and_starts_where_the_hard_one_does(
    images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each stand-in for a network reaches the mean distance of its targets from 1/2 as its accuracy."""
    from boundcheck.experiments import figure1 as experiment

    starts = []

    class Standin:
        def __init__(self, spec: DeepSpec, X: np.ndarray, targets: np.ndarray, held_out: object, seed: int) -> None:
            starts.append(seed)
            self.targets = targets

        def logits(self, X: np.ndarray) -> np.ndarray:
            return np.full(len(X), 2.0)

        def accuracy(self, X: np.ndarray, y: np.ndarray) -> float:
            return float(abs(self.targets - 0.5).mean())

    monkeypatch.setattr(experiment, "fit", Standin)
    cell = run_cell(images, replace(TINY, temperature=4.0), 0.2, 0, 0)
    assert (cell.teacher, cell.hard) == (0.5, 0.5)
    assert cell.soft == pytest.approx(1 / (1 + np.exp(-0.5)) - 0.5)
    assert starts[1] == starts[2] != starts[0]


@pytest.mark.slow
def test_the_small_teacher_learns_its_images() -> None:
    from boundcheck.experiments.figure1 import SMALL

    cell = run_cell(shapes(500, seed=0), SMALL, 0.01, 0, 0)
    assert cell.teacher > 0.95


def test_images_from_npz_and_from_jpeg_are_in_the_unit_range(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (12, 8, 8, 3), dtype=np.uint8), np.array([3, 5, 3, 5, 5, 3] * 2)
    np.savez(tmp_path / "plain.npz", X=X, y=y)
    plain = load_images(tmp_path / "plain.npz")
    np.testing.assert_allclose(plain.X, X / 255, atol=1e-6)
    np.testing.assert_array_equal(plain.y, y == 5)
    parts = []
    for x in X:
        buffer = io.BytesIO()
        image.fromarray(x).save(buffer, "JPEG", quality=100, subsampling=0)
        parts.append(buffer.getvalue())
    offsets = np.cumsum([0, *map(len, parts)])
    np.savez(tmp_path / "j.npz", jpeg=np.frombuffer(b"".join(parts), np.uint8), offsets=offsets, label=y)
    decoded = load_images(tmp_path / "j.npz")
    assert abs(decoded.X - plain.X).mean() < 0.03
    np.savez(tmp_path / "bad.npz", jpeg=np.zeros(9, np.uint8), offsets=np.array([0, 9]), label=np.array([1]))
    with pytest.raises(InputError, match="cannot be decoded"):
        load_images(tmp_path / "bad.npz")


def test_small_images_are_means_of_blocks(images: Images) -> None:
    """k = 3 takes 8 x 7 pixels to 2 x 2: the last row of blocks ends at pixel 6."""
    X = np.random.default_rng(0).random((3, 8, 7, 2)).astype(np.float32)
    small = shrunk(Images("x", X, np.array([0, 1, 0], np.int8), "old"), 3)
    assert small.X.shape == (3, 2, 2, 2)
    np.testing.assert_allclose(small.X[1, 1, 0, 1], X[1, 3:6, 0:3, 1].mean(), rtol=1e-6)
    assert small.name == "x, 2 x 2 pixels"
    assert small.digest != "old"
    assert shrunk(images, 16) is images


def test_a_thinned_set_is_a_random_part_with_its_own_labels(images: Images) -> None:
    part = thinned(images, 25, seed=1)
    places = [int(np.flatnonzero((x == images.X).all(axis=(1, 2, 3)))[0]) for x in part.X]
    assert places == sorted(set(places))
    assert (images.y[places] == part.y).all()
    assert thinned(images, 25, seed=2).digest != part.digest
    assert thinned(images, 60, seed=1) is images
    with pytest.raises(InputError, match="one class"):
        thinned(images, 1, seed=0)


TWELVE = np.array([0, 1] * 6)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": np.zeros((3, 4, 4))}, "needs X"),
        ({"X": np.zeros((3, 16)), "y": np.array([0, 1, 0])}, "images of shape"),
        ({"X": np.zeros((3, 4, 4)), "y": np.array([0, 1, 2])}, "3 classes"),
        ({"X": np.zeros((12, 4, 4)), "y": np.array(1)}, r"y has shape \(\)"),
        ({"X": np.zeros((12, 4, 4)), "y": np.array([0, 1, np.nan] * 4)}, "label of row 2"),
        ({"X": np.full((12, 4, 4), np.nan), "y": TWELVE}, "pixels from nan"),
        ({"X": np.full((12, 4, 4), "7"), "y": TWELVE}, "dtype <U1"),
        ({"X": np.zeros((9, 4, 4)), "y": TWELVE[:9]}, "9 images"),
        ({"X": np.full((12, 4, 4), 1.5), "y": TWELVE}, "pixels from 1.5 to 1.5"),
        ({"X": np.full((12, 4, 4), -0.1), "y": TWELVE}, "pixels from -0.1"),
        ({"X": np.full((12, 4, 4), 256), "y": TWELVE}, "pixels from 256"),
        ({"jpeg": np.zeros(9, np.uint8), "offsets": np.array(0), "label": TWELVE}, "offsets"),
        ({"jpeg": np.zeros(9, np.uint8), "offsets": np.array([0.0, 9.0]), "label": TWELVE}, "offsets"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(InputError, match=message) as caught:
        load_images(tmp_path / "x.npz")
    assert str(caught.value).startswith(str(tmp_path / "x.npz"))
    assert "\n" not in str(caught.value)
