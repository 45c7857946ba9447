"""Which crowd model: the likelihood of answers that were held out.

The rule, and why.
1. Candidates, from the simplest on: guessing, majority vote, one coin, scaled, two coins, two types, three types, ...
   A model that predicts no better than guessing has learnt nothing, and one that cannot beat the vote must not
   replace it: the vote is what is left where nothing does.
2. At most (m + 1)/4 types for m answers a task. K types times two labels are S = 2K states, and answers that are
   alike given the state tell S states apart from 2S - 1 = 4K - 1 answers to a task on, not from fewer
   (Vandermeulen & Scott, Annals of Statistics 47, 2019).
3. One coin takes the vote's place where its log odds, at their own temperature, predict held-out answers better than
   guessing by two standard errors, and its labels agree with held-out answers as often as the vote's, up to one.
   Likelihood cannot decide between these two: it charges one coin for reliabilities that few answers tell, and credits
   the vote for the small leads of hard tasks, though both say nothing of who errs less. Where answers tell nothing of
   workers, one coin's labels tell nothing of held-out answers, and the first condition fails.
4. Types that tell the label (`told_by_type` above .9) are the two classes, or pieces of them: two coins with more
   parameters. They fit better and label worse: a type of one label gets the label that most of its answers say, so
   a piece of a class on which most workers err is turned over as a whole.
5. Every answer is held out once in each of two designs (five folds, dealt within each task), and the simplest model
   that is behind the best one by at most one standard error over tasks is taken (Breiman et al. 1984, section 3.4.3).
   One random split would leave the choice to the split.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from boundcheck.crowds.answers import Answers
from boundcheck.crowds.checks import CONFOUNDED, told_by_type
from boundcheck.crowds.em import Mixture
from boundcheck.crowds.heldout import Split, cooled, more_right_than_votes, score, splits
from boundcheck.crowds.models import MOST_TYPES, Model, candidates
from boundcheck.crowds.spectral import Kind, Spectrum
from boundcheck.progress import SILENT, Progress
from boundcheck.records import HeldOut

GUESS = "guess"
_Scores = dict[str, Float[np.ndarray, " d"]]


@dataclass(frozen=True)
class Choice:
    """The model taken, what was compared, and the models left out because their types are the classes.

    confounded: model -> `told_by_type`.  temperature: of the model's log odds (see `cooled`).
    """

    model: str
    table: tuple[HeldOut, ...]
    confounded: Mapping[str, float]
    temperature: float

    @property
    def beats_guessing(self) -> bool:
        """Whether the best model predicts held-out answers better than guessing by more than one standard error."""
        guess = next(row for row in self.table if row.model == GUESS)
        return guess.behind > guess.standard_error


def type_limit(answers: Answers) -> int:
    """The largest number of types that the answers per task allow, 1..8 (rule 2)."""
    asked = answers.per_task[answers.per_task > 0]
    return int(np.clip((asked.mean() + 1) // 4, 1, MOST_TYPES))


def choose(
    answers: Answers,
    found: Spectrum,
    *,
    models: Sequence[str] | None = None,
    kind: Kind = "plain",
    progress: Progress = SILENT,
) -> Choice:
    """Compare models by the log-likelihood of held-out answers, jointly per task given its other answers.

    models: names to compare, whatever their types; by default all candidates of the rule, three types and more as
    long as each number beats the one before.  Every model is fitted to each training part from scratch.
    """
    known = candidates(type_limit(answers) if models is None else MOST_TYPES)
    names = [name for name in known if models is None or name in models]
    parts = splits(answers, found, kind)
    scores: _Scores = {GUESS: -math.log(2) * answers.per_task}
    fits: dict[str, list[Mixture]] = {}
    confounded: dict[str, float] = {}
    types: list[str] = []
    for done, name in enumerate(names):
        progress.update(f"held-out likelihood of {name}", done, len(names))
        model = known[name]
        if models is None and model.types > 1:
            whole = model.fit(answers, found)
            told = told_by_type(whole.type_posterior, whole.logits)
            if told > CONFOUNDED:
                confounded[name] = told
                continue
        fits[name] = [model.fit(part.train, part.found) for part in parts]
        scores[name] = score(answers, fits[name])
        if name != "scaled" and model.types > 1:
            types.append(name)
            if len(types) > 1 and float(scores[name].sum()) <= float(scores[types[-2]].sum()):
                break
    table = _compared(scores, known, answers)
    refused = {GUESS}
    if "one" in fits and "mv" in fits:
        refused.add("mv" if _one_coin_for_the_vote(answers, parts, fits["one"]) else "one")
    taken = _simplest(scores, refused)
    return Choice(taken, table, confounded, 1.0 if taken == "mv" else cooled(answers, parts, fits[taken])[0])


def _one_coin_for_the_vote(answers: Answers, parts: Sequence[Split], fits: Sequence[Mixture]) -> bool:
    """Rule 3."""
    informed = cooled(answers, parts, fits)[1] + math.log(2) * answers.per_task
    agreed = more_right_than_votes(answers, parts, fits)
    return bool(informed.sum() > 2 * _sum_error(informed) and agreed.sum() >= -_sum_error(agreed))


def _sum_error(values: Float[np.ndarray, " d"]) -> float:
    """Standard error of the sum over tasks."""
    return math.sqrt(len(values)) * float(np.std(values, ddof=1)) if len(values) > 1 else math.inf


def _compared(scores: _Scores, known: Mapping[str, Model], answers: Answers) -> tuple[HeldOut, ...]:
    """Every model that was scored, against the best."""
    best = max(scores.values(), key=lambda held_out: float(held_out.sum()))
    rows = []
    for name, held_out in scores.items():
        gap = best - held_out
        means = (float(total) / answers.n_answers for total in (held_out.sum(), gap.sum(), _sum_error(gap)))
        rows.append(HeldOut(name, known[name].parameters(answers.n_workers) if name in known else 0, *means))
    return tuple(rows)


def _simplest(scores: _Scores, refused: set[str]) -> str:
    """Rule 5 among the models that are not refused; where guessing predicts best, the simplest of them.

    Less than one nat over all held-out answers (a likelihood ratio below e) is no difference either.
    """
    left = {name: held_out for name, held_out in scores.items() if name not in refused}
    if max(scores, key=lambda name: float(scores[name].sum())) == GUESS:
        return next(iter(left))
    best = max(left.values(), key=lambda held_out: float(held_out.sum()))
    gaps = {name: best - held_out for name, held_out in left.items()}
    return next(name for name, gap in gaps.items() if gap.sum() <= max(_sum_error(gap), 1.0))
