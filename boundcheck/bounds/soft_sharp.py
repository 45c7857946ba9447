"""Corollary 4#, soft labels at logit scale kappa (theory: Sharp soft bound).

The comparator is Wbar = W(0) + B a v / sqrt(m) with B = kappa.  Divided by kappa^2 the condition reads

    eps s rho (gamma - E'/(2 rho))_+^2 >= 1/(2 eta T) + E^2/(16 rho),   rho = 1 - eta/8,
    s = tanh(kappa gamma/2)/(2 kappa gamma),   E, E' = concentration/sqrt(m) + flips at reach kappa,

where E is the root mean square of the logit error and E' its mean over the misclassified weight.
"""

import math
from dataclasses import dataclass, replace

import sympy as sp

from boundcheck.bounds import symbols as s
from boundcheck.bounds.bound import Factor, Point
from boundcheck.bounds.exact import to_float
from boundcheck.bounds.hypotheses import MARGIN, NETWORK, PROJECTED, SCALED_SOFT_LABELS
from boundcheck.bounds.inversion import NoWidthError
from boundcheck.bounds.sharp import INVERSE_ROOT, Schedule, SharpBound, rounded
from boundcheck.errors import InputError

SOURCE = "theory: Sharp soft bound, Corollary 4# (sharpens Mandal, Lin & Srikant, L4DC 2025, Corollary 4)"
LOGIT = s.kappa * s.gamma
SLOPE = sp.tanh(LOGIT / 2) / (2 * LOGIT)  # s_g, at least 0.2449 for g <= 1/2
LEAST_SLOPE = SLOPE.subs(s.gamma, sp.Rational(1, 2))  # for every logit of the teacher
RHO = 1 - s.eta / 8
Q, Q_WRONG = sp.symbols("q q'", positive=True)


@dataclass(frozen=True)
class Error:
    """A bound of the logit error, `concentration`/sqrt(m) + flip quantile at failure probability `level`."""

    concentration: sp.Expr
    level: sp.Expr

    def exact(self, quantile: sp.Symbol) -> sp.Expr:
        """The error at width m, given its flip quantile."""
        return self.concentration * INVERSE_ROOT + quantile

    @property
    def hoeffding(self) -> sp.Expr:
        """sqrt(m) times the error when flips are counted by Hoeffding's inequality: no m in it."""
        return self.concentration + s.b * s.kappa + sp.sqrt(-sp.log(self.level))


def conditions(rms: sp.Expr, wrong: sp.Expr, slope: sp.Expr = SLOPE) -> sp.Expr:
    """Difference of the square roots of both sides of the condition: increases in m since both errors fall."""
    return sp.sqrt(s.eps * slope * RHO) * (s.gamma - wrong / (2 * RHO)) - sp.sqrt(s.inverse_time + rms**2 / (16 * RHO))


def chi(slope: sp.Expr) -> sp.Expr:
    """1/(2 sqrt(s)), between 1 and 1.0104 for logits up to 1/2."""
    return 1 / sp.sqrt(4 * slope)


def floor_width(rms: sp.Expr, wrong: sp.Expr, slope: sp.Expr = SLOPE) -> sp.Expr:
    """The m at which `conditions` with eta = inverse_time = 0 vanishes, for errors rms/sqrt(m) and wrong/sqrt(m)."""
    return (wrong + chi(slope) * rms / sp.sqrt(s.eps)) ** 2 / (4 * s.gamma**2)


