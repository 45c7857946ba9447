"""Crowdsourced soft labels with task types (theory: Crowd model).

Every formula says whether it is published or ours; nothing of ours bears a paper's name.
"""

from boundcheck.crowds.answers import Answers, from_matrix, from_triples
from boundcheck.crowds.bootstrap import one_type_p_value
from boundcheck.crowds.infer import CrowdLabels, crowd_soft_labels
from boundcheck.crowds.plan import METHODS
from boundcheck.crowds.reading import CrowdFiles, read_crowd
from boundcheck.crowds.synthetic import SCENARIOS, Crowd, attach_crowd, reliabilities, scenario

__all__ = [
    "METHODS",
    "SCENARIOS",
    "Answers",
    "Crowd",
    "CrowdFiles",
    "CrowdLabels",
    "attach_crowd",
    "crowd_soft_labels",
    "from_matrix",
    "from_triples",
    "one_type_p_value",
    "read_crowd",
    "reliabilities",
    "scenario",
]
