"""Narrow students on a teacher's soft labels or on hard labels, compared on held-out rows.

Two-layer ReLU networks and projected gradient descent as in Mandal, Lin & Srikant (L4DC 2025), whose Table 1 is the
case of digits and a network of 512 neurons.
"""

import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from boundcheck.datasets import Dataset
from boundcheck.errors import BoundcheckWarning
from boundcheck.experiments.cells import Cells, KeptCells
from boundcheck.experiments.split import Split, parts
from boundcheck.experiments.targets import soft_targets
from boundcheck.progress import SILENT, Progress
from boundcheck.records import Labels, TrainingSpec
from boundcheck.records.reproduce import Choice, DistillSettings
from boundcheck.training import Network, fit_many

FIRST_SEED = {"test": 0, "validation": 5_000, "teacher": 9_000}
"""Initialisations are numbered 10 000 s + these + run for the experiment's seed s: no two uses share one."""


@dataclass(frozen=True, eq=False)
class Students:
    """Networks of one width on one kind of labels. right: (runs, test points), whether y f > 0."""

    choice: Choice
    validation_accuracy: float
    right: Bool[np.ndarray, "s c"]


@dataclass(frozen=True, eq=False)
class Trained:
    """What one data set gave. teacher: (test points,), whether y f > 0; None where it has no logits there.

    students: each kind of labels trained in its own best way; same: both at one radius, the one of the radii open to
    both at which soft labels do best on validation rows.
    A logit of exactly 0 is wrong, as in the paper's error: a student all of whose neurons are dead has accuracy 0.
    """

    name: str
    data: Dataset
    split: Split
    teacher_choice: Choice | None
    teacher: Bool[np.ndarray, " c"] | None
    students: Mapping[tuple[Labels, int], Students]
    same: Mapping[tuple[Labels, int], Students]
    cells_reused: int


def train(
    name: str,
    data: Dataset,
    settings: DistillSettings,
    *,
    logits: Float[np.ndarray, " n"] | None = None,
    seed: int = 0,
    split_seed: int | None = None,
    cells: Cells | None = None,
    progress: Progress = SILENT,
) -> Trained:
    """Teacher, choice of training on validation data, then `settings.runs` students a width and kind of labels.

    Tested on the held-out rows of `data` where it has some, else on a part of its rows.  logits: the teacher's for all
    rows of `data`; None: a network of `settings.teacher_width` neurons is trained on the training rows.
    The rule of choice: highest mean validation accuracy over the selection seeds, for each width and for hard and
    soft on their own; among equals the first of the grid.  Test rows serve the chosen networks only.
    split_seed: of the parts, default `seed`.  Cells found in `cells` are not trained again.
    Raises InputError for data too small to split.
    """
    study = Study(name, data, settings, seed, seed if split_seed is None else split_seed, cells, progress)
    split, y = study.split, study.y
    teacher_choice = None
    if logits is None:
        teacher_choice, logits = study.teacher()
    logits = np.append(logits, np.full(len(y) - len(logits), np.nan))
    soft_scores = study.scores("soft", settings.soft_grid, logits)
    hard_scores = study.scores("hard", settings.hard_grid, logits)
    shared = {choice.radius for choice in settings.hard_grid} & {choice.radius for choice in settings.soft_grid}
    radius = {w: _best(soft_scores[w], shared).radius for w in settings.widths} if shared else {}
    students: dict[tuple[Labels, int], Students] = {}
    same: dict[tuple[Labels, int], Students] = {}
    kinds: tuple[tuple[Labels, Scores], ...] = (("hard", hard_scores), ("soft", soft_scores))
    for labels, scores in kinds:
        for w in settings.widths:
            students[labels, w] = study.students(labels, w, _best(scores[w]), scores, logits)
            if radius:
                same[labels, w] = study.students(labels, w, _best(scores[w], {radius[w]}), scores, logits)
    _warn_of_the_edge(name, settings, students)
    known = not np.isnan(logits[split.test]).any()
    teacher = logits[split.test] * y[split.test] > 0 if known else None
    return Trained(name, data, split, teacher_choice, teacher, students, same, study.kept_cells.reused)


Scores = Mapping[int, Mapping[Choice, float]]
"""width -> way to train -> mean validation accuracy, in the order of the grid."""


def _best(scores: Mapping[Choice, float], radii: Collection[float] | None = None) -> Choice:
    """The way of highest score, the first of equals, among those at one of these radii (None: all)."""
    return max((c for c in scores if radii is None or c.radius in radii), key=lambda choice: scores[choice])


