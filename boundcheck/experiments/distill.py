"""Narrow students on a teacher's soft labels or on hard labels, compared on held-out rows.

Two-layer ReLU networks and projected gradient descent as in Mandal, Lin & Srikant (L4DC 2025), whose Table 1 is the
case of digits and a network of 512 neurons.
"""

import warnings
from base64 import b85decode, b85encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from hashlib import sha256
from typing import Any, Literal, NamedTuple
from zlib import compress, decompress

import numpy as np
from jaxtyping import Bool, Float, Int

from boundcheck.datasets import Dataset
from boundcheck.errors import BoundcheckWarning
from boundcheck.experiments.cells import Cells, KeptCells
from boundcheck.experiments.split import Split, parts
from boundcheck.experiments.targets import network_logits, soft_targets
from boundcheck.progress import SILENT, Progress
from boundcheck.records import Labels, Loss, TrainingSpec
from boundcheck.records.reproduce import Choice, DistillSettings
from boundcheck.search.collect import first_of
from boundcheck.search.executors import Executor, LocalExecutor
from boundcheck.training import Lesson, fit_many

Part = Literal["validation", "test"]
FIRST_SEED = {"test": 0, "validation": 5_000, "teacher": 9_000}
"""Initialisations are numbered 10 000 s + these + run for the experiment's seed s: no two uses share one."""
BATCH = 2**25  # neurons times rows that train together; of them nothing is kept when the command is stopped
LOGIT_STEPS = 64  # a network teacher's logits are rounded to 1/64, so that a few bytes a row keep its labels exactly
LABELS: tuple[Labels, Labels] = ("hard", "soft")


class Job(NamedTuple):
    """One network to train."""

    labels: Labels
    choice: Choice
    width: int
    seed: int


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
    teacher: Bool[np.ndarray, " c"] | None
    students: Mapping[tuple[Labels, int], Students]
    same: Mapping[tuple[Labels, int], Students]
    cells_reused: int


class Chosen(NamedTuple):
    """The best way to train found for one width, and its mean accuracy on validation rows."""

    choice: Choice
    accuracy: float


