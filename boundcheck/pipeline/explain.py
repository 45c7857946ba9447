"""`explain`: one bound taken apart at one (gamma, eps)."""

from boundcheck import bounds
from boundcheck.bounds.bound import point
from boundcheck.bounds.exact import Number, as_typed
from boundcheck.proofs.explanation import explain as take_apart
from boundcheck.records.comparison import Explanation


def explain(
    bound: str,
    *,
    gamma: Number = 0.05,
    eps: Number = 0.01,
    n: int = 1000,
    delta: Number = 0.05,
    c: Number | None = None,
    logit_scale: Number = 1,
    temperature: Number | None = None,
    flips: str | None = None,
) -> Explanation:
    """Statement, hypotheses, derivation and costs of `bound` with these numbers; see `bounds.evaluate` for them.

    Floats are read as the decimals they print as.  Raises InputError for an unknown bound or numbers out of range.
    """
    theorem = bounds.registry[bound]
    bounds.refuse_unread([theorem], logit_scale=logit_scale, temperature=temperature, flips=flips)
    at = point(
        gamma=as_typed(gamma),
        eps=as_typed(eps),
        n=n,
        delta=as_typed(delta),
        c=None if c is None else as_typed(c),
        logit_scale=as_typed(logit_scale),
        temperature=None if temperature is None else as_typed(temperature),
        flips=flips,
    )
    return take_apart(theorem, at, fixed_c=c is not None)