class Study:
    """One data set and its cells, one a network; a cell's key holds all that determines it.

    X, y: the rows of the data, then its held-out rows.
    """

    def __init__(
        self,
        name: str,
        data: Dataset,
        settings: DistillSettings,
        seed: int,
        split_seed: int,
        cells: Cells | None,
        progress: Progress = SILENT,
    ) -> None:
        self.name, self.data, self.settings, self.seed, self.split_seed = name, data, settings, seed, split_seed
        self.X, self.y = data.X, data.y
        self.split = parts(data, settings.train_share, split_seed)
        if data.held_out is not None:
            self.X, self.y = (np.concatenate(two) for two in ((data.X, data.held_out.X), (data.y, data.held_out.y)))
        self.kept_cells = KeptCells(cells, "distill", 1)
        self._progress = progress
        self._tested: dict[tuple[Labels, int, Choice], Bool[np.ndarray, "s c"]] = {}
        grids = len(settings.teacher_grid) + len(settings.hard_grid) + len(settings.soft_grid)
        self._batches, self._total = 0, grids + 4 * len(settings.widths)

    def teacher(self) -> tuple[Choice, Float[np.ndarray, " n"]]:
        """The teacher of highest validation accuracy (the first of equals), and its logits on all rows."""
        width, steps, valid = self.settings.teacher_width, self.settings.teacher_steps, self.split.valid
        y, seeds = self.y, self._seeds("teacher", 1)

        def logits(network: Network) -> list[float]:
            found: list[float] = network.predict(self.X).tolist()
            return found

        candidates = []
        for choice in self.settings.teacher_grid:
            kept = self._summaries("teacher", _spec("hard", choice, steps), y, [(width, seeds[0])], logits)
            z = np.asarray(kept[width, seeds[0]])
            candidates.append((float(np.mean(z[valid] * y[valid] > 0)), choice, z))
        _, choice, z = max(candidates, key=lambda candidate: candidate[0])
        return choice, z

    def scores(self, labels: Labels, grid: tuple[Choice, ...], logits: Float[np.ndarray, " n"]) -> Scores:
        """Mean validation accuracy of every way to train, over the selection seeds of each width."""
        found: dict[int, dict[Choice, float]] = {w: {} for w in self.settings.widths}
        settings = self.settings
        runs = {w: max(2, min(settings.runs, settings.selection_neurons // w)) for w in settings.widths}
        for choice in grid:
            for width, right in self.right(labels, choice, logits, "validation", runs).items():
                found[width][choice] = float(right.mean())
        return found

    def students(
        self, labels: Labels, width: int, choice: Choice, scores: Scores, logits: Float[np.ndarray, " n"]
    ) -> Students:
        """The networks that are tested; no setting is tested twice."""
        key = labels, width, choice
        if key not in self._tested:
            self._tested[key] = self.right(labels, choice, logits, "test", {width: self.settings.runs})[width]
        return Students(choice, scores[width][choice], self._tested[key])

    def right(
        self,
        labels: Labels,
        choice: Choice,
        logits: Float[np.ndarray, " n"],
        part: str,
        runs: Mapping[int, int],
    ) -> dict[int, Bool[np.ndarray, "s c"]]:
        """Which rows of the validation or test part each run gets right, by width. runs: width -> number of seeds."""
        rows = self.split.test if part == "test" else self.split.valid
        X, y = self.X[rows], self.y[rows]
        targets = soft_targets(logits, choice.temperature) if labels == "soft" else self.y
        seeds = {width: self._seeds(part, count) for width, count in runs.items()}

        def bits(network: Network) -> str:
            return np.packbits(network.predict(X) * y > 0).tobytes().hex()

        jobs = [(width, seed) for width in runs for seed in seeds[width]]
        kept = self._summaries(part, _spec(labels, choice, self.settings.steps), targets, jobs, bits)
        return {w: np.stack([_unpacked(kept[w, seed], len(rows)) for seed in seeds[w]]) for w in runs}

    def _summaries(
        self,
        part: str,
        spec: TrainingSpec,
        targets: Float[np.ndarray, " n"] | Int[np.ndarray, " n"],
        jobs: list[tuple[int, int]],
        summary: Callable[[Network], Any],
    ) -> dict[tuple[int, int], Any]:
        """The summary of each (width, seed): kept, or of a network trained here together with the others missing."""
        train = self.split.train
        goal = np.ascontiguousarray(targets[train], dtype=np.float64)
        base = [self.data.digest, self.settings.train_share, self.seed, self.split_seed, part, spec.to_json()]
        base.append(sha256(goal.tobytes()).hexdigest())
        kept = {job: self.kept_cells.load([*base, *job]) for job in jobs}
        missing = [job for job in jobs if kept[job] is None]
        self._progress.update(f"{self.name}: {part}, {spec.labels} labels", self._batches, self._total)
        if missing:
            for job, network in zip(missing, fit_many(self.X[train], goal, spec, missing), strict=True):
                kept[job] = summary(network)
                self.kept_cells.keep([*base, *job], kept[job])
        self._batches += 1
        return kept

    def _seeds(self, part: str, runs: int) -> list[int]:
        first = 10_000 * self.seed + FIRST_SEED[part]
        return list(range(first, first + runs))


def _warn_of_the_edge(name: str, settings: DistillSettings, students: Mapping[tuple[Labels, int], Students]) -> None:
    """A best step size at the end of the grid says that steps, not labels, limit the student."""
    largest = max(choice.step_size for choice in (*settings.hard_grid, *settings.soft_grid))
    at_edge = [f"{labels} {w}" for (labels, w), some in students.items() if some.choice.step_size == largest]
    if at_edge:
        warnings.warn(
            f"{name}: the largest step size {largest:g} was chosen for {', '.join(at_edge)}; raise --steps",
            BoundcheckWarning,
            stacklevel=3,
        )


def _spec(labels: Labels, choice: Choice, steps: int) -> TrainingSpec:
    loss = "kl" if labels == "soft" else "logistic"
    return TrainingSpec(labels, loss, choice.radius, choice.step_size, steps)  # type: ignore[arg-type]


def _unpacked(bits: str, count: int) -> Bool[np.ndarray, " c"]:
    return np.unpackbits(np.frombuffer(bytes.fromhex(bits), np.uint8), count=count).astype(bool)
