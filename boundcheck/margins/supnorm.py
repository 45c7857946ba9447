"""The sup-norm margin in rounds: improve q on fresh draws, certify it on these very draws, and again with more."""

import time
import warnings
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from jaxtyping import Float64

from boundcheck.errors import BoundcheckWarning
from boundcheck.margins.certificate import Certificate, Certifier
from boundcheck.margins.descent import Descent
from boundcheck.margins.report import Moment
from boundcheck.progress import SILENT, Progress
from boundcheck.records import Interval

# The first round has draws for so many operations (float32); the Hessian this multiple of them.
_FIRST_OPERATIONS, _FEWEST, _MOST = 3e11, 1 << 12, 1 << 16
_HESSIAN, _MOST_HESSIAN = 1 / 8, 1 << 15
_LOOKS = 2  # Newton steps on the very draws of a round at least; more where they cost at most half of the round
_WARM_UP = 1 << 12  # pairs of the first Newton step, and of any Hessian at least
_GROWTH, _MOST_ROUNDS = 24.0, 30
_LADDER = 2.0**0.125  # sizes are powers of this, so that small changes of speed rarely change a result
_EARLY_RISK = 0.1  # share of the risk that all rounds but the last may spend
_SURELY = 1.5  # an interval narrows at least like 1/sqrt(draws): so much more than that rule asks for
_LAST = 2.0  # the round that would leave less than this times its own length is made the last one
_WORTH = 0.5  # a round shorter than this times the one before is not begun
_REST = 0.5  # Newton steps and envelope take at most this times the drawing
_PUNCTUAL = 0.92  # share of the time left that the last round plans for
_DISAGREE = (
    "two rounds of draws gave disjoint intervals for gamma: one of them missed it, as happens with the risk stated; "
    "the interval printed covers both. Another --seed draws afresh; if it happens again, please report it"
)


@dataclass(frozen=True, eq=False)
class SupMargin:
    """q: (n,) in the simplex; z: (n,) logits E[v.phi_i], each within z_error at once; samples drawn."""

    q: Float64[np.ndarray, " n"]
    z: Float64[np.ndarray, " n"]
    z_error: Float64[np.ndarray, " n"]
    margin: Interval
    samples: int
    history: tuple[Moment, ...] = ()
    interrupted: bool = False


@dataclass
class _Rounds:
    """What the rounds have shown so far: with their joint confidence all their intervals hold, so their meet does.

    Disjoint rounds prove that one of them failed, not which: then all of them are covered, within the proved bounds,
    and the rounds end, since no later one can tell.
    """

    outer: Interval
    confidence: float
    started: float
    progress: Progress
    samples: int = 0
    best: tuple[np.ndarray, Certificate] | None = None
    found: list[Interval] = field(default_factory=list)
    history: list[Moment] = field(default_factory=list)

    @property
    def interval(self) -> Interval:
        lowers, uppers = [one.lower for one in self.found], [one.upper for one in self.found]
        outer = self.outer
        if self.disagree:  # cover all, or whatever is proved where a round contradicts that
            lower, upper = max(outer.lower, min(lowers)), min(outer.upper, max(uppers))
            lower, upper = (lower, upper) if lower <= upper else (outer.lower, outer.upper)
        else:
            lower, upper = max(outer.lower, *lowers, 0.0), min(outer.upper, *uppers, np.inf)
        return Interval(lower, upper, self.confidence, exact=False)

    @property
    def disagree(self) -> bool:
        """Whether no number is in all the intervals."""
        every = (self.outer, *self.found)
        return max(one.lower for one in every) > min(one.upper for one in every)

    def add(self, q: np.ndarray, found: Certificate) -> None:
        if self.best is None or found.margin.lower >= self.interval.lower:
            self.best = (q, found)
        self.found.append(found.margin)
        self.samples += found.samples
        reached = self.interval
        self.history.append(Moment(time.monotonic() - self.started, reached.lower, reached.upper))

    def say(self, what: str, share: float) -> None:
        width = f"{100 * self.interval.relative_width:.2g} %" if self.best else "not yet"
        reached = f"gamma in [{self.interval.lower:.5g}, {self.interval.upper:.5g}] ({width})"
        self.progress.update(f"{reached}; {what}", share, 1.0)


