"""Claims about soft labels: Theorem 2 and Corollary 4, widths, steps and quantifiers.

See theory: KL risk, theory: Published soft bound.
"""

from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb

from boundcheck.audit.check import checked, identity, positive, positive_on, simulated
from boundcheck.audit.claim import Claim
from boundcheck.audit.descent import descend
from boundcheck.bounds import mandal2025 as paper
from boundcheck.bounds import symbols as s
from boundcheck.bounds.exact import ball, ceiling, enclose
from boundcheck.proofs.functions import HALF, at, divergence_ratio, kl, sigmoid, tanh_ratio
from boundcheck.proofs.lemmas import BREGMAN, CONCENTRATION, FLIPS, PINSKER
from boundcheck.proofs.lemmas import f as _f
from boundcheck.proofs.soft import PER_SAMPLE
from boundcheck.records.audit import Check

C1 = enclose(paper.C1, {})
C2 = enclose(paper.C2, {})


def theorem_2_width(*, slope: Fraction = Fraction(1, 3), horizon: Fraction = Fraction(9)) -> tuple[Check, ...]:
    """(6) with eta = slope beta, T = horizon/beta^2 implies (7): Theorem 2# with E_m <= b + (1 + sqrt 2) s."""

    def spare(beta: arb) -> arb:
        # [1/(2 eta T) + E^2/(8m)] / (1 - eta/4) over beta, with E^2/m <= beta/C1
        return 1 - (1 / (2 * ball(slope * horizon)) + 1 / (8 * C1)) / (1 - beta * ball(slope) / 4)

    return (
        positive_on("1 - (bound of (7))/beta on beta in [0, 1]", spare, [(0, 1)]),
        *checked(BREGMAN + PINSKER + CONCENTRATION + FLIPS),
        positive("E_m = b + (1 + sqrt 2) s <= b/c + 3 s", 2 - ball(2).sqrt()),
    )


def theorem_2_quantifier(*, ratio: Fraction = Fraction(1, 50), long_enough: bool = False) -> tuple[Check, ...]:
    """x = +-1, beta = .02, T = 9/beta^2, printed width at delta = .3, eta = ratio beta/3: average KL above beta.

    long_enough: T = 3/(eta beta) instead, the repair (the counterexample then fails).
    """
    beta, tiny = Fraction(1, 50), Fraction(1, 10**4)
    width = ceiling(paper.soft_kl.width, {s.beta: beta, s.c: 1, s.n: 2, s.delta: sp.Rational(3, 10)})
    steps = int(9 / beta**2)
    X, y = np.array([[1.0], [-1.0]]), np.array([1.0, -1.0])
    run = descend(X, y, y / 2, loss="kl", width=width, step_size=float(ratio * beta / 3), steps=steps)
    moved = min(3 / beta if long_enough else tiny * beta / 3 * steps, HALF)  # eta T; KL decreases in f up to z = 1/2
    risk = kl(sp.Rational(1, 2), sp.Rational(moved))
    return (
        simulated(
            f"m = {width}, T = {steps}, eta = {float(ratio):g} beta/3: average KL - beta",
            run.average_risk - float(beta),
        ),
        positive(
            "every m, eta = 10^-4 beta/3: |f| <= ||W - W(0)||_F <= eta T, so KL stays above beta",
            at(risk) - ball(beta),
        ),
        positive_on(
            "T >= 3/(eta beta) repairs it for every eta <= beta/3",
            lambda b: 1 - (ball(Fraction(1, 6)) + 1 / (8 * C1)) / (1 - b / 12),
            [(0, 1)],
        ),
    )


def corollary_4_width(*, factor: Fraction = Fraction(32)) -> tuple[Check, ...]:
    """(10) is (6) at beta = gamma^2 eps/factor, which Lemma 3 turns into an error of eps."""
    needed = {s.beta: s.gamma**2 * s.eps / sp.Rational(factor), s.kappa: 1}
    return (
        identity(
            "C2 = 32 C1: (6) at beta = gamma^2 eps/32 is (10)",
            paper.soft_kl.width.subs(needed),
            paper.soft.width.subs(s.kappa, 1),
        ),
    )


