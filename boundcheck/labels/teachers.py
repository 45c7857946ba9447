"""Teachers: logits for the rows of a data set, and the radius B that the theory needs to follow them."""

import math
import warnings
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from boundcheck.crowds import Answers, crowd_soft_labels
from boundcheck.datasets import Dataset
from boundcheck.errors import BoundcheckError, BoundcheckWarning, InputError, listed
from boundcheck.labels.files import OWN_TRAINING_POINTS
from boundcheck.progress import SILENT, Progress
from boundcheck.records import LabelCount, TrainingSpec
from boundcheck.softlabels.calibration import fit_temperature
from boundcheck.softlabels.probabilities import LOGIT_LIMIT, probabilities
from boundcheck.training import fit


class NoTeacherError(BoundcheckError):
    """The kernel teacher does not exist on this data: the margin is zero."""

    exit_code = 1


@dataclass(frozen=True, eq=False)
class MadeLabels:
    """Soft labels that a teacher gives to the rows of a data set.

    logits: (n,).  source: teacher and settings, in words.  radius: B >= sup ||v||, NaN where no theory gives one.
    temperature: the logits have been divided by it.  logits_error: (n,) bound on their error, where known.
    """

    logits: Float[np.ndarray, " n"]
    source: str
    radius: float = math.nan
    temperature: float = 1.0
    logits_error: Float[np.ndarray, " n"] | None = None
    answers: tuple[LabelCount, ...] = ()

    @property
    def p(self) -> Float[np.ndarray, " n"]:
        """P(y = +1) = sigmoid(logits), inside (0, 1)."""
        return probabilities(self.logits)


def kernel_labels(
    z: Float[np.ndarray, " n"], *, kind: str, radius: float, scale: float, error: Float[np.ndarray, " n"]
) -> MadeLabels:
    """Labels sigmoid(kappa z) of the margin's maximiser v: logits kappa z_i and radius kappa sup ||v||.

    z: (n,) logits E[v.phi_i].  radius: bound on sup ||v|| (1 for the sup-norm maximiser).  scale: kappa > 0.
    A smaller kappa needs no more neurons, a larger one more of them, for flips (theory: Logit scale).
    """
    if not (scale > 0 and math.isfinite(scale)):
        raise InputError(f"--logit-scale {scale:g}: must be a positive number; the theory's own is 1")
    return MadeLabels(scale * z, f"kernel, {kind} norm, logit scale {scale:g}", scale * radius, 1.0, scale * error)


def smoothing_labels(y: Int[np.ndarray, " n"], alpha: float) -> MadeLabels:
    """Label smoothing of two classes: p = 1 - alpha/2 on the true class, logits +-ln((2 - alpha)/alpha).

    y: (n,) in {-1, +1}.  alpha in (0, 1).  Source: Szegedy et al. (CVPR 2016) section 7, with K = 2.
    """
    if not 0 < alpha < 1:
        raise InputError(f"--smoothing {alpha:g} is outside (0, 1); label smoothing commonly uses 0.1")
    return MadeLabels(y * (math.log(2 - alpha) - math.log(alpha)), f"smoothing, alpha {alpha:g}")


def crowd_labels(
    dataset: Dataset, answers: Answers, *, method: str = "auto", progress: Progress = SILENT
) -> MadeLabels:
    """The crowd's posterior ln P(y = +1)/P(y = -1) for each row of `dataset`; answer +1 means its class +1.

    answers: tasks named by row numbers of the source of `dataset`, from 0. All of them teach how reliable the workers
    are, also those of rows that `dataset` does not keep.  method: see `crowd_soft_labels`.
    Raises InputError where a row is no task, or answers and model do not fit together.
    """
    column = {task: j for j, task in enumerate(answers.tasks)}
    rows = [str(row) for row in dataset.rows]
    if missing := [row for row in rows if row not in column]:
        raise InputError(
            f"{dataset.name}: no task for {len(missing)} of {len(rows)} rows ({listed(missing, 3)}); "
            "name the tasks by row numbers of DATA, from 0"
        )
    if (others := len(column) - len(rows)) > 0:
        warnings.warn(
            f"{others} tasks are no rows of {dataset.name}; they only teach how reliable the workers are",
            BoundcheckWarning,
            stacklevel=2,
        )
    found = crowd_soft_labels(answers, method=method, progress=progress)
    return MadeLabels(found.logits[[column[row] for row in rows]], f"crowd {found.model}, {answers.n_workers} workers")


