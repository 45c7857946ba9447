"""Hard labels: the logistic loss at temperature tau, and the perceptron loss.

See theory: Logistic loss, theory: Temperature, theory: Perceptron loss.

In units of tau (B, margins and step size divided by tau) the comparator's margin and the required one are

    M = B (gamma - alpha/sqrt(m) - q),   alpha = sqrt(2 ln(2n/delta)),   flips q at reach tau B,
    M >= eta/4 + w + 2(1-eps)/(2-eps) W0( ((2-eps)/eps) exp(-1-w) ),   w = B^2/(eta T eps),

the second being (H2) solved for M (its Lambert function eliminated; checked by SymPy in the tests).
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import sympy as sp
from flint import arb
from jaxtyping import Float64

from boundcheck.bounds import symbols as s
from boundcheck.bounds.bound import Factor, Hypothesis, Point, Values
from boundcheck.bounds.exact import ceiling, refined, to_float
from boundcheck.bounds.hypotheses import HARD_LABELS, MARGIN, NETWORK, PERCEPTRON, PROJECTED, TEMPERED
from boundcheck.bounds.inversion import NoWidthError, root
from boundcheck.bounds.sharp import INVERSE_ROOT, Schedule, SharpBound, rounded
from boundcheck.errors import InputError

Q = sp.Symbol("q", positive=True)
LEVEL = s.failure / (2 * s.n)
LOG = sp.log(2 * s.n / s.failure)
ALPHA = sp.sqrt(2 * LOG)
ALPHA_H = ALPHA + sp.sqrt(LOG)  # concentration and the deviation of Hoeffding's flips, times sqrt(m)
RATIO = (2 - s.eps) / s.eps
COST = 2 * s.inverse_time * s.B**2 / s.eps  # w = B^2/(eta T eps)
REQUIRED = s.eta / 4 + COST + 2 * (1 - s.eps) / (2 - s.eps) * sp.LambertW(RATIO * sp.exp(-1 - COST))
MARGIN_LEFT = s.gamma - ALPHA * INVERSE_ROOT - Q
FLOOR_MARGIN = REQUIRED.subs({s.eta: 0, s.inverse_time: 0})  # M_eps
SHARPENS = "(sharpens Mandal, Lin & Srikant, L4DC 2025, Proposition 5)"


@dataclass(frozen=True, kw_only=True)
class Logistic(SharpBound):
    """Logistic loss: the radius is free and chosen to make the width small."""

    def schedule(self, point: Point) -> Schedule:
        """The training asked for, with the radius (and step size) that makes the width small."""
        values = point.values
        unit = self.temperature.xreplace(values)
        step_size = None if point.step_size is None else point.step_size / unit
        if step_size is not None and step_size > 4:
            raise InputError(f"{self.id}: step size {float(step_size * unit):g} is above 4 temperatures")
        if self.is_closed(point):
            return Schedule.of(sp.Integer(0), None)
        planned = self._plan(values, step_size, point.steps)
        return planned if self.flips(point) == "hoeffding" else self._with_better_radius(values, planned)

    def _plan(self, values: Values, step_size: sp.Rational | None, steps: int | None) -> Schedule:
        """Radius and step size minimising the width with Hoeffding's flips, (B(alpha_H + b tau B)/(B gamma - M))^2."""
        from scipy.optimize import minimize

        gamma, alpha, eps = (to_float(e, values) for e in (s.gamma, ALPHA_H, s.eps))
        slope = to_float(s.b * self.reach / s.B, values | {s.B: sp.Integer(1)})
        free_step = step_size is None and steps is not None

        def log_width(at: Float64[np.ndarray, " k"]) -> float:
            B = math.exp(at[0])
            eta = math.exp(at[1]) if free_step else float(step_size or 0)
            if eta > 4:
                return 1e3 + eta
            cost = B**2 / (eta * steps * eps) if steps is not None else 0.0
            excess = B * gamma - required_margin(eta, cost, eps)
            return math.log(B * (alpha + slope * B) / excess) if excess > 0 else 1e3 - excess

        start = math.log(4 * required_margin(0.0, 0.0, eps) / gamma)
        begin = np.array([start, math.log(0.5)] if free_step else [start])
        best = minimize(log_width, begin, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-9, "maxiter": 600})
        if best.fun >= 1e3:
            raise NoWidthError(f"{self.id}: {steps} steps are too few at any width; take more (--steps)")
        eta_exact = rounded(math.exp(best.x[1])) if free_step else (step_size or sp.Integer(0))
        return Schedule.of(eta_exact, steps, rounded(math.exp(best.x[0])))

    def _with_better_radius(self, values: Values, planned: Schedule) -> Schedule:
        """A radius closer to the best one for Chernoff's flips: the slack at the width reached is maximised, twice."""
        from scipy.optimize import minimize_scalar

        def missing(log_radius: float, width: float) -> float:
            trial = replace(planned, radius=rounded(math.exp(log_radius)))
            slack = self.slack_function(values, trial, "kl")
            return -float(refined(lambda: slack(arb(width))).mid())

        schedule, width = planned, to_float(self.width, values)
        for _ in range(2):
            width = root(self.slack_function(values, schedule, "kl"), width)
            near = math.log(to_float(s.B, {s.B: schedule.radius}))
            best = minimize_scalar(
                missing, args=(width,), bounds=(near - 0.7, near + 0.7), method="bounded", options={"xatol": 1e-3}
            )
            schedule = replace(planned, radius=rounded(math.exp(best.x)))
        return schedule


def required_margin(step_size: float, cost: float, eps: float) -> float:
    """REQUIRED as a float, for planning."""
    from scipy.special import lambertw

    ratio = (2 - eps) / eps
    return float(step_size / 4 + cost + 2 * (1 - eps) / (2 - eps) * lambertw(ratio * math.exp(-1 - cost)).real)


