"""`compare`: bounds side by side. The answer is a matrix of widths by margin."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from boundcheck.presentation import numbers
from boundcheck.presentation.document import Answer, Block, Column, Document, Facts, Formula, Item, Items, Next, Table
from boundcheck.presentation.views import bound_plots
from boundcheck.records import BoundRow, Crossover
from boundcheck.records.comparison import BoundFormula, Comparison


def _radius(row: BoundRow) -> float | str:
    return "any" if row.direction == "lower" else "none" if row.radius is None else row.radius


def _steps(row: BoundRow) -> int | str:
    """No number for infinitely many, which are the floor where they are infinitely small."""
    if row.direction == "lower":
        return "any"
    return row.steps if row.steps is not None else "floor" if row.at_floor else "infinite"


BOUND_COLUMNS = (
    Column("bound", "bound"),
    Column("labels", "labels"),
    Column("width", "width m"),
    Column("steps", "steps T", _steps),
    Column("step_size", "step size", format=lambda v: numbers.number(v, 3)),
    Column("radius", "radius B", _radius),
)


PRIOR = (
    Column("source", "source", prose=True),
    Column("width", "width", prose=True),
    Column("steps", "steps", prose=True),
    Column("hypotheses", "hypotheses", prose=True),
    Column("stronger", "stronger", prose=True),
)


@dataclass(frozen=True)
class _Line:
    """A row of a matrix: its name, and a value for each column of the matrix."""

    name: str
    values: dict[float, float | int]


def comparison(result: Comparison) -> Document:
    """Widths of every bound by gamma, one matrix an eps, or what each prescribes at one gamma; then everything else."""
    blocks: list[Block] = [Answer(_answer(result))]
    leading = [row for row in result.rows if row.bound in result.leading] or result.rows
    hidden = len(leading) < len(result.rows)
    matrices: list[Block] = [
        _matrix(leading, result.gammas, eps) if len(result.gammas) > 1 else _prescribed(leading, eps, brief=hidden)
        for eps in result.eps
    ]
    if hidden:
        matrices += [replace(_every(result, eps), detail=True) for eps in result.eps]
    if result.literature:
        title = "order only: results of other papers, and whether they are stronger than the published bounds"
        matrices.append(Table(PRIOR, result.literature, title))
    main, *findings = result.findings
    blocks += [*matrices, Items([Item(main)]), Next(_next(result))]
    blocks += [
        Facts(_shared(result), "what all rows share", detail=True),
        Items([Item(sentence) for sentence in findings], "read this with the numbers", detail=True),
    ]
    for eps in result.eps:
        if len(result.gammas) > 1:
            blocks.append(replace(_prescribed(result.rows, eps), detail=True))
        if result.ratios:
            blocks.append(replace(_ratios(result, eps), detail=True))
    blocks += [
        Table(GROWTH, result.formulas, "growth of the closed form as gamma or eps tends to 0", detail=True),
        *_crossovers(result.crossovers),
        Items([Item(line) for line in _sources(result.rows)], "sources", detail=True),
        *(_formula(item) for item in result.formulas),
        *bound_plots.figures(result),
    ]
    return Document("how many neurons the theorems ask for", blocks)


_VACUOUS = Column("vacuous", "", lambda row: row.vacuous, lambda vacuous: "vacuous" if vacuous else "")
_MARGIN = Column(
    "margin",
    "at margin",
    lambda row: row.gamma if row.margin_value is None else row.margin_value,
    lambda value: numbers.number(value),
)
GROWTH = (
    Column("bound", "bound"),
    Column("gamma", "in gamma", lambda item: item.growth[0].text),
    Column("eps", "in eps", lambda item: item.growth[1].text),
)


def _answer(result: Comparison) -> str:
    """The fewest neurons that any bound asks for with each kind of labels, at the middle margin and first eps."""
    gamma, eps = result.gammas[len(result.gammas) // 2], result.eps[0]
    here = [row for row in result.rows if (row.gamma, row.eps) == (gamma, eps)]
    best = [
        min((row for row in here if row.labels == labels), key=lambda row: row.width, default=None)
        for labels in ("soft", "hard")
    ]
    told = [f"{row.width:,} neurons with {row.labels} labels ({row.bound})" for row in best if row is not None]
    where = f"At margin {numbers.number(gamma)}, average error {numbers.number(eps)} and n = {result.n}"
    if not told:
        return f"{where} some data need at least {here[0].width:,} neurons ({here[0].bound})."
    widths = "widths" if len(told) > 1 else "width"
    return f"{where} the smallest {widths} that a theorem guarantees: {' and '.join(told)}."


def _prescribed(rows: Sequence[BoundRow], eps: float, *, brief: bool = False) -> Table:
    """Width and training of these bounds at every gamma; brief: at the only one, without the step size."""
    rows = [row for row in rows if row.eps == eps]
    more = [_MARGIN] if any(row.margin == "eps" for row in rows) else []
    more += [_VACUOUS] if any(row.vacuous for row in rows) else []
    if brief:
        columns = [column for column in BOUND_COLUMNS if column.key not in ("labels", "step_size")]
        return Table((*columns, *more), rows, _title(rows, eps, f" at gamma {numbers.number(rows[0].gamma)}"))
    title = _title(rows, eps, ", and the training that bounds prescribe")
    return Table((Column("gamma", "gamma", group=True), *BOUND_COLUMNS, *more), rows, title)


def _matrix(rows: Sequence[BoundRow], gammas: Sequence[float], eps: float) -> Table:
    """Bound by gamma."""
    lines: dict[str, _Line] = {}
    for row in rows:
        if row.eps == eps:
            lines.setdefault(row.bound, _Line(row.bound, {})).values[row.gamma] = row.width
    columns = (Column("bound", "bound", lambda line: line.name), *_by_gamma(gammas))
    return Table(columns, [*lines.values()], _title(rows, eps, ", by margin gamma"))


def _title(rows: Sequence[BoundRow], eps: float, rest: str) -> str:
    lower = ", ".join({row.bound: None for row in rows if row.direction == "lower"})
    needed = f" ({lower}: that some data need)" if lower else ""
    return f"neurons that suffice for average error {numbers.number(eps)}{needed}{rest}"


def _every(result: Comparison, eps: float) -> Table:
    """`_matrix` or, at one gamma, `_prescribed`, of all bounds."""
    several = len(result.gammas) > 1
    table = _matrix(result.rows, result.gammas, eps) if several else _prescribed(result.rows, eps)
    return replace(table, title=f"every bound: {table.title}")


def _by_gamma(gammas: Sequence[float], form: "object" = numbers.text) -> list[Column]:
    return [
        Column(f"gamma={gamma!r}", numbers.number(gamma), lambda line, g=gamma: line.values.get(g), form)  # type: ignore
        for gamma in gammas
    ]


def _ratios(result: Comparison, eps: float) -> Table:
    """Soft width over hard width; below 1 soft labels ask for fewer neurons."""
    lines: dict[str, _Line] = {}
    for ratio in sorted(result.ratios, key=lambda ratio: (ratio.soft, ratio.hard)):
        if ratio.eps == eps:
            name = f"{ratio.soft} / {ratio.hard}"
            lines.setdefault(name, _Line(name, {})).values[ratio.gamma] = ratio.ratio
    columns = (Column("pair", "gamma =", lambda line: line.name), *_by_gamma(result.gammas, short))
    title = f"soft width / hard width, average error {numbers.number(eps)}; below 1 soft labels ask for fewer"
    return Table(columns, [*lines.values()], title)


def short(ratio: float | None) -> str:
    """At most five characters or an exponent."""
    if ratio is None:
        return numbers.NOTHING
    if ratio < 0.001:
        return "<.001"
    return f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}" if ratio < 10 else numbers.number(ratio, 3)


def _crossovers(found: Sequence[Crossover]) -> list[Table]:
    if not found:
        return []
    low, high = min(c.gamma_range[0] for c in found), max(c.gamma_range[1] for c in found)
    columns = (
        Column("soft", "soft"),
        Column("hard", "hard"),
        Column("eps", "eps"),
        Column("gamma", "soft asks for fewer", where),
    )
    title = f"where soft asks for fewer, {low:.3g} <= gamma <= {high:.3g}"
    return [Table(columns, found, title, detail=True)]


def where(crossover: Crossover) -> str:
    """For example `gamma < 0.0384`."""
    if crossover.gamma is None:
        return crossover.soft_smaller
    if crossover.soft_smaller == "mixed":
        return f"changes at gamma = {crossover.gamma:.4g} and again"
    return f"gamma {'<' if crossover.soft_smaller == 'below' else '>'} {crossover.gamma:.4g}"


def _shared(result: Comparison) -> list[tuple[str, str]]:
    """What all rows share."""
    facts = [
        ("n", str(result.n)),
        ("c", "2 gamma (always valid)" if result.c is None else numbers.number(result.c)),
        ("total failure probability", f"{numbers.number(result.failure_probability)} for every row"),
    ]
    if result.logit_scale != 1:
        facts.append(("soft labels at logit scale", numbers.number(result.logit_scale)))
    if result.data:
        known = result.gamma_confidence
        whence = "gamma as given" if known is None else f"gamma is the lower end at confidence {known:g}"
        facts.insert(0, ("data", f"{result.data}: {whence}"))
    return facts


def _sources(rows: Sequence[BoundRow]) -> list[str]:
    """Each bound's source and notes, once."""
    return list(dict.fromkeys(f"{row.bound}: {row.source}" + (f"; {row.note}" if row.note else "") for row in rows))


def _next(result: Comparison) -> list[str]:
    best = min(result.rows, key=lambda row: (row.direction == "lower", row.width)).bound
    return [f"boundcheck explain {best}", f"boundcheck verify {'DATA ' if result.data else ''}--width-search"]


def _formula(item: BoundFormula) -> Formula:
    return Formula(
        f"m >= {item.formula}",
        rf"m \ge {item.latex}",
        f"{item.bound}: {item.title}",
        lambda: mathml(item.bound, item.formula),
        detail=True,
    )


def mathml(bound: str, formula: str) -> str:
    """MathML of a bound whose closed form is, to the letter, `formula`; else nothing: text is never evaluated."""
    from sympy.printing.mathml import mathml as printed

    from boundcheck import bounds

    known = bounds.registry[bound].width if bound in bounds.registry else None
    return printed(known, printer="presentation") if str(known) == formula else ""
