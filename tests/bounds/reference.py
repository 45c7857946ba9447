"""Every bound once more, in mpmath at 50 digits, typed from the statements and not from the package."""

from collections.abc import Callable

import mpmath as mp

mp.mp.dps = 50
b = mp.sqrt(2 / mp.pi)


def soft_published(g, e, n, d, c):
    C2 = 32 * mp.mpf(96) / (1 + mp.e**2)
    return C2 / (g**2 * e) * (b / c + 3 * mp.sqrt(mp.log(2 * n / d))) ** 2


def hard_published(g, e, n, d, c):
    beta = e * mp.log(2)
    log_term = 2 * mp.sqrt(2) / (c * mp.sqrt(mp.pi)) * mp.log(2 / (mp.log(2) * beta))
    return 16 / g**4 * (log_term + 3 * mp.sqrt(mp.log(2 * n / d))) ** 2


def hard_gd(g, e, n, d, c):
    lam = (mp.sqrt(2 * mp.log(4 * n / d)) + mp.log(4 / (e * mp.log(2)))) / (g / 4)
    return 4096 * lam**2 / g**6


def kl(s, p):
    return s * mp.log(s / p) + (1 - s) * mp.log((1 - s) / (1 - p))


def flip_quantile(m, radius, log_odds):
    """sup{s : (m/2) kl(s||p) <= l} by bisection."""
    p = mp.erf(radius / mp.sqrt(2 * mp.mpf(m)))
    low, high = p, mp.mpf(1)
    for _ in range(170):
        middle = (low + high) / 2
        low, high = (middle, high) if mp.mpf(m) / 2 * kl(middle, p) <= log_odds else (low, middle)
    return high


def x_of(level):
    """The root above 1 of x - 1 - ln x = 2 ln(1/level), by bisection."""
    low, high = mp.mpf(1), 10 + 10 * mp.log(1 / level)
    for _ in range(170):
        middle = (low + high) / 2
        low, high = (middle, high) if middle - 1 - mp.log(middle) <= 2 * mp.log(1 / level) else (low, middle)
    return high


def soft_condition(g, e, n, total, m, *, sup, kappa=1, eta=0, work=0, quantile: Callable = flip_quantile):
    """Left minus right side of Corollary 4#, minus infinity where the margin is used up (theory: Sharp soft bound)."""
    if sup:
        rms = mp.sqrt(2 * mp.log(4 * n / total) / m) + quantile(m, kappa, mp.log(2 * n / total))
        wrong = rms
    else:
        rms = mp.sqrt(x_of(total / 4) / m) + quantile(m, kappa, mp.log(2 * mp.e / total))
        wrong = mp.sqrt(x_of(e * total / 4) / m) + quantile(m, kappa, mp.log(4 / (e * total)))
    rho = 1 - mp.mpf(eta) / 8
    slope = mp.tanh(kappa * g / 2) / (2 * kappa * g)
    left = g - wrong / (2 * rho)
    return -mp.inf if left < 0 else e * slope * rho * left**2 - work - rms**2 / (16 * rho)


def hard_error_bound(g, n, total, m, *, radius, tau=1, eta=0, work=0, quantile: Callable = flip_quantile):
    """(H2), theory: Logistic loss, in units of the temperature: the bound of the average error."""
    margin = radius * (g - mp.sqrt(2 * mp.log(2 * n / total) / m) - quantile(m, tau * radius, mp.log(2 * n / total)))
    cost = mp.lambertw(mp.exp(-(margin + 1 - mp.mpf(eta) / 4))).real
    return (radius**2 * work + cost) / (margin / 2 - mp.mpf(eta) / 8 + cost)


def perceptron_margin(g, n, total, m):
    return g - mp.sqrt(2 * mp.log(2 * n / total) / m) - flip_quantile(m, 1, mp.log(2 * n / total))
