"""`verify`: the ladder from theorem to practice, and networks trained at one width."""

import statistics

from boundcheck.presentation import numbers
from boundcheck.presentation.document import Answer, Block, Column, Document, Facts, Figure, Next, Note, Table, Verdict
from boundcheck.presentation.views import verify_plots
from boundcheck.records import LogitScales, Search
from boundcheck.records.verification import Exclusion, JudgedRun, Rung, WidthReport, WidthSearchReport
from boundcheck.verification import name_of, proved_for


def _rung_width(rung: Rung) -> int | str:
    """The width; where none was reached, how far it was sought."""
    return rung.width or (f"> {rung.searched_to:,}" if rung.searched_to else "none found")


def _rung_kind(rung: Rung) -> str:
    """How the width is known; a trained one lies between two widths. A bound's name tells its loss."""
    inside = ""
    if rung.bracket is not None:
        low, high = rung.bracket
        inside = f" in ({low}, {'...' if high is None else high}{')' if high is None else ']'}"
    loss = "" if rung.kind in ("proved", "needed") else f", {rung.loss} loss"
    note = rung.note if rung.note.startswith("at ") else f", {rung.note}"
    return f"{rung.kind}{inside} {note}".rstrip(" ,").replace(" ,", ",") + loss


LADDER = (
    Column("labels", "labels", group=True),
    Column("bound", "rung"),
    Column("radius", "B", format=lambda v: "" if v is None else numbers.number(v, 3)),
    Column("width", "width", _rung_width),
    Column("factor", "factor", format=lambda v: "" if v is None else numbers.number(v, 3)),
    Column("kind", "kind", _rung_kind, prose=True),
)
SHARES = (
    Column("width", "width"),
    Column("seeds", "W(0)", format=str),
    Column("impossible", "impossible"),
    Column("open", "undecided"),
    Column("lower", "share at least", format="{:.3f}".format),
)
TRIALS = (
    Column("width", "width"),
    Column("seeds", "seeds"),
    Column("successes", "successes"),
    Column("rate", "rate", lambda t: t.successes / t.seeds, "{:.3f}".format),
    Column("ci", "interval", lambda t: t.ci, lambda ci: f"[{ci[0]:.3f}, {ci[1]:.3f}]"),
    Column("mean_error", "mean error"),
    Column("verdict", ""),
)
RUNS = (
    Column("seed", "seed", format=str),
    Column("average_error", "average error"),
    Column("average_risk", "average risk"),
    Column("certificate", "certificate"),
    Column("final_error", "final error"),
    Column("flip_fraction", "flips"),
)


def width_search(report: WidthSearchReport) -> Document:
    """The ladder first; every width tried in detail. Without a margin nothing was trained."""
    title = f"the smallest width that trains on {report.data}"
    if not report.searches:
        return Document(title, [Verdict(report.judgement.verdict.value, report.judgement.reason)])
    ladder = Table(LADDER, report.ladder, f"from theorem to practice, average error {numbers.number(report.eps)}")
    supposed = proved_for(report.gamma)
    how = "as the theorems prescribe" if report.training == "theorem" else "practically, each run until it is decided"
    blocks: list[Block] = [
        Answer(_answer(report)),
        ladder,
        *([Note(supposed)] if supposed else []),
        *(Note(note + ".") for note in report.notes),
        *(Note(comparison.statement + ".") for comparison in report.comparisons),
        *_impossible(report.exclusion),
        Verdict(report.judgement.verdict.value, report.judgement.reason),
        Next(_next(report)),
        Facts([*data_facts(report), ("trained", how)], detail=True),
        *(_search(search) for search in report.searches),
        *verify_plots.search_panels(report),
    ]
    return Document(title, blocks)


def _answer(report: WidthSearchReport) -> str:
    """The smallest width shown to work with each kind of labels, beside the least that a theorem asks for."""
    told = []
    for labels in ("soft", "hard"):
        own = [search for search in report.searches if search.labels == labels]
        found = min((s for s in own if s.minimal_width), key=lambda s: s.minimal_width or 0, default=None)
        asked = min(
            (r.width for r in report.ladder if r.kind == "proved" and r.labels == labels and r.width), default=None
        )
        trained = (
            f"no width was shown to work with {labels} labels"
            if found is None
            else f"{numbers.integer(found.minimal_width)} neurons suffice with {labels} labels (B = {found.radius:.4g})"
        )
        told.append(trained + ("" if asked is None else f", where a theorem asks for {numbers.integer(asked)}"))
    target = report.searches[0].success_target
    return (
        f"{report.data}: in training, {'; '.join(told)}. To suffice is to reach average error "
        f"{numbers.number(report.eps)} in {numbers.percent(target)} of the runs, shown at "
        f"{numbers.confidence(report.searches[0].confidence)} confidence."
    )


