"""Claims about the network, its gradient, its features and its sets (theory: Printed statements)."""

from fractions import Fraction

import sympy as sp
from flint import arb

from boundcheck.audit.check import example, identity, positive
from boundcheck.audit.claim import Claim
from boundcheck.bounds.exact import ball
from boundcheck.records.audit import Check

_a, _u, _m, _w1, _w2, _x1, _x2 = sp.symbols("a u m w1 w2 x1 x2", real=True)


def initial_output(*, pairing: Fraction = Fraction(1)) -> tuple[Check, ...]:
    """f(W(0)) = 0: the two members of a pair, a and -pairing a, cancel."""
    relu = sp.Symbol("relu", nonnegative=True)  # of W_j(0).x, which is the same for both
    pair = _a * relu - sp.Rational(pairing) * _a * relu
    return (
        identity("a relu(g) + (-a) relu(g) = 0", pair, sp.Integer(0)),
        example("g 1[g >= 0] = g 1[g > 0] at g = 0: the two indicators give the same f", 0 * 1 == 0 * 0),
    )


def gradient(*, inputs: int = 1) -> tuple[Check, ...]:
    """grad_{W_j} f = (a_j/sqrt m) 1[W_j.x > 0] x; printed without x (`inputs` is the power of x)."""
    f = _a * (_w1 * _x1 + _w2 * _x2) / sp.sqrt(_m)
    point = {_x1: sp.Rational(3, 5), _x2: sp.Rational(4, 5), _a: 1}
    printed = (sp.diff(f, _w1) - _a / sp.sqrt(_m)).subs(point) * sp.sqrt(_m)
    return (
        example("at x = (3/5, 4/5) the printed gradient (a/sqrt m, a/sqrt m) is wrong", printed != 0, abs(printed)),
        identity("d f/d w_1 = a x_1/sqrt m where w.x > 0", sp.diff(f, _w1), _a * _x1**inputs / sp.sqrt(_m)),
        identity("d f/d w_2 = a x_2/sqrt m where w.x > 0", sp.diff(f, _w2), _a * _x2**inputs / sp.sqrt(_m)),
    )


def descent_step(*, coupling: int = 1) -> tuple[Check, ...]:
    """grad R(W_j) is not defined: the gradient for one neuron depends on the others (their `coupling`)."""
    f = (_w1 - coupling * _w2) / sp.sqrt(2)  # two active neurons on x = 1
    mixed = sp.diff(sp.log(1 + sp.exp(-f)), _w1, _w2).subs({_w1: 0, _w2: 0})
    return (example("d2 R/(dW_1 dW_2) = -1/8 at W = 0, so it is not 0", mixed == sp.Rational(-1, 8), abs(mixed)),)


def projection_set(*, neurons_held: str = "some") -> tuple[Check, ...]:
    """Read with "some j" S_B is not convex: two members whose midpoint is outside; with "all j" it is."""
    radius = Fraction(1)
    first, second = (Fraction(0), Fraction(4)), (Fraction(4), Fraction(0))  # displacement of neurons 1 and 2
    middle = tuple((p + q) / 2 for p, q in zip(first, second, strict=True))
    held = any if neurons_held == "some" else all

    def inside(moves: tuple[Fraction, ...]) -> bool:
        return held(abs(move) <= radius for move in moves)

    broken = inside(first) and inside(second) and not inside(middle)
    return (example("(0,4) and (4,0) lie in {some |D_j| <= 1}, their midpoint (2,2) does not", broken, 1.0),)


