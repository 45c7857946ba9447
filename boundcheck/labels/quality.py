"""Indicators of biased soft labels: unreliability, ambiguity, dominance margin, with joint intervals.

Omega_k, Delta (as a probability) and gamma are those of Yuan, Shi, Xu, Yang, Geng & Rui, "Learning from biased soft
labels" (NeurIPS 2023); for kappa, psi, Delta_max and the intervals see theory: Label sets,
theory: Estimated quality.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from boundcheck.errors import InputError
from boundcheck.labels.dominance import psi, psi_hull
from boundcheck.numerics import clopper_pearson_lower, clopper_pearson_upper
from boundcheck.progress import SILENT, Progress
from boundcheck.records.base import Estimate
from boundcheck.records.labels import ClassRow, Ties
from boundcheck.softlabels.estimates import proportion
from boundcheck.softlabels.probabilities import SoftLabels, entry_sizes


@dataclass(frozen=True)
class Indicators:
    """Indicators of one family of label sets; all intervals hold jointly with probability >= `confidence`.

    delta: P(y not in S).  delta_max: its maximum over classes.  gamma: max over classes and wrong labels of
    P(l in S | y).  kappa: min of P(y in S | y) - P(l in S | y).  psi: psi(delta_max, gamma).
    psi_pairs: `psi_hull` of the pairs (a, b), never below psi.
    Class-conditional probabilities stand for pointwise ones under assumption C: S independent of x given y.
    """

    n: int
    delta: Estimate
    delta_max: Estimate
    gamma: Estimate
    kappa: Estimate
    psi: Estimate
    psi_pairs: Estimate
    confidence: float
    classes: tuple[ClassRow, ...]

    @property
    def empty_classes(self) -> tuple[int, ...]:
        """Classes without a single example."""
        return tuple(row.label for row in self.classes if row.count == 0)


@dataclass(frozen=True, eq=False)
class _Counts:
    """Per class: n_y (L,), and at [y, l] the counts #{l in S}, #{y in S, l not in S} = a, #{y not in S, l in S} = b."""

    total: Int[np.ndarray, " L"]
    members: Int[np.ndarray, "L L"]
    a: Int[np.ndarray, "L L"]
    b: Int[np.ndarray, "L L"]

    @property
    def seen(self) -> Bool[np.ndarray, "L L"]:
        """Pairs (y, l != y) whose class y has examples."""
        pairs: np.ndarray = ~np.eye(len(self.total), dtype=bool) & (self.total > 0)[:, None]
        return pairs

    def rates(self) -> tuple[Float[np.ndarray, " pairs"], Float[np.ndarray, " pairs"]]:
        """Observed (a, b) of all seen pairs."""
        total = np.maximum(self.total, 1)[:, None]
        return (self.a / total)[self.seen], (self.b / total)[self.seen]


def _count(members: Bool[np.ndarray, "n L"], y: Int[np.ndarray, " n"]) -> _Counts:
    classes = members.shape[1]
    inside, both = np.zeros((classes, classes), dtype=np.int64), np.zeros((classes, classes), dtype=np.int64)
    for c in np.unique(y):
        sets = members[y == c]
        inside[c], both[c] = sets.sum(axis=0), sets[sets[:, c]].sum(axis=0)
    own = np.diagonal(inside)[:, None]
    return _Counts(np.bincount(y, minlength=classes), inside, own - both, inside - both)


