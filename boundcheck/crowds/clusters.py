"""2-means on a line and k-means with centres +-c: the two ways to split tasks by type."""

import numpy as np
from jaxtyping import Float, Int

Points = Float[np.ndarray, "d m"]
Centres = Float[np.ndarray, "k m"]
Labels = Int[np.ndarray, " d"]


def two_means(x: Float[np.ndarray, " d"]) -> tuple[Labels, float]:
    """Exact 2-means on a line: 1 for the upper group, and the share of the sum of squares explained.

    Equal values are never split; all equal gives one group and explains 0. O(d log d): among the d - 1 cuts of the
    sorted values the best maximises n_1 n_2 (mean_2 - mean_1)^2 / d.
    """
    d = len(x)
    order = np.argsort(x, kind="stable")
    values = x[order] - x.mean()
    spread = float(values @ values)
    below = np.arange(1, d)
    cut = values[1:] > values[:-1]
    if not cut.any() or spread == 0:
        return np.zeros(d, dtype=np.int64), 0.0
    # With the mean removed the upper sum is minus the lower one: between-group sum = s^2 (1/n_1 + 1/n_2).
    between = np.where(cut, np.cumsum(values)[:-1] ** 2 * (1 / below + 1 / (d - below)), -1.0)
    best = int(np.argmax(between))
    labels = np.zeros(d, dtype=np.int64)
    labels[order[best + 1 :]] = 1
    return labels, min(1.0, float(between[best]) / spread)


def symmetric_means(F: Points, centres: Centres, max_steps: int = 100) -> tuple[Labels, Centres, float]:
    """Lloyd's iteration with centres +-c_k from given ones: groups, centres, within-group sum of squares.

    min over the sign of ||f -+ c||^2 = ||f||^2 + ||c||^2 - 2 |f.c|, so flipping the sign of a point changes nothing.
    """
    labels = np.full(len(F), -1, dtype=np.int64)
    for _ in range(max_steps):
        dots = F @ centres.T
        nearest = np.argmax(2 * np.abs(dots) - (centres**2).sum(axis=1), axis=1)
        if (nearest == labels).all():
            break
        labels = nearest
        turned = np.where(np.take_along_axis(dots, labels[:, None], 1) < 0, -F, F)
        counts = np.bincount(labels, minlength=len(centres))
        sums = (labels == np.arange(len(centres))[:, None]) @ turned
        centres = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)
    return labels, centres, _within(F, centres)


def _within(F: Points, centres: Centres) -> float:
    score = (2 * np.abs(F @ centres.T) - (centres**2).sum(axis=1)).max(axis=1)
    return float((F**2).sum() - score.sum())


def plane_split(F: Float[np.ndarray, "d 2"], angles: int = 12) -> tuple[Labels, Centres, float]:
    """Two groups in the plane: `symmetric_means` from the split of |first coordinate| and from 12 angles, the best."""
    first, _ = two_means(np.abs(F[:, 0]))
    turned = np.where(F[:, :1] < 0, -F, F)
    starts = [np.stack([turned[first == g].mean(axis=0) for g in (0, 1)])] if first.any() else []
    radius = np.sqrt((F**2).sum(axis=1).mean())
    for angle in np.pi * np.arange(angles) / angles:
        c, s = np.cos(angle), np.sin(angle)
        starts.append(radius * np.array([[c, s], [-s, c]]))
    return min((symmetric_means(F, start) for start in starts), key=lambda found: found[2])


def symmetric_k_means(F: Points, k: int, *, seed: int, restarts: int = 20) -> tuple[Labels, Centres, float]:
    """k groups with centres +-c: the best of `restarts` seeded k-means++ starts (Arthur & Vassilvitskii 2007)."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(restarts):
        chosen = [int(rng.integers(len(F)))]
        while len(chosen) < k:
            centres = F[chosen]
            gain = (2 * np.abs(F @ centres.T) - (centres**2).sum(axis=1)).max(axis=1)
            distance = np.maximum((F**2).sum(axis=1) - gain, 0.0)
            total = distance.sum()
            weights = distance / total if total > 0 else None
            chosen.append(int(rng.choice(len(F), p=weights)))
        found.append(symmetric_means(F, F[chosen]))
    return min(found, key=lambda candidate: candidate[2])
