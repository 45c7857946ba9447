"""`explain`: one theorem, its numbers, what each factor costs, and its derivation; or a term."""

from boundcheck.presentation import numbers
from boundcheck.presentation.document import (
    Answer,
    Block,
    Column,
    Document,
    Facts,
    Formula,
    Item,
    Items,
    Next,
    Note,
    Passage,
    Table,
)
from boundcheck.presentation.views.bounds import mathml
from boundcheck.records import BoundRow
from boundcheck.records.comparison import Cost, DerivationStep, Explanation, FactorValue
from boundcheck.records.glossary import Glossary

COSTS = (
    Column(
        "factor", "factor", lambda c: c.factor if isinstance(c, FactorValue) else f"without {c.without}", prose=True
    ),
    Column("value", "value", lambda c: c.value if isinstance(c, FactorValue) else c.width),
    Column("why", "why", lambda c: c.why if isinstance(c, FactorValue) else _saves(c), prose=True),
)


def _saves(cost: Cost) -> str:
    return f"{numbers.number(cost.saves, 3)} times fewer neurons"


def explanation(result: Explanation) -> Document:
    """Statement, numbers and costs; hypotheses and derivation in detail."""
    failed = [i for i, step in enumerate(result.steps, 1) if step.holds is False]
    checked = sum(step.holds is not None for step in result.steps)
    verdict = f"All {checked} steps that a machine can check hold" if checked else "It comes without a derivation"
    verdict = f"Step {failed[0]} of its derivation FAILS" if failed else verdict
    asked = ", ".join(f"{name} = {numbers.number(value, 6)}" for name, value in result.numbers.items())
    theorem: list[Block] = [
        Items(
            [Item(h.sentence, "FAILS" if h.status == "fails" else h.status) for h in result.hypotheses],
            "Hypotheses",
        ),
    ]
    if result.formula:
        closed = Formula(
            f"m >= {result.formula}", rf"m \ge {result.latex}", "Width", lambda: mathml(result.bound, result.formula)
        )
        theorem.append(closed)
    if result.condition is not None and result.condition_latex is not None:
        sharper = "or, sharper and with a schedule, u = 1/(2 eta T) and q, q' quantiles of the flips at m"
        said = sharper if result.formula else "Width: the m at which the moments of the data satisfy"
        theorem.append(Formula(result.condition, result.condition_latex, said))
    theorem.append(Note(f"Then: {result.statement} This holds {result.quantifiers}. ({result.direction}.)"))
    row, eps = result.row, result.numbers.get("eps", 0.05)
    data = "" if row else " --data sklearn:breast_cancer --prepare standardize --normalize unit"
    return Document(
        f"{result.bound}: {result.title}",
        [
            Answer(
                f"{result.bound} ({result.title}) "
                + (_says(row, asked) if row else "reads its width off a data set")
                + f". {verdict}; {result.direction}."
            ),
            *([Table(COSTS, [*result.factors, *result.costs], "what each factor costs")] if row else []),
            Next([f"boundcheck explain {result.bound} -v", f"boundcheck compare --eps {eps:g}{data}"]),
            Passage("theorem", f"{result.bound}; {result.source}", theorem, detail=True),
            *([Facts(_exact(result, row, asked), "with these numbers", detail=True)] if row else []),
            Passage(
                "proof",
                "Derivation, checked just now",
                [Items([_step(step) for step in result.steps], numbered=True)],
                detail=True,
            ),
        ],
    )


def _says(row: BoundRow, asked: str) -> str:
    what = "says that some data need at least" if row.direction == "lower" else "asks for"
    return f"{what} {row.width:,} neurons at {asked}"


def _exact(result: Explanation, row: BoundRow, asked: str) -> list[tuple[str, object]]:
    """The row, and the closed form beside it."""
    lower = row.direction == "lower"
    steps = "infinitely many steps (the floor)" if row.steps is None else f"{numbers.integer(row.steps)} steps"
    return [
        ("neurons, even", f"{row.width:,}"),
        ("steps", "any" if lower else steps),
        ("step size", "any" if lower else row.step_size),
        ("radius B", "any" if lower else "no projection" if row.radius is None else row.radius),
        ("failure probability", row.failure_probability),
        ("closed form", f"{numbers.number(result.width_in_closed_form, 6)} at {asked}"),
        ("grows like", "; ".join(term.text for term in result.growth)),
        *([("note", row.note)] if row.note else []),
    ]


def _step(step: DerivationStep) -> Item:
    verdict = {True: "holds", False: "FAILS", None: "argued"}[step.holds]
    if not step.latex:
        return Item(f"{step.claim} ({step.method}): {step.shown}", verdict)
    return Item(f"{step.claim} ({step.method})", verdict, Formula(step.shown, step.latex))


def glossary(found: Glossary) -> Document:
    """What a name can mean, or, with the bounds, every name."""
    if not found.bounds:
        blocks: list[Block] = []
        for term in found.terms:
            also = f" Also: {', '.join(term.also)}." if term.also else ""
            blocks.append(Answer(f"{term.name}: {term.meaning}{also}"))
            if term.source:
                blocks.append(Note(f"Mathematics: {term.source} (notebooks/theory.ipynb)", detail=True))
        return Document(" and ".join(term.name for term in found.terms), blocks)
    terms = Table([Column("name", "term"), Column("meaning", "meaning", prose=True)], found.terms)
    said = f"{len(found.bounds)} bounds: {', '.join(found.bounds)}; {len(found.terms)} terms."
    return Document(
        "bounds and terms", [Answer(said), terms, Next(["boundcheck explain soft-sharp", "boundcheck explain margin"])]
    )