def indicators(members: Bool[np.ndarray, "n L"], y: Int[np.ndarray, " n"], *, alpha: float = 0.05) -> Indicators:
    """Indicators of label sets `members` against true classes y in 0..L-1, n >= 1.

    Clopper-Pearson intervals, alpha shared equally by Delta, Delta_max, gamma and the pairs (a, b); each of the last
    three divides its share over classes or pairs. A maximum of noisy proportions is biased upward, so for small
    classes the values look worse than the truth: read the intervals. A class without examples has interval [0, 1].
    See theory: Estimated quality; upper ends of kappa and psi follow from the class-wise intervals at no cost.
    """
    n, classes = members.shape
    counts = _count(members, y)
    missed = counts.total - np.diagonal(counts.members)
    low_delta, high_delta = _two_sided(missed, counts.total, alpha / (4 * classes))
    pairs = classes * (classes - 1)
    low_gamma, high_gamma = _two_sided(counts.members, counts.total[:, None], alpha / (4 * pairs))
    low_a = clopper_pearson_lower(counts.a, counts.total[:, None], alpha / (8 * pairs))
    high_b = clopper_pearson_upper(counts.b, counts.total[:, None], alpha / (8 * pairs))
    wrong, seen = ~np.eye(classes, dtype=bool), counts.seen

    # P(y in S) - P(l in S) = a - b: both lower bounds hold on the same event, so the larger one does.
    low_kappa = np.maximum(low_a - high_b, 1 - high_delta[:, None] - high_gamma)
    high_kappa = 1 - low_delta[:, None] - low_gamma
    total = np.maximum(counts.total, 1)
    delta_y, gamma_yl = missed / total, counts.members / total[:, None]
    delta_max = Estimate(float(delta_y[counts.total > 0].max()), float(low_delta.max()), float(high_delta.max()))
    gamma = Estimate(float(gamma_yl[seen].max()), float(low_gamma[wrong].max()), float(high_gamma[wrong].max()))
    kappa_yl = (counts.a - counts.b) / total[:, None]
    kappa = Estimate(float(kappa_yl[seen].min()), float(low_kappa[wrong].min()), float(high_kappa[wrong].min()))
    worst = Estimate(
        psi(delta_max.value, gamma.value), psi(delta_max.upper, gamma.upper), psi(delta_max.lower, gamma.lower)
    )
    # psi_hull <= min (a - b)_+; sets of one label have a = 1 - Delta_y and b = gamma_yl, which bounds it more closely.
    single = members.sum(axis=1).max() <= 1
    above = psi_hull(np.repeat(1 - low_delta, classes - 1), low_gamma[wrong]) if single else kappa.upper
    sharp = Estimate(
        psi_hull(*counts.rates()),
        max(psi_hull(low_a[wrong], high_b[wrong]), worst.lower),
        max(0.0, min(above, kappa.upper)),
    )
    rows = tuple(
        _class_row(
            c,
            counts.total[c],
            (delta_y, low_delta, high_delta),
            (gamma_yl, low_gamma, high_gamma),
            (kappa_yl, low_kappa, high_kappa),
        )
        for c in range(classes)
    )
    delta = proportion(int(missed.sum()), n, alpha / 4)
    return Indicators(n, delta, delta_max, gamma, kappa, worst, sharp, 1 - alpha, rows)


def choose_k(
    labels: SoftLabels,
    y: Int[np.ndarray, " n"],
    *,
    ties: Ties = "random",
    seed: int = 0,
    drop_zero: bool = False,
    progress: Progress = SILENT,
) -> int:
    """The k in 1..L-1 with the largest observed psi_pairs, the smallest such k; k = L is never useful (gamma = 1).

    Certify on data that this choice has not seen. psi_hull <= kappa, so values of k are tried from the largest kappa
    down until kappa falls below the best psi.  See theory: Estimated quality.
    """
    classes = labels.weights.shape[1]
    sizes = entry_sizes(labels, ties=ties, seed=seed, drop_zero=drop_zero)
    total = np.maximum(np.bincount(y, minlength=classes), 1)[:, None]
    seen = ~np.eye(classes, dtype=bool) & np.isin(np.arange(classes), y)[:, None]
    inside, kappa = np.zeros((classes, classes)), np.empty(classes - 1)
    for k in range(1, classes):
        progress.update(f"choosing k: {k} of {classes - 1}", k, classes - 1)
        rows, entering = np.nonzero(sizes == k)
        inside += np.bincount(y[rows] * classes + entering, minlength=classes**2).reshape(inside.shape)
        kappa[k - 1] = ((np.diagonal(inside)[:, None] - inside) / total)[seen].min()
    best, best_k = 0.0, 1
    for k in 1 + np.argsort(-kappa, kind="stable"):
        if kappa[k - 1] < best:
            break
        value = psi_hull(*_count(sizes <= k, y).rates())
        if value > best or (value == best > 0 and k < best_k):
            best, best_k = value, int(k)
    return best_k


def split(n: int, seed: int) -> tuple[Int[np.ndarray, " half"], Int[np.ndarray, " rest"]]:
    """Two random halves of 0..n-1, the first no larger than the second. Raises InputError for n < 2."""
    if n < 2:
        raise InputError("one soft label cannot be split to choose k on one half; give --k")
    order = np.random.default_rng([seed, 1]).permutation(n)
    return order[: n // 2], order[n // 2 :]


def _two_sided(
    count: Int[np.ndarray, "..."], total: Int[np.ndarray, "..."], level: float
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
    return clopper_pearson_lower(count, total, level / 2), clopper_pearson_upper(count, total, level / 2)


def _class_row(
    c: int, count: int, delta: tuple[np.ndarray, ...], gamma: tuple[np.ndarray, ...], kappa: tuple[np.ndarray, ...]
) -> ClassRow:
    """The row of class c from (value, lower, upper) arrays, one entry per class or per pair."""
    if count == 0:
        return ClassRow(c, 0, None, None, None, None)
    others = np.arange(len(delta[0])) != c
    intruder = int(np.flatnonzero(others)[gamma[0][c][others].argmax()])
    return ClassRow(
        label=c,
        count=int(count),
        unreliability=Estimate(*(float(part[c]) for part in delta)),
        intruder=intruder,
        ambiguity=Estimate(*(float(part[c, intruder]) for part in gamma)),
        kappa=Estimate(*(float(part[c][others].min()) for part in kappa)),
    )
