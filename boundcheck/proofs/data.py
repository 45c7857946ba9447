"""Derivations of the data-dependent bounds, step by step (theory: Moments of the data)."""

import sympy as sp

from boundcheck.bounds import symbols as s
from boundcheck.proofs.checks import Argument, Identity, Step
from boundcheck.proofs.lemmas import BREGMAN, FLIPS, REGRET

G, U = sp.symbols("G U", real=True)
u, w, r, D, x, q, rho, slope, lam, L, N, var = sp.symbols("u w r D x q rho s lambda L N var", positive=True)
HEADING = "theory: Moments of the data"

PAIR: tuple[Step, ...] = (
    Identity(
        "in units of B/N, N = m/2, an active neuron with a = 1 adds (t + q)/2, t = G sqrt(m)/B, G = W_j(0).x_i and "
        "q = v.x_i; its partner, with -G in place of G, (-t + q)/2",
        (G + s.B * q / sp.sqrt(s.m)) / sp.sqrt(s.m),
        s.B / (s.m / 2) * (G * sp.sqrt(s.m) / s.B + q) / 2,
    ),
    Argument(
        "so the pair adds one of 0, q, (t + q)/2, (-t + q)/2: between q/2 - max(|t|, |q|)/2 and q/2 + max(|t|, |q|)/2, "
        "whichever is active; off the slab |t| <= |x_i| it adds q or 0. The logit of the comparator lies within the "
        "mean of the half-widths of a mean of N independent vectors",
        HEADING,
    ),
)
WORST: tuple[Step, ...] = (
    Argument(
        "weights w_i <= 1/(eps n) of sum 1: by Jensen sum w_i G_i <= (1/lambda) ln sum w_i e^(lambda G_i), and the sum "
        "is at most (1/(eps n)) sum e^(lambda G_i), whose mean is E; by Markov it is below E/(eps d) with probability "
        "1 - d, and lambda may be any number fixed before W(0)",
        HEADING,
    ),
    Identity(
        "with ln E e^(lambda G) <= lambda^2 v/2, as from a variance v alone, the best lambda gives sqrt(2 v L), "
        "L = ln(1/(eps d)): no n, and no deviation beside it",
        (lam * var / 2 + L / lam).subs(lam, sp.sqrt(2 * L / var)),
        sp.sqrt(2 * var * L),
    ),
)
SIGNED: tuple[Step, ...] = (
    *BREGMAN,
    Identity(
        "a wrong sample, teacher's logit y z = u, y f = -r, D = |mu(f) - mu(z)|, U = y(z - F) of either sign, "
        "rho = 1 - eta/8: the bracket D(u + r - U) - 4(1 - rho) D^2 less what is claimed, s rho (u - U/(2 rho))^2 - "
        "U^2/(16 rho), is a quadratic in U",
        D * (u + r - U) - 4 * (1 - rho) * D**2 - (slope * rho * (u - U / (2 * rho)) ** 2 - U**2 / (16 * rho)),
        D * (u + r)
        - 4 * (1 - rho) * D**2
        - slope * rho * u**2
        - U * (D - slope * u)
        + (1 - 4 * slope) * U**2 / (16 * rho),
    ),
    Identity(
        "it is convex, s <= 1/4; where it falls up to U = 2 rho u its least value is, as u + r >= 4 D, at least "
        "rho (2D - u/2)^2",
        4 * D**2
        - 4 * (1 - rho) * D**2
        - slope * rho * u**2
        - 2 * rho * u * (D - slope * u)
        + (1 - 4 * slope) * rho * u**2 / 4,
        rho * (2 * D - u / 2) ** 2,
    ),
    Identity(
        "else its vertex has x = D - s u <= (1 - 4s) u/4, where it is at least rho [D(u + r) - s u^2 - x u], that is "
        "rho r (s u + x)",
        (slope * u + x) * (u + r) - slope * u**2 - x * u,
        r * (slope * u + x),
    ),
    Identity(
        "where the teacher is wrong, y z = -w, only U <= -2 rho w claims more than the square, and there, as "
        "D(w - r) >= 4 D^2 with D = y(mu(f) - mu(z)), the difference is at least rho (2D - w/2)^2",
        4 * rho * D**2 - 2 * rho * w * D + rho * w**2 / 4,
        rho * (2 * D - w / 2) ** 2,
    ),
    Argument(
        "t -> (t_+)^2 is convex: more than eps misclassified would need eps s rho A^2 < 1/(2 eta T) + "
        "mean e^2/(16 rho), A below the mean of u - U/(2 rho) over any capped weights",
        HEADING,
    ),
)
ROOT_MEAN_SQUARE = Argument(
    "the root mean square of the deviations is the supremum of a centred process over unit vectors and signs: "
    "Bousquet's inequality, with the mean of the norm at most the root of the sum of variances",
    HEADING,
)
ESTIMATES = Argument(
    "each number is bounded from fresh draws; the best vector or weights at the true means are fixed, so one scalar "
    "inequality for it bounds the supremum by the sample's, without a union",
    HEADING,
)
SOFT_DATA: tuple[Step, ...] = (*REGRET, *FLIPS[:2], *PAIR, *SIGNED, *WORST, ROOT_MEAN_SQUARE, ESTIMATES)
HARD_DATA: tuple[Step, ...] = (
    *REGRET,
    *FLIPS[:2],
    *PAIR,
    *WORST,
    Argument(
        "each misclassified sample contributes at least y_i F_i - eta/2 to <grad, W - Wbar>, in units of B: error "
        "(-shortfall - C - eta/(2B)) <= B/(2 eta T)",
        "theory: Perceptron loss",
    ),
    ESTIMATES,
)
