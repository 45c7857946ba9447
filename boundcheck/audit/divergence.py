"""Claims about the losses: signs, errors, Lemma 3 and the range where Theorem 2 says something."""

from fractions import Fraction

import sympy as sp
from flint import arb

from boundcheck.audit.check import checked, example, identity, positive, positive_on
from boundcheck.audit.claim import Claim
from boundcheck.bounds import symbols as s
from boundcheck.bounds.exact import ball
from boundcheck.proofs.functions import HALF, at, divergence_ratio, kl, sigmoid
from boundcheck.proofs.lemmas import BREGMAN, KL, RISK_AND_ERROR
from boundcheck.proofs.lemmas import f as _f
from boundcheck.proofs.lemmas import z as _z
from boundcheck.records.audit import Check

_w, _a, _c = sp.symbols("w a c", real=True)
_x = sp.Symbol("x", positive=True)


def softmax(*, logits: int = 1) -> tuple[Check, ...]:
    """Softmax of one logit is 1; of (f, 0) it is the sigmoid."""
    of_printed = sp.exp(_f) / (sp.exp(_f) + (logits - 1))
    gap = sp.simplify(of_printed - sigmoid(_f)).subs(_f, 0)
    return (
        example("softmax(f) = 1 for a single logit, mu(0) = 1/2", gap == sp.Rational(1, 2), abs(gap)),
        identity("softmax(f, 0)_1 = mu(f)", sp.exp(_f) / (sp.exp(_f) + sp.exp(sp.Integer(0))), sigmoid(_f)),
    )


def kl_sign(*, sign: int = -1) -> tuple[Check, ...]:
    """The printed l_KL is -KL: negative, and its gradient descent ascends."""
    value = (KL * sign).subs({_z: 0, _f: sp.log(3)})  # p = 1/2, mu = 3/4: -KL = ln(3)/2 - ln 2
    below = ball(2).log() - ball(3).log() / 2
    return (
        positive("p = 1/2, mu(f) = 3/4: l_KL as printed is (ln 3)/2 - ln 2 < 0", below if sign < 0 else -below),
        identity("its value there", value, sign * (sp.log(2) - sp.log(3) / 2)),
        identity("its derivative in f is p - mu(f)", sign * sp.diff(KL, _f), sigmoid(_z) - sigmoid(_f)),
    )


def kl_risk(*, curvature: Fraction = Fraction(1, 4)) -> tuple[Check, ...]:
    """KL as a Bregman divergence (F1): nonnegative, convex in f, at most `curvature` (f - z)^2/2."""
    slope = sigmoid(_f) * (1 - sigmoid(_f))
    return (
        *checked(BREGMAN),
        identity("d2 KL/df2 = A''(f) > 0: convex, smallest (0) at f = z", sp.diff(KL, _f, 2), slope),
        example("KL <= (1/4)(f - z)^2/2, attained in the limit at z = 0", slope.subs(_f, 0) == curvature),
    )


def frozen_gradient(*, sign: int = 1) -> tuple[Check, ...]:
    """(5): grad R is the mean of (mu(f_i) - p_i) grad f_i with the activation pattern frozen at W."""
    frozen = _a * _c * _w * _x  # c = 1[W'.x > 0]/sqrt m for a fixed pattern W'
    chain = sign * (sigmoid(frozen) - sigmoid(_z)) * _a * _c * _x
    return (identity("d/dw KL(p||mu(f)) = (mu(f) - p) df/dw", sp.diff(kl(_z, frozen), _w), chain),)


def strict_error(*, strict: bool = True) -> tuple[Check, ...]:
    """f(W(0)) = 0: with "y f < 0" the untrained network makes no error, with "y f <= 0" it makes all."""
    margins = [y * 0 for y in (1, -1)]
    printed = Fraction(sum(m < 0 if strict else m <= 0 for m in margins), 2)
    return (
        example("x = +-1, W(0): the printed error is 0", printed == 0, float(1 - printed)),
        example("with y f <= 0 it is 1", all(m <= 0 for m in margins)),
    )


def lemma_3(*, constant: Fraction = Fraction(32), best: Fraction = Fraction(1)) -> tuple[Check, ...]:
    """1[y f <= 0] <= best KL/D(gamma), sharp at best = 1; the printed constant/gamma^2 is above 1/D(gamma)."""
    return (
        positive_on(
            f"({constant}/gamma^2) D(gamma) > 1 on [0, 1/2]",
            lambda g: ball(constant) * divergence_ratio(g) - 1,
            [(0, HALF)],
        ),
        *checked(RISK_AND_ERROR),
        example("so KL/D = 1 at f = 0, z = gamma: the best constant is exactly 1", best >= 1, float(best - 1)),
        *_lower_end(),
    )


