"""What is asked of `crowd_soft_labels`, and which model with how many types that comes to."""

from dataclasses import dataclass

from boundcheck.crowds.answers import Answers
from boundcheck.crowds.checks import warn
from boundcheck.crowds.choice import Choice, choose, type_limit
from boundcheck.crowds.models import MIN_TASKS, MIN_WORKERS, MOST_TYPES, candidates, typed
from boundcheck.crowds.spectral import Kind, Spectrum, spectrum
from boundcheck.errors import InputError
from boundcheck.progress import Progress

METHODS = ("auto", "mv", "te", "wls", "ds1", "ds2", "types")


@dataclass(frozen=True)
class Settings:
    """The options of `crowd_soft_labels`."""

    method: str = "auto"
    types: int | str | None = None
    kind: Kind = "plain"

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InputError(f"method {self.method!r} is unknown; use one of {', '.join(METHODS)}")
        if self.kind not in ("plain", "corr"):
            raise InputError(f"kind {self.kind!r} is unknown; use plain or corr")
        if self.types not in (None, "auto", *range(1, MOST_TYPES + 1)):
            raise InputError(f"types {self.types!r}: give a number in 1..{MOST_TYPES}, or auto")
        if self.method == "mv" and self.types not in (None, 1):
            raise InputError("types with mv: a vote is the same in every group; use te, wls, ds1, ds2, types or auto")

    @property
    def wants_types(self) -> bool:
        """Whether tasks may be split by type: on request, and unless told otherwise for types and auto."""
        return self.types != 1 and (self.types is not None or self.method in ("auto", "types"))


@dataclass(frozen=True)
class Plan:
    """A model by name (mv, te, wls or one of `candidates`), its number of types, and what the decision rests on.

    found: eigenvectors of the answers that the decision was made on.
    """

    model: str
    types: int = 1
    found: Spectrum | None = None
    choice: Choice | None = None


def make_plan(answers: Answers, settings: Settings, *, with_spectrum: bool, progress: Progress) -> Plan:
    """Decide on connected answers. Raises InputError where they are too few for what is asked."""
    method, types = settings.method, settings.types
    n, d = answers.n_workers, answers.n_tasks
    if with_spectrum and (n < MIN_WORKERS or d < 2):
        raise InputError(
            f"a figure needs {MIN_WORKERS} workers and 2 tasks in common, there are {n} and {d}; leave --plot out"
        )
    found = spectrum(answers, kind=settings.kind) if with_spectrum else None
    if n < MIN_WORKERS and method != "mv":
        if method != "auto":
            raise InputError(f"{method} needs {MIN_WORKERS} workers with common tasks, there are {n}; use --method mv")
        warn(f"{n} workers with common tasks: their reliabilities are not identified; this is the majority vote")
        return Plan("mv")
    if d < MIN_TASKS and settings.wants_types:
        if method != "auto" or types is not None:
            raise InputError(f"types need {MIN_TASKS} tasks, there are {d}; use --types 1 or a method without types")
        warn(f"{d} tasks are too few to compare models; this is the majority vote")
        return Plan("mv", found=found)
    if found is None and (settings.wants_types or method == "auto"):
        found = spectrum(answers, kind=settings.kind)
    if method == "auto":
        assert found is not None
        return _automatic(answers, found, settings, progress)
    count = types if isinstance(types, int) else 1
    if found is not None and settings.wants_types and not isinstance(types, int):
        count = min(type_limit(answers), max(1, found.above))
    names = {"ds1": "one", "ds2": "two", "types": typed(count)}
    return Plan(names.get(method, method), count, found)


def _automatic(answers: Answers, found: Spectrum, settings: Settings, progress: Progress) -> Plan:
    """The choice by held-out likelihood (see `choice`), among the models of one number of types if it is given."""
    types = settings.types
    models: tuple[str, ...] | None = None
    if isinstance(types, int):
        models = {1: ("mv", "one", "two"), 2: ("scaled", "free")}.get(types, (typed(types),))
    choice = choose(answers, found, models=models, kind=settings.kind, progress=progress)
    if not choice.beats_guessing:
        warn("no model predicts held-out answers clearly better than guessing: the labels may be worth little")
    return Plan(choice.model, candidates(MOST_TYPES)[choice.model].types, found, choice)
