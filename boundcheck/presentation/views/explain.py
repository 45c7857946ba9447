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
    row = result.row
    failed = [i for i, step in enumerate(result.steps, 1) if step.holds is False]
    checked = sum(step.holds is not None for step in result.steps)
    verdict = (
        f"Step {failed[0]} of its derivation FAILS" if failed else f"All {checked} steps that a machine can check hold"
    )
    lower = row.direction == "lower"
    steps = "infinitely many steps (the floor)" if row.steps is None else f"{numbers.integer(row.steps)} steps"
    says = f"says that some data need at least {row.width:,} neurons" if lower else f"asks for {row.width:,} neurons"
    asked = ", ".join(f"{name} = {numbers.number(value, 6)}" for name, value in result.numbers.items())
    exact = [
        ("neurons, even", f"{row.width:,}"),
        ("steps", "any" if lower else steps),
        ("step size", "any" if lower else row.step_size),
        ("radius B", "any" if lower else "no projection" if row.radius is None else row.radius),
        ("failure probability", row.failure_probability),
        ("closed form", f"{numbers.number(result.width_in_closed_form, 6)} at {asked}"),
        ("grows like", "; ".join(term.text for term in result.growth)),
    ]
    if row.note:
        exact.append(("note", row.note))
    theorem: list[Block] = [
        Items(
            [Item(h.sentence, "FAILS" if h.status == "fails" else h.status) for h in result.hypotheses],
            "Hypotheses",
        ),
        Formula(
            f"m >= {result.formula}",
            rf"m \ge {result.latex}",
            "Width",
            lambda: mathml(result.bound, result.formula),
        ),
    ]
    if result.condition is not None and result.condition_latex is not None:
        sharper = "or, sharper and with a schedule, u = 1/(2 eta T) and q, q' quantiles of the flips at m"
        theorem.append(Formula(result.condition, result.condition_latex, sharper))
    theorem.append(Note(f"Then: {result.statement} This holds {result.quantifiers}. ({result.direction}.)"))
    return Document(
        f"{result.bound}: {result.title}",
        [
            Answer(f"{result.bound} ({result.title}) {says} at {asked}. {verdict}; {result.direction}."),
            Table(COSTS, [*result.factors, *result.costs], "what each factor costs"),
            Next(
                [
                    f"boundcheck explain {result.bound} -v",
                    f"boundcheck compare --eps {result.numbers.get('eps', 0.05):g}",
                ]
            ),
            Passage("theorem", f"{result.bound}; {result.source}", theorem, detail=True),
            Facts(exact, "with these numbers", detail=True),
            Passage(
                "proof",
                "Derivation, checked just now",
                [Items([_step(step) for step in result.steps], numbered=True)],
                detail=True,
            ),
        ],
    )


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
