"""Derivations of the soft-label bounds, step by step (theory: Regret and what follows it)."""

import sympy as sp

from boundcheck.bounds import mandal2025, soft_agnostic, soft_sharp
from boundcheck.bounds import symbols as s
from boundcheck.proofs.checks import Argument, Identity, Positive, Step
from boundcheck.proofs.functions import sigmoid, softplus
from boundcheck.proofs.lemmas import BREGMAN, CONCENTRATION, FLIPS, HALF, MEAN_SQUARE, PINSKER, REGRET, g, p, z

u, w, r, e, D = sp.symbols("u w r e D", positive=True)
rho = sp.Symbol("rho", positive=True)
F = sp.Symbol("F", real=True)
RMS, WRONG = sp.symbols("E E'", positive=True)
ONE = sp.Integer(1)

PER_SAMPLE: tuple[Step, ...] = (
    *BREGMAN,
    Identity(
        "every sample: D(f-F) - (eta/2) D^2 >= 4 rho D^2 - |D| e >= -e^2/(16 rho), D = mu(f) - mu(z), |F-z| <= e, "
        "rho = 1 - eta/8",
        4 * rho * D**2 - D * e + e**2 / (16 * rho),
        (2 * sp.sqrt(rho) * D - e / (4 * sp.sqrt(rho))) ** 2,
    ),
    Identity(
        "misclassified samples: with |D| = r u, u = |f-z|, w = e/rho the same quantity plus e^2/(16 rho) is "
        "rho (r(u - w/2)^2 + w^2(1/16 - r/4)), and r <= 1/4",
        r * (u**2 - u * w) + w**2 / 16,
        r * (u - w / 2) ** 2 + w**2 * (sp.Rational(1, 16) - r / 4),
    ),
    Identity(
        "(u - w/2)^2/u increases for u > w/2, so u = g, the teacher's margin, is the worst case",
        sp.diff((u - w / 2) ** 2 / u, u),
        (u - w / 2) * (u + w / 2) / u**2,
    ),
    Identity(
        "there |D| >= sigmoid(g) - 1/2 = tanh(g/2)/2: the gain is s_g rho (g - w/2)^2, s_g = tanh(g/2)/(2g)",
        sigmoid(g) - HALF,
        sp.tanh(g / 2) / 2,
    ),
)

BUDGET: tuple[Step, ...] = (
    Argument(
        "averaging over samples and steps (Jensen over the misclassified weight): more than eps misclassified would "
        "need eps s rho (gamma - E'/(2 rho))^2 < 1/(2 eta T) + E^2/(16 rho), all divided by kappa^2",
        "theory: Sharp soft bound",
    ),
    Identity(
        "as eta -> 0 and eta T -> infinity, errors E/sqrt(m) and E'/sqrt(m) meet this at the closed form",
        soft_sharp.conditions(RMS, WRONG)
        .subs({s.eta: 0, s.inverse_time: 0})
        .subs({RMS: RMS / sp.sqrt(s.m), WRONG: WRONG / sp.sqrt(s.m)}, simultaneous=True)
        .subs(s.m, soft_sharp.floor_width(RMS, WRONG)),
        sp.Integer(0),
    ),
)

SHARP: tuple[Step, ...] = (*REGRET, *FLIPS, *CONCENTRATION, *PER_SAMPLE, *BUDGET)
SHARP_NFREE: tuple[Step, ...] = (*REGRET, *FLIPS, *CONCENTRATION, *MEAN_SQUARE, *PER_SAMPLE, *BUDGET)

