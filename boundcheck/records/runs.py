"""What the run store holds."""

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
