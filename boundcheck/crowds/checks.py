"""What makes a crowd's posterior doubtful."""

import math
import warnings

import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit

from boundcheck.crowds.answers import Answers, common_tasks
from boundcheck.errors import BoundcheckWarning

FEW_ANSWERS = 20
FEW_COMMON = 30
CONFOUNDED = 0.9
_MANY_WORKERS = 2000


def warn(message: str) -> None:
    """Tell the reader of the result."""
    warnings.warn(message, BoundcheckWarning, stacklevel=3)


def look_at_answers(answers: Answers, part: Int[np.ndarray, " d"], *, model: str, types: int, kind: str) -> None:
    """Warn where the answers break what the model takes for granted. part: as `components` gives it."""
    if answers.duplicates:
        warn(f"{answers.duplicates} answers repeat a (task, worker) pair; the last one counts")
    if (unanswered := int((part < 0).sum())) > 0:
        warn(f"{unanswered} tasks have no answer; their p is the prior")
    if (parts := int(part.max()) + 1) > 1:
        warn(f"workers and tasks form {parts} unconnected parts; each is labelled by itself")
    votes = answers.per_task[answers.per_task > 0]
    if types > 1 and kind == "plain" and votes.max() > 3 * votes.min():
        warn(f"tasks have {votes.min():.0f} to {votes.max():.0f} answers, which biases the types; compare --kind corr")
    if types > 1 and votes.mean() < FEW_ANSWERS:
        warn(f"{votes.mean():.1f} answers a task: below about {FEW_ANSWERS} the type of a single task is unreliable")
    if answers.n_workers <= _MANY_WORKERS and model != "mv":
        _look_at_pairs(answers, model)


def _look_at_pairs(answers: Answers, model: str) -> None:
    """Copied answers, and pairs of workers with too few common tasks for triangular estimation."""
    N, S = common_tasks(answers)
    pair = ~np.eye(len(N), dtype=bool) & (N >= 5)
    if pair.any() and np.abs(S[pair]).sum() > 0.95 * N[pair].sum():
        warn(
            "workers agree almost always, as copies would: the posterior is over-confident if they are not independent"
        )
    met = N[~np.eye(len(N), dtype=bool) & (N > 0)]
    if model == "te" and (len(met) == 0 or np.median(met) < FEW_COMMON):
        typical = np.median(met) if len(met) else 0
        warn(f"pairs of workers share {typical:.0f} tasks (median); te wants {FEW_COMMON}, compare --method wls or ds1")


def type_label_correlation(posterior: Float[np.ndarray, "k d"], logits: Float[np.ndarray, " d"]) -> float | None:
    """Correlation of P(y = +1) over tasks with the P(type), in [-1, 1]; None where one of them is constant.

    For two types of the second with the label; for more, of the label with the best linear combination of all types
    (multiple correlation, at least 0).  Near 1 in size the types tell the label: two-coin Dawid-Skene is the two-type
    one-coin model whose type is the label.
    """
    p = expit(logits)
    if len(p) < 2 or np.ptp(p) == 0 or (np.ptp(posterior, axis=1) == 0).all():
        return None
    if len(posterior) == 2:
        return float(np.corrcoef(posterior[1], p)[0, 1])
    # The columns of the posterior sum to 1, so a constant is among the combinations.
    fitted = posterior.T @ np.linalg.lstsq(posterior.T, p, rcond=None)[0]
    return float(np.sqrt(np.clip(1 - np.var(p - fitted) / np.var(p), 0.0, 1.0)))


def told_by_type(posterior: Float[np.ndarray, "k d"], logits: Float[np.ndarray, " d"]) -> float:
    """How far the types tell the label, in [0, 1]: 1 where they are the classes, or pieces of them.

    The larger of |corr(type, label)| and sqrt(1 - E 4 q (1 - q)), q the share of +1 in a task's type: the same for
    labels as often +1 as -1. The second also sees types of one label each where all of them got the same label, so
    that nothing is left to correlate with.
    """
    weight = posterior.mean(axis=1)
    q = (posterior @ expit(logits)) / np.maximum(posterior.sum(axis=1), 1e-300)
    purity = math.sqrt(max(0.0, 1 - float(weight @ (4 * q * (1 - q)))))
    return max(purity, abs(type_label_correlation(posterior, logits) or 0.0))
