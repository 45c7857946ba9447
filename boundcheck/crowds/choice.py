"""Which crowd model: the likelihood of answers that were held out.

The rule, and why.
1. Candidates, from the simplest on: guessing, majority vote, one coin, scaled, two coins, two types, three types, ...
   A model that predicts no better than guessing has learnt nothing, and one that cannot beat the vote must not
   replace it: the vote is what is left where nothing does.
2. At most (m + 1)/4 types for m answers a task. K types times two labels are S = 2K states, and answers that are
   alike given the state tell S states apart from 2S - 1 = 4K - 1 answers to a task on, not from fewer
   (Vandermeulen & Scott, Annals of Statistics 47, 2019).
3. Types that tell the label (`told_by_type` above .9) are the two classes, or pieces of them: two coins with more
   parameters. They fit better and label worse: a type of one label gets the label that most of its answers say, so
   a piece of a class on which most workers err is turned over as a whole.
4. Every answer is held out once in each of two designs (five folds, dealt within each task), and the simplest model
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
from boundcheck.crowds.heldout import score, splits, temperature
from boundcheck.crowds.models import MOST_TYPES, candidates
from boundcheck.crowds.spectral import Kind, Spectrum
from boundcheck.progress import SILENT, Progress
from boundcheck.records import HeldOut

GUESS = "guess"
_Scores = dict[str, Float[np.ndarray, " d"]]


@dataclass(frozen=True)
class Choice:
    """The model taken, what was compared, and the models left out because their types are the classes.

    confounded: model -> `told_by_type`.  temperature: of the model's log odds (see `temperature`).
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
    a: float = 1.0,
    b: float = 1.0,
    kind: Kind = "plain",
    progress: Progress = SILENT,
) -> Choice:
    """Compare models by the log-likelihood of held-out answers, jointly per task given its other answers.

    models: names to compare, whatever their types; by default all candidates of the rule, three types and more as
    long as each number beats the one before.  Every model is fitted to each training part from scratch.
    """
    known = candidates(type_limit(answers) if models is None else MOST_TYPES, a=a, b=b)
    names = [name for name in known if models is None or name in models]
    parts = splits(answers, found, kind)
    scores: _Scores = {GUESS: -math.log(2) * answers.per_task}
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
        scores[name] = score(answers, parts, model)
        if name != "scaled" and model.types > 1:
            types.append(name)
            if len(types) > 1 and float(scores[name].sum()) <= float(scores[types[-2]].sum()):
                break
    parameters = {name: known[name].parameters(answers.n_workers) if name in known else 0 for name in scores}
    taken, table = _pick(scores, parameters, answers.n_answers)
    heat = 1.0 if taken == "mv" else temperature(answers, parts, known[taken])
    return Choice(taken, table, confounded, heat)


def _pick(scores: _Scores, parameters: dict[str, int], n_answers: int) -> tuple[str, tuple[HeldOut, ...]]:
    """Rules 1 and 4: the model taken, and what was compared.

    Less than one nat over all held-out answers (a likelihood ratio below e) is no difference either.
    """
    best = max(scores, key=lambda name: float(scores[name].sum()))
    rows = []
    for name, held_out in scores.items():
        gap = scores[best] - held_out
        error = math.sqrt(len(gap)) * float(np.std(gap, ddof=1)) / n_answers if len(gap) > 1 else math.inf
        rows.append(
            HeldOut(name, parameters[name], float(held_out.sum()) / n_answers, float(gap.sum()) / n_answers, error)
        )
    level = [row for row in rows if row.behind <= max(row.standard_error, 1 / n_answers)]
    # Guessing is no model of labels: where it is the best, the simplest that is one is left.
    taken = next(row.model for row in (rows if best == GUESS else level) if row.model != GUESS)
    return taken, tuple(rows)
