"""The sup-norm margin in rounds: improve q on cheap draws, certify it on fresh ones, and again with more of both."""

import time
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from jaxtyping import Float64

from boundcheck.margins.certificate import Certificate, Certifier
from boundcheck.margins.descent import Descent
from boundcheck.margins.report import Moment
from boundcheck.progress import SILENT, Progress
from boundcheck.records import Interval

# Draws of the first round; those for the curvature take _CURVATURE times as long as the anchor's.
_FIRST_ROUND = {"anchor": 1 << 14, "link": 1 << 12, "value": 1 << 12}
_CURVATURE, _MOST_CURVATURE = 0.8, 0.65
_WARM_UP = 1 << 12  # pairs of the first Newton step, and of a Hessian at least
_HESSIAN = 16  # so many anchor pairs are drawn for one pair of the Hessian
_GROWTH, _MOST_ROUNDS = 24.0, 30
_LADDER = 2.0**0.125  # sizes are powers of this, so that small changes of speed rarely change a result
_EARLY_RISK = 0.1  # share of the risk that all rounds but the last may spend
_SURELY = 1.5  # an interval narrows at least like 1/sqrt(draws): so much more than that rule asks for
_LAST = 2.0  # the round that would leave less than this times its own length is made the last one
_WORTH = 0.5  # a round shorter than this times the one before is not begun
_REST = 0.5  # Newton steps and envelope take at most this times the drawing
_PUNCTUAL = 0.92  # share of the time left that the last round plans for


@dataclass(frozen=True, eq=False)
class SupMargin:
    """q: (n,) in the simplex; z: (n,) logits E[v.phi_i], each within z_error at once; pairs drawn; history."""

    q: Float64[np.ndarray, " n"]
    z: Float64[np.ndarray, " n"]
    z_error: Float64[np.ndarray, " n"]
    margin: Interval
    pairs: int
    history: tuple[Moment, ...] = ()
    interrupted: bool = False


@dataclass
class _Rounds:
    """What the rounds have shown so far; the intervals all hold at once, so their intersection does."""

    interval: Interval
    started: float
    progress: Progress
    pairs: int = 0
    best: tuple[np.ndarray, Certificate] | None = None
    history: list[Moment] = field(default_factory=list)

    def add(self, q: np.ndarray, found: Certificate) -> None:
        if self.best is None or found.margin.lower >= self.interval.lower:
            self.best = (q, found)
        lower, upper = max(self.interval.lower, found.margin.lower), min(self.interval.upper, found.margin.upper)
        self.interval = Interval(lower, upper, self.interval.confidence, exact=False)
        self.pairs += found.pairs
        self.history.append(Moment(time.monotonic() - self.started, lower, upper))

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
    rounds = _Rounds(Interval(outer.lower, outer.upper, confidence, exact=False), time.monotonic(), progress)
    X = _coordinates(X)
    descent = Descent(X, y, H, q, seed)
    plan, interrupted = _Plan.first(*X.shape), False
    try:
        rounds.say("first Newton step", 0.0)
        descent.improve(_WARM_UP)
        for turn in range(1, _MOST_ROUNDS):
            tick = partial(rounds.say, f"round {turn}")
            certifier = Certifier(
                X, y, H, confidence=1 - plan.risk * (1 - confidence), seed=_seed(seed, 2, turn), tick=tick
            )
            started = time.monotonic()
            rounds.add(*_one_round(certifier, descent, plan.sizes))
            took = time.monotonic() - started
            if plan.last or rounds.interval.relative_width <= tolerance:
                break
            enough = _SURELY * (rounds.interval.relative_width / tolerance) ** 2 if tolerance > 0 else np.inf
            if not plan.extend(took, certifier.draws.seconds, deadline - time.monotonic(), enough):
                break
    except KeyboardInterrupt:
        interrupted = True
    if rounds.best is None:
        zeros = np.zeros(len(y))
        return SupMargin(q, zeros, zeros, rounds.interval, 0, (), interrupted)
    q, found = rounds.best
    history = tuple(rounds.history)
    return SupMargin(q, found.z, found.z_error, rounds.interval, rounds.pairs, history, interrupted)


@dataclass
class _Plan:
    """How many draws the next round takes of each kind, the share of the risk it spends, and whether it is the last."""

    sizes: dict[str, int]
    risk: float = _EARLY_RISK / 2
    last: bool = False

    @classmethod
    def first(cls, n: int, dimension: int) -> "_Plan":
        # Operations of one anchor pair and one outer product, in float32 units (a float64 product counts twice).
        anchor, outer = n * (6 * dimension + 150) + 700 * dimension, 2 * n * n
        share = min(_CURVATURE * anchor / outer, _MOST_CURVATURE)
        return cls(_FIRST_ROUND | {"outer": int(share * _FIRST_ROUND["anchor"])})

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
        self.sizes = {kind: int(factor * size) for kind, size in self.sizes.items()}
        return True


def _one_round(certifier: Certifier, descent: Descent, sizes: dict[str, int]) -> tuple[np.ndarray, Certificate]:
    """Anchor at q, step to a better q by what the anchor showed, link to it, and certify."""
    g = certifier.anchor(descent.q, sizes["anchor"])
    descent.step(g, max(sizes["anchor"] // _HESSIAN, _WARM_UP))
    certifier.link(descent.q, sizes["link"])
    certifier.value(sizes["value"])
    certifier.curvature(sizes["outer"])
    return descent.q, certifier.finish()


def _seed(*parts: int) -> int:
    return int(np.random.SeedSequence(parts).generate_state(1)[0])


def _coordinates(X: Float64[np.ndarray, "n d"]) -> Float64[np.ndarray, "n r"]:
    """The rows in an orthonormal basis of their span: margins depend on inner products only."""
    _, values, basis = np.linalg.svd(np.linalg.qr(X, mode="r") if X.shape[0] > X.shape[1] else X, full_matrices=False)
    return np.asarray(X @ basis[values > 1e-13 * values[0]].T)