def _lower_end() -> tuple[Check, ...]:
    """1/D(g) >= 8/g^2 + 1, that is F = g^2 - (8 + g^2) D >= 0, by three derivatives (x = g/2)."""
    g = 2 * _x
    D = s.binary_divergence(g)
    sech = 1 / sp.cosh(_x) ** 2
    P = 2 - 2 * D - (2 + _x**2) * sech
    return (
        identity("d/dg [g^2 - (8 + g^2) D] = g P, P(0) = 0", sp.diff(g**2 - (8 + g**2) * D, _x) / 2, g * P),
        identity(
            "P' = 2 sech^2 [(2 + x^2) tanh x - 2x]", sp.diff(P, _x), 2 * sech * ((2 + _x**2) * sp.tanh(_x) - 2 * _x)
        ),
        identity(
            "tanh x >= x - x^3/3 makes the bracket at least x^3(1 - x^2)/3 >= 0",
            (2 + _x**2) * (_x - _x**3 / 3) - 2 * _x,
            _x**3 * (1 - _x**2) / 3,
        ),
    )


def theorem_2_range(*, beta: Fraction = Fraction(303, 10000)) -> tuple[Check, ...]:
    """The KL risk of f = 0 is at most D(1/2), as |z_i| <= 1/2: a larger beta asks for nothing."""
    initial = at(s.binary_divergence(sp.Rational(1, 2)))
    return (
        positive(f"D(1/2) < {float(beta):g}", ball(beta) - initial),
        positive("D(1/2) > 0.03029: the number is not smaller", initial - ball(Fraction(3029, 100000))),
        *checked(RISK_AND_ERROR[1:2]),
    )


def theorem_2_constant(*, c1: arb | None = None) -> tuple[Check, ...]:
    """C1 = 96/(1 + e^2) against the 1/8 that F1 gives; other routes to a constant, for comparison."""
    e = ball(1).exp()
    value = 96 / (1 + e**2) if c1 is None else c1
    return (
        positive("C1 > 91.5 x (1/8), the constant of Theorem 2# as T -> infinity", value - ball(Fraction(915, 80))),
        positive("chi^2 reverse Pinsker (1 + e)^2/(16 e) on |f| <= 1 is below C1", value - (1 + e) ** 2 / (16 * e)),
        positive("(1 + e^2)/8, the form with (1 + e^2) in the numerator, is below C1", value - (1 + e**2) / 8),
    )


CLAIMS = (
    Claim(
        "softmax",
        "definition of mu, Section 2",
        "mu is the softmax function",
        "mu is the sigmoid, mu(f) = 1/(1 + e^{-f})",
        "typo",
        "refuted",
        "The softmax of a single logit is constant.",
        softmax,
    ),
    Claim(
        "kl-sign",
        "definition of l_KL, Section 2",
        "l_KL(p, mu) = -KL(p || mu) (signs of the logarithms exchanged)",
        "l_KL(p, mu) = KL(p || mu) >= 0",
        "typo",
        "refuted",
        "As printed l_KL = -KL <= 0: (7) would be trivially true and training would ascend.",
        kl_sign,
    ),
    Claim(
        "kl-risk",
        "(4)",
        "R^KL is the mean of a nonnegative convex loss",
        "with the corrected l_KL; moreover KL <= (f - z)^2/8",
        "holds",
        "proved",
        "KL is the Bregman divergence of softplus in the logits (theory: KL risk).",
        kl_risk,
    ),
    Claim(
        "frozen-gradient",
        "(5)",
        "grad R(W(t)) = (1/n) sum_i (mu(f_i) - p_i) grad f_i^t",
        "as printed; the gradient is that of the network with its activation pattern frozen at W(t)",
        "holds",
        "proved",
        "Chain rule; f_i^t is linear in W and equals f_i at W(t).",
        frozen_gradient,
    ),
    Claim(
        "error-strict",
        "(8)",
        "R(W) = (1/n) sum_i 1[y_i f_i(W) < 0]",
        "1[y_i f_i(W) <= 0]",
        "typo",
        "refuted",
        "Otherwise the untrained network f = 0 has error 0 and (11) needs no training.",
        strict_error,
    ),
    Claim(
        "lemma-3",
        "(9), Lemma 3",
        "R(W) <= (32/gamma^2) R^KL(W) if 0 < p_i < 1",
        "R(W) <= R^KL(W)/D(gamma), D(g) = (g/2) tanh(g/2) - ln cosh(g/2), 1/D >= 8/g^2 + 1; needs y_i z_i >= gamma",
        "holds",
        "proved",
        "KL is smallest over {f <= 0, z >= gamma} at the corner f = 0, z = gamma. Plain Pinsker gives 32; D is exact.",
        lemma_3,
    ),
    Claim(
        "theorem-2-range",
        "(7), Theorem 2",
        "for beta in (0, 1): average KL risk <= beta",
        "says something for beta < D(1/2) = 0.0303 only; above, f = 0 already satisfies it",
        "holds",
        "proved",
        "|z_i| <= 1/2 by Assumption 1, and KL(mu(z)||1/2) increases in |z|.",
        theorem_2_range,
    ),
    Claim(
        "theorem-2-constant",
        "C1, Theorem 2",
        "C1 = 96/(1 + e^2)",
        "1/8 in the limit of long training; 96/(1 + e^2) could not be reproduced, and is 91.5 times as much",
        "holds with a different proof",
        "proved",
        "Every constant at least that of Theorem 2# is valid (claim theorem-2-width).",
        theorem_2_constant,
    ),
)