def corollary_4_steps(*, missing: tuple[int, int] = (32, 1024)) -> tuple[Check, ...]:
    """Theorem 2 at beta = gamma^2 eps/32 asks for eta <= gamma^2 eps/96 and T >= 9216/(gamma^4 eps^2)."""
    needed = {s.beta: s.gamma**2 * s.eps / 32}
    step, steps = (s.beta / 3).subs(needed), (9 / s.beta**2).subs(needed)
    printed_step, printed_steps = s.gamma**2 * s.eps / 3, 9 / (s.gamma**4 * s.eps**2)
    return (
        identity("printed eta over that of Theorem 2", printed_step / step, sp.Integer(missing[0])),
        identity("T of Theorem 2 over the printed T", steps / printed_steps, sp.Integer(missing[1])),
        positive_on(
            "with the printed ones the optimisation term alone, (1/D)/(2 eta T) = gamma^2 eps/(6 D), exceeds eps",
            lambda g: 1 / (6 * divergence_ratio(g)) - 1,
            [(0, HALF)],
        ),
    )


def wedge(angle: arb) -> tuple[arb, arb]:
    """(gamma, K12) of two unit vectors at this angle with opposite labels, v = s_q/||s_q|| at q = (1/2, 1/2)."""
    pi = arb.pi()
    gamma = (pi - angle) / (2 * pi) * (angle / 2).sin() + angle / (2 * pi)
    return gamma, angle.cos() * (pi - angle) / (2 * pi)


def corollary_4_quantifier(
    *, angle: Fraction = Fraction(1, 6), eps: Fraction = Fraction(1, 20), majority: int = 9
) -> tuple[Check, ...]:
    """`majority` points at one place (+1), one at `angle` pi (-1): for small eta the last is wrong throughout."""
    gamma, K12 = wedge(arb.pi() * ball(angle))
    small = ball(Fraction(1, 100))  # |f| <= eta T <= small, and the kernel of W(0) is within small of its limit
    p, moved = (at(sigmoid(_f), f=f) for f in (gamma, small))
    pushed, held = majority * (K12 - small) * (p - moved), (ball(HALF) + small) * (moved - (1 - p))
    log = (ball(6) * (majority + 1)).log()  # ln(2n/delta) at delta = 1/3, the smallest printed width
    width = C2 / (gamma**2 * ball(eps)) * ((2 / arb.pi()).sqrt() + 3 * log.sqrt()) ** 2
    share = Fraction(1, majority + 1)
    return (
        positive("every step moves the minority's logit the wrong way, as long as |f| <= .01", pushed - held),
        positive("share of wrong samples - eps", ball(share) - ball(eps)),
        positive(
            "4 exp(-m/10^4) < 10^-9 at the printed width (Hoeffding)",
            ball(Fraction(1, 10**9)) - 4 * (-width / 10**4).exp(),
        ),
        _stuck_minority(),
    )


def _stuck_minority(*, eps: float = 0.24, slowness: float = 0.0056, width: int = 600) -> Check:
    """Three points at angle 0 (+1), one at 45 degrees (-1): the printed T, eta = slowness gamma^2 eps/3."""
    gamma = float(wedge(arb.pi() / 4)[0].mid())
    X = np.array([[1.0, 0.0]] * 3 + [[np.sqrt(0.5), np.sqrt(0.5)]])
    y = np.array([1.0, 1.0, 1.0, -1.0])
    steps, step_size = int(np.ceil(9 / (gamma**4 * eps**2))), slowness * gamma**2 * eps / 3
    run = descend(X, y, gamma * y, loss="kl", width=width, step_size=step_size, steps=steps)
    return simulated(
        f"3 + 1 points at 45 degrees, gamma = {gamma:.4f}, eps = {eps}, m = {width}, T = {steps}: average error - eps",
        run.average_error - eps,
    )


def corollary_4_direct(
    *, steps: tuple[Fraction, Fraction] = (Fraction(243, 1000), Fraction(1, 3))
) -> tuple[Check, ...]:
    """(11) without KL for eta = k gamma^2 eps, k in `steps`, and the printed T and m."""

    def spare(gamma: arb, root_eps: arb, k: arb) -> arb:
        # [eps s rho (gamma - E/(2 rho sqrt m))^2 - 1/(2 eta T) - E^2/(16 rho m)]/(gamma^2 eps), E^2/m <= gamma^2 eps/C2
        rho = 1 - k * gamma**2 * root_eps**2 / 8
        left = tanh_ratio(gamma / 2) / 4 * rho * (1 - root_eps / (2 * rho * C2.sqrt())) ** 2
        return left - 1 / (18 * k) - 1 / (16 * rho * C2)

    return (
        positive_on(
            "direct bound - required, over gamma in [0, 1/2], sqrt(eps) in [0, 1] and k in the range",
            spare,
            [(0, HALF), (0, 1), steps],
        ),
        *checked(PER_SAMPLE),
    )


