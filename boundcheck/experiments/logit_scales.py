"""Do softer labels need fewer neurons in practice, as the sharp bound says? (theory: Logit scale)

At logit scale kappa the labels are sigmoid(kappa z) and the radius is B = kappa. Everything in the bound but the flips
is free of scale, so that its width falls with kappa; here networks are trained on the same data at every scale.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from boundcheck.errors import InputError
from boundcheck.experiments.exponents import crossing
from boundcheck.progress import SILENT, Progress
from boundcheck.records import BoundRow, Labels, Loss, ScaleRow, Search, Trend

LEAST_LOGIT = 1e-4  # sigmoid(1e-4) - 1/2 is 800 times the spacing of float32 below 1/2
LARGEST_LOGIT = 36.0  # the trainer takes p from 2^-53 = sigmoid(-36.7) on


def check_scales(scales: Sequence[float], z: Float[np.ndarray, " n"] | None = None) -> tuple[float, ...]:
    """The scales in growing order, each once.

    z: (n,) logits at scale 1, if the labels are to be representable as well.
    Raises InputError for fewer than two scales, one that is not positive and finite, or labels beyond float32.
    """
    kept = tuple(sorted(set(scales)))
    if len(kept) < 2 or not all(0 < scale < math.inf for scale in kept):
        raise InputError("--logit-scales: give at least two different positive numbers, comma-separated")
    if z is not None:
        low, high = LEAST_LOGIT / float(np.abs(z).min()), LARGEST_LOGIT / float(np.abs(z).max())
        if not low <= kept[0] <= kept[-1] <= high:
            raise InputError(f"--logit-scales: sigmoid(kappa z) needs {low:.3g} <= kappa <= {high:.3g} on this data")
    return kept


def enough_steps(steps: int, scale: float, gamma: float) -> int:
    """Steps at this scale that cost the error as much as `steps` do in the limit of soft labels.

    Corollary 4# (theory: Sharp soft bound) with D2 = kappa^2 and g = kappa gamma allows steps to cost the error
    kappa^2 / (2 eta T s_g g^2), s_g = tanh(g/2) / (2 g): with eta fixed T grows like (g/2) / tanh(g/2), which is 1
    for soft labels ("T in eta T is unchanged", section 5 (iii)) and g/2 for hard ones.
    """
    half = scale * gamma / 2
    return math.ceil(steps * half / math.tanh(half))


def logit_scales(
    z: Float[np.ndarray, " n"],
    scales: Sequence[float],
    search: Callable[[Float[np.ndarray, " n"] | None, Labels, Loss, float], Search],
    bound: Callable[[float], tuple[BoundRow, ...]],
    *,
    progress: Progress = SILENT,
) -> tuple[ScaleRow, ...]:
    """Search the smallest width at every scale, with soft labels and with hard ones at the same radius.

    z: (n,) the teacher's logits at scale 1.  search: (soft labels or None, labels, loss, radius) ->
    Search; it chooses steps and step size.  bound: kappa -> the sharp bounds there.
    Raises InputError for scales out of range.
    """
    rows = []
    kept = check_scales(scales, z)
    for done, scale in enumerate(kept):
        progress.update(f"logit scale {scale:g}", done, len(kept))
        p = 1 / (1 + np.exp(-scale * z))
        soft = search(p, "soft", "kl", scale)
        hard = search(None, "hard", "logistic", scale)
        rows.append(
            ScaleRow(
                logit_scale=scale,
                bounds=bound(scale),
                soft=soft,
                hard=hard,
                soft_crossing=crossing(soft.trials, soft.success_target),
                hard_crossing=crossing(hard.trials, hard.success_target),
            )
        )
    return tuple(rows)


def needs_fewer(this: Search, that: Search) -> bool:
    """Whether the brackets leave no doubt that `this` needs fewer neurons than `that`."""
    high = this.bracket[1]
    return high is not None and high <= that.bracket[0]


def trend(rows: Sequence[ScaleRow]) -> tuple[Trend, str]:
    """What the brackets of the soft labels say, over all pairs of scales, and the sentence that says so.

    falls: somewhere softer labels need fewer neurons and nowhere more; rises: the reverse; mixed: both.
    """
    pairs = [(soft, sharp) for i, soft in enumerate(rows) for sharp in rows[i + 1 :]]
    fewer = [pair for pair in pairs if needs_fewer(pair[0].soft, pair[1].soft)]
    more = [pair for pair in pairs if needs_fewer(pair[1].soft, pair[0].soft)]
    if fewer and more:
        return "mixed", f"softer labels need fewer neurons at {_pair(fewer[0])} and more at {_pair(more[0])}"
    if fewer:
        return "falls", f"practice agrees: softer labels need fewer neurons, e.g. at {_pair(_widest(fewer))}"
    if more:
        return "rises", f"practice disagrees: softer labels need more neurons, e.g. at {_pair(_widest(more))}"
    brackets = ", ".join(f"{row.logit_scale:g}: {row.soft.interval}" for row in rows)
    if any(row.soft.stopped in ("budget", "time") for row in rows):
        return (
            "cut short",
            f"all brackets overlap, but a search was cut short; raise --budget, --time-limit ({brackets})",
        )
    return "cannot be told", f"whether softer labels need fewer neurons: all brackets overlap ({brackets})"


def _widest(pairs: Sequence[tuple[ScaleRow, ScaleRow]]) -> tuple[ScaleRow, ScaleRow]:
    return max(pairs, key=lambda pair: pair[1].logit_scale / pair[0].logit_scale)


def _pair(pair: tuple[ScaleRow, ScaleRow]) -> str:
    soft, sharp = pair
    return (
        f"logit scale {soft.logit_scale:g} against {sharp.logit_scale:g}: "
        f"{soft.soft.interval} against {sharp.soft.interval}"
    )
