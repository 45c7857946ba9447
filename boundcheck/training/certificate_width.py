"""The smallest width whose a-posteriori certificate is below eps for most W(0): a rung of the ladder."""

import math
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from boundcheck.blas import threads_for
from boundcheck.errors import InputError
from boundcheck.progress import SILENT, Progress
from boundcheck.records import Labels, TrainingSpec
from boundcheck.training.certificate import certify_intervals
from boundcheck.training.comparator import fit_comparator
from boundcheck.training.intervals import Neurons, PerSample, Rows, Signs, default_comparator, logit_intervals
from boundcheck.training.network import initial_weights

# times the logit scale: a larger radius leaves room for the comparator but allows more flips
RADII = (1.3, 1.0, 2.0, 4.0)
HOPELESS = 2.0  # a radius whose error is this many times the best one's is not tried at wider networks
# takes eta kappa/8 < 2 % of the margin, in the units of the soft loss and of the perceptron's margin
FLOOR_STEP = 1 / 8
FLOOR_STEPS = 2048  # over gamma^2 eps: eta T = 256/(gamma^2 eps), 1/128 of the budget (theory: Sharp soft bound)
DURATION = 16  # eta T of the fit over T: a closer fit than the budget alone asks for lowers the certified error
FITS = 12  # comparators, each better than the one before, that a fit is given
CELLS = 1 << 24  # neurons x samples of a fit, about 400 MB a thread
WIDEST = 1 << 16
SMALL = 1 << 17  # cells below which a second thread costs more than it saves
PERCEPTRON_SCALE = 2.0**-10  # the perceptron loss is scale-free, and flips vanish with the radius


@dataclass(frozen=True)
class CertifiedWidth:
    """Smallest width found at which the certificate is at most eps for a fraction `success` of the seeds.

    width: None where none up to the largest width tried was.  failed_at: the largest width below it that was tried
    and failed.  spec: the training certified there, the same for all seeds.  successes: of `seeds`, at that width.
    """

    width: int | None
    failed_at: int | None
    eps: float
    success: float
    seeds: int
    successes: int
    spec: TrainingSpec | None


@dataclass(frozen=True)
class _Attempt:
    """The common training at one width, and what it certifies for each seed."""

    spec: TrainingSpec
    errors: Sequence[float]


