"""Derivation of the lower bound on a circle, step by step (theory: Lower bounds)."""

import sympy as sp

from boundcheck.bounds import lower
from boundcheck.bounds import symbols as s
from boundcheck.proofs.checks import Argument, Identity, Step

A, K, t, phi = sp.symbols("A K t phi", positive=True)

CIRCLE: tuple[Step, ...] = (
    Identity(
        "on the unit circle f'' = -f between the breakpoints of the neurons, so f = A cos(t - phi) there",
        sp.diff(A * sp.cos(t - phi), t, 2),
        -A * sp.cos(t - phi),
    ),
    Argument(
        "a neuron has two opposite breakpoints, so m neurons cut the circle into at most 2m arcs, none longer than pi; "
        "f has at most one zero on each, or is 0 there: at most 2m changes of sign. Leaving k wrong points out of K "
        "alternating ones leaves K - k points with at least K - 2k changes: 2m >= K - 2k",
        "theory: Lower bounds",
    ),
    Identity(
        "the margin of K alternating points, K a multiple of 4: the K/2 active ones, times 1 + e^(2it), t = pi/K, "
        "telescope to 2, and |1 + e^(2it)| = 2 cos t",
        (1 + sp.cos(2 * t)) ** 2 + sp.sin(2 * t) ** 2,
        4 * sp.cos(t) ** 2,
    ),
    Argument(
        "so ||s_q|| = 1/(K cos(pi/K)) at the uniform q, for every w: this is gamma, and more than 1/K. The largest "
        "multiple of 4 whose margin is at least gamma is above 1/gamma - 4",
        "theory: Margins in closed form",
    ),
    Identity("K/2 - eps K at K = 1/gamma - 4", (K / 2 - s.eps * K).subs(K, 1 / s.gamma - 4), lower.circle.width),
)
