"""What trained students say: accuracies on held-out rows, the gain of soft labels, and where it is shown."""

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from boundcheck.experiments.distill import Students, Trained
from boundcheck.experiments.estimates import crossed, proportion
from boundcheck.records import Labels
from boundcheck.records.distill import Distilled, DistillRow, Effect, Finding, Footing
from boundcheck.records.reproduce import DistillSettings, MeanInterval

CONFIDENCE = 0.95
Trial = Mapping[tuple[Labels, int], Students]


def distilled(trained: Trained, teacher: str, settings: DistillSettings) -> Distilled:
    """The record of `distill`."""
    footings: tuple[tuple[Footing, Trial], ...] = (("same radius", trained.same), ("each its own", trained.students))
    return Distilled(
        data=trained.name,
        teacher=teacher,
        teacher_accuracy=teacher_accuracy(trained),
        n_train=len(trained.split.train),
        n_validation=len(trained.split.valid),
        n_test=len(trained.split.test),
        held_out=trained.data.held_out is not None,
        settings=settings,
        rows=tuple(row(footing, trial, w) for footing, trial in footings if trial for w in settings.widths),
        findings=tuple(
            one for footing, trial in footings if trial for one in _findings(footing, trial, settings.widths)
        ),
        cells_reused=trained.cells_reused,
    )


def teacher_accuracy(trained: Trained) -> MeanInterval | None:
    """Of the teacher on the test rows, where it has logits there."""
    return None if trained.teacher is None else proportion(int(trained.teacher.sum()), len(trained.teacher))


def row(footing: Footing, trial: Trial, width: int) -> DistillRow:
    """Both kinds of labels at one width."""
    hard, soft = trial["hard", width], trial["soft", width]
    return DistillRow(
        footing=footing,
        width=width,
        hard=crossed(hard.right.astype(float)),
        soft=crossed(soft.right.astype(float)),
        gain=gain(trial, (width,)),
        hard_choice=hard.choice,
        soft_choice=soft.choice,
    )


def gain(trial: Trial, widths: Sequence[int], confidence: float = CONFIDENCE) -> MeanInterval:
    """Soft minus hard, averaged over widths, run by run and test row by test row."""
    differences = [trial["soft", w].right * 1.0 - trial["hard", w].right for w in widths]
    return crossed(np.mean(differences, axis=0), confidence)


def _findings(footing: Footing, trial: Trial, widths: Sequence[int]) -> list[Finding]:
    """Runs of neighbouring widths with the same effect; what is shown holds at all widths together (Bonferroni)."""
    found, confidence = [], 1 - (1 - CONFIDENCE) / len(widths)
    for effect, some in groupby(widths, lambda width: _effect(gain(trial, (width,), confidence))):
        together = tuple(some)
        found.append(Finding(footing, together, effect, gain(trial, together)))
    return found


def _effect(gain: MeanInterval) -> Effect:
    if gain.lower > 0:
        return "help"
    return "hurt" if gain.upper < 0 else "undecided"