def sup_margin(
    X: Float64[np.ndarray, "n d"],
    y: Float64[np.ndarray, " n"],
    H: Float64[np.ndarray, "n n"],
    q: Float64[np.ndarray, " n"],
    outer: Interval,
    *,
    confidence: float,
    tolerance: float,
    deadline: float,
    seed: int,
    progress: Progress = SILENT,
) -> SupMargin:
    """Rounds until the interval is narrower than `tolerance` (relative), the deadline (monotonic clock) or Ctrl-C.

    q: where to begin (the RKHS optimum).  The rounds share the risk 1 - confidence: nine tenths for the last one,
    a tenth for all the others.
    """
    rounds = _Rounds(outer, confidence, time.monotonic(), progress)
    X = _coordinates(X)
    descent = Descent(X, y, H, q, seed)
    plan, interrupted = _Plan.first(*X.shape), False
    try:
        rounds.say("first Newton step", 0.0)
        descent.improve(_WARM_UP)
        for turn in range(1, _MOST_ROUNDS):
            started = time.monotonic()
            certifier = Certifier(
                X,
                y,
                H,
                draws=plan.draws,
                pairs=plan.size(plan.pairs),
                seed=_seed(seed, 2, turn),
                tick=partial(rounds.say, f"round {turn}"),
            )
            descent.refine(certifier.glance, plan.looks, min(plan.size(_HESSIAN), _MOST_HESSIAN))
            rounds.add(descent.q, certifier.certify(descent.q, 1 - plan.risk * (1 - confidence)))
            if rounds.disagree:
                warnings.warn(_DISAGREE, BoundcheckWarning, stacklevel=2)
                break
            if plan.last or rounds.interval.relative_width <= tolerance:
                break
            enough = _SURELY * (rounds.interval.relative_width / tolerance) ** 2 if tolerance > 0 else np.inf
            now = time.monotonic()
            if not plan.extend(now - started, certifier.sample.seconds, deadline - now, enough):
                break
    except KeyboardInterrupt:
        interrupted = True
    if rounds.best is None:
        zeros = np.zeros(len(y))
        return SupMargin(q, zeros, zeros, rounds.interval, 0, (), interrupted)
    q, found = rounds.best
    history = tuple(rounds.history)
    return SupMargin(q, found.z, found.z_error, rounds.interval, rounds.samples, history, interrupted)


@dataclass
class _Plan:
    """The next round: its draws, looks at them, pairs for the upper end a draw, share of the risk; is it the last?"""

    draws: int
    looks: int = _LOOKS
    pairs: float = 0.5
    risk: float = _EARLY_RISK / 2
    last: bool = False

    @classmethod
    def first(cls, n: int, dimension: int) -> "_Plan":
        # Operations of one draw, where a product of float64 counts twice: all, and at a glance.
        operations, glance = n * n + 10 * n * dimension + 100 * dimension, 4 * n * dimension + 100 * dimension
        draws = int(np.clip(_FIRST_OPERATIONS / operations, _FEWEST, _MOST))
        return cls(draws, max(_LOOKS, operations // (2 * glance)), operations / (5 * glance))

    def size(self, multiple: float) -> int:
        """Of a sample that has this multiple of the draws, or a few more."""
        return max(int(multiple * self.draws), _WARM_UP)

    def extend(self, took: float, drawing: float, left: float, enough: float) -> bool:
        """Plan a round `_GROWTH` times as long, `enough` times, or as long as the time left; False: not worth it.

        took, drawing: seconds of the round before, and of its draws alone; the rest hardly grows.
        """
        rest = min(took - drawing, _REST * drawing + 1.0)
        if left - rest < _WORTH * drawing:
            return False
        growth, longest = min(_GROWTH, enough), _PUNCTUAL * (left - rest) / drawing
        near_the_end = left - rest < (1 + _LAST) * growth * drawing
        self.last = near_the_end and longest < enough
        longer = longest if self.last else enough if near_the_end else growth
        self.risk = 1 - _EARLY_RISK if self.last else self.risk / 2
        factor = _LADDER ** np.floor(np.log(longer) / np.log(_LADDER))
        self.draws = int(factor * self.draws)
        return True


def _seed(*parts: int) -> int:
    return int(np.random.SeedSequence(parts).generate_state(1)[0])


def _coordinates(X: Float64[np.ndarray, "n d"]) -> Float64[np.ndarray, "n r"]:
    """The rows in an orthonormal basis of their span: margins depend on inner products only."""
    _, values, basis = np.linalg.svd(np.linalg.qr(X, mode="r") if X.shape[0] > X.shape[1] else X, full_matrices=False)
    return np.asarray(X @ basis[values > 1e-13 * values[0]].T)
