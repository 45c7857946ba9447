"""How many neuron pairs can flip: upper quantiles of Binomial(N, p) / N, N = m/2 pairs.

A neuron within B/sqrt(m) of its start can flip on x only if |g| <= B ||x||/sqrt(m), g/||x|| ~ N(0, 1); so
p = erf(B / sqrt(2 m)) whatever ||x|| is (theory: Flips).
"""

from collections.abc import Callable

from flint import arb, ctx

Quantile = Callable[[arb, arb, arb], arb]
_NEWTON_STEPS = 40
_GUARD_BITS = 24


def flip_probability(reach: arb, m: arb) -> arb:
    """p_m = erf(B / sqrt(2m)) for radius `reach` = B and width m."""
    return (reach / (2 * m).sqrt()).erf()


def hoeffding(reach: arb, m: arb, log_odds: arb) -> arb:
    """B sqrt(2/pi)/sqrt(m) + sqrt(l/m) >= p_m + sqrt(l/(2N)): Hoeffding's quantile, l = ln(1/d)."""
    return ((2 / arb.pi()).sqrt() * reach + log_odds.sqrt()) / m.sqrt()


def bernoulli_kl(reach: arb, m: arb, log_odds: arb) -> arb:
    """Chernoff's quantile q = sup{s : (m/2) kl(s || p_m) <= l}, l = ln(1/d), enclosed.

    q decreases in m. Newton's method from the right on the convex kl, then the enclosure is proved by the signs
    at its two ends.
    """
    return kl_inverse(m / 2, flip_probability(reach, m), log_odds)


def kl_inverse(N: arb, p: arb, log_odds: arb) -> arb:
    """A ball containing sup{s in [p, 1] : N kl(s || p) <= log_odds}.

    N > 0, 0 < p < 1, log_odds > 0. Where the quantile is above 0.999 the ball is [0.999, 1]; where the precision in
    force does not tell (kl is a small difference of large terms) it is [p, 1], and the caller takes more bits.
    """
    one = arb(1)
    logit_p = (p / (one - p)).log()
    log_q = (one - p).log()

    def excess(s: arb) -> arb:
        # kl(s||p) = s logit(s) + ln(1-s) - s logit(p) - ln(1-p)
        return N * (s * ((s / (one - s)).log() - logit_p) + (one - s).log() - log_q) - log_odds

    far = arb("0.999")
    bernstein = p + (2 * p * log_odds / N).sqrt() + 2 * log_odds / (3 * N)  # at or beyond the quantile
    s = (bernstein if bernstein < far else far).mid()
    if not excess(s) > 0:
        return far.union(one) if excess(far) <= 0 else p.union(one)
    tiny = arb(2) ** (_GUARD_BITS - ctx.prec)
    for _ in range(_NEWTON_STEPS):
        step = (excess(s) / (N * ((s / (one - s)).log() - logit_p))).mid()
        s = (s - step).mid()
        if abs(step) < s * tiny:
            break
    for _ in range(ctx.prec):
        slack = s * tiny
        if excess(s - slack) < 0 and excess(s + slack) > 0:
            return (s - slack).union(s + slack)
        tiny *= 4
    return p.union(one)
