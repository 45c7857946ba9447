"""What a reader of a comparison must not miss, in sentences computed from its rows."""

from collections.abc import Mapping, Sequence

from boundcheck.bounds.registry import registry
from boundcheck.bounds.sharp import SharpBound
from boundcheck.records import BoundRow

UPPER = (
    "Every width is an upper bound: it suffices. None is known to be necessary, so a smaller bound for one kind of "
    "labels does not prove that the other kind needs more neurons."
)
SCALE = (
    "The gap comes from the scale of the loss, not from soft against hard labels: the logistic loss at logit scale 1 "
    "must reach |f| ~ ln(1/eps), soft labels at B = 1 and the perceptron need not (theory: Soft against hard)."
)


FLOOR = (
    "Rows marked floor are the limit of infinitely many infinitely small steps; --steps gives the sharp bounds a "
    "finite number."
)


def findings(rows: Sequence[BoundRow], flips: str | None) -> tuple[str, ...]:
    """Sentences on the rows at the middle (gamma, eps).  flips: how all rows count flips; None: each by its default."""
    places = list(dict.fromkeys((row.gamma, row.eps) for row in rows))
    gamma, eps = places[len(places) // 2]
    widths = {row.bound: row.width for row in rows if (row.gamma, row.eps) == (gamma, eps)}
    where = f"At gamma = {gamma:.4g}, eps = {eps:g}"
    said = [UPPER]
    if {"soft-published", "hard-published"} <= widths.keys():
        said.append(f"{where}, as published: {_against(widths, 'soft-published', 'hard-published')}.")
    soft = min(widths.keys() & {"soft-sharp", "soft-sharp-nfree"}, key=lambda name: widths[name], default=None)
    if soft and "hard-sharp" in widths:
        said.append(f"{where}, sharpened, logit scale fixed: {_against(widths, soft, 'hard-sharp')}.")
    others = [name for name in ("hard-tempered", "hard-perceptron") if name in widths]
    if soft and "hard-sharp" in widths and others:
        asked = " and ".join(f"{widths[name]:,} ({name})" for name in others)
        best = min(others, key=lambda name: widths[name])
        said.append(f"The same hard labels need {asked}: {_against(widths, soft, best)}. {SCALE}")
    if any(row.at_floor for row in rows):
        said.append(FLOOR)
    counted = {name: theorem.default_flips for name in widths if isinstance(theorem := registry[name], SharpBound)}
    if flips is None and len(set(counted.values())) > 1:
        hoeffding = " and ".join(name for name, how in counted.items() if how == "hoeffding")
        said.append(
            f"Activation flips are counted by Hoeffding's inequality for {hoeffding}, by Chernoff's for the other "
            "sharp bounds; --flips puts them on one footing."
        )
    return tuple(said)


def _against(widths: Mapping[str, int], soft: str, hard: str) -> str:
    few, many = sorted((soft, hard), key=lambda name: widths[name])
    kind, ratio = "soft" if few == soft else "hard", widths[many] / widths[few]
    asked = f"{few} asks for {widths[few]:,} neurons and {many} for {widths[many]:,}"
    return f"{asked}, {ratio:.3g} times fewer for {kind} labels"
