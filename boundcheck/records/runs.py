"""What the run store holds, and files that were written of runs."""

from dataclasses import dataclass

from boundcheck.records.base import Record
from boundcheck.records.training import TrainingSpec


@dataclass(frozen=True)
class Setting(Record):
    """Everything that determines a run besides its width and seed.

    data: digest of the data set.  targets: digest of the soft labels, or "hard".  eps: the early stop's, None for
    full runs.  numerics: version of the program that trains.  name: the DATA argument, for people; not part of the
    identity.
    """

    data: str
    targets: str
    spec: TrainingSpec
    eps: float | None
    numerics: str
    name: str = ""


@dataclass(frozen=True)
class StoredSetting(Record):
    """A setting in a store: its number there, its runs, and when the last one finished (Unix seconds)."""

    id: int
    setting: Setting
    runs: int
    widths: tuple[int, ...]
    last_finished: float


@dataclass(frozen=True)
class StoreListing(Record):
    """Where the store is and the settings it has runs of."""

    store: str
    settings: tuple[StoredSetting, ...]


@dataclass(frozen=True)
class WidthRuns(Record):
    """The stored runs at one width; averages over the runs, which early stops may have cut short."""

    width: int
    runs: int
    mean_error: float
    smallest_error: float
    largest_error: float
    final_error: float
    flip_fraction: float
    movement: float


@dataclass(frozen=True)
class SettingRuns(Record):
    """One setting and its runs, width by width."""

    setting: StoredSetting
    widths: tuple[WidthRuns, ...]


@dataclass(frozen=True)
class Exported(Record):
    """A file written, and how many runs it holds."""

    file: str
    runs: int


@dataclass(frozen=True)
class Pruned(Record):
    """How many runs were deleted from a store."""

    store: str
    removed: int


@dataclass(frozen=True)
class ReportMade(Record):
    """A page that was written: its file, size, and the commands whose runs it shows."""

    file: str
    bytes: int
    commands: tuple[str, ...]