def _impossible(found: Exclusion | None) -> list[Block]:
    """What is excluded from below, and what that says of soft against hard labels."""
    if found is None or not any(share.excluded for share in found.shares):
        return []
    said = (
        f"Below {found.least_width} neurons no training within B = {found.radius:.4g} reaches this error in "
        f"{numbers.percent(found.success_target)} of the runs: from too many W(0) no network of the ball errs on at "
        f"most {found.errors} rows. This holds for soft and hard labels alike: at equal B, where one of them needs "
        "more neurons than the other, that is a matter of optimisation, not of what the ball contains."
    )
    title = f"W(0) without such a network, B = {found.radius:.4g}; {numbers.confidence(found.confidence)} in all"
    return [Note(said), Table(SHARES, found.shares, title, detail=True)]


def _next(report: WidthSearchReport) -> list[str]:
    if any(search.cut_short for search in report.searches):
        return ["boundcheck verify DATA --width-search --budget 100000 --time-limit inf"]
    return [
        "boundcheck verify DATA --width-search -v",
        "boundcheck verify DATA --training theorem --bound hard-perceptron",
    ]


def data_facts(report: WidthSearchReport | WidthReport | LogitScales) -> list[tuple[str, object]]:
    """Size of the data, and the interval of their margin."""
    return [
        ("data", f"{report.data}: {report.n} rows, {report.d} features"),
        ("margin gamma", f"[{report.gamma.lower:.4g}, {report.gamma.upper:.4g}] ({numbers.certainty(report.gamma)})"),
    ]


def _search(search: Search) -> Table:
    """Every width tried, those that were only glanced at too."""
    cut = f"; cut short by its {search.stopped}" if search.stopped in ("budget", "time") else ""
    title = (
        f"{name_of(search)}: average error <= {search.eps:g} with probability >= {search.success_target:g}, "
        f"{search.steps:,} steps of size {search.step_size:.4g}; smallest width {numbers.text(search.minimal_width)}, "
        f"bracket {search.interval}{cut}; intervals hold together at {numbers.confidence(search.confidence)}"
    )
    return Table(TRIALS, sorted(search.trials, key=lambda trial: trial.width), title, detail=True)


def width_runs(report: WidthReport) -> Document:
    """The verdict on a bound at one width, the spread of the runs, and each run in detail."""
    row, spec = report.bound, report.spec
    if report.training == "theorem":
        how = f"as {row.bound} prescribes"
    else:
        until = "each run until it is decided" if report.until_decided else "every run to its last step"
        how = f"practically on the loss of {row.bound}, {until}"
    schedule = (
        f"{report.data}, width {report.width:,}, trained {how}: {spec.steps:,} steps of size {spec.step_size:.4g}, "
        f"radius B = {spec.radius:.4g}; the bound asks for width {numbers.integer(row.width)}."
    )
    every = Table(RUNS, report.runs, "every run", detail=True)
    blocks: list[Block] = [
        Answer(f"{report.judgement.verdict.value}: {report.judgement.reason}."),
        Table(_spread(report.runs), RUNS[1:], f"spread over {len(report.runs)} runs"),
        Note(schedule),
        Next(["boundcheck verify DATA --width-search", f"boundcheck explain {row.bound}"]),
        Facts(data_facts(report), detail=True),
        every,
        Figure(verify_plots.width_runs(report), "average error of every run, target and certificates"),
    ]
    return Document(f"{row.bound} at width {report.width:,}", blocks)


def _spread(runs: tuple[JudgedRun, ...]) -> tuple[Column, ...]:
    """Columns of a table whose rows are the measures of a run."""

    def of(summary: object) -> object:
        def value(measure: Column) -> float | None:
            known = [v for run in runs if (v := measure.of(run)) is not None]
            return summary(known) if known else None  # type: ignore[operator]

        return value

    return (
        Column("measure", "", lambda measure: measure.head),
        *(
            Column(name, name, of(summary))  # type: ignore[arg-type]
            for name, summary in (("least", min), ("median", statistics.median), ("most", max))
        ),
    )