_SHARP = (
    "Regret (R) with F1 and Pinsker: (1 - eta/4) average KL <= 1/(2 eta T) + E_m^2/(8m) (Theorem 2#). E_m: Lemma 6 "
    "gives sqrt 2 s, s = sqrt(ln(2n/delta)); flips, by pairs, sqrt m (erf(1/sqrt(2m)) + s/sqrt m) <= b + s. "
)

CLAIMS = (
    Claim(
        "theorem-2-width",
        "(6)-(7), Theorem 2",
        "m >= (C1/beta)(b/c + 3 sqrt(ln(2n/delta)))^2, eta = beta/3, T = 9/beta^2 => average KL <= beta",
        "m >= E_m^2/(8 beta (1 - eta/4 - 1/(2 eta T beta))), any eta < 4: at least 91 times smaller",
        "holds with a different proof",
        "proved",
        _SHARP + "Two events of probability delta each are used, the statement allows three.",
        theorem_2_width,
    ),
    Claim(
        "theorem-2-quantifier",
        "(6)-(7), Theorem 2",
        "average KL <= beta for every T >= 9/beta^2 and every eta <= beta/3",
        "T >= 3/(eta beta): equals 9/beta^2 at eta = beta/3 and grows as eta shrinks",
        "quantifier false",
        "refuted",
        "With eta T small the network has not moved: KL stays at D(1/2) = .0303 > beta = .02 whatever m is. " + _SHARP,
        theorem_2_quantifier,
    ),
    Claim(
        "corollary-4-width",
        "(10), Corollary 4",
        "C2 = 32 C1",
        "as printed, given Theorem 2 at beta = gamma^2 eps/32 with its eta and T",
        "holds",
        "proved",
        "Substitution; Theorem 2 (claim theorem-2-width) and Lemma 3 do the rest.",
        corollary_4_width,
    ),
    Claim(
        "corollary-4-steps",
        "Corollary 4",
        "eta <= gamma^2 eps/3 and T >= 9/(gamma^4 eps^2), from Theorem 2 and Lemma 3",
        "eta <= gamma^2 eps/96 and T >= 9216/(gamma^4 eps^2)",
        "constant not implied",
        "refuted",
        "Factors 32 and 1024 were lost in the substitution; even the sharp Lemma 3 leaves 4/3 eps with what is "
        "printed.",
        corollary_4_steps,
    ),
    Claim(
        "corollary-4-quantifier",
        "(11), Corollary 4",
        "average error <= eps for every eta <= gamma^2 eps/3 and T >= 9/(gamma^4 eps^2)",
        "true for eta in [.243, .333] gamma^2 eps (claim corollary-4-direct), false for small eta",
        "quantifier false",
        "refuted",
        "Fix W(0); almost surely no W_j(0).x_i is 0, so for eta small enough nothing flips within the printed T and "
        "|f| <= eta T <= .01. Then f moves by eta K_m r with K_m near its limit: the one -1 point is wrong at every t.",
        corollary_4_quantifier,
    ),
    Claim(
        "corollary-4-direct",
        "(11), Corollary 4",
        "average error <= eps for eta = gamma^2 eps/3, T >= 9/(gamma^4 eps^2) and m as in (10)",
        "as printed at that eta, and for eta in [.243, .333] gamma^2 eps; not through the KL risk",
        "holds with a different proof",
        "proved",
        "Per sample, with |F - z| <= e, rho = 1 - eta/8, t = tanh(g/2), s_g = t/(2g): the bracket of the regret is at"
        " least -e^2/(16 rho) + 1[y f <= 0] s_g rho (g - e/(2 rho))_+^2. Averaging, by Jensen: "
        "err s_g rho (gamma - E/(2 rho sqrt m))^2 <= 1/(2 eta T) + E^2/(16 rho m).",
        corollary_4_direct,
    ),
)
