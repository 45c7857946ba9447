"""A first look at a data set, as a document."""

from boundcheck.presentation import numbers
from boundcheck.presentation.document import Answer, Block, Column, Document, Facts, Next, Note, Table
from boundcheck.records.data import DataReport

RECIPES = (
    Column("prepare", "prepare", format=lambda text: text or "-"),
    Column("normalize", "normalize"),
    Column("lower", "gamma_rkhs", lambda row: row.gamma_rkhs and row.gamma_rkhs.lower),
    Column("relative_width", "neurons, best = 1", format=lambda v: numbers.number(v, 3)),
)
REMARKS = (*RECIPES[:2], Column("said", "remark", prose=True))
CLASSES = (
    Column("name", "class"),
    Column("rows", "rows"),
    Column("sign", "becomes", format=lambda sign: f"{sign:+d}" if sign else "left out"),
)
COLUMNS = (
    Column("name", "column"),
    Column("kind", "holds"),
    Column("missing", "missing"),
    Column("lowest", "lowest"),
    Column("highest", "highest"),
    Column("categories", "categories"),
)


def data(report: DataReport) -> Document:
    """Rows, classes and columns, and the recipes with their margins, the best one recommended."""
    sample = f"{report.sampled:,} of {report.n:,} rows, drawn with --seed" if report.sampled < report.n else "all rows"
    pairs = [
        ("rows, columns", f"{report.n:,} x {report.d:,}"),
        ("duplicate rows", report.duplicates),
        ("contradictions", f"{report.contradictions:,} rows that occur with both labels"),
        ("antipodal pairs", report.antipodal),
        ("missing cells", report.missing),
        (
            "scales of columns",
            "one unit" if report.scale_ratio is None else f"1 to {numbers.number(report.scale_ratio)}",
        ),
    ]
    if report.held_out:
        pairs.append(("held-out rows", report.held_out))
    if report.left_out:
        pairs.append(("left out", "; ".join(report.left_out)))
    blocks: list[Block] = [
        Answer(_answer(report)),
        Table(RECIPES, report.recipes, f"{sample}: gamma (RKHS norm) of each recipe, and neurons at 1/gamma^2"),
        Facts(pairs),
        Table(CLASSES, report.classes, "classes"),
        Next(_next(report)),
    ]
    if report.columns:
        blocks.append(Table(COLUMNS, report.columns, "columns", detail=True))
    if remarks := [recipe for recipe in report.recipes if recipe.said]:
        blocks.append(Table(REMARKS, remarks, "what steps left out", detail=all(r.gamma_rkhs for r in remarks)))
    blocks.append(
        Note("Choosing a recipe by its margin costs nothing: every statement is about the given rows.", detail=True)
    )
    return Document(f"data {report.data}", blocks)


def _answer(report: DataReport) -> str:
    if report.recommended is None:
        return f"{report.data}: gamma = 0 after every recipe: the same input occurs with both labels. Remove such rows."
    first, best = report.recipes[0], max(report.recipes, key=_gamma)
    if _gamma(first) <= 0:
        gain = "which makes gamma positive"
    elif best is first:
        gain = "the rows as they are, has the largest margin"
    else:
        gain = (
            f"which raises gamma (RKHS norm) {numbers.number(_gamma(best) / _gamma(first), 3)} times: "
            f"{numbers.number(first.relative_width, 3)} times fewer neurons at 1/gamma^2"
        )
    return f"{report.data}: use {best.options}, {gain}."


def _gamma(recipe: object) -> float:
    found = getattr(recipe, "gamma_rkhs", None)
    return found.lower if found is not None else 0.0


def _next(report: DataReport) -> list[str]:
    if report.written is not None:
        return [f"boundcheck margin {report.written} --normalize none"]
    if report.recommended is None:
        return []
    best = report.recommended
    steps = f" --prepare {best.prepare}" if best.prepare else ""
    return [f"boundcheck margin DATA{steps} --normalize {best.normalize}"]
