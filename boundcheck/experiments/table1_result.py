"""What Table 1's networks say: accuracies beside the paper's, and the paper's claims with verdicts."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from boundcheck.experiments.distill import Trained
from boundcheck.experiments.distill_result import gain, row, teacher_accuracy
from boundcheck.experiments.estimates import crossed, difference, estimate, percent, positive
from boundcheck.records.reproduce import (
    DistillSettings,
    EqualFooting,
    MarginDraw,
    PaperClaim,
    PaperVerdict,
    Table1,
    Table1Row,
)

REDUCED, ALL = "without 1,4,7,9", "all digits"
PAPER = {  # (data, width): accuracies in per cent, Table 1
    (REDUCED, 8): {"teacher": 98.75, "hard": 97.19, "soft": 97.67},
    (REDUCED, 6): {"teacher": 98.75, "hard": 96.84, "soft": 97.26},
    (REDUCED, 4): {"teacher": 98.75, "hard": 93.04, "soft": 95.83},
    (ALL, 8): {"teacher": 98.34, "hard": 95.77, "soft": 96.58},
    (ALL, 6): {"teacher": 98.34, "hard": 95.33, "soft": 96.00},
    (ALL, 4): {"teacher": 98.34, "hard": 88.84, "soft": 95.62},
}


def assemble(
    source: str,
    reduced: Trained,
    everything: Trained,
    settings: DistillSettings,
    equal: Sequence[EqualFooting],
    margins: Sequence[MarginDraw],
) -> Table1:
    """The whole result from the networks of both data sets and the margins."""
    both = (reduced, everything)
    claims = (
        _soft_beats_hard(both, settings),
        _gain_grows(reduced, everything, settings),
        _gain_falls(both, settings),
        _margin_is_smaller(margins),
    )
    return Table1(
        source=source,
        data_sha256=everything.data.digest,
        datasets=tuple(t.name for t in both),
        n_train=tuple(len(t.split.train) for t in both),
        n_test=tuple(len(t.split.test) for t in both),
        settings=settings,
        rows=tuple(_row(t, width) for t in both for width in settings.widths),
        margins=tuple(margins),
        claims=tuple(claim for claim in claims if claim is not None),
        cells_reused=sum(t.cells_reused for t in both),
        provenance=tuple(t.data.provenance for t in both),
        equal_footing=tuple(replace(one, paper_gain=_paper_gain(one.data, one.width)) for one in equal),
    )


def _paper_gain(data: str, width: int) -> float | None:
    """Soft minus hard as printed, a share like our gains."""
    paper = PAPER.get((data, width))
    return None if paper is None else (paper["soft"] - paper["hard"]) / 100


def _row(trained: Trained, width: int) -> Table1Row:
    ours, teacher = row("each its own", trained.students, width), teacher_accuracy(trained)
    assert teacher is not None, "the network labels the test rows too"
    printed = _paper_gain(trained.name, width)
    return Table1Row(
        data=trained.name,
        width=width,
        teacher=teacher,
        hard=ours.hard,
        soft=ours.soft,
        gain=ours.gain,
        hard_choice=ours.hard_choice,
        soft_choice=ours.soft_choice,
        paper=PAPER.get((trained.name, width)),
        paper_gain_inside=None if printed is None else bool(ours.gain.lower <= printed <= ours.gain.upper),
    )


def small_widths(settings: DistillSettings) -> tuple[int, ...]:
    """The paper's widths 4, 6 and 8 among those tried."""
    return tuple(width for width in settings.widths if width in (4, 6, 8))


def _soft_beats_hard(both: Sequence[Trained], settings: DistillSettings) -> PaperClaim | None:
    """Claim (a): on each data set, averaged over the paper's widths."""
    small = small_widths(settings)
    if not small:
        return None
    gains = [gain(trained.students, small) for trained in both]
    verdicts = {positive(gain) for gain in gains}
    verdict: PaperVerdict = "undecided"
    if "refuted" in verdicts or verdicts == {"holds"}:
        verdict = "refuted" if "refuted" in verdicts else "holds"
    told = "; ".join(f"{t.name}: {percent(g)} points" for t, g in zip(both, gains, strict=True))
    return PaperClaim(
        "a", f"soft labels beat hard labels at small width ({_listed(small)}), on both data sets", verdict, told
    )


def _gain_grows(reduced: Trained, everything: Trained, settings: DistillSettings) -> PaperClaim | None:
    """Claim (b): the two test sets are taken as independent, although they share digits."""
    small = small_widths(settings)
    if not small:
        return None
    more = difference(gain(everything.students, small), gain(reduced.students, small))
    return PaperClaim(
        "b",
        f"at small width ({_listed(small)}) the gain is larger on all digits than without 1,4,7,9",
        positive(more),
        f"gain on all digits minus gain without 1,4,7,9: {percent(more)} points",
    )


def _gain_falls(both: Sequence[Trained], settings: DistillSettings) -> PaperClaim | None:
    """Claim (c): data can bound the gain at the widest student, not show that it is zero."""
    small, widest = small_widths(settings), max(settings.widths)
    if not small or widest in small:
        return None
    falls = crossed(np.concatenate([_fall(trained, small, widest) for trained in both], axis=1))
    left = "; ".join(f"{t.name}: {percent(gain(t.students, (widest,)))}" for t in both)
    return PaperClaim(
        "c",
        f"the gain is smaller at width {widest} than at small width ({_listed(small)})",
        positive(falls),
        f"it falls by {percent(falls)} points; what is left at width {widest}: {left} points",
    )


def _fall(trained: Trained, small: Sequence[int], widest: int) -> np.ndarray:
    def gain(width: int) -> np.ndarray:
        return np.asarray(trained.students["soft", width].right * 1.0 - trained.students["hard", width].right)

    return np.asarray(np.mean([gain(width) for width in small], axis=0) - gain(widest))


def _margin_is_smaller(margins: Sequence[MarginDraw]) -> PaperClaim | None:
    """Claim (d), at equal numbers of rows: a maximum of minima over rows cannot rise when rows are added."""
    if len(margins) < 2:
        return None
    gap = estimate([draw.rkhs_reduced.lower - draw.rkhs_all.upper for draw in margins])
    told = f"RKHS margin without 1,4,7,9 minus with them: {gap.mean:.4f} [{gap.lower:.4f}, {gap.upper:.4f}]"
    for draw in margins:
        if draw.sup_reduced is not None and draw.sup_all is not None:
            told += (
                f"; the paper's sup-norm margin on the first pair: [{draw.sup_reduced.lower:.4f}, "
                f"{draw.sup_reduced.upper:.4f}] without, [{draw.sup_all.lower:.4f}, {draw.sup_all.upper:.4f}] with"
            )
    return PaperClaim(
        "d",
        f"the margin of all digits is smaller than without 1,4,7,9 ({len(margins)} pairs of random subsets of "
        f"{margins[0].rows} rows; on the same rows it holds by definition)",
        positive(gap),
        told,
    )


def _listed(widths: Sequence[int]) -> str:
    return ", ".join(map(str, widths))
