"""What a computation is given besides its question: seed, store, executor, and who listens."""

from dataclasses import dataclass

from boundcheck.progress import SILENT, Progress
from boundcheck.search.executors import Executor
from boundcheck.search.store import Store


@dataclass(frozen=True)
class Context:
    """seed: of every random number.  store: where what is finished is kept, if anywhere.  executor: what trains."""

    seed: int = 0
    store: Store | None = None
    executor: Executor | None = None
    progress: Progress = SILENT