def logistic(bound_id: str, title: str, tau: sp.Expr, hypotheses: tuple[Hypothesis, ...], section: str) -> Logistic:
    """The bound at temperature tau; flips are counted at reach tau B."""
    need, flips = s.b * tau * FLOOR_MARGIN, ALPHA_H * s.gamma
    return Logistic(
        id=bound_id,
        labels="hard",
        loss="logistic",
        title=title,
        statement="The average over t < T of the error R(W(t)), the share of samples with y f <= 0, is at most eps.",
        quantifiers="for every data set and every B fixed beforehand, with probability at least 1 - delta_tot over "
        "W(0), for all step sizes eta <= 4 tau and all T that satisfy the condition at once",
        source=section,
        hypotheses=(NETWORK, PROJECTED, MARGIN, HARD_LABELS, *hypotheses),
        width=(sp.sqrt(need) + sp.sqrt(need + flips)) ** 4 / s.gamma**4,
        failure=s.failure,
        radius=(s.gamma * sp.sqrt(s.m) - ALPHA_H) / (2 * s.b),  # B*: half of the margin is lost to flips
        factors=(
            Factor("1/gamma^4", s.gamma**-4, "B must reach |f| ~ tau M_eps on margin gamma, and flips grow with B"),
            Factor(
                "(sqrt(b tau M_eps) + sqrt(b tau M_eps + alpha gamma))^4",
                (sp.sqrt(need) + sp.sqrt(need + flips)) ** 4,
                "margin M_eps that the loss asks for, and alpha = (1 + sqrt 2) sqrt(ln(2n/delta)) for concentration",
            ),
        ),
        without=(
            ("any flips (the radius is then free)", ALPHA**2 / s.gamma**2),
            ("concentration and the deviation of the flips", 16 * need**2 / s.gamma**4),
        ),
        slack=s.B * MARGIN_LEFT - REQUIRED,
        quantile_levels=((Q, LEVEL),),
        reach=tau * s.B,
        temperature=tau,
        default_flips="hoeffding",
    )


hard_sharp = logistic(
    "hard-sharp", "Theorem (H2): logistic loss", sp.Integer(1), (), f"theory: Logistic loss {SHARPENS}"
)
hard_tempered = logistic(
    "hard-tempered", "Theorem (H2) at temperature tau", s.tau, (TEMPERED,), f"theory: Temperature {SHARPENS}"
)


@dataclass(frozen=True, kw_only=True)
class Perceptron(SharpBound):
    """Perceptron loss at B = 1: eta = gamma/2 and T = 4/(gamma^2 eps) unless asked otherwise."""

    def at_eps_margin(self) -> "Perceptron":
        """See `Bound.at_eps_margin`: the same statement."""
        return self

    def schedule(self, point: Point) -> Schedule:
        """The training asked for, completed so that  margin left >= eta/2 + 1/(2 eta T eps)  is easiest."""
        values = point.values
        if point.steps is None and point.step_size is None:
            return Schedule.of(values[s.gamma] / 2, ceiling(self.steps, values))
        if point.steps is None:
            return Schedule.of(point.step_size, None)
        # eta/2 + 1/(2 eta T eps) is smallest at eta = 1/sqrt(T eps)
        best = rounded(float(point.steps * values[s.eps]) ** -0.5)
        return Schedule.of(point.step_size or best, point.steps)


def perceptron(bound_id: str, title: str, log: sp.Expr, named: str) -> Perceptron:
    """The bound whose concentration and flips each fail with probability e^-log, at every row or on eps of them."""
    concentration = sp.sqrt(2 * log)
    hoeffding = concentration + sp.sqrt(log)
    return Perceptron(
        id=bound_id,
        labels="hard",
        loss="perceptron",
        title=title,
        statement="The average over t < T of the error R(W(t)), the share of samples with y f <= 0, is at most eps.",
        quantifiers="for every data set, with probability at least 1 - delta_tot over W(0), for all step sizes and "
        "all T that satisfy the condition at once",
        source=f"theory: Perceptron loss {SHARPENS}",
        hypotheses=(NETWORK, PROJECTED, MARGIN, HARD_LABELS, PERCEPTRON),
        width=4 * (hoeffding + s.b) ** 2 / s.gamma**2,
        failure=s.failure,
        radius=sp.Integer(1),
        steps=4 / (s.gamma**2 * s.eps),
        step_size=s.gamma / 2,
        factors=(
            Factor("4", sp.Integer(4), "half of the margin is kept for the steps"),
            Factor("1/gamma^2", s.gamma**-2, "logit error must fall below the margin, and it falls like 1/sqrt(m)"),
            Factor(
                "(alpha + b)^2",
                (hoeffding + s.b) ** 2,
                f"alpha = (1 + sqrt 2) sqrt({named}), expected flips b",
            ),
        ),
        without=(
            ("any flips", 4 * concentration**2 / s.gamma**2),
            ("paying for the steps: half of the margin is kept", (hoeffding + s.b) ** 2 / s.gamma**2),
        ),
        slack=s.gamma - concentration * INVERSE_ROOT - Q - s.eta / 2 - s.inverse_time / s.eps,
        quantile_levels=((Q, sp.exp(-log)),),
    )


hard_perceptron = perceptron("hard-perceptron", "Perceptron loss, B = 1", LOG, "ln(2n/delta)")
hard_perceptron_nfree = perceptron(
    "hard-perceptron-nfree", "Perceptron loss, B = 1, independent of n", sp.log(2 / (s.eps * s.failure)),
    "ln(2/(eps delta))",
)  # fmt: skip
