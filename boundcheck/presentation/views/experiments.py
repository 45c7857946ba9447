"""`reproduce table1` and `figure1`: our numbers beside the paper's."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from boundcheck.presentation import numbers
from boundcheck.presentation.document import Answer, Block, Column, Document, Item, Items, Note, Table
from boundcheck.presentation.views import experiment_plots
from boundcheck.records.reproduce import MeanInterval, PaperClaim

if TYPE_CHECKING:
    from boundcheck.records.reproduce import EqualFooting, Figure1, Table1


def interval(value: MeanInterval) -> str:
    """`96.6 ± 0.4` in per cent where the interval is symmetric, else `96.6 (95.8, 97.1)`."""
    low, high = 100 * (value.mean - value.lower), 100 * (value.upper - value.mean)
    mean = round(100 * value.mean, 1) + 0.0  # a rounded -0.04 is no -0.0
    if abs(low - high) < 1e-6:
        return f"{mean:.1f} ± {high:.1f}"
    return f"{mean:.1f} ({100 * value.lower:.1f}, {100 * value.upper:.1f})"


def _theirs(kind: str) -> Callable[[Any], float | None]:
    """The paper's accuracy of a kind, or its soft minus hard."""

    def value(row: Any) -> float | None:
        if row.paper is None:
            return None
        return row.paper["soft"] - row.paper["hard"] if kind == "gain" else row.paper.get(kind)  # type: ignore[no-any-return]

    return value


def _accuracies(digits: int) -> list[Column]:
    """Ours with intervals, then the paper's."""
    heads = {"teacher": "teacher", "hard": "hard", "soft": "soft", "gain": "soft - hard"}
    ours = [Column(kind, head, format=interval) for kind, head in heads.items()]

    def written(kind: str) -> Callable[[float | None], str]:
        sign = "+" if kind == "gain" else ""
        return lambda value: "" if value is None else f"{value:{sign}.{digits}f}"

    paper = [Column(f"paper_{kind}", f"paper: {head}", _theirs(kind), written(kind)) for kind, head in heads.items()]
    return [*ours, *paper]


def _claims(claims: Sequence[PaperClaim]) -> Items:
    items = [Item(f"({claim.id}) {claim.statement}: {claim.evidence}", claim.verdict) for claim in claims]
    return Items(items, "what the paper claims")


def _answer(claims: Sequence[PaperClaim], what: str) -> Answer:
    told = ", ".join(f"({claim.id}) {claim.verdict}" for claim in claims)
    return Answer(f"{what}: of the paper's claims, {told}." if claims else f"{what}.")


def table1(result: "Table1") -> Document:
    """The claims, the paper's table beside ours, and how the students were trained."""
    settings = result.settings
    columns = [Column("data", "data", group=True), Column("width", "width"), *_accuracies(2)]
    inside = [row.paper_gain_inside for row in result.rows if row.paper_gain_inside is not None]
    rows, test = (" and ".join(map(str, counts)) for counts in (result.n_train, result.n_test))
    ways = f"{len(settings.hard_grid)} for hard and {len(settings.soft_grid)} for soft labels"
    blocks: list[Block] = [
        _answer(result.claims, f"Table 1 on {result.source}"),
        _claims(result.claims),
        Table(columns, result.rows, f"accuracy in %, {settings.runs} seeds a cell"),
        Note(
            f"95 % intervals over initialisations and test rows (the teacher, of {settings.teacher_width} neurons, is "
            "one network: test rows only). "
            + (f"The paper's gain lies in our interval in {sum(inside)} of {len(inside)} cells. " if inside else "")
            + f"Trained on {rows} rows, tested on {test}; each cell's way to train was chosen on validation rows among "
            f"{ways}."
        ),
        *_equal_footing(result.equal_footing),
        Table(_choices(), result.rows, "how the students were trained: step size eta, radius B, tau", detail=True),
        *experiment_plots.table1_panels(result),
    ]
    return Document("the paper's Table 1, repeated", blocks)


EQUAL_FOOTING = (
    Column("data", "data", group=True),
    Column("width", "width"),
    Column("radius", "B", lambda row: row.way.radius),
    Column("step_size", "eta", lambda row: row.way.step_size),
    Column("temperature", "tau", lambda row: row.way.temperature),
    Column("hard", "hard", format=interval),
    Column("soft", "soft", format=interval),
    Column("gain", "soft - hard", format=interval),
    Column("paper_gain", "paper", format=lambda value: "" if value is None else f"{100 * value:+.2f}"),
)


def _equal_footing(rows: "Sequence[EqualFooting]") -> list[Block]:
    """The softest labels, and all temperatures under -v."""
    softest = [row for row in rows if row.way.temperature == max(row.way.temperature for row in rows)]
    title = "both at one radius B and the step size eta that is best for hard labels there, validation accuracy in %"
    known = {(row.data, row.width) for row in rows if row.paper_gain is not None}
    reached = {(row.data, row.width) for row in rows if row.paper_gain is not None and row.gain.mean >= row.paper_gain}
    note = (
        f"Trained on part of the rows, 95 % intervals over initialisations. So trained, and at some radius and "
        f"temperature, soft labels gain at least what the paper prints in {len(reached)} of {len(known)} cells."
    )
    if not rows:
        return []
    return [Table(EQUAL_FOOTING, softest, title), Note(note), Table(EQUAL_FOOTING, rows, title, detail=True)]


def _choices() -> list[Column]:
    ways = (
        ("hard", "step_size", "eta"),
        ("hard", "radius", "B"),
        ("soft", "step_size", "eta"),
        ("soft", "radius", "B"),
    )
    columns = [Column("data", "data", group=True), Column("width", "width")]
    for kind, key, head in (*ways, ("soft", "temperature", "tau")):

        def value(row: Any, kind: str = kind, key: str = key) -> float:
            return getattr(getattr(row, f"{kind}_choice"), key)  # type: ignore[no-any-return]

        columns.append(Column(f"{kind}_{key}", f"{kind}: {head}", value))
    return columns


def figure1(result: "Figure1") -> Document:
    """The claims, and the paper's figure beside ours."""
    columns = [Column("noise", "noise variance"), *_accuracies(1)]
    blocks: list[Block] = [
        _answer(result.claims, f"Figure 1 on {result.data}"),
        _claims(result.claims),
        Table(columns, result.rows, f"accuracy in %, {result.settings.runs} runs a cell"),
        Note(
            "95 % intervals over runs (split, noise, initialisation); the paper's numbers are read off its figure: "
            "CIFAR-10 cats and dogs, VGG 8+3 and 2+3."
        ),
    ]
    if ignorant := [numbers.number(row.noise) for row in result.rows if row.teacher.lower <= 0.5]:
        blocks.append(
            Note(
                f"The teacher is not shown to beat a coin at variance {', '.join(ignorant)}: its soft labels may know "
                "nothing there. More images or the paper's scale may help."
            )
        )
    return Document("the paper's Figure 1, repeated", [*blocks, *experiment_plots.figure1_panels(result)])
