"""From below: the widths at which too many W(0) have no good network in the ball."""

import numpy as np
from jaxtyping import Float, Integer

from boundcheck.exclusion.ball import Ball, certain_errors, decide
from boundcheck.numerics import clopper_pearson_lower
from boundcheck.progress import SILENT, Progress
from boundcheck.records.verification import ExcludedShare, Exclusion
from boundcheck.search import run_seed
from boundcheck.training.network import base_weights

SEEDS = 200  # show a share of a tenth to be above .07, one of .155 to be above a tenth
NODES = 200  # for one W(0)
ALL_NODES = 3_000  # of a search; afterwards only certain errors are counted


def excluded_widths(
    X: Float[np.ndarray, "n d"],
    y: Integer[np.ndarray, " n"],
    *,
    radius: float,
    errors: int,
    success_target: float,
    confidence: float,
    max_width: int,
    from_width: int = 2,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Exclusion:
    """The first even widths at which training succeeds less often than the target, whatever it does in the ball.

    X: (n, d) rows.  y: (n,) in {-1, +1}.  errors: a run succeeds only if some step errs on at most so many rows.
    from_width, max_width: even; narrower networks are impossible for another reason, wider ones are not tried.
    The W(0) are those of the runs of a width search with this `seed`.  A width is excluded when the exact lower limit
    of the share of W(0) without such a network exceeds 1 - success_target at `confidence`; what is not known counts as
    possible.  Widths are tried in order up to the first that is not excluded, so all exclusions hold together at
    `confidence` with no price for their number: the first false one needs a test to err at the first width where it
    can (tests in a fixed order: Maurer, Hothorn & Lehmacher 1995).  theory: Lower bounds.
    """
    limits = clopper_pearson_lower(np.arange(SEEDS + 1), np.asarray(SEEDS), 1 - confidence)
    needed = int(np.sum(limits <= 1 - success_target))
    shares: list[ExcludedShare] = []
    nodes, least = ALL_NODES, from_width
    while least <= max_width:
        weights = (base_weights(least, X.shape[1], run_seed(seed, i)) for i in range(SEEDS))
        unsure = [W for W in weights if certain_errors(Ball(X, y, W, radius)) <= errors]
        impossible, undecided = SEEDS - len(unsure), len(unsure)
        for done, W in enumerate(unsure):
            if not 0 < needed - impossible <= len(unsure) - done:
                break
            progress.update(f"impossible, B = {radius:.4g}: width {least}", done, len(unsure))
            answer, spent = decide(Ball(X, y, W, radius), errors, nodes=min(NODES, nodes))
            nodes -= spent
            impossible += answer == "excluded"
            undecided -= answer != "open"
        shares.append(
            ExcludedShare(least, SEEDS, impossible, undecided, float(limits[impossible]), impossible >= needed)
        )
        if not shares[-1].excluded:
            break
        least += 2
    return Exclusion(radius, errors, success_target, confidence, seed, least, tuple(shares))
