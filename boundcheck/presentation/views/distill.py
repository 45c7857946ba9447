"""`distill`: where soft labels help on held-out rows."""

from boundcheck.presentation.charts import FOURTH, LOOKS, THIRD, Axis, Chart, Level, Look
from boundcheck.presentation.document import Answer, Block, Column, Document, Figure, Next, Note, Table
from boundcheck.presentation.views.experiment_plots import ACCURACY, POINTS, ZERO, means
from boundcheck.presentation.views.experiments import interval
from boundcheck.records.distill import Distilled, Finding

ACCURACIES = (
    Column("footing", "footing", group=True),
    Column("width", "width"),
    Column("hard", "hard", format=interval),
    Column("soft", "soft", format=interval),
    Column("gain", "soft - hard", format=interval),
)


def _way(kind: str, key: str, head: str) -> Column:
    return Column(f"{kind}_{key}", f"{kind}: {head}", lambda row: getattr(getattr(row, f"{kind}_choice"), key))


CHOICES = (
    *ACCURACIES[:2],
    *(_way(*way) for way in (("hard", "step_size", "eta"), ("hard", "radius", "B"), ("soft", "step_size", "eta"))),
    *(_way(*way) for way in (("soft", "radius", "B"), ("soft", "temperature", "tau"))),
)


def distilled(report: Distilled) -> Document:
    """The verdict for each footing in words; the accuracies; how the students were trained."""
    teacher = report.teacher_accuracy
    known = "" if teacher is None else f", itself right on {interval(teacher)} % of the test rows"
    held_out = "the rows that the data hold out" if report.held_out else "drawn by class"
    verdicts = [f"{footing.capitalize()}: {_words(report, footing)}." for footing in _footings(report)]
    blocks: list[Block] = [
        Answer(" ".join(verdicts)),
        Table(
            ACCURACIES, report.rows, f"accuracy in % on {report.n_test:,} test rows, {report.settings.runs} seeds each"
        ),
        Note(
            f"Teacher: {report.teacher}{known}. Trained on {report.n_train:,} rows, tested on {report.n_test:,} "
            f"({held_out}); each student's way to train was chosen on {report.n_validation:,} validation rows among "
            f"{len(report.settings.hard_grid)} for hard and {len(report.settings.soft_grid)} for soft labels. 95 % "
            "intervals, each on its own, over initialisations and test rows; the training rows are what they are. What "
            "is said to help or to hurt does so at all widths together at 95 %."
        ),
        Next(["boundcheck distill DATA -v", "boundcheck labels make DATA --teacher network -o soft.npz"]),
        Table(
            CHOICES, report.rows, "how the students were trained: step size eta, radius B, temperature tau", detail=True
        ),
        *_panels(report),
    ]
    return Document(f"soft labels against hard ones on {report.data}", blocks)


def _footings(report: Distilled) -> list[str]:
    return list(dict.fromkeys(row.footing for row in report.rows))


def _words(report: Distilled, footing: str) -> str:
    """`soft labels help at widths 4 to 8 (+1.9 ± 0.6 points); neither is shown at 32`."""
    found = [finding for finding in report.findings if finding.footing == footing]
    shown = [f"{one.effect} at {_at(one)} ({_points(one)})" for one in found if one.effect != "undecided"]
    rest = " and ".join(_at(one).removeprefix("width ") for one in found if one.effect == "undecided")
    if not shown:
        return f"soft labels are not shown to help or to hurt at {_widths(report)} ({'; '.join(map(_points, found))})"
    return f"soft labels {', '.join(shown)}" + (f"; neither is shown at {rest}" if rest else "")


def _at(finding: Finding) -> str:
    first, last = finding.widths[0], finding.widths[-1]
    return f"width {first}" if first == last else f"widths {first} to {last}"


def _widths(report: Distilled) -> str:
    widths = report.settings.widths
    return f"width{'s' * (len(widths) > 1)} " + ", ".join(map(str, widths))


def _points(finding: Finding) -> str:
    half = (finding.gain.upper - finding.gain.lower) / 2
    return f"{round(100 * finding.gain.mean, 1) + 0.0:+.1f} ± {100 * half:.1f} points"


def _panels(report: Distilled) -> list[Figure]:
    """Accuracy against width on each footing, and the gain of soft labels on both."""
    x = Axis("student width (neurons)", log=True, ticks={float(w): str(w) for w in report.settings.widths})
    teacher = report.teacher_accuracy
    levels = [] if teacher is None else [Level(100 * teacher.mean, "teacher")]
    panels, gains = [], []
    for footing, look in zip(_footings(report), (Look(THIRD), Look(FOURTH, "--", "s")), strict=False):
        rows = [row for row in report.rows if row.footing == footing]
        series = [
            means(f"{kind} labels", LOOKS[kind], [r.width * shift for r in rows], [getattr(r, kind) for r in rows])
            for kind, shift in (("hard", 0.98), ("soft", 1.02))
        ]
        panels.append(Figure(Chart(x, ACCURACY, series, levels), f"test accuracy, {footing}"))
        gains.append(means(footing, look, [row.width for row in rows], [row.gain for row in rows]))
    return [*panels, Figure(Chart(x, POINTS, gains, ZERO), "soft minus hard, paired")]