def features(*, with_sign: bool = False) -> tuple[Check, ...]:
    """f^t = <phi^t, W>/sqrt m needs a_j in phi: without it the pairs do not cancel. Integers, in units of 1/sqrt m."""
    x, weights = (2, -1), ((1, 1), (3, -2), (-1, 4), (5, 2))
    products = [sum(p * q for p, q in zip(w, x, strict=True)) for w in weights]
    signed = [(sign, g) for sign in (1, -1) for g in products]  # W_{j+N} = W_j, a_{j+N} = -a_j
    f = sum(sign * max(g, 0) for sign, g in signed)
    inner = sum((sign if with_sign else 1) * (g > 0) * g for sign, g in signed)
    corrected = sum(sign * (g > 0) * g for sign, g in signed)
    return (
        example(f"four integer pairs: <phi, W> = {inner} while sqrt m f = {f}", inner != f, abs(inner - f)),
        example("with phi_j = a_j 1[W_j.x > 0] x the two agree", corrected == f),
    )


def comparator_set(*, centre: tuple[int, int] = (3, 4)) -> tuple[Check, ...]:
    """U_j = a_j v/sqrt m has ||U_j|| <= 1/sqrt m; ||U_j - W_j(0)|| has not. W(0) + U lies in S_1."""
    m, U = 4, (Fraction(1, 2), Fraction(0))
    printed = sum((u - w) ** 2 for u, w in zip(U, centre, strict=True)) - Fraction(1, m)
    return (
        example(f"m = 4, v = (1,0), W_j(0) = {centre}: ||U_j - W_j(0)||^2 > 1/m", printed > 0, float(printed)),
        example("||U_j||^2 <= 1/m", sum(u * u for u in U) <= Fraction(1, m)),
    )


def comparator_logit(*, m: int = 100) -> tuple[Check, ...]:
    """<phi^0, U> without a_j and 1/sqrt m is 0 for every W(0), so |<phi^0, U> - z| = |z| whatever m is."""
    delta = Fraction(3, 10)
    printed_bound = ((ball(2) * (ball(2) / ball(delta)).log()) / m).sqrt()
    pair = _a * _u - _a * _u
    corrected = (_a * (_a * _u) + (-_a) * (-_a * _u)) / _m
    return (
        positive(
            f"x = 1, z = 1/2, n = 1, delta = .3, m = {m}: |0 - z| exceeds the printed bound", arb(0.5) - printed_bound
        ),
        identity("the pair a_j, -a_j contributes a u - a u = 0 to <phi^0, U>", pair, sp.Integer(0)),
        identity("to f^0(U) it contributes 2u/m, so f^0(U) = (1/N) sum_j X_j", corrected.subs(_a**2, 1), 2 * _u / _m),
    )


def function_space(*, exponent: Fraction = Fraction(1, 2)) -> tuple[Check, ...]:
    """Point evaluation at 0 is unbounded on L^2(N(0,1)): 1[|w| < 1/k] has value 1 and norm^2 erf(1/(k sqrt 2))."""
    k, w = sp.symbols("k w", positive=True)
    density = sp.exp(-(w**2) / 2) / sp.sqrt(2 * sp.pi)
    norm_squared = sp.simplify(2 * sp.integrate(density, (w, 0, 1 / k)))
    growth = sp.limit(1 / norm_squared ** sp.Rational(exponent), k, sp.oo)
    at = ball(1) / (ball(1) / (ball(10**6) * ball(2).sqrt())).erf().sqrt()
    return (
        example("|v_k(0)|/||v_k|| -> infinity", growth == sp.oo, 0.0),
        identity("||v_k||^2 = erf(1/(k sqrt 2))", norm_squared, sp.erf(1 / (sp.sqrt(2) * k))),
        positive("|v_k(0)|/||v_k|| > 1000 at k = 10^6", at - 1000),
    )


def margin_at_most_half(*, activity: Fraction = Fraction(1, 2)) -> tuple[Check, ...]:
    """|z_i| <= ||x_i|| P(W.x_i > 0) = ||x_i||/2; hence gamma <= 1/2 and ||x_i|| >= 2 gamma. Attained by x = +-1."""
    w = sp.Symbol("w", real=True)
    density = sp.exp(-(w**2) / 2) / sp.sqrt(2 * sp.pi)
    attained = sp.integrate(density, (w, 0, sp.oo))  # v = 1 on x = 1 and on x = -1, up to the sign of y
    return (
        identity("P(W.x > 0) = 1/2", attained, sp.Rational(activity)),
        example("x = +-1, y = +-1, v = 1 attains gamma = 1/2", attained <= activity, float(activity - attained)),
    )


