"""The sup-norm margin in rounds: improve q on fresh draws, certify it on these very draws, and again with more."""

import math
import time
import warnings
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from jaxtyping import Float64

from boundcheck.errors import BoundcheckWarning
from boundcheck.margins.certificate import CertifiedMargin, Certifier
from boundcheck.margins.descent import Descent
from boundcheck.margins.problem import MarginProblem
from boundcheck.numerics import derived_seed
from boundcheck.progress import SILENT, Progress
from boundcheck.records import Interval
from boundcheck.records.margin import Moment

# Operations (float32) behind the draws of the first round, and of all rounds by default.
_FIRST_OPERATIONS, _ALL_OPERATIONS, _FEWEST, _MOST = 3e11, 7.5e12, 1 << 12, 1 << 16
_OVERHEAD = 2e4  # operations that a draw costs whatever its size
_HESSIAN, _MOST_HESSIAN = 1 / 8, 1 << 15  # pairs for the Hessian, as a share of the draws and at most
_LOOKS = 2  # Newton steps on the very draws of a round at least; more where they cost at most half of the round
_WARM_UP = 1 << 12  # pairs of the first Newton step, and of any Hessian at least
_GROWTH = 24.0
_LADDER = 2.0**0.125  # sizes that a clock decides are powers of this, so small changes of speed rarely matter
_EARLY_RISK = 0.1  # share of the risk that all rounds but the last may spend
_SURELY = 1.5  # safety factor on the draws that the tolerance asks for, by the 1/sqrt(draws) rule
_LAST = 2.0  # a round has at least this times the draws of the one before, or is not begun
_PUNCTUAL = 0.92  # share of the time left that a round may be predicted to take
_DISAGREE = (
    "two rounds of draws gave disjoint intervals for gamma: one of them missed it, as happens with the risk stated; "
    "the interval printed covers both. Another --seed draws afresh; if it happens again, please report it"
)


@dataclass(frozen=True, eq=False)
class SupMargin:
    """q: (n,) in the simplex; z: (n,) logits E[v.phi_i], each within z_error at once.

    samples: drawn for all ends.  draws: the limit on the draws of all rounds that gives these very numbers again.
    """

    q: Float64[np.ndarray, " n"]
    z: Float64[np.ndarray, " n"]
    z_error: Float64[np.ndarray, " n"]
    margin: Interval
    samples: int
    draws: int = 0
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
    best: tuple[np.ndarray, CertifiedMargin] | None = None
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

    def add(self, q: np.ndarray, found: CertifiedMargin, *, again: bool = False) -> None:
        """again: the last round has another share of the risk."""
        if again:
            self.found.pop()
            self.history.pop()
        else:
            self.samples += found.samples
        if again or self.best is None or found.margin.lower >= self.interval.lower:
            self.best = (q, found)
        self.found.append(found.margin)
        reached = self.interval
        self.history.append(Moment(time.monotonic() - self.started, reached.lower, reached.upper))

    def say(self, what: str, share: float) -> None:
        width = f"{100 * self.interval.relative_width:.2g} %" if self.best else "not yet"
        reached = f"gamma in [{self.interval.lower:.5g}, {self.interval.upper:.5g}] ({width})"
        self.progress.update(f"{reached}; {what}", share, 1.0)