def tempered(made: MadeLabels, temperature: float) -> MadeLabels:
    """The same labels with logits divided by `temperature` > 0."""
    if not (temperature > 0 and math.isfinite(temperature)):
        raise InputError(f"--temperature {temperature:g}: must be a positive number, or auto")
    return replace(
        made,
        logits=made.logits / temperature,
        source=made.source if temperature == 1 else f"{made.source}, temperature {temperature:.6g}",
        radius=made.radius / temperature,
        temperature=made.temperature * temperature,
        logits_error=None if made.logits_error is None else made.logits_error / temperature,
    )


def network_labels(
    dataset: Dataset,
    *,
    width: int = 512,
    folds: int | None = 5,
    steps: int = 1000,
    step_size: float = 4.0,
    seed: int = 0,
    progress: Progress = SILENT,
) -> MadeLabels:
    """Logits of two-layer networks of `width` trained on the hard labels (logistic loss, no projection).

    folds: every row is labelled by a network that has not seen it (nor an identical row); None trains one network on
    all rows, which then labels its own training points.  steps, step_size: gradient descent on the mean loss.
    Raises InputError for fewer than two distinct rows of a class when folds are used.
    """
    spec = TrainingSpec("hard", "logistic", math.inf, step_size, steps)
    X, y = dataset.X, dataset.y
    logits = np.empty(len(y))
    if folds is None:
        network = fit(X, y, spec, width, seed, progress=progress)
        return MadeLabels(network.predict(X), f"network, width {width}, {OWN_TRAINING_POINTS}")
    fold = assign_folds(X, y, folds, seed)
    for i in range(folds):
        progress.update("cross-fitting the teacher", i, folds)
        held = fold == i
        network = fit(X[~held], y[~held], spec, width, seed)
        logits[held] = network.predict(X[held])
    return MadeLabels(logits, f"network, width {width}, {folds}-fold cross-fitted")


def assign_folds(X: Float[np.ndarray, "n d"], y: Int[np.ndarray, " n"], folds: int, seed: int) -> Int[np.ndarray, " n"]:
    """Fold 0..folds-1 of each row: classes in proportion, identical rows together.

    Raises InputError unless 2 <= folds and both classes remain whichever fold is left out.
    """
    if folds < 2:
        raise InputError(f"--folds {folds}: cross-fitting needs at least 2; or use --no-cross-fit")
    _, first, group = np.unique(X, axis=0, return_index=True, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(first))
    order = order[np.argsort(y[first[order]], kind="stable")]
    of_group = np.empty(len(first), dtype=np.int64)
    of_group[order] = np.arange(len(first)) % folds
    fold: np.ndarray = of_group[group.reshape(-1)]
    for i in range(folds):
        if len(np.unique(y[fold != i])) < 2 or not (fold == i).any():
            raise InputError(f"--folds {folds}: too few distinct rows of a class; use fewer folds or --no-cross-fit")
    return fold


def held_out_temperature(logits: Float[np.ndarray, " n"], y: Int[np.ndarray, " n"]) -> float:
    """Temperature that calibrates cross-fitted logits against y in {-1, +1}.

    Raises InputError where none does: all logits right (T = 0), or no better than chance (T = inf).
    """
    found = fit_temperature(np.stack([np.zeros_like(logits), logits], axis=1), (y > 0).astype(np.int64)).value
    if found == 0 or math.isinf(found):
        what = "all right" if found == 0 else "no better than chance"
        raise InputError(f"--temperature auto: the held-out logits are {what}, no temperature fits; give a number")
    return found


def warn_beyond_hypothesis(logits: Float[np.ndarray, " n"], radius: float) -> None:
    """Warn where the bounds with B = 1 do not cover the labels: max |z| > 1/2, or sup ||v|| possibly above 1.

    radius: B >= sup ||v||, NaN where none is known.
    """
    largest = float(np.abs(logits).max())
    if largest > LOGIT_LIMIT:
        what = f"soft labels reach |logit| {largest:.4g}, which exceeds 1/2"
    elif radius > 1:
        what = f"the teacher's field may reach ||v|| = {radius:.6g} > 1"
    else:
        return
    known = "no radius B >= sup ||v|| is known for this teacher"
    remedy = known if math.isnan(radius) else f"B = {radius:.6g}, stored with the labels, covers them"
    warnings.warn(f"{what}, so the bounds with B = 1 do not apply; {remedy}", BoundcheckWarning, stacklevel=2)
