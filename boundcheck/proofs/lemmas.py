"""The lemmas that derivations and audit share, each written once: steps in order, with how they are checked."""

import sympy as sp

from boundcheck.bounds import symbols as s
from boundcheck.numerics import LOGISTIC_SELF_BOUND
from boundcheck.proofs.checks import Argument, Identity, Positive, Step
from boundcheck.proofs.functions import kl, sigmoid, softplus

g, t, u, v, p, q, r, x = sp.symbols("g t u v p q r x", positive=True)
f, z, V, W, G, D, slope = sp.symbols("f z V W G D slope", real=True)
KL = kl(z, f)
HALF = sp.Rational(1, 2)
H0 = sp.Rational(str(LOGISTIC_SELF_BOUND))

REGRET: tuple[Step, ...] = (
    Argument(
        "with the activation pattern frozen at W(t) the risk is convex, its gradient at W(t) is the one followed, and "
        "clipping each neuron to its ball moves no point away from another point of the ball",
        "theory: Regret",
    ),
    Identity(
        "one step changes the squared distance to the comparator Wbar by -2 eta <grad, W - Wbar> + eta^2 |grad|^2; "
        "summed over t this bounds the average of <grad, W(t) - Wbar> by |Wbar - W(0)|^2/(2 eta T) + eta |grad|^2/2",
        (W - s.eta * G - V) ** 2,
        (W - V) ** 2 - 2 * s.eta * G * (W - V) + s.eta**2 * G**2,
    ),
)

CONCENTRATION: tuple[Step, ...] = (
    Identity(
        "given its mean, the variable 1[W.x > 0] v.x has the largest moment generating function if it is 0, r, -r "
        "with probabilities 1/2, q, 1/2 - q; that of r = 1 factorises: 1/2 + q e^t + (1/2 - q) e^{-t} = "
        "cosh(t/2) (2q e^{t/2} + (1 - 2q) e^{-t/2})",
        HALF + q * sp.exp(t) + (HALF - q) * sp.exp(-t),
        sp.cosh(t / 2) * (2 * q * sp.exp(t / 2) + (1 - 2 * q) * sp.exp(-t / 2)),
    ),
    Identity(
        "first factor: (ln cosh(t/2))'' = sech^2(t/2)/4 <= 1/4",
        sp.diff(sp.log(sp.cosh(t / 2)), t, 2),
        sp.sech(t / 2) ** 2 / 4,
    ),
    Identity(
        "second factor, p = 2q: (ln(p e^{t/2} + (1-p) e^{-t/2}))'' = w(1-w) <= 1/4, w = p e^{t/2}/(p e^{t/2} + ...)",
        sp.diff(sp.log(p * sp.exp(t / 2) + (1 - p) * sp.exp(-t / 2)), t, 2),
        (lambda w: w * (1 - w))(p * sp.exp(t / 2) / (p * sp.exp(t / 2) + (1 - p) * sp.exp(-t / 2))),
    ),
    Argument(
        "so the variance proxy is 1/2 instead of 1, which makes up for having m/2 independent pairs instead of m "
        "neurons: P(|f_i^0(U) - z_i| >= t) <= 2 exp(-m t^2/2)",
        "theory: Concentration",
    ),
)

MEAN_SQUARE: tuple[Step, ...] = (
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
        "e^u - 1 - u^2 >= u (1 - u/2 + u^2/6), and the bracket is positive, being a sum of squares",
        1 - u / 2 + u**2 / 6,
        (u - sp.Rational(3, 2)) ** 2 / 6 + sp.Rational(5, 8),
    ),
)

FLIPS: tuple[Step, ...] = (
    Argument(
        "a neuron within B/sqrt(m) of W_j(0) can flip on x only if |W_j(0).x| <= B |x|/sqrt(m); |x| cancels and the "
        "probability is p_m = erf(B/sqrt(2m)), so no lower bound of |x| is needed",
        "theory: Flips",
    ),
    Identity(
        "p_m <= b B/sqrt(m), b = sqrt(2/pi): both vanish at B = 0 and the difference has derivative "
        "b(1 - exp(-t^2/2)) >= 0 in t = B/sqrt(m)",
        sp.diff(s.b * t - sp.erf(t / sp.sqrt(2)), t),
        s.b * (1 - sp.exp(-(t**2) / 2)),
    ),
    Identity(
        "the two neurons of a pair have the same g = W_j(0).x and opposite signs: if both flip, the parts from W(0) "
        "cancel and f changes by 2 B v.x/m in size (u = v.x)",
        (G + s.B * u / sp.sqrt(s.m)) / sp.sqrt(s.m) + (-G + s.B * u / sp.sqrt(s.m)) / sp.sqrt(s.m),
        2 * s.B * u / s.m,
    ),
    Identity(
        "if one flips, f changes by at most (|g| + B|v.x|/sqrt(m))/sqrt(m), where |g| <= B|x|/sqrt(m) and |v| <= 1",
        sp.Add(s.B * x / sp.sqrt(s.m), s.B * x / sp.sqrt(s.m), evaluate=False) / sp.sqrt(s.m),
        2 * s.B * x / s.m,
    ),
    Argument(
        "so the flips move f_i by at most B|x_i| times the share of flippable pairs, a Binomial(m/2, p_m)/(m/2), whose "
        "upper quantile is Chernoff's q: (m/2) kl(q||p_m) = ln(1/d), or Hoeffding's p_m + sqrt(ln(1/d)/m)",
        "theory: Flips",
    ),
)

