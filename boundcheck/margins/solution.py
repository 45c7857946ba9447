"""What an optimal q says about the rows of a data set: which hold the margin down, and the logits of its teacher."""

from typing import TYPE_CHECKING

import numpy as np

from boundcheck.datasets import Dataset
from boundcheck.margins.rkhs import RkhsMargin
from boundcheck.margins.zero import REMEDY, Rays, collinear_pairs
from boundcheck.records.margin import Limiting, Teacher
from boundcheck.softlabels.probabilities import probabilities

if TYPE_CHECKING:
    from boundcheck.margins.supnorm import SupMargin

LISTED = 10  # rows named in a message or a table


def vanishing(dataset: Dataset, rows: np.ndarray, rkhs: RkhsMargin) -> str:
    """Which rows leave a margin of 0 within float64's rounding, how small it is, and what helps."""
    same, opposite = (
        [f"{dataset.rows[rows[i]]} and {dataset.rows[rows[j]]}" for i, j in pairs]
        for pairs in collinear_pairs(dataset.X[rows], dataset.y[rows], rkhs.q)
    )
    bound = f"gamma is 0 or below {rkhs.margin.upper:.1e}, which float64 cannot tell apart"
    if same:
        what, remedy = "have the same direction and opposite labels", "remove or relabel one of each two"
    elif opposite:
        what = "have opposite directions and opposite labels, and these pairs cancel"
        remedy = REMEDY
    else:
        return f"{dataset.name}: {bound}; prepare the rows in another way, like standardised columns"
    named = (same or opposite)[:LISTED]
    more = ", ..." if len(same or opposite) > LISTED else ""
    return f"{dataset.name}: rows {', '.join(named)}{more} {what} (within rounding): {bound}; {remedy}"


def limiting_rows(dataset: Dataset, q: np.ndarray) -> tuple[Limiting, ...]:
    """The heaviest rows, each with the row of the other label at the smallest angle to it."""
    units = dataset.X / np.linalg.norm(dataset.X, axis=1, keepdims=True)
    found = []
    for i in np.argsort(-q.round(12), kind="stable")[:LISTED]:  # rounded, so that equal weights keep their order
        if q[i] > 0:
            others = np.flatnonzero(dataset.y != dataset.y[i])
            j = others[np.argmax(units[others] @ units[i])]
            # 2 arcsin(||u - v|| / 2): the arc cosine has no digits left at small angles
            angle = 2 * np.arcsin(min(float(np.linalg.norm(units[i] - units[j])) / 2, 1.0))
            found.append(
                Limiting(int(dataset.rows[i]), int(dataset.y[i]), float(q[i]), int(dataset.rows[j]), float(angle))
            )
    return tuple(found)


def teacher_of(dataset: Dataset, rays: Rays, q: np.ndarray, rkhs: RkhsMargin, sup: "SupMargin | None") -> Teacher:
    """The teacher on all rows; in the RKHS norm v = s_q / gamma has logits z = y o Hq / gamma on the binding rows."""
    n, rows = len(dataset.y), rays.binding
    if sup is not None:
        z, error = (_along_rays(dataset, rays, values) for values in (sup.z, sup.z_error))
        return Teacher(q, z, probabilities(z), "sup", sup.margin, 1.0, dataset.digest, error)
    scale = rkhs.margin.upper
    z = _along_rays(dataset, rays, dataset.y[rows] * rkhs.gradient / scale)
    terms = dataset.X * (q * dataset.y)[:, None]
    reach = np.maximum(np.maximum(terms, 0).sum(axis=0), np.maximum(-terms, 0).sum(axis=0))
    radius = float(np.linalg.norm(reach)) / scale
    return Teacher(q, z, probabilities(z), "rkhs", rkhs.margin, radius, dataset.digest, np.zeros(n))


def _along_rays(dataset: Dataset, rays: Rays, binding: np.ndarray) -> np.ndarray:
    """Logits of all rows from those of the binding ones: E[v.phi_{cx}] = c E[v.phi_x] for c > 0."""
    values = np.zeros(len(dataset.y))
    values[rays.binding] = binding
    home = {(rays.line[i], rays.side[i]): i for i in rays.binding}
    norms = np.linalg.norm(dataset.X, axis=1)
    for i in np.setdiff1d(np.arange(len(values)), rays.binding):
        j = home[rays.line[i], rays.side[i]]
        values[i] = values[j] * norms[i] / norms[j]
    return values