@dataclass(frozen=True, kw_only=True)
class SoftSharp(SharpBound):
    """Either version of Corollary 4#: they differ in the two logit errors only."""

    rms: Error
    wrong: Error
    slope: sp.Expr = SLOPE

    def at_eps_margin(self) -> "SoftSharp":
        """See `Bound.at_eps_margin`: rows may have any logit there, so that the least slope counts."""
        return replace(
            self,
            slope=LEAST_SLOPE,
            width=floor_width(self.rms.hoeffding, self.wrong.hoeffding, LEAST_SLOPE),
            slack=conditions(self.rms.exact(Q), self.wrong.exact(Q_WRONG), LEAST_SLOPE),
        )

    def schedule(self, point: Point) -> Schedule:
        """The steps asked for; the step size that makes the width smallest where none is given."""
        if point.step_size is not None and point.step_size >= 8:
            raise InputError(f"{self.id}: step size {float(point.step_size):g} is not below 8")
        if point.steps is None:
            return Schedule.of(point.step_size or sp.Integer(0), None)
        return Schedule.of(point.step_size or self.best_step_size(point), point.steps)

    def best_step_size(self, point: Point) -> sp.Rational:
        """The step size in (0, 8) that minimises the width for T steps, to four digits (any other is valid too).

        Found with Hoeffding's flips, for which the condition is a quadratic in x = 1/sqrt(m).
        """
        from scipy.optimize import minimize_scalar

        assert point.steps is not None
        steps = point.steps
        gamma, eps, slope = (to_float(e, point.values) for e in (s.gamma, s.eps, self.slope))
        rms, wrong = (to_float(e.hoeffding, point.values) for e in (self.rms, self.wrong))

        def largest_x(log_eta: float) -> float:
            eta = math.exp(log_eta)
            rho = 1 - eta / 8
            # eps s rho (gamma - E' x/(2 rho))^2 = 1/(2 eta T) + E^2 x^2/(16 rho) as  A x^2 - 2 H x + C = 0
            A = eps * slope * wrong**2 / (4 * rho) - rms**2 / (16 * rho)
            H = eps * slope * gamma * wrong / 2
            C = eps * slope * rho * gamma**2 - 1 / (2 * eta * steps)
            return C / (H + math.sqrt(H**2 - A * C)) if C > 0 else C

        best = minimize_scalar(lambda t: -largest_x(t), bounds=(math.log(1e-9), math.log(7.99)), method="bounded")
        if best.fun >= 0:
            raise NoWidthError(f"{self.id}: {steps} steps are too few at any width; take more (--steps)")
        return rounded(math.exp(best.x))


def corollary(bound_id: str, title: str, errors: str, rms: Error, wrong: Error) -> SoftSharp:
    """Corollary 4# with these two logit errors."""
    return SoftSharp(
        id=bound_id,
        labels="soft",
        loss="kl",
        title=title,
        statement="The average over t < T of the error R(W(t)), the share of samples with y f <= 0, is at most eps.",
        quantifiers="for every data set, with probability at least 1 - delta_tot over W(0), for all step sizes "
        f"eta < 8 and all T that satisfy the condition at once; {errors}",
        source=SOURCE,
        hypotheses=(NETWORK, PROJECTED, MARGIN, SCALED_SOFT_LABELS),
        width=floor_width(rms.hoeffding, wrong.hoeffding),
        failure=s.failure,
        radius=s.kappa,
        factors=(
            Factor("1/4", sp.Rational(1, 4), "one half of the margin for E', curvature 1/8 of the KL divergence for E"),
            Factor("1/gamma^2", s.gamma**-2, "logit error must fall below the margin, and it falls like 1/sqrt(m)"),
            Factor("1/eps", 1 / s.eps, "the mean squared logit error of all samples against eps of them misclassified"),
            Factor(
                "(chi E + sqrt(eps) E')^2",
                (chi(SLOPE) * rms.hoeffding + sp.sqrt(s.eps) * wrong.hoeffding) ** 2,
                "logit errors times sqrt(m): concentration, expected flips kappa sqrt(2/pi), deviation of the flips",
            ),
        ),
        without=(
            ("any flips", floor_width(rms.concentration, wrong.concentration)),
            (
                "concentration of the logits, f^0(U) = z exactly",
                floor_width(rms.hoeffding - rms.concentration, wrong.hoeffding - wrong.concentration),
            ),
        ),
        slack=conditions(rms.exact(Q), wrong.exact(Q_WRONG)),
        quantile_levels=((Q, rms.level), (Q_WRONG, wrong.level)),
        reach=s.kappa,
        rms=rms,
        wrong=wrong,
    )


# each of the two events (concentration, flips) fails with probability at most delta_tot/2, by a union over samples
_SUP = Error(sp.sqrt(2 * sp.log(4 * s.n / s.failure)), s.failure / (2 * s.n))


def chi_square_root(level: sp.Expr) -> sp.Expr:
    """sqrt(x_d), x_d the root above 1 of x - 1 - ln x = 2 ln(1/d) (theory: Concentration)."""
    return sp.sqrt(-sp.LambertW(-(level**2) / sp.E, -1))


soft_sharp = corollary(
    "soft-sharp",
    "Corollary 4#, union over samples",
    "E = E' by a union over the n samples",
    _SUP,
    _SUP,
)
soft_sharp_nfree = corollary(
    "soft-sharp-nfree",
    "Corollary 4#, independent of n",
    "E and E' by exponential moments of the averages, so that n does not appear",
    Error(chi_square_root(s.failure / 4), s.failure / (2 * sp.E)),
    Error(chi_square_root(s.eps * s.failure / 4), s.eps * s.failure / 4),
)