def sup_margin(
    problem: MarginProblem,
    q: Float64[np.ndarray, " n"],
    outer: Interval,
    *,
    confidence: float,
    tolerance: float,
    seed: int,
    draws: int | None = None,
    deadline: float = float("inf"),
    progress: Progress = SILENT,
) -> SupMargin:
    """Rounds until the interval is narrower than `tolerance` (relative) or `draws` are spent, or until Ctrl-C.

    q: where to begin (the RKHS optimum).  draws: for the lower end, in all rounds; by default n and the dimension fix
    them.  deadline: of the monotonic clock; a round predicted to end later is not begun.  The rounds share the risk
    1 - confidence: nine tenths for the last one, which draws and deadline name and no result does; a tenth for all
    the others.
    """
    rounds = _Rounds(outer, confidence, time.monotonic(), progress)
    problem = problem.spanned()
    descent = Descent(problem, q, seed)
    plan, interrupted = _Plan.first(problem.n, problem.X.shape[1], draws), False
    try:
        rounds.say("first Newton step", 0.0)
        descent.improve(_WARM_UP)
        now = time.monotonic()
        going = now + (now - rounds.started) < deadline
        while going:
            turn, started = len(rounds.found) + 1, now
            certifier = Certifier(
                problem,
                draws=plan.draws,
                pairs=plan.size(plan.pairs),
                seed=derived_seed(seed, 2, turn),
                tick=partial(rounds.say, f"round {turn}"),
            )
            descent.refine(certifier.glance, plan.looks, min(plan.size(_HESSIAN), _MOST_HESSIAN))
            drawn = certifier.draw(descent.q)
            rounds.add(descent.q, drawn.certificate(1 - plan.risk * (1 - confidence)))
            plan.end(rounds.interval.relative_width <= tolerance)
            if rounds.disagree:
                warnings.warn(_DISAGREE, BoundcheckWarning, stacklevel=2)
            if plan.last or rounds.disagree or rounds.interval.relative_width <= tolerance:
                break
            enough = _SURELY * (rounds.interval.relative_width / tolerance) ** 2 if tolerance > 0 else np.inf
            now = time.monotonic()
            rest = now - started - certifier.sample.seconds
            room = _PUNCTUAL * (deadline - now - rest) / certifier.sample.seconds
            going = plan.extend(enough, room)
            if not going:  # so this was the last one
                plan.repeat = plan.spent
                rounds.add(descent.q, drawn.certificate(1 - (1 - _EARLY_RISK) * (1 - confidence)), again=True)
    except KeyboardInterrupt:
        interrupted = True
    if rounds.best is None:
        return SupMargin(q, np.zeros(problem.n), np.zeros(problem.n), outer, 0, interrupted=interrupted)
    q, found = rounds.best
    repeat = 0 if interrupted else plan.repeat  # what a person ended may have been chosen by its result
    return SupMargin(
        q, found.z, found.z_error, rounds.interval, rounds.samples, repeat, tuple(rounds.history), interrupted
    )


@dataclass
class _Plan:
    """The next round: its draws, looks at them, pairs for the upper end a draw, share of the risk; is it the last?

    budget: draws of all rounds.  spent: of those that ended.  repeat: the budget with which they come again.
    """

    draws: int
    budget: int
    looks: int = _LOOKS
    pairs: float = 0.5
    risk: float = _EARLY_RISK / 2
    last: bool = False
    spent: int = 0
    repeat: int = 0

    @classmethod
    def first(cls, n: int, dimension: int, budget: int | None) -> "_Plan":
        # Operations of one draw, where a product of float64 counts twice: all, and at a glance.
        operations, glance = n * n + 10 * n * dimension + 100 * dimension, 4 * n * dimension + 100 * dimension
        draws = int(np.clip(_FIRST_OPERATIONS / operations, _FEWEST, _MOST))
        if budget is None:
            budget = draws + int(_ALL_OPERATIONS / (operations + _OVERHEAD))
        plan = cls(draws, budget, max(_LOOKS, operations // (2 * glance)), operations / (5 * glance))
        plan._close(draws, budget)
        return plan

    def size(self, multiple: float) -> int:
        """Of a sample that has this multiple of the draws, or a few more."""
        return max(int(multiple * self.draws), _WARM_UP)

    def end(self, enough: bool) -> None:
        """The round has ended.  A round that was not the last one comes again if another one would fit."""
        self.spent += self.draws
        self.repeat = self.spent if self.last or not enough else self.spent + math.ceil(_LAST * self.draws)

    def extend(self, enough: float, room: float) -> bool:
        """Plan a round `_GROWTH` times as long, or `enough` times; False: neither budget nor clock leave room for one.

        enough, room: what the tolerance asks for and what the time left allows, as multiples of this round's draws.
        Every round is at least _LAST times the one before, and if the budget leaves no room for another one after it,
        it is the last and takes what is left: so a budget of what was spent plans the same rounds again.
        """
        left = self.budget - self.spent
        if room < _GROWTH * (1 + _LAST):
            left = min(left, int(_LADDER ** np.floor(np.log(max(room, 0.1)) / np.log(_LADDER)) * self.draws))
        if left < _LAST * self.draws:
            return False
        longer, needed = (int(max(_LAST, min(most, enough)) * self.draws) for most in (_GROWTH, 1e9))
        self.risk /= 2
        self._close(longer, left, needed)
        return True

    def _close(self, longer: int, left: int, needed: int | None = None) -> None:
        """The next round has `longer` draws, or is the last one."""
        self.last = left - longer < _LAST * longer
        self.draws = min(left, left if needed is None else needed) if self.last else longer
        if self.last:
            self.risk = 1 - _EARLY_RISK
