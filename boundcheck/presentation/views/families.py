"""`reproduce scaling` and `reproduce temperature`: smallest widths over a family of data sets or of labels."""

from boundcheck.presentation import numbers
from boundcheck.presentation.document import Answer, Block, Column, Document, Facts, Figure, Next, Note, Table
from boundcheck.presentation.views import verify_plots
from boundcheck.presentation.views.verify import data_facts
from boundcheck.presentation.views.verify_plots import slope_phrase
from boundcheck.records import Fit, LogitScales, Scaling, Search


def _open_interval(fit: Fit) -> str:
    low, high = ("..." if end is None else f"{end:.2f}" for end in (fit.lower, fit.upper))
    return f"[{low}, {high}]"


FITS = (
    Column("search", "search"),
    Column("exponent", "exponent", lambda fit: fit, slope_phrase),
    Column("interval", "95 % interval", lambda fit: fit, _open_interval),
    Column("places", "places"),
    Column("beyond", "beyond"),
    Column("below", "below"),
    Column("bound_exponent", "bound's", format=lambda v: numbers.NOTHING if v is None else f"{v:.2f}"),
    Column(
        "theorem", "theorem", lambda fit: fit.theorem + ("" if fit.bound is None else f" ({fit.bound})"), prose=True
    ),
)


def scaling(report: Scaling) -> Document:
    """The fitted exponents; crossings and brackets at every place in detail."""
    target = report.rows[0].searches[0].success_target
    names = ["n", *(name for name in ("gamma", "eps") if report.against in (name, "n"))]
    columns = [
        *(Column(name, name, lambda row, name=name: getattr(row.place, name)) for name in names),  # type: ignore[misc]
        *(
            Column(fit.search, fit.search, lambda row, i=i: _crossing(row.widths[i], row.searches[i]))  # type: ignore[misc]
            for i, fit in enumerate(report.fits)
        ),
    ]
    known = [f"{slope_phrase(fit)} for {fit.search}" for fit in report.fits]
    blocks: list[Block] = [
        Answer(f"The smallest width grows like {report.against}^exponent, with exponent {', '.join(known)}."),
        Table(FITS, report.fits, f"slope of ln(width) against ln({report.against}); intervals are over seeds"),
        Note("The theorems' exponents are of upper bounds: a smaller measured exponent does not contradict them."),
    ]
    if any(fit.beyond for fit in report.fits):
        blocks.append(
            Note("beyond: the target was reached at no width tried; such places bound the exponent on one side.")
        )
    if any(fit.below for fit in report.fits):
        blocks.append(
            Note("below: the narrowest width tried reached the target; such places bound it on one side, too.")
        )
    if report.cut:
        blocks.append(Note(f"cut short; raise --budget or --time-limit: {'; '.join(report.cut)}"))
    title = f"width at which {numbers.percent(target)} of runs succeed, (shown to fail, to succeed]"
    return Document(
        f"how the smallest width grows with {report.against}",
        [
            *blocks,
            Next([f"boundcheck reproduce scaling {report.against} -v", "boundcheck compare --eps .05 -v"]),
            Table(columns, report.rows, title, detail=True),
            Figure(verify_plots.scaling(report), "smallest widths with brackets and fitted lines"),
        ],
    )


def _crossing(width: float | None, search: Search) -> str:
    return f"{numbers.number(width, 3)} {search.interval}"


def logit_scales(report: LogitScales) -> Document:
    """A row a scale, softest first."""
    columns = [
        Column("logit_scale", "kappa = B", format=lambda v: numbers.number(v, 3)),
        Column("steps", "steps", lambda row: row.soft.steps),
        Column("soft", "soft", lambda row: row.soft.interval),
        Column("soft_crossing", "~", format=lambda v: numbers.number(v, 3)),
        Column("hard", "hard", lambda row: row.hard.interval),
        Column("hard_crossing", "~", format=lambda v: numbers.number(v, 3)),
        *(
            Column(at.bound, at.bound, lambda row, i=i: row.bounds[i].width)  # type: ignore[misc]
            for i, at in enumerate(report.rows[0].bounds if report.rows else ())
        ),
    ]
    blocks: list[Block] = [Answer(f"{report.trend}: {report.statement}")]
    if report.rows:
        scales = ", ".join(f"{scale:g}" for scale in report.fewer_than_hard) or "none"
        sure = numbers.confidence(report.confidence)
        title = f"smallest widths, eps = {report.eps:g}; all brackets hold together at {sure} confidence"
        blocks += [
            Table(columns, report.rows, title),
            Note(f"scales at which soft labels are shown to need fewer neurons than hard ones: {scales}"),
            Note(
                "~: width where the fitted success rate crosses the target. Hard labels have the same radius B; the "
                "bounds are at their floor."
            ),
            Figure(verify_plots.logit_scales(report), "smallest widths against the logit scale"),
        ]
    data = Facts(data_facts(report), detail=True)
    return Document(f"does the smallest width fall as labels get softer? {report.data}", [*blocks, data])