def certificate_width(
    X: Rows,
    y: PerSample,
    q: PerSample,
    z: PerSample,
    eps: float,
    labels: Labels,
    *,
    radius: float = 1.0,
    margin: float | None = None,
    seeds: Sequence[int],
    success: float = 0.95,
    time_limit: float = math.inf,
    progress: Progress = SILENT,
) -> CertifiedWidth:
    """Search the smallest even width whose certificate is at most eps for a fraction `success` of the seeds.

    q: (n,) weights of the kernel teacher, z: (n,) its logits, or any others for soft labels.  labels: "soft" trains the
    KL loss on sigmoid(z) within about `radius`, "hard" the perceptron loss, which is scale-free, at a tiny radius.
    margin: gamma, by default the least |z|.  seeds: of W(0), as `initial_weights` takes them.
    FLOOR_STEPS (radius/gamma)^2/eps small steps leave practically nothing to optimisation, as the proved bounds at
    their floor; D is the comparator of the theorems, or one fitted to W(0) where that does not reach eps.
    The radius is chosen at each width, the same for all seeds.  The search doubles
    the width and then bisects, taking for granted that more neurons are no worse; the two widths in the result are
    what was checked.  After time_limit seconds it returns what it has.  Fits are tried while neurons x samples stay
    below 2^24.  theory: Certificate, theory: Logit scale.

    Raises:
        InputError: eps, success or seeds out of range; a teacher without a margin.
    """
    if not (0 < eps < 1 and 0 < success <= 1 and len(seeds) >= 1):
        raise InputError("certificate width: eps and success must lie in (0, 1), with at least one seed")
    margin = float(np.min(np.abs(z))) if margin is None else margin
    if not margin:
        raise InputError("certificate width: a teacher logit is 0, so the teacher has no margin; use another teacher")
    steps = math.ceil(FLOOR_STEPS * radius**2 / (margin**2 * eps))
    if labels == "soft":
        target = z
        base = TrainingSpec("soft", "kl", radius=radius, step_size=FLOOR_STEP, steps=steps, precision="float64")
    else:
        scale = PERCEPTRON_SCALE
        target = scale * y * np.abs(z)
        step = FLOOR_STEP * scale * margin  # the perceptron's best eta is the margin over kappa
        base = TrainingSpec("hard", "perceptron", radius=scale, step_size=step, steps=steps, precision="float64")
    question = _Question(
        X, y, q, target, eps, base, seeds, math.ceil(success * len(seeds) - 1e-9), time.monotonic() + time_limit
    )  # fmt: skip
    largest = min(WIDEST, CELLS // len(X))
    failed, width, found = 0, 0, None
    try:
        while width - failed > 2 or found is None:
            tried = 2 * max(failed, 4) if found is None else (failed + width) // 4 * 2
            if tried > largest:
                break
            progress.update(f"certificate, {labels} labels: width {tried}")
            with threads_for(0):
                attempt = question.attempt(tried)
            if attempt is None:
                failed = tried
            else:
                width, found = tried, attempt
    except _OutOfTimeError:
        pass
    return CertifiedWidth(
        width=None if found is None else width,
        failed_at=failed or None,
        eps=eps,
        success=success,
        seeds=len(seeds),
        successes=0 if found is None else sum(error <= eps for error in found.errors),
        spec=None if found is None else found.spec,
    )


class _OutOfTimeError(Exception):
    """The deadline of a search has passed."""


@dataclass
class _Question:
    """One search: what is certified, for which W(0), and how many of them may miss.

    base: the training at factor 1 of the radius.  radii: the factors worth trying.
    """

    X: Rows
    y: PerSample
    q: PerSample
    z: PerSample
    eps: float
    base: TrainingSpec
    seeds: Sequence[int]
    needed: int
    deadline: float
    radii: Sequence[float] = RADII

    def attempt(self, width: int) -> _Attempt | None:
        """A radius under which at least `needed` seeds succeed, None where there is none."""
        first: dict[float, float] = {}
        for factor in self.radii:
            spec = replace(self.base, radius=factor * self.base.radius)
            first[factor] = self._bound(width, self.seeds[0], spec)
            if errors := self._all_seeds(width, spec, first[factor]):
                return _Attempt(spec, errors)
        self.radii = [factor for factor in self.radii if first[factor] <= HOPELESS * min(first.values())]
        return None

    def _all_seeds(self, width: int, spec: TrainingSpec, first: float) -> list[float]:
        """Certified errors of all seeds; empty as soon as too many miss eps."""
        errors = [first]
        workers = 1 if width * len(self.X) < SMALL else os.cpu_count() or 1
        with ThreadPoolExecutor(workers) as pool:
            while sum(error > self.eps for error in errors) <= len(self.seeds) - self.needed:
                batch = self.seeds[len(errors) : len(errors) + workers]
                if not batch:
                    return errors
                errors += pool.map(lambda seed: self._bound(width, seed, spec), batch)
        return []

    def _bound(self, width: int, seed: int, spec: TrainingSpec) -> float:
        """Certified error for the best of the comparators."""
        W0, a = initial_weights(width, self.X.shape[1], seed)
        D = default_comparator(W0, a, self.base.radius, self.q, self.X, self.y)
        best = self._certify(W0, a, D, spec)
        if best <= self.eps:
            return best
        hard = self.base.labels == "hard"
        duration = self._margin_duration() if hard else DURATION * self.base.steps
        fits = fit_comparator(self.X, W0, a, D, self.z, radius=spec.radius, duration=duration, one_sided=hard)
        latest = 1.0
        for left in reversed(range(FITS)):
            before, latest = latest, self._certify(W0, a, next(fits), spec)
            best = min(best, latest)
            # gains tend to shrink: stop where even as many more of this size as fits are left would not reach eps
            if latest <= self.eps or latest - left * max(before - latest, 0) > self.eps:
                break
        return best

    def _margin_duration(self) -> float:
        """eta T of the fit for the perceptron, whose bound asks for a large margin at a small norm."""
        return 8 / (0.1 * float(np.min(np.abs(self.z)) / self.base.radius) ** 2)

    def _certify(self, W0: Neurons, a: Signs, D: Neurons, spec: TrainingSpec) -> float:
        if time.monotonic() > self.deadline:
            raise _OutOfTimeError
        intervals = logit_intervals(self.X, W0, a, D, spec.radius)
        return certify_intervals(self.X, self.y, self.z, intervals, spec).average_error