CLAIMS = (
    Claim(
        "initial-output",
        "(1) and Section 2",
        "f(W(0)) = 0 under the symmetric initialisation",
        "holds; 1[. >= 0] here and 1[. > 0] later differ only in the gradient at exactly 0",
        "holds",
        "proved",
        "The sum over neurons is a sum over pairs, and each pair cancels.",
        initial_output,
    ),
    Claim(
        "function-space",
        "(2), (3)",
        "H is a reproducing kernel Hilbert space",
        "H = L^2(N(0, I); R^d); the RKHS of the limiting kernel is {x -> <v, phi_x> : v in H}",
        "typo",
        "refuted",
        "In an RKHS |v(0)| <= C ||v||; here the ratio is unbounded (and v is defined almost everywhere only).",
        function_space,
    ),
    Claim(
        "assumption-1",
        "(3)",
        "some v with ||v(w)|| <= 1 has y_i <v, phi_i> >= gamma > 0 for all i",
        "consistent; it forces gamma <= 1/2 and ||x_i|| >= 2 gamma",
        "holds",
        "proved",
        "|E[v(W).x 1(W.x > 0)]| <= ||x|| P(W.x > 0), and the example shows that 1/2 is reached.",
        margin_at_most_half,
    ),
    Claim(
        "gradient",
        "gradient of f, Section 2",
        "grad_{W_j} f_i = (a_j/sqrt m) 1[W_j.x_i > 0]",
        "grad_{W_j} f_i = (a_j/sqrt m) 1[W_j.x_i > 0] x_i",
        "typo",
        "refuted",
        "Differentiate one neuron; the printed vector has the wrong dimension unless d = 1.",
        gradient,
    ),
    Claim(
        "descent-step",
        "descent step, Section 2",
        "W_j(t+1) = W_j(t) - eta grad R(W_j(t)), then project",
        "W_j(t+1) = W_j(t) - eta grad_{W_j} R(W(t)), then project",
        "typo",
        "refuted",
        "A nonzero mixed derivative: R is no sum of functions of single neurons.",
        descent_step,
    ),
    Claim(
        "projection-set",
        "S_B, Section 2 and Proposition 5",
        "S_B = {W : ||W_j - W_j(0)|| <= B/sqrt m} (no quantifier on j; in Proposition 5 no norm bars)",
        "for all j: a product of balls, on which projection is per neuron and non-expansive",
        "typo",
        "refuted",
        "Read for some j the set is not convex, so projection onto it is neither unique nor non-expansive.",
        projection_set,
    ),
    Claim(
        "features",
        "feature map, p. 5",
        "f^t = <phi^t, W>/sqrt m with phi_j = 1[W_j.x > 0] x",
        "phi_j = a_j 1[W_j.x > 0] x",
        "typo",
        "refuted",
        "Without a_j the pairs add up instead of cancelling.",
        features,
    ),
    Claim(
        "comparator-set",
        "comparator, Section 4",
        "||U_j - W_j(0)|| <= 1/sqrt m for U_j = a_j v(W_j(0))/sqrt m",
        "||U_j|| <= 1/sqrt m; it is W(0) + U that lies in S_1",
        "typo",
        "refuted",
        "An exact example; W_j(0) has norm of order sqrt d, U_j is small.",
        comparator_set,
    ),
    Claim(
        "lemma-6-statement",
        "Lemma 6",
        "|<phi_i^0, U> - z_i| <= sqrt(2 ln(2n/delta)/m)",
        "|f_i^0(U) - z_i| <= sqrt(2 ln(2n/delta)/m), f_i^0(U) = m^{-1/2} sum_j a_j 1[W_j(0).x_i > 0] U_j.x_i",
        "typo",
        "refuted",
        "As printed the left side is |z_i| for every W(0), which no width makes small.",
        comparator_logit,
    ),
)
