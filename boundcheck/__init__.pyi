"""The public names of boundcheck and where each is at home; `__init__.py` imports them on first use."""

from boundcheck.datasets import Dataset as Dataset
from boundcheck.datasets import load_dataset as load_dataset
from boundcheck.datasets.load import dataset as dataset
from boundcheck.pipeline import reproduce as reproduce
from boundcheck.pipeline.audit import audit as audit
from boundcheck.pipeline.compare import compare as compare
from boundcheck.pipeline.crowd import crowd as crowd
from boundcheck.pipeline.data import data as data
from boundcheck.pipeline.data_bounds import data_width as data_width
from boundcheck.pipeline.distill import distill as distill
from boundcheck.pipeline.doctor import doctor as doctor
from boundcheck.pipeline.explain import explain as explain
from boundcheck.pipeline.labels import labels_check as labels_check
from boundcheck.pipeline.labels import labels_make as labels_make
from boundcheck.pipeline.labels_cost import labels_cost as labels_cost
from boundcheck.pipeline.margin import margin as margin
from boundcheck.pipeline.plugin import add_bound as add_bound
from boundcheck.pipeline.plugin import add_family as add_family
from boundcheck.pipeline.report import load_result as load_result
from boundcheck.pipeline.verify import verify as verify
from boundcheck.records import SearchSettings as SearchSettings

__version__: str
