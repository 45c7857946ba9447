"""Every theorem by its id, and evaluation by id."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from boundcheck.bounds import hard_sharp, ji2020, lower, mandal2025, soft_agnostic, soft_sharp
from boundcheck.bounds.bound import Bound, point
from boundcheck.bounds.data_dependent import DataBound
from boundcheck.bounds.exact import Number
from boundcheck.errors import InputError
from boundcheck.records import BoundRow


class Registry(Mapping[str, Bound]):
    """id -> Bound, in the order of tables; an unknown id is an InputError naming the known ones."""

    def __init__(self, *bounds: Bound) -> None:
        self._bounds = {bound.id: bound for bound in bounds}

    def __getitem__(self, bound_id: str) -> Bound:
        try:
            return self._bounds[bound_id]
        except KeyError:
            raise InputError(f"bound {bound_id!r} is unknown; choose from {', '.join(self._bounds)}") from None

    def __contains__(self, bound_id: object) -> bool:
        return bound_id in self._bounds

    def __iter__(self) -> Iterator[str]:
        return iter(self._bounds)

    def __len__(self) -> int:
        return len(self._bounds)

    def add(self, bound: Bound) -> None:
        """Enter a bound after the others. Raises InputError for an id that is taken."""
        if bound.id in self._bounds:
            raise InputError(f"bound {bound.id!r} is there already; give yours another id")
        self._bounds[bound.id] = bound


registry = Registry(
    mandal2025.soft,
    mandal2025.soft_kl,
    mandal2025.hard,
    ji2020.hard_gd,
    soft_sharp.soft_sharp,
    soft_sharp.soft_sharp_nfree,
    soft_agnostic.soft_agnostic,
    hard_sharp.hard_sharp,
    hard_sharp.hard_tempered,
    hard_sharp.hard_perceptron,
    hard_sharp.hard_perceptron_nfree,
    lower.circle,
)


def ids() -> tuple[str, ...]:
    """Every bound id, in the order of tables."""
    return tuple(registry)


def evaluate(bound_id: str, *, gamma: Number, eps: Number, n: int, **options: Any) -> BoundRow:
    """Evaluate one bound: `evaluate("soft-sharp", gamma=0.05, eps=0.01, n=1000, delta=0.05, c=1)`.

    gamma: margin in (0, 1/2], the LOWER end where it is an interval.  eps: average error in (0, 1).
    n: samples.  delta: the paper's, in (0, 1/3); every row fails with probability at most 3 delta.
    c: lower bound of ||x_i|| in (0, 1]; default 2 gamma, always valid (theory: Kernel and margin).
    beta: KL risk target of `soft-kl-published` and `soft-agnostic`; default (kappa gamma)^2 eps / 32.
    field_risk: R* of `soft-agnostic`, the KL risk of a field of norm kappa on the given labels; default 0.
    steps, step_size: training of the sharp bounds; default: the floor (infinitely many infinitely small steps).
    logit_scale: kappa, soft labels are sigmoid(kappa z_i).  temperature: tau of `hard-tempered`, default gamma.
    flips: kl or hoeffding, how the sharp bounds count activation flips; default: each bound's own.
    Numbers may be int, Fraction or SymPy rationals (exact), strings (the decimal they spell), floats (their
    exact binary value).

    Raises:
        InputError: unknown bound, a number outside its range, a violated hypothesis, too few steps, an argument that
            the bound does not read.
    """
    refuse_unread([registry[bound_id]], **{name: options[name] for name in options if name != "c"})
    return registry[bound_id].row(point(gamma=gamma, eps=eps, n=n, **options))


def refuse_unread(bounds: Sequence[Bound | DataBound], **options: Any) -> None:
    """Raise InputError for an argument of `evaluate`, about labels or training, that none of these bounds reads.

    None, and a logit scale of 1, count as not given.
    """
    optional = frozenset().union(*(bound.reads for bound in registry.values()))
    for name in sorted(optional & options.keys()):
        given = options[name] not in (None, 1) if name == "logit_scale" else options[name] is not None
        if given and not any(name in bound.reads for bound in bounds):
            who = ", ".join(bound.id for bound in bounds)
            raise InputError(f"--{name.replace('_', '-')}: not read by {who}; leave it out")
