"""The value of the KL loss, against fifty digits."""

import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from boundcheck import precision
from boundcheck.training.losses import make_targets, value


@pytest.mark.parametrize(("kind", "tolerance"), [("float32", 1e-6), ("float64", 1e-14)])
def test_kl_has_full_relative_precision_however_close_and_however_far_the_logits(kind: str, tolerance: float) -> None:
    """Both forms of the divergence and their seam at |r| = 1, from KL = 1e-17 to 1e2."""
    precision.enable_x64()
    rng = np.random.default_rng(0)
    n = 400
    sides = rng.choice([-1.0, 1.0], (2, n))
    z = sides[0] * np.exp(rng.uniform(np.log(1e-3), np.log(20), n))
    gap = sides[1] * np.concatenate([np.exp(rng.uniform(-16, 5, n - 4)), [1 - 1e-6, 1 + 1e-6, 1e-3, 90]])
    targets = make_targets(np.sign(z)[None], 1 / (1 + np.exp(-z[None])), kind)
    q, zs, s = (np.asarray(row, float)[0] for row in (targets.q, targets.z, targets.s))
    f = jnp.asarray(s * (zs + gap), kind)
    r = np.asarray(targets.s * f - targets.z, float)[0]
    with mpmath.workdps(50):
        exact = [
            float(mpmath.log1p(mpmath.mpf(a) * mpmath.expm1(mpmath.mpf(b))) - mpmath.mpf(a) * mpmath.mpf(b))
            for a, b in zip(q.tolist(), r.tolist(), strict=True)
        ]
    found = np.asarray(value("kl", f[None], targets))[0]
    assert found.dtype == kind
    np.testing.assert_allclose(found, exact, rtol=tolerance)
    assert min(abs(r)) < 1e-5
    assert max(exact) > 10
