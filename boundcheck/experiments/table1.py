"""Table 1 of the paper: a wide teacher, and narrow students on its soft labels or on hard labels.

Mandal, Lin & Srikant (L4DC 2025), Table 1: two-layer ReLU networks, projected gradient descent, MNIST digits > 4
against the rest, with and without the digits 1, 4, 7, 9, teacher of 512 neurons.  The paper states neither seeds nor
step size, radius, temperature or steps; `Table1Settings` says what is used instead.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from boundcheck.datasets import Dataset
from boundcheck.errors import BoundcheckWarning
from boundcheck.experiments.cells import Cells, Ledger
from boundcheck.experiments.split import Split, stratified
from boundcheck.experiments.targets import soft_targets
from boundcheck.progress import SILENT, Progress
from boundcheck.records import Labels, TrainingSpec
from boundcheck.records.reproduce import Choice, Table1Settings
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
    """What one data set gave. teacher: (test points,), whether y f > 0.

    A logit of exactly 0 is wrong, as in the paper's error: a student all of whose neurons are dead has accuracy 0.
    """

    name: str
    data: Dataset
    split: Split
    teacher_choice: Choice
    teacher: Bool[np.ndarray, " c"]
    students: Mapping[tuple[Labels, int], Students]
    cells_reused: int


def train(
    name: str,
    data: Dataset,
    settings: Table1Settings,
    *,
    seed: int = 0,
    cells: Cells | None = None,
    progress: Progress = SILENT,
) -> Trained:
    """Teacher, choice of training on validation data, then `settings.runs` students a width and kind of labels.

    The rule of choice: highest mean validation accuracy over the selection seeds, for each width and for hard and
    soft on their own; among equals the first of the grid.  Test rows serve the chosen networks only.
    Cells found in `cells` are not trained again.  Raises InputError for data too small to split.
    """
    study = _Study(name, data, settings, seed, cells, progress)
    split, y = study.split, data.y
    teacher_choice, logits = study.teacher()
    students: dict[tuple[Labels, int], Students] = {}
    kinds: tuple[tuple[Labels, tuple[Choice, ...]], ...] = (("hard", settings.hard_grid), ("soft", settings.soft_grid))
    for labels, grid in kinds:
        for width, (choice, reached) in study.choose(labels, grid, logits).items():
            right = study.right(labels, choice, logits, "test", {width: settings.runs})[width]
            students[labels, width] = Students(choice, reached, right)
    _warn_of_the_edge(name, settings, students)
    teacher = logits[split.test] * y[split.test] > 0
    return Trained(name, data, split, teacher_choice, teacher, students, study.ledger.reused)


class _Study:
    """One data set and its cells, one a network; a cell's key holds all that determines it."""

    def __init__(
        self, name: str, data: Dataset, settings: Table1Settings, seed: int, cells: Cells | None, progress: Progress
    ) -> None:
        self.name, self.data, self.settings, self.seed = name, data, settings, seed
        self.split = stratified(data.y, settings.train_share, seed)
        self.ledger = Ledger(cells, "table1", 1)
        self._progress = progress
        grids = len(settings.teacher_grid) + len(settings.hard_grid) + len(settings.soft_grid)
        self._batches, self._total = 0, grids + 2 * len(settings.widths)

    def teacher(self) -> tuple[Choice, Float[np.ndarray, " n"]]:
        """The teacher of highest validation accuracy (the first of equals), and its logits on all rows."""
        width, steps, valid = self.settings.teacher_width, self.settings.teacher_steps, self.split.valid
        y, seeds = self.data.y, self._seeds("teacher", 1)

        def logits(network: Network) -> list[float]:
            found: list[float] = network.predict(self.data.X).tolist()
            return found

        candidates = []
        for choice in self.settings.teacher_grid:
            kept = self._summaries("teacher", _spec("hard", choice, steps), y, [(width, seeds[0])], logits)
            z = np.asarray(kept[width, seeds[0]])
            candidates.append((float(np.mean(z[valid] * y[valid] > 0)), choice, z))
        _, choice, z = max(candidates, key=lambda candidate: candidate[0])
        return choice, z

    def choose(
        self, labels: Labels, grid: tuple[Choice, ...], logits: Float[np.ndarray, " n"]
    ) -> dict[int, tuple[Choice, float]]:
        """For each width the choice of highest mean validation accuracy (the first of equals), and that accuracy."""
        best: dict[int, tuple[Choice, float]] = {}
        settings = self.settings
        runs = {w: max(2, min(settings.runs, settings.selection_neurons // w)) for w in settings.widths}
        for choice in grid:
            for width, right in self.right(labels, choice, logits, "validation", runs).items():
                if width not in best or right.mean() > best[width][1]:
                    best[width] = (choice, float(right.mean()))
        return best

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
        X, y = self.data.X[rows], self.data.y[rows]
        targets = soft_targets(logits, choice.temperature) if labels == "soft" else self.data.y
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
        base = [self.data.digest, self.settings.train_share, self.seed, part, spec.to_json()]
        base.append(sha256(goal.tobytes()).hexdigest())
        kept = {job: self.ledger.load([*base, *job]) for job in jobs}
        missing = [job for job in jobs if kept[job] is None]
        self._progress.update(f"{self.name}: {part}, {spec.labels} labels", self._batches, self._total)
        if missing:
            for job, network in zip(missing, fit_many(self.data.X[train], goal, spec, missing), strict=True):
                kept[job] = summary(network)
                self.ledger.keep([*base, *job], kept[job])
        self._batches += 1
        return kept

    def _seeds(self, part: str, runs: int) -> list[int]:
        first = 10_000 * self.seed + FIRST_SEED[part]
        return list(range(first, first + runs))


def _warn_of_the_edge(name: str, settings: Table1Settings, students: Mapping[tuple[Labels, int], Students]) -> None:
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
