"""The trials of a width, and a whole search."""

from dataclasses import dataclass
from typing import Literal

from boundcheck.errors import InputError
from boundcheck.records.base import Record
from boundcheck.records.training import Labels, Loss


@dataclass(frozen=True)
class Trial(Record):
    """One width of a search: how often training succeeded there (average error at most eps).

    ci: confidence interval of the success probability; the intervals of all trials of a search hold together at
    the search's `confidence`, at every number of seeds.  clopper_pearson: the exact interval of this width alone
    at that confidence, for information; no verdict rests on it.
    mean_error: mean average error; runs stopped early count with the steps they made, so `mean_error_bounds`
    encloses the mean over all steps.  final_error, flip_fraction, movement: means of the runs' own.
    reused: how many of the seeds came from the store.
    """

    width: int
    seeds: int
    successes: int
    ci: tuple[float, float]
    verdict: Literal["succeeds", "fails", "undecided"]
    clopper_pearson: tuple[float, float]
    mean_error: float
    mean_error_bounds: tuple[float, float]
    final_error: float
    flip_fraction: float
    movement: float
    reused: int = 0


@dataclass(frozen=True)
class Search(Record):
    """The smallest even width whose success probability is at least `success_target`.

    bracket: [largest width shown to fail below it (0: none), smallest width shown to succeed (None: none)].
    minimal_width is the latter.  decided: the two are neighbours, so the smallest width is known exactly; or all
    that the seeds allowed at one width can show is shown, and the bracket lies within a factor of two.
    undecided: the widths tried inside the bracket whose success probability their seeds cannot tell from the target.
    stopped: finished (nothing left to try), budget, time, or max_width (no width up to it was shown to succeed).
    non_monotone: pairs (shown to succeed, wider yet shown to fail); success is then not monotone in the width.
    confidence: of everything said about all trials together.  runs: training runs used, `runs_reused` of them
    from the store.
    """

    labels: Labels
    loss: Loss
    eps: float
    success_target: float
    minimal_width: int | None
    bracket: tuple[int, int | None]
    decided: bool
    trials: tuple[Trial, ...]
    undecided: tuple[int, ...]
    non_monotone: tuple[tuple[int, int], ...]
    stopped: Literal["finished", "budget", "time", "max_width"]
    confidence: float
    radius: float
    step_size: float
    steps: int
    temperature: float
    precision: str
    max_width: int
    seed: int
    runs: int
    runs_reused: int
    seconds: float

    @property
    def cut_short(self) -> bool:
        """Whether its budget or its time ended the search before the smallest width was decided."""
        return not self.decided and self.stopped in ("budget", "time")

    @property
    def interval(self) -> str:
        """The bracket as people write it: (low, high], open where no width was shown to succeed."""
        low, high = self.bracket
        return f"({low}, ...)" if high is None else f"({low}, {high}]"


@dataclass(frozen=True)
class SearchSettings:
    """How a width search trains and when it stops; see `search.minimal_width`.

    radius: B at which soft and hard labels are compared; None: what the soft labels need, 1 for the kernel teacher's.
    steps, step_size None: what the bound prescribes in theorem mode; in practical mode 2,000 steps of the size that
    `training.practical_step_size` states.
    time_limit: seconds for each of the three searches; certificate_time: for each certified rung, 0 leaves them out.
    """

    radius: float | None = None
    steps: int | None = None
    step_size: float | None = None
    success_target: float = 0.9
    confidence: float = 0.95
    max_width: int = 4096
    max_seeds: int = 120
    budget: int = 20_000
    time_limit: float = 160.0
    certificate_time: float = 90.0

    def __post_init__(self) -> None:
        """Raise InputError for settings out of range."""
        for name in ("radius", "step_size"):
            if (value := getattr(self, name)) is not None and not value > 0:
                raise InputError(f"--{name.replace('_', '-')} {value:g}: must be positive")
        for name in ("success_target", "confidence"):
            if not 0 < (share := getattr(self, name)) < 1:
                raise InputError(f"--{name.replace('_', '-')} {share:g} is out of range; use a number in (0, 1)")
        if self.max_width < 2 or self.max_width % 2:
            raise InputError(f"--max-width {self.max_width}: must be an even number >= 2")
        for name in ("max_seeds", "budget"):
            if (number := getattr(self, name)) < 1:
                raise InputError(f"--{name.replace('_', '-')} {number}: must be at least 1")
        if not self.time_limit >= 0:
            raise InputError(f"--time-limit {self.time_limit:g}: must be at least 0 seconds")


SCALING = SearchSettings(success_target=0.5, max_width=512, max_seeds=40, time_limit=30.0)
"""A success rate is steepest and cheapest to locate at one half, and its exponents are those of any other target."""
CROWD = SearchSettings(radius=30.0, steps=500, success_target=0.5, max_width=256, max_seeds=40)
"""The median is shown by few seeds; the radius is wide enough for the logits of a crowd's posterior."""
