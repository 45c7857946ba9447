"""Data as the theory sees it: rows in the unit ball, labels +1 and -1.

`load` has the doors; a reader (files, arrays, builtin, synthetic) makes a Table of what it finds, and `make` a
Dataset of the Table: classes become signs, the steps are learned, the norm rule comes last.
"""

from boundcheck.datasets.builtin import SKLEARN
from boundcheck.datasets.dataset import Dataset, HeldOut, Table
from boundcheck.datasets.limits import MAX_BYTES
from boundcheck.datasets.load import Data, as_dataset, as_table, load_dataset, read_table
from boundcheck.datasets.load import dataset as from_arrays
from boundcheck.datasets.norms import NORMALIZATIONS
from boundcheck.datasets.npz import read_npz, save_dataset
from boundcheck.datasets.preparation import Preparation
from boundcheck.datasets.steps import STEPS, Step
from boundcheck.datasets.synthetic import FAMILIES

__all__ = [
    "FAMILIES",
    "MAX_BYTES",
    "NORMALIZATIONS",
    "SKLEARN",
    "STEPS",
    "Data",
    "Dataset",
    "HeldOut",
    "Preparation",
    "Step",
    "Table",
    "as_dataset",
    "as_table",
    "from_arrays",
    "load_dataset",
    "read_npz",
    "read_table",
    "save_dataset",
]
