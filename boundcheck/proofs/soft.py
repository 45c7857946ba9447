"""Derivations of the soft-label bounds, step by step (theory: Regret and what follows it)."""

import sympy as sp

from boundcheck.bounds import mandal2025, soft_sharp
from boundcheck.bounds import symbols as s
from boundcheck.proofs.lemmas import Identity, Nonnegative, Quoted, Step

g, u, v, w, r, e, D, x, q, t, p = sp.symbols("g u v w r e D x q t p", positive=True)
V, W, G = sp.symbols("V W G", real=True)
rho = sp.Symbol("rho", positive=True)
RMS, WRONG = sp.symbols("E E'", positive=True)
ONE, HALF = sp.Integer(1), sp.Rational(1, 2)


def sigmoid(argument: sp.Expr) -> sp.Expr:
    """1 / (1 + exp(-argument))."""
    return 1 / (1 + sp.exp(-argument))


REGRET = (
    Quoted(
        "the risk with activations frozen at W(t) is convex, its gradient at W(t) is the one that is followed, and "
        "clipping each neuron to its ball moves no point of the ball away",
        "theory: Regret",
    ),
    Identity(
        "one step changes the squared distance to the comparator Wbar by -2 eta <grad, W - Wbar> + eta^2 |grad|^2; "
        "summed over t this bounds the average of <grad, W(t) - Wbar> by |Wbar - W(0)|^2/(2 eta T) + eta |grad|^2/2",
        (W - s.eta * G - V) ** 2,
        (W - V) ** 2 - 2 * s.eta * G * (W - V) + s.eta**2 * G**2,
    ),
)

FLIPS = (
    Quoted(
        "a neuron within B/sqrt(m) of W_j(0) can flip on x only if |W_j(0).x| <= B |x|/sqrt(m); |x| cancels and the "
        "probability is p_m = erf(B/sqrt(2m)), so no lower bound of |x| is needed",
        "theory: Flips",
    ),
    Identity(
        "p_m <= B sqrt(2/pi)/sqrt(m): both vanish at B = 0 and the difference has derivative b(1 - exp(-t^2/2)) >= 0 "
        "in t = B/sqrt(m)",
        sp.diff(s.b * t - sp.erf(t / sp.sqrt(2)), t),
        s.b * (1 - sp.exp(-(t**2) / 2)),
    ),
    Identity(
        "a pair has equal g = W_j(0).x and opposite a: if one of the two flips, f moves by "
        "(|g| + B|v.x|/sqrt(m))/sqrt(m), where |g| <= B|x|/sqrt(m) and |v| <= 1; both flipping gives no more",
        sp.Add(s.B * x / sp.sqrt(s.m), s.B * x / sp.sqrt(s.m), evaluate=False) / sp.sqrt(s.m),
        2 * s.B * x / s.m,
    ),
    Quoted(
        "so the flips move f_i by at most B|x_i| times the share of flippable pairs, a Binomial(m/2, p_m)/(m/2), whose "
        "upper quantile is Chernoff's q: (m/2) kl(q||p_m) = ln(1/d), or Hoeffding's p_m + sqrt(ln(1/d)/m)",
        "theory: Flips",
    ),
)

CONCENTRATION = (
    Identity(
        "exactly half of the neurons are active in expectation, so the extreme law of a pair's contribution has the "
        "moment generating function of two independent variables of range 1/2: proxy 1/2 instead of 1, which makes up "
        "for the pairing (m/2 independent pairs)",
        HALF + q * sp.exp(t) + (HALF - q) * sp.exp(-t),
        sp.cosh(t / 2) * (2 * q * sp.exp(t / 2) + (1 - 2 * q) * sp.exp(-t / 2)),
    ),
    Quoted("hence P(|f_i^0(U) - z_i| >= t) <= 2 exp(-m t^2/2)", "theory: Concentration"),
)

NFREE = (
    Identity(
        "averages need no union over samples: the Chernoff bound exp(-v x/2)(1 - v)^(-1/2) of a mean square is least "
        "at v = 1 - 1/x, where it equals d if x - 1 - ln x = 2 ln(1/d)",
        (sp.exp(-v * x / 2) * (1 - v) ** -HALF).subs(v, 1 - 1 / x),
        sp.sqrt(x) * sp.exp(-(x - 1) / 2),
    ),
    Identity(
        "x = -W_{-1}(-d^2/e) solves it: d^2 = e x exp(-x) gives x - 1 - ln x + ln d^2 = 0",
        x - 1 - sp.log(x) + sp.log(sp.E * x * sp.exp(-x)),
        sp.Integer(0),
    ),
    Identity(
        "the root mean square of the flips costs a factor e/2, by (e/2)(1 + u^2) <= (e/2) e^u: "
        "e^u - 1 - u^2 >= u (1 - u/2 + u^2/6), a sum of squares",
        1 - u / 2 + u**2 / 6,
        (u - sp.Rational(3, 2)) ** 2 / 6 + sp.Rational(5, 8),
    ),
)

