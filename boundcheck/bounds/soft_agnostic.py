"""Any soft labels, followed by a field of bounded norm (theory: Any teacher).

The field is kappa v with ||v|| <= 1, so that B = kappa, and R* its average KL divergence from the labels.  The average
KL divergence of training is at most beta where

    sqrt( beta (1 - eta/4) - B^2/(2 eta T) )  >=  sqrt(R*) + B (concentration/sqrt(m) + q)/sqrt(8),

q the flip quantile at reach B.  With R* = 0 and B = 1 it is Theorem 2# (theory: KL risk).
"""

from dataclasses import dataclass

import sympy as sp

from boundcheck.bounds import symbols as s
from boundcheck.bounds.bound import Factor, Hypothesis, Point, point
from boundcheck.bounds.exact import to_float
from boundcheck.bounds.hypotheses import NETWORK, PROJECTED
from boundcheck.bounds.inversion import NoWidthError
from boundcheck.bounds.sharp import Schedule, SharpBound, rounded
from boundcheck.bounds.soft_sharp import Error, Q, chi_square_root
from boundcheck.errors import InputError

ANY_LABELS = Hypothesis("any soft labels p_i in [0, 1] and 0 < ||x_i|| <= 1; no margin is asked for")
FIELD = Hypothesis(
    "some field v with ||v|| <= B has average KL divergence R* < beta from the labels; v and B do not depend on W(0)",
    sp.Lt(s.field_risk, s.beta),
)
ROOM = s.beta * (1 - s.eta / 4) - s.kappa**2 * s.inverse_time
RMS = Error(chi_square_root(s.failure / 2), s.failure / sp.E)  # two events of probability delta_tot/2


@dataclass(frozen=True, kw_only=True)
class Agnostic(SharpBound):
    """The bound; beta, kappa = B and R* are free, eta = B sqrt(2/(beta T)) leaves the most room for T steps."""

    def schedule(self, point: Point) -> Schedule:
        """The steps asked for; raises NoWidthError where they leave no room above R*."""
        values = point.values
        if point.step_size is not None and point.step_size >= 4:
            raise InputError(f"{self.id}: step size {float(point.step_size):g} is not below 4")
        step_size = point.step_size or sp.Integer(0)
        if point.steps is not None and point.step_size is None:
            best = to_float(s.kappa * sp.sqrt(2 / s.beta), values) / point.steps**0.5
            step_size = rounded(min(best, 3.9))
        planned = Schedule.of(step_size, point.steps)
        if (
            ROOM.xreplace(values | {s.eta: planned.step_size, s.inverse_time: planned.inverse_time})
            <= values[s.field_risk]
        ):
            raise NoWidthError(
                f"{self.id}: these steps cost more than beta - R* at any width; take more, or shorter ones"
            )
        return planned


def floor_width(errors: sp.Expr) -> sp.Expr:
    """The m of equality in the condition with eta = inverse_time = 0, for a logit error kappa errors/sqrt(m)."""
    return s.kappa**2 * errors**2 / (8 * (sp.sqrt(s.beta) - sp.sqrt(s.field_risk)) ** 2)


soft_agnostic = Agnostic(
    id="soft-agnostic",
    labels="soft",
    loss="kl",
    title="Any teacher: KL risk on given labels",
    statement="The average over t < T of the KL risk R^KL(W(t)) on the given labels is at most beta.",
    quantifiers="for every data set, all labels and every B fixed beforehand, with probability at least 1 - delta_tot "
    "over W(0), for all step sizes eta < 4 and all T that satisfy the condition at once",
    source="theory: Any teacher (for R* = 0 it sharpens Mandal, Lin & Srikant, L4DC 2025, Theorem 2)",
    hypotheses=(NETWORK, PROJECTED, ANY_LABELS, FIELD),
    width=floor_width(RMS.hoeffding),
    failure=s.failure,
    radius=s.kappa,
    criterion="risk",
    factors=(
        Factor("1/8", sp.Rational(1, 8), "curvature of the KL divergence in the logit"),
        Factor("B^2", s.kappa**2, "the logit error of the comparator grows with the radius B = kappa"),
        Factor(
            "1/(sqrt(beta) - sqrt(R*))^2",
            (sp.sqrt(s.beta) - sp.sqrt(s.field_risk)) ** -2,
            "room between the target and what the field itself misses",
        ),
        Factor("E^2", RMS.hoeffding**2, "logit errors times sqrt(m)/B: concentration, expected flips, their deviation"),
    ),
    without=(
        ("any flips", floor_width(RMS.concentration)),
        ("concentration of the logits", floor_width(RMS.hoeffding - RMS.concentration)),
    ),
    vacuous=sp.Ge(s.beta, s.LN2),  # KL(p || 1/2) <= ln 2
    slack=sp.sqrt(ROOM) - sp.sqrt(s.field_risk) - s.kappa * RMS.exact(Q) / sp.sqrt(8),
    quantile_levels=((Q, RMS.level),),
    reach=s.kappa,
)


def width_to_follow(radius: float, field_risk: float, target: float, *, failure: float = 0.15) -> int:
    """The floor width at which training reaches KL `target`, for a field of norm <= `radius` and KL <= `field_risk`.

    Raises InputError unless 0 <= field_risk < target and the radius is positive.
    """
    at = point(
        gamma="0.5", eps="0.5", n=1, delta=failure / 3, logit_scale=radius, beta=target, field_risk=field_risk
    )  # neither gamma, eps nor n enters
    return soft_agnostic.row(at).width