@dataclass(eq=False)
class Study:
    """One data set, and its cells, one a network; a cell's key holds all that determines it.

    logits: the teacher's for all rows of `data`; None: a network of `settings.teacher_width` neurons is trained on the
    training rows.  split_seed: of the parts, default `seed`.  Networks found in `cells` are not trained again.
    Tested on the held-out rows of `data` where it has some, else on a part of its rows.
    Raises InputError for data too small to split.
    """

    name: str
    data: Dataset
    settings: DistillSettings
    logits: Float[np.ndarray, " n"] | None = None
    seed: int = 0
    split_seed: int | None = None
    cells: Cells | None = None
    executor: Executor = field(default_factory=LocalExecutor)
    progress: Progress = SILENT

    def __post_init__(self) -> None:
        data, held_out = self.data, self.data.held_out
        self.split_seed = self.seed if self.split_seed is None else self.split_seed
        self.split = parts(data, self.settings.train_share, self.split_seed, self.settings.selection_rows)
        self.X, self.y = data.X, data.y
        if held_out is not None:
            self.X, self.y = np.concatenate([data.X, held_out.X]), np.concatenate([data.y, held_out.y])
        self.kept_cells = KeptCells(self.cells, "distill", 2)

    def train(self) -> Trained:
        """Teacher, choice of training on validation rows, then `settings.runs` students a width and kind of labels.

        The rule of choice: see `choose`, for each width and for hard and soft on their own.  Test rows serve the
        chosen networks only.
        """
        grids = {"hard": self.settings.hard_grid, "soft": self.settings.soft_grid}
        own = {labels: self.choose(labels, dict.fromkeys(self.settings.widths, grids[labels])) for labels in LABELS}
        same: dict[Labels, dict[int, Chosen]] = {labels: {} for labels in LABELS}
        if shared := {choice.radius for choice in grids["hard"]} & {choice.radius for choice in grids["soft"]}:
            open_to_both = tuple(choice for choice in grids["soft"] if choice.radius in shared)
            same["soft"] = self.choose("soft", dict.fromkeys(self.settings.widths, open_to_both))
            radius = {width: chosen.choice.radius for width, chosen in same["soft"].items()}
            same["hard"] = self.choose(
                "hard", {w: tuple(c for c in grids["hard"] if c.radius == radius[w]) for w in radius}
            )
        students, at_one_radius = self._tested(own, same)
        _warn_of_the_edge(self.name, self.settings, students)
        z, test = self.teacher_logits[self.split.test], self.split.test
        teacher = None if np.isnan(z).any() else z * self.y[test] > 0
        return Trained(self.name, self.data, self.split, teacher, students, at_one_radius, self.kept_cells.reused)

    @cached_property
    def teacher_logits(self) -> Float[np.ndarray, " n"]:
        """Of all rows; NaN where given labels have none."""
        if self.logits is not None:
            return np.append(self.logits, np.full(len(self.y) - len(self.logits), np.nan))
        seed, width, train = 10_000 * self.seed + FIRST_SEED["teacher"], self.settings.teacher_width, self.split.train
        identity = [*self._identity(), "teacher", width, seed]
        if (kept := self.kept_cells.load(identity)) is None:
            self.progress.update(f"{self.name}: teacher")
            z = network_logits(self.X[train], self.y[train], self.X, width, seed)
            kept = _packed(np.round(np.clip(z, -500, 500) * LOGIT_STEPS).astype("<i2"))
            self.kept_cells.keep(identity, kept)
        return np.frombuffer(_unpacked(kept), "<i2") / LOGIT_STEPS

    def choose(self, labels: Labels, grids: Mapping[int, Sequence[Choice]]) -> dict[int, Chosen]:
        """The best way to train for each width, by successive halving on validation rows.

        Every way has two seeds; the better half has twice as many, and so on until `runs` or
        `selection_neurons` / width seeds.  Among equals the first of the grid.
        """
        most = {w: max(2, min(self.settings.runs, self.settings.selection_neurons // w)) for w in grids}
        left, seeds, chosen = {w: list(grids[w]) for w in grids}, 2, dict[int, Chosen]()
        while left:
            jobs = [
                job for w in left for c in left[w] for job in self.jobs(labels, c, w, "validation", min(seeds, most[w]))
            ]
            right = self.values("validation", jobs)
            for w, ways in list(left.items()):
                count = min(seeds, most[w])
                score = {c: sum(right[job] for job in self.jobs(labels, c, w, "validation", count)) for c in ways}
                ways.sort(key=lambda choice: -score[choice])
                if count == most[w]:
                    chosen[w] = Chosen(ways[0], score[ways[0]] / (count * len(self.split.valid)))
                    del left[w]
                else:
                    left[w] = sorted(ways[: -(-len(ways) // 2)], key=grids[w].index)
            seeds *= 2
        return {w: chosen[w] for w in grids}

    def _tested(self, *footings: Mapping[Labels, Mapping[int, Chosen]]) -> list[dict[tuple[Labels, int], Students]]:
        """The networks that are tested, in one way for each footing."""
        cells = [
            (labels, w, chosen) for footing in footings for labels in footing for w, chosen in footing[labels].items()
        ]
        jobs = {
            job: None
            for labels, w, chosen in cells
            for job in self.jobs(labels, chosen.choice, w, "test", self.settings.runs)
        }
        bits = self.values("test", list(jobs))

        def students(labels: Labels, w: int, chosen: Chosen) -> Students:
            tested = self.jobs(labels, chosen.choice, w, "test", self.settings.runs)
            right = [
                np.unpackbits(np.frombuffer(_unpacked(bits[job]), np.uint8), count=len(self.split.test))
                for job in tested
            ]
            return Students(*chosen, np.stack(right).astype(bool))

        return [
            {(labels, w): students(labels, w, chosen) for labels in footing for w, chosen in footing[labels].items()}
            for footing in footings
        ]

    def jobs(self, labels: Labels, choice: Choice, width: int, part: Part, runs: int) -> list[Job]:
        """The first `runs` networks of this kind for this part: seeds of validation are not those of the test."""
        first = 10_000 * self.seed + FIRST_SEED[part]
        return [Job(labels, choice, width, seed) for seed in range(first, first + runs)]

    def values(self, part: Part, jobs: Sequence[Job]) -> dict[Job, Any]:
        """What each network gets right: the number of validation rows, or which test rows, as packed bits."""
        rows, judged = (
            (self.split.trial, self.split.valid) if part == "validation" else (self.split.train, self.split.test)
        )
        found = {job: self.kept_cells.load(self._key(part, rows, job)) for job in jobs}
        missing = sorted((job for job in found if found[job] is None), key=lambda job: (job.labels, job.width))
        neurons = sum(job.width for job in missing)
        for labels in LABELS:
            waiting = [job for job in missing if job.labels == labels]
            lessons = {
                job.choice: Lesson(self._targets(labels, job.choice)[rows], self._spec(labels, job.choice))
                for job in waiting
            }
            task = partial(_trained, self.X[rows], lessons, self.X[judged], self.y[judged], part == "test")

            def take(neurons: int, waiting: list[Job] = waiting) -> list[Job]:
                count = first_of([job.width for job in waiting], min(neurons, BATCH // len(rows)))
                taken, waiting[:count] = waiting[:count], []
                return taken

            def within(batch: Sequence[Job], share: float) -> None:
                done = sum(job.width for job in missing if found[job] is not None)
                more = share * sum(job.width for job in batch)
                self.progress.update(f"{self.name}: {part} of {batch[0].labels} labels", done + more, neurons)

            for batch in self.executor.run(task, take, within) if waiting else ():
                for job, value in batch:
                    found[job] = value
                    self.kept_cells.keep(self._key(part, rows, job), value)
        return found

    def _key(self, part: Part, rows: Int[np.ndarray, " k"], job: Job) -> list[Any]:
        """What determines a network and what is asked of it."""
        goal = sha256(self._targets(job.labels, job.choice)[rows].tobytes()).hexdigest()
        spec = self._spec(job.labels, job.choice).to_json()
        return [*self._identity(), part, len(rows), spec, goal, job.width, job.seed]

    def _identity(self) -> list[Any]:
        return [self.data.digest, self.settings.train_share, self.seed, self.split_seed]

    def _targets(self, labels: Labels, choice: Choice) -> Float[np.ndarray, " n"]:
        soft = labels == "soft"
        return soft_targets(self.teacher_logits, choice.temperature) if soft else self.y.astype(np.float64)

    def _spec(self, labels: Labels, choice: Choice) -> TrainingSpec:
        loss: Loss = "kl" if labels == "soft" else "logistic"
        return TrainingSpec(labels, loss, choice.radius, choice.step_size, self.settings.steps)


def _trained(
    X: Float[np.ndarray, "k d"],
    lessons: Mapping[Choice, Lesson],
    judged: Float[np.ndarray, "c d"],
    y: Int[np.ndarray, " c"],
    each: bool,
    jobs: Sequence[Job],
    *,
    progress: Progress = SILENT,
) -> list[tuple[Job, int | str]]:
    """Each job with how many of the judged rows its network gets right or, for `each`, which ones."""
    ways = list(dict.fromkeys(job.choice for job in jobs))
    asked = [(ways.index(job.choice), job.width, job.seed) for job in jobs]
    networks = fit_many(X, [lessons[way] for way in ways], asked, progress=progress)
    right = [network.predict(judged) * y > 0 for network in networks]
    return [(job, _packed(np.packbits(r)) if each else int(r.sum())) for job, r in zip(jobs, right, strict=True)]


def _packed(values: np.ndarray) -> str:
    return b85encode(compress(values.tobytes(), 9)).decode()


def _unpacked(text: str) -> bytes:
    return decompress(b85decode(text))


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
