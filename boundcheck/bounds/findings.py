"""What a reader of a comparison must not miss, in sentences computed from its rows."""

from collections.abc import Sequence

from boundcheck.bounds.registry import registry
from boundcheck.bounds.sharp import SharpBound
from boundcheck.records import AnyLabels, BoundRow, Labels
from boundcheck.records.bounds import Family

UPPER = (
    "Widths are upper bounds: they suffice. A smaller bound for one kind of labels does not prove that the other kind "
    "needs more neurons. For hard labels the order 1/gamma^2 is not new: Munteanu, Omlor, Song & Woodruff (ICML 2022) "
    "have it for the logistic loss and this start, show that some data need 1/gamma neurons, and that a class of "
    "proofs cannot go below 1/gamma^2 up to logarithms."
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
    every = [row for row in rows if (row.gamma, row.eps) == (gamma, eps) and row.criterion == "error"]
    here = [row for row in every if row.family != "data"]
    where = f"At gamma = {gamma:.4g}, eps = {eps:g}"
    said = [UPPER]

    def least(labels: Labels, family: Family, *, fixed_scale: bool = True) -> BoundRow | None:
        facts = labels, family, fixed_scale
        return min((row for row in here if _facts(row) == facts), key=lambda row: row.width, default=None)

    soft, hard = least("soft", "published"), least("hard", "published")
    if soft and hard:
        said.append(f"{where}, as published: {_against(soft, hard)}.")
    soft, hard, other = least("soft", "sharp"), least("hard", "sharp"), least("hard", "sharp", fixed_scale=False)
    if soft and hard:
        said.append(f"{where}, sharpened, logit scale fixed: {_against(soft, hard)}.")
    if soft and hard and other:
        others: dict[str, BoundRow] = {}  # the least of each loss
        for row in sorted(here, key=lambda row: row.width):
            if _facts(row) == ("hard", "sharp", False):
                others.setdefault(row.loss, row)
        asked = " and ".join(f"{row.width:,} ({row.bound})" for row in others.values())
        said.append(f"The same hard labels need {asked}: {_against(soft, other)}. {SCALE}")
    said += [
        f"{where}, some data need at least {row.width:,} neurons, whatever the labels and the training ({row.bound}: "
        f"{row.note}); others of this margin may need fewer."
        for row in here
        if row.direction == "lower"
    ]
    for row in every:
        rivals = [other.width for other in here if other.labels == row.labels]
        if row.family == "data" and rivals:
            said.append(
                f"{where}, from the data's own moments: {row.bound} asks for {row.width:,} neurons, "
                f"{min(rivals) / row.width:.3g} times fewer than any bound that knows the margin only."
            )
    if any(row.at_floor for row in rows):
        said.append(FLOOR)
    theorems = [registry[row.bound] for row in here]
    counted = {theorem.id: theorem.default_flips for theorem in theorems if isinstance(theorem, SharpBound)}
    if flips is None and len(set(counted.values())) > 1:
        hoeffding = " and ".join(name for name, how in counted.items() if how == "hoeffding")
        said.append(
            f"Activation flips are counted by Hoeffding's inequality for {hoeffding}, by Chernoff's for the other "
            "sharp bounds; --flips puts them on one footing."
        )
    return tuple(said)


def _facts(row: BoundRow) -> tuple[AnyLabels, Family, bool]:
    theorem = registry[row.bound]
    return theorem.labels, theorem.family, theorem.fixed_scale


def _against(soft: BoundRow, hard: BoundRow) -> str:
    few, many = sorted((soft, hard), key=lambda row: row.width)
    asked = f"{few.bound} asks for {few.width:,} neurons and {many.bound} for {many.width:,}"
    return f"{asked}, {many.width / few.width:.3g} times fewer for {few.labels} labels"