THEOREM_2: tuple[Step, ...] = (
    *REGRET,
    *FLIPS,
    *CONCENTRATION,
    *BREGMAN,
    *PINSKER,
    Argument(
        "(D^2 <= KL/2, KL <= e^2/8) the average KL risk times (1 - eta/4) is at most 1/(2 eta T) + E^2/(8m)",
        "theory: KL risk",
    ),
    Positive(
        "E <= b + (1 + sqrt 2) sqrt(ln(2n/delta)) at total failure 2 delta, below the printed "
        "b/c + 3 sqrt(ln(2n/delta)): 3 - 1 - sqrt 2 >= 0 and c <= 1",
        3 - 1 - sp.sqrt(2),
        {},
    ),
    Positive(
        "so E^2/(8m) <= beta/(8 C1) at the printed width, and eta = beta/3, T >= 9/beta^2 leave room: "
        "1 - beta/12 - 1/6 - 1/(8 C1) >= 0",
        1 - s.beta / 12 - sp.Rational(1, 6) - 1 / (8 * mandal2025.C1),
        {s.beta: (sp.Integer(0), ONE)},
    ),
)

RISK = s.field_risk
AGNOSTIC: tuple[Step, ...] = (
    *REGRET,
    *FLIPS,
    *CONCENTRATION,
    *MEAN_SQUARE,
    *BREGMAN,
    *PINSKER,
    Identity(
        "for any label p: KL(p||mu(F)) - KL(p||mu(z)) is the Bregman divergence of F and z, at most (F - z)^2/8, plus "
        "(mu(z) - p)(F - z)",
        (softplus(F) - p * F) - (softplus(z) - p * z),
        (softplus(F) - softplus(z) - sigmoid(z) * (F - z)) + (sigmoid(z) - p) * (F - z),
    ),
    Argument(
        "by Cauchy-Schwarz and Pinsker the mean of |mu(z_i) - p_i| e_i is at most sqrt(R*/2) rms(e), e = |F - z|",
        "theory: Any teacher",
    ),
    Identity(
        "the sum of the three is a square: R* + sqrt(R*/2) e + e^2/8 = (sqrt(R*) + e/sqrt(8))^2, e = rms(e)",
        RISK + sp.sqrt(RISK / 2) * e + e**2 / 8,
        (sp.sqrt(RISK) + e / sp.sqrt(8)) ** 2,
    ),
    Argument(
        "(D^2 <= KL/2 for any p) the average KL risk times (1 - eta/4) is at most B^2/(2 eta T) plus that square",
        "theory: Any teacher",
    ),
    Identity(
        "with room 1 - eta/4 - B^2/(2 eta T beta) the best step size is eta = B sqrt(2/(beta T)): its derivative is 0",
        sp.diff(soft_agnostic.ROOM.subs(s.inverse_time, 1 / (2 * s.eta * u)), s.eta).subs(
            s.eta, s.kappa * sp.sqrt(2 / (s.beta * u))
        ),
        sp.Integer(0),
    ),
    Identity(
        "as eta -> 0 and eta T -> infinity, an error E B/sqrt(m) leaves (sqrt(beta) - sqrt(R*))^2 = B^2 E^2/(8m): the "
        "closed form",
        8 * soft_agnostic.floor_width(RMS) * (sp.sqrt(s.beta) - sp.sqrt(RISK)) ** 2,
        s.kappa**2 * RMS**2,
    ),
)

BETA = sp.UnevaluatedExpr(g**2 * s.eps / 32)
COROLLARY_4: tuple[Step, ...] = (
    *THEOREM_2,
    Positive(
        "Lemma 3: tanh is concave and tanh(1) >= 1/2, so |p - 1/2| = tanh(g/2)/2 >= g/8 for g <= 2, and Pinsker "
        "gives KL >= g^2/32 on every misclassified sample",
        sp.tanh(ONE) - HALF,
        {},
    ),
    Identity(
        "Theorem 2 at beta = gamma^2 eps/32: C2 = 32 C1",
        mandal2025.C1 / BETA,
        mandal2025.C2 / (g**2 * s.eps),
    ),
    Identity("its eta is gamma^2 eps/96, not the printed gamma^2 eps/3", BETA / 3, g**2 * s.eps / 96),
    Identity(
        "its T is 9216/(gamma^4 eps^2), not the printed 9/(gamma^4 eps^2)",
        9 / BETA**2,
        9216 / (g**4 * s.eps**2),
    ),
)
