"""The smallest width that trains: sequential statistics, a run store that survives crashes, local and Dask execution.

Blind to margins and bounds, which it is compared with.
"""

from boundcheck.search.context import Context
from boundcheck.search.executors import DaskExecutor, Executor, LocalExecutor, open_executor
from boundcheck.search.place import default_path
from boundcheck.search.runs import Trainer, run_seed, succeeded, train_runs
from boundcheck.search.statistics import SuccessTest
from boundcheck.search.store import Store
from boundcheck.search.widths import minimal_width

__all__ = [
    "Context",
    "DaskExecutor",
    "Executor",
    "LocalExecutor",
    "Store",
    "SuccessTest",
    "Trainer",
    "default_path",
    "minimal_width",
    "open_executor",
    "run_seed",
    "succeeded",
    "train_runs",
]
