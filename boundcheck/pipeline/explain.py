"""`explain`: one bound taken apart at one (gamma, eps), or the meaning of a term."""

from difflib import get_close_matches
from typing import Any

from boundcheck import bounds, glossary
from boundcheck.bounds.bound import point
from boundcheck.bounds.data_dependent import DATA_BOUNDS
from boundcheck.bounds.exact import Number, as_typed
from boundcheck.errors import InputError
from boundcheck.proofs.explanation import explain as take_apart
from boundcheck.proofs.explanation import explain_data
from boundcheck.records.comparison import Explanation
from boundcheck.records.glossary import Glossary


def explain(name: str | None = None, **numbers: Any) -> Explanation | Glossary:
    """What `name` is: a bound, taken apart by `explain_bound` with these numbers, or a term; None lists all names.

    Raises InputError for a name that is neither, with those that are close to it.
    """
    if name is None:
        return Glossary((*bounds.ids(), *DATA_BOUNDS), tuple(glossary.TERMS.values()))
    if name in DATA_BOUNDS:
        return explain_data(DATA_BOUNDS[name])
    if name in bounds.registry:
        return explain_bound(name, **numbers)
    terms = glossary.find(name)
    if terms:
        return Glossary((), terms)
    close = get_close_matches(name.lower(), [*bounds.ids(), *DATA_BOUNDS, *glossary.names()], n=3)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    raise InputError(f"explain: {name!r} is neither a bound nor a term; {hint}'boundcheck explain' lists both")


def explain_bound(
    bound: str,
    *,
    gamma: Number = 0.05,
    eps: Number = 0.05,
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
    bounds.refuse_unread([theorem], c=c, logit_scale=logit_scale, temperature=temperature, flips=flips)
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