BREGMAN: tuple[Step, ...] = (
    Identity(
        "KL(mu(z)||mu(f)) = A(f) - A(z) - A'(z)(f - z): the Bregman divergence of the softplus A(f) = ln(1 + e^f)",
        KL,
        softplus(f) - softplus(z) - sigmoid(z) * (f - z),
    ),
    Identity(
        "A'' = mu(1 - mu) = 1/4 - (mu - 1/2)^2, between 0 and 1/4: KL is convex in f, KL <= (f-z)^2/8, and "
        "|mu(f) - mu(z)| <= |f - z|/4",
        sp.diff(softplus(f), f, 2),
        sp.Rational(1, 4) - (sigmoid(f) - HALF) ** 2,
    ),
)

PINSKER: tuple[Step, ...] = (
    Identity(
        "Pinsker: KL(p||q) - 2(p-q)^2 vanishes at q = p and has derivative (q-p)(1-2q)^2/(q(1-q)), of the sign of "
        "q - p: so (p-q)^2 <= KL/2",
        sp.diff(p * sp.log(p / q) + (1 - p) * sp.log((1 - p) / (1 - q)) - 2 * (p - q) ** 2, q),
        (q - p) * (1 - 2 * q) ** 2 / (q * (1 - q)),
    ),
)

RISK_AND_ERROR: tuple[Step, ...] = (
    Identity(
        "KL(mu(z)||mu(f)) decreases in f up to z: its derivative is mu(f) - mu(z)",
        sp.diff(KL, f),
        sigmoid(f) - sigmoid(z),
    ),
    Identity(
        "so for f <= 0 < gamma <= z it is at least KL(mu(z)||1/2), which has derivative z mu'(z) > 0",
        sp.diff(KL.subs(f, 0), z),
        z * sp.diff(sigmoid(z), z),
    ),
    Identity(
        "KL(mu(g)||1/2) and D(g) = (g/2) tanh(g/2) - ln cosh(g/2) have the same derivative, and both vanish at g = 0: "
        "every misclassified sample has KL >= D(gamma)",
        sp.diff(kl(g, sp.Integer(0)), g),
        sp.diff(s.binary_divergence(g), g),
    ),
)

_MAXIMISER = -HALF - sp.LambertW(-sp.exp(-HALF) / 2, -1)  # the root l = 1.2564... of e^l = 1 + 2l
LARGEST = 4 * _MAXIMISER / (1 + 2 * _MAXIMISER) ** 2
SELF_BOUNDING: tuple[Step, ...] = (
    Identity(
        "logistic loss l = ln(1 + e^-f): |l'| = 1 - e^-l",
        -sp.diff(softplus(-f), f),
        1 - sp.exp(-softplus(-f)),
    ),
    Identity(
        "(1 - e^-l)^2/l has derivative (1 - e^-l) e^-l (1 + 2l - e^l)/l^2, and 1 + 2l - e^l is concave: it is 0 at "
        "l = 0 and changes sign once more, where the maximum is",
        sp.diff((1 - sp.exp(-t)) ** 2 / t, t),
        (1 - sp.exp(-t)) * sp.exp(-t) * (1 + 2 * t - sp.exp(t)) / t**2,
    ),
    Identity(
        "there e^l = 1 + 2l, and (1 - e^-l)^2/l = 4l/(1 + 2l)^2",
        (1 - 1 / (1 + 2 * t)) ** 2 / t,
        4 * t / (1 + 2 * t) ** 2,
    ),
    Positive(
        f"l = -1/2 - W_{{-1}}(-e^(-1/2)/2) = 1.2564, so |l'|^2 <= h0 l with h0 = {LOGISTIC_SELF_BOUND}",
        H0 - LARGEST,
        {},
    ),
)
