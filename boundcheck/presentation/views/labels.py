"""`labels check` and `labels make`: what soft labels are worth, and what was written."""

import math
from collections.abc import Sequence

from boundcheck.presentation import numbers
from boundcheck.presentation.document import Answer, Block, Column, Document, Next, Note, Table, Verdict
from boundcheck.records.base import Estimate
from boundcheck.records.labels import Bias, Calibration, LabelsMade, QualityReport
from boundcheck.softlabels.encoding import counted

_MOST_CLASSES = 12
AT_TEMPERATURE = "of each half of the rows, at the temperature fitted to the other half"

Row = tuple[str, Estimate | float | None, str]
"""What is measured, its value with or without an interval, and what it means."""


def _ends(row: Row) -> str:
    value = row[1]
    return f"[{numbers.number(value.lower)}, {numbers.number(value.upper)}]" if isinstance(value, Estimate) else ""


ESTIMATES = (
    Column("name", "", lambda row: row[0]),
    Column("value", "value", lambda row: row[1].value if isinstance(row[1], Estimate) else row[1]),
    Column("interval", "interval", _ends),
    Column("meaning", "meaning", lambda row: row[2], prose=True),
)


def _known(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


CLASSES = (
    Column("label", "class", format=str),
    Column("count", "examples"),
    Column("unreliability", "missed", lambda row: _known(row.unreliability), lambda v: numbers.number(v, 3)),
    Column("intruder", "worst intruder", format=lambda v: numbers.NOTHING if v is None else str(v)),
    Column("ambiguity", "its share", lambda row: _known(row.ambiguity), lambda v: numbers.number(v, 3)),
    Column("kappa", "lead", lambda row: _known(row.kappa), lambda v: numbers.NOTHING if v is None else f"{v:+.3f}"),
)


def _count(n: int | None) -> str:
    return "no guarantee" if n is None else f"{n:,}"


SIZES = (
    Column("theorem", "statement", prose=True),
    Column("at_value", "at the values", format=_count),
    Column("at_bound", "at the bounds", format=_count),
    Column("source", "source", prose=True),
)


def quality(report: QualityReport) -> Document:
    """The verdict with its assumption and the indicators; what follows from them in detail."""
    known = [Note(f"labels: {counted(report.labels)}")] if report.labels else []
    return Document(
        "what the soft labels are worth", [Answer(_answer(report)), *known, *_blocks(report), _next(report)]
    )


def made(report: LabelsMade) -> Document:
    """What was written, and what it is worth."""
    radius = "none known" if report.radius != report.radius else f"{report.radius:.6g}"
    said = (
        f"{report.file}: {report.n} soft labels by {report.source}; max |logit| "
        f"{numbers.number(report.max_abs_logit)}, radius B {radius}"
    )
    blocks: list[Block] = [Answer(said)]
    if report.answers:
        blocks.append(Note(f"labels of the answers: {counted(report.answers)}"))
    worth = [Note(_answer(report.quality)), *_blocks(report.quality)]
    go_on = Next(
        [f"boundcheck labels check {report.file}", f"boundcheck verify DATA --labels {report.file} --width-search"]
    )
    return Document(f"soft labels in {report.file}", [*blocks, *worth, go_on])


def _answer(report: QualityReport) -> str:
    """How often the teacher is right, whether its confidence is honest, what it says beyond its decisions."""
    found = report.calibration
    if report.kappa is None:
        share = numbers.percent(report.self_estimated_delta or 0.0)
        return (
            f"Without the truth only one thing can be said of these {report.n:,} soft labels over {report.classes} "
            f"classes: if they are calibrated, {_sets(report)} miss it on {share} of the rows."
        )
    if found is None:
        assert report.delta is not None, "there is a truth"
        return f"{_sets(report).capitalize()} miss the truth on {_share(report.delta)} of {report.n_used:,} rows."
    right = Estimate(1 - found.error.value, 1 - found.error.upper, 1 - found.error.lower)
    return f"This teacher is right on {_share(right)} of the {report.n:,} rows{_honesty(found)}; {_beyond(found)}."


def _honesty(found: Calibration) -> str:
    """Over- or under-confident where the interval of the honest temperature excludes 1."""
    best = found.temperature
    if best is None or best.value in (0, math.inf):  # all right, or no better than chance: no temperature fits
        return ""
    if best.lower > 1:
        how = "is surer of itself than it should be"
    elif best.upper < 1:
        how = "is less sure of itself than it could be"
    else:
        return f", as sure of itself as it should be (temperature 1 is among the honest ones, {numbers.ends(best, 2)})"
    return f", {how} (temperature {numbers.number(best.value, 2)} would be honest)"


def _beyond(found: Calibration) -> str:
    """What the weights say of the truth beyond hard labels, in nats a row."""
    honest, bare = found.log_loss_at_temperature, found.bare
    if honest is None or bare is None:
        return "its weights give some true class no chance at all, so they say less than hard labels would"
    if bare == 0:
        return "hard labels by it would leave nothing open on these rows"
    if honest >= bare:
        return "its weights say no more about the truth than hard labels would"
    return (
        f"at an honest temperature its weights say {numbers.number(bare - honest, 2)} nats a row over hard labels, "
        f"{100 * (1 - honest / bare):.0f} % of what hard labels leave open"
    )


def _share(value: Estimate) -> str:
    """`98.9 % (98.3 to 99.3)`."""
    return f"{100 * value.value:.3g} % ({100 * value.lower:.3g} to {100 * value.upper:.3g})"


def _sets(report: QualityReport) -> str:
    how = {
        "given": "",
        "half": f", chosen on one half of the rows and judged on the other {report.n_used:,}",
        "all": ", chosen on the same rows",
        "only": "",
        "default": ", the default without truth to choose by,",
        "candidates": "",
    }[report.k_choice]
    return "its candidate sets" if report.k is None else f"its top-{report.k} sets{how}"


def _blocks(report: QualityReport) -> list[Block]:
    blocks: list[Block] = []
    if report.kappa is not None:
        blocks += [_verdict(report), _indicators(report)]
        if len(report.per_class) <= _MOST_CLASSES:
            blocks.append(Table(CLASSES, report.per_class, "per class", detail=True))
        blocks += [_sizes(report), *_settings(report)]
    if report.bias is not None:
        blocks.append(_bias(report.bias))
    if report.calibration is not None:
        blocks.append(_calibration(report.calibration))
    return [*blocks, *(Note(f"note: {note}") for note in report.notes)]


def _next(report: QualityReport) -> Next:
    return Next(["boundcheck labels check FILE " + ("--truth TRUTH" if report.kappa is None else "-v")])


def _verdict(report: QualityReport) -> Verdict:
    """The conditions for learning from biased labels in words: what holds, and what it means for a student."""
    lead = report.kappa
    assert lead is not None, "there is a truth"
    seen = f"in {_sets(report)} the truth leads every wrong class by {_share(lead)} of the rows of its class"
    if report.certified:
        meaning = "a student that fits these sets ends up right in every class, given enough rows"
        return Verdict("certified", f"{seen}: {meaning}, under {report.assumption} ({_sure(report)} confidence)")
    if report.refuted:
        meaning = (
            "in some class a wrong one is in the sets as often as the truth: a student that fits them ends up wrong"
        )
        return Verdict("refuted", f"{meaning} there, under {report.assumption} ({_sure(report)} confidence)")
    if not report.makes_claim:
        return Verdict("not certified", f"{seen}; {report.assumption}")
    return Verdict("undecided", f"{seen}; whether it leads at all in every class is open, more labelled rows may tell")


def _estimates(rows: Sequence[Row], title: str) -> Table:
    return Table(ESTIMATES, [row for row in rows if row[1] is not None], title, detail=True)


def _indicators(report: QualityReport) -> Table:
    rows: list[Row] = [
        ("missed", report.delta, "Delta: the truth is not in the set, on average"),
        ("missed at worst", report.delta_max, "Delta_max: the same, in the worst class"),
        ("ambiguity", report.gamma, "gamma of that theory: a wrong label is in the set, worst class and label"),
        ("lead", report.kappa, "kappa of that theory: least lead of the truth over a wrong label (ours)"),
        ("exponent", report.psi, "psi: Chernoff exponent from `missed at worst` and ambiguity (ours)"),
        ("exponent of pairs", report.psi_pairs, "psi_pairs: the same from all pairs, sharper (ours)"),
    ]
    title = f"learning from biased labels (estimates; intervals hold jointly, {_sure(report)})"
    return _estimates(rows, title)


def _sizes(report: QualityReport) -> Table:
    wanted = report.settings
    title = f"examples needed for error <= {wanted.eps:g} with probability >= {1 - wanted.failure:g}"
    return Table(SIZES, report.sample_sizes, title, detail=True)


def _settings(report: QualityReport) -> list[Note]:
    notes = []
    if report.error_bound is not None and report.error_bound < 1:
        bound = numbers.number(report.error_bound)
        notes.append(f"from these {report.n} examples, if Delta is known on average only: error <= {bound}")
    noise, mixed = report.additive_noise, report.incomplete_supervision
    if noise is not None:
        notes.append(
            f"one-hot labels plus N(0, {noise.sigma:g}^2) at k = {noise.k}: missed {noise.delta:.4f}, "
            f"ambiguity {noise.gamma:.4f}"
        )
    if mixed is not None:
        limit = "for every share" if mixed.fraction_limit > 1 else f"up to a share of {mixed.fraction_limit:.4g}"
        notes.append(
            f"a share {mixed.fraction:g} of such labels, the rest exact: missed at worst {mixed.delta.value:.4g}, "
            f"ambiguity {mixed.gamma.value:.4g}, lead {mixed.kappa.value:.4g} (at least {mixed.kappa.lower:.4g}); "
            f"missed at worst + ambiguity < 1 {limit}"
        )
    return [Note(note) for note in notes]


def _bias(bias: Bias) -> Table:
    rows: list[Row] = [
        ("bias", bias.bias, "E ||d - e_y||_1, in [0, 2]"),
        ("soft-CE margin", bias.soft_ce_margin, "> 0: soft cross-entropy is consistent (ours)"),
        ("E|d - eta|", bias.posterior_bias, "against the known posterior"),
        ("wrong side", bias.sign_disagreement, "P((d - 1/2)(eta - 1/2) < 0)"),
    ]
    return _estimates(rows, f"bias, {numbers.confidence(bias.confidence)} intervals")


def _calibration(found: Calibration) -> Table:
    lost: Row = ("log loss", found.log_loss, "interval for large n")
    if found.impossible:
        lost = ("log loss", float("inf"), f"unbounded: {found.impossible} rows give their true class weight 0")
    rows: list[Row] = [
        ("ECE", found.ece, f"{found.bins} bins; the value is biased upward, the interval is not"),
        ("error", found.error, f"of the argmax; the labels claim {numbers.number(found.self_estimated_error)}"),
        ("Brier", found.brier, "interval for large n"),
        lost,
        ("temperature", found.temperature, "> 1: over-confident; interval for large n"),
        ("log loss then", found.log_loss_at_temperature, AT_TEMPERATURE),
    ]
    return _estimates(rows, f"calibration, {numbers.confidence(found.confidence)} intervals")


def _sure(report: QualityReport) -> str:
    assert report.joint_confidence is not None, "printed only where there is a truth"
    return numbers.confidence(report.joint_confidence)