PER_SAMPLE = (
    Identity(
        "KL(sigmoid(z)||sigmoid(f)) is the Bregman divergence of the softplus A (here z = ln u, f = ln w)",
        u / (1 + u) * sp.log(u * (1 + w) / ((1 + u) * w)) + 1 / (1 + u) * sp.log((1 + w) / (1 + u)),
        sp.log(1 + w) - sp.log(1 + u) - u / (1 + u) * (sp.log(w) - sp.log(u)),
    ),
    Identity(
        "A'' = p(1-p) = 1/4 - (p - 1/2)^2 <= 1/4, so KL <= (f-z)^2/8 and |D| <= |f-z|/4, D = sigmoid(f) - sigmoid(z)",
        p * (1 - p),
        sp.Rational(1, 4) - (p - HALF) ** 2,
    ),
    Identity(
        "every sample: D(f-F) - (eta/2) D^2 >= 4 rho D^2 - |D| e >= -e^2/(16 rho), |F-z| <= e, rho = 1 - eta/8",
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

BUDGET = (
    Quoted(
        "averaging over samples and steps (Jensen over the misclassified weight): more than eps misclassified would "
        "need eps s rho (gamma - E'/(2 rho))^2 < 1/(2 eta T) + E^2/(16 rho), all divided by kappa^2",
        "theory: Sharp soft bound",
    ),
    Identity(
        "as eta -> 0 and eta T -> infinity, errors E/sqrt(m) and E'/sqrt(m) meet this at the closed form",
        soft_sharp.conditions(RMS, WRONG)
        .subs({s.eta: 0, s.work: 0})
        .subs({RMS: RMS / sp.sqrt(s.m), WRONG: WRONG / sp.sqrt(s.m)}, simultaneous=True)
        .subs(s.m, soft_sharp.floor_width(RMS, WRONG)),
        sp.Integer(0),
    ),
)

SHARP: tuple[Step, ...] = (*REGRET, *FLIPS, *CONCENTRATION, *PER_SAMPLE, *BUDGET)
SHARP_NFREE: tuple[Step, ...] = (*REGRET, *FLIPS, *CONCENTRATION, *NFREE, *PER_SAMPLE, *BUDGET)

PINSKER = (
    Identity(
        "Pinsker: KL(p||q) - 2(p-q)^2 vanishes at q = p and has derivative (q-p)(1/(q(1-q)) - 4)",
        sp.diff(p * sp.log(p / q) + (1 - p) * sp.log((1 - p) / (1 - q)) - 2 * (p - q) ** 2, q),
        (q - p) * (1 / (q * (1 - q)) - 4),
    ),
    Identity("and 1/(q(1-q)) - 4 is a square over q(1-q)", 1 / (q * (1 - q)) - 4, (1 - 2 * q) ** 2 / (q * (1 - q))),
)

THEOREM_2: tuple[Step, ...] = (
    *REGRET,
    *FLIPS,
    *CONCENTRATION,
    *PER_SAMPLE[:2],
    *PINSKER,
    Quoted(
        "(D^2 <= KL/2, KL <= e^2/8) the average KL risk times (1 - eta/4) is at most 1/(2 eta T) + E^2/(8m)",
        "theory: KL risk",
    ),
    Nonnegative(
        "E <= b + (1 + sqrt 2) sqrt(ln(2n/delta)) at total failure 2 delta, below the printed "
        "b/c + 3 sqrt(ln(2n/delta)): 3 - 1 - sqrt 2 >= 0 and c <= 1",
        3 - 1 - sp.sqrt(2),
        {},
    ),
    Nonnegative(
        "so E^2/(8m) <= beta/(8 C1) at the printed width, and eta = beta/3, T >= 9/beta^2 leave room: "
        "1 - beta/12 - 1/6 - 1/(8 C1) >= 0",
        1 - s.beta / 12 - sp.Rational(1, 6) - 1 / (8 * mandal2025.C1),
        {s.beta: (sp.Integer(0), ONE)},
    ),
)

BETA = sp.UnevaluatedExpr(g**2 * s.eps / 32)
COROLLARY_4: tuple[Step, ...] = (
    *THEOREM_2,
    Nonnegative(
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
