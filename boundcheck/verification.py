"""Theory against practice: bounds, searches and runs become a verdict.

Every bound of this package says "m neurons suffice" (an upper bound on the width needed), with probability at
least 1 - failure_probability over W(0), for a prescribed step size and number of steps. So

* a network smaller than the bound that trains, or one that fails to train, never contradicts it;
* a failure rate above failure_probability at or beyond the bound's width, trained as prescribed, does.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_FLOOR, Context

from boundcheck.records import BoundRow, Interval, Search, TrainingSpec
from boundcheck.records.base import confidence_text
from boundcheck.records.verification import Judgement, Rung, SoftAgainstHard, Verdict

_DOWN = Context(prec=4, rounding=ROUND_FLOOR)  # a lower end that is rounded up would claim too much


EXIT_CODE = {Verdict.CONSISTENT: 0, Verdict.REFUTED: 1, Verdict.ASSUMPTION_FAILS: 1, Verdict.UNDECIDED: 3}


def with_factors(rungs: Sequence[Rung]) -> tuple[Rung, ...]:
    """The rungs with `factor` filled in from each one's successor of the same labels and loss.

    Trained rungs end a chain: two of them differ in radius, not in sharpness.
    """
    done = []
    for i, here in enumerate(rungs):
        below = next((r for r in rungs[i + 1 :] if (r.labels, r.loss) == (here.labels, here.loss)), None)
        known = below is not None and here.kind != "estimated" and here.width and below.width
        done.append(replace(here, factor=here.width / below.width if known else None))  # type: ignore[operator, union-attr]
    return tuple(done)


def name_of(search: Search) -> str:
    """`soft B=1`, `hard B=514`, `hard perceptron B=1`: how tables and sentences call a search."""
    loss = "perceptron " if search.loss == "perceptron" else ""
    return f"{search.labels} {loss}B={search.radius:.4g}"


def compare_searches(soft: Search, hard: Search) -> SoftAgainstHard:
    """Which of two searches needs fewer neurons, where their brackets leave no doubt.

    A bracket is [largest width shown to fail, smallest width shown to succeed]; the minimal width lies in
    (bracket[0], bracket[1]] if success grows with the width, which is assumed and said, and refused where the trials
    refute it.  The two searches' risks add up, at most to 1.
    """
    names = name_of(soft), name_of(hard)
    for search, name in zip((soft, hard), names, strict=True):
        if search.non_monotone:
            narrow, wide = search.non_monotone[0]
            shown = f"{name} succeeds at width {narrow} and fails at {wide}: no width divides the two"
            return SoftAgainstHard(
                *names, False, None, f"{names[0]} and {names[1]} cannot be compared by width; {shown}"
            )
    (soft_low, soft_high), (hard_low, hard_high) = soft.bracket, hard.bracket
    if soft_high is not None and soft_high <= hard_low:
        smaller, word = names[0], "fewer neurons than"
    elif hard_high is not None and hard_high <= soft_low:
        smaller, word = names[1], "more neurons than"
    else:
        return SoftAgainstHard(*names, False, None, f"{names[0]} and {names[1]} cannot be told apart: brackets overlap")
    both = confidence_text(max(0.0, soft.confidence + hard.confidence - 1))
    said = f"{names[0]} needs {word} {names[1]}, if success grows with the width: {soft.interval} against "
    said += f"{hard.interval} (both at once: {both})"
    return SoftAgainstHard(*names, True, smaller, said)


def follows_theorem(spec: TrainingSpec, row: BoundRow) -> bool:
    """Whether `spec` is what the bound prescribes: same labels, radius and step size, at least its steps."""
    return (
        spec.labels == row.labels
        and row.steps is not None
        and spec.steps >= row.steps
        and (row.step_size is None or spec.step_size == row.step_size)
        and (row.radius is None or spec.radius == row.radius)
    )


def condition(gamma: Interval) -> str:
    """What a bound evaluated at the lower end of the margin's interval supposes, in words; empty where it is proved."""
    lower = float(_DOWN.create_decimal(gamma.lower))
    return "" if gamma.exact else f"gamma >= {lower:g}, which holds at {confidence_text(gamma.confidence)} confidence"


def proved_for(gamma: Interval) -> str:
    """What is said under a ladder whose bounds were evaluated at the lower end of `gamma`; empty where it is proved."""
    supposed = condition(gamma)
    return f"proved: for {supposed}" if supposed else ""


def judge_runs(
    row: BoundRow,
    gamma: Interval,
    spec: TrainingSpec,
    width: int,
    failures: int,
    seeds: int,
    rate: Interval,
    doubt: str = "",
) -> Judgement:
    """Judge `failures` of `seeds` runs at `width` against a bound; `rate` is an exact interval of the failure rate.

    gamma: the margin, at whose lower end the bound was evaluated.
    doubt: a hypothesis of the bound that is not established for these runs, in words; nothing is refuted then.
    """
    interval = f"[{rate.lower:.3g}, {rate.upper:.3g}] ({confidence_text(rate.confidence)})"
    seen = f"{failures} of {seeds} runs failed, failure rate in {interval}"
    promise = f"{row.bound} promises at most {row.failure_probability:.3g} from width {row.width} on"
    if supposed := condition(gamma):
        promise += f" if {supposed}"
    if width < row.width:
        return Judgement(Verdict.CONSISTENT, f"{seen}; nothing to contradict below the bound's width: {promise}")
    if not follows_theorem(spec, row):
        return Judgement(Verdict.CONSISTENT, f"{seen}; the training is not the one that {row.bound} prescribes")
    if rate.lower > row.failure_probability and doubt:
        return Judgement(Verdict.UNDECIDED, f"{seen}; {promise}, but {doubt}")
    if rate.lower > row.failure_probability:
        return Judgement(Verdict.REFUTED, f"{seen}; {promise}")
    if rate.upper <= row.failure_probability:
        return Judgement(Verdict.CONSISTENT, f"{seen}; {promise}")
    return Judgement(Verdict.UNDECIDED, f"{seen}; {promise}: more seeds are needed")


def judge_searches(searches: Sequence[Search], rows: Sequence[BoundRow]) -> Judgement:
    """Judge a width search: an upper bound is respected when a smaller network is shown to succeed.

    Practical training settings cannot refute a bound. A search cut short by its budget or time leaves the verdict
    open only where no search on the same labels was shown to succeed; one that reached its largest width without
    success is a finding about practice, not about the bounds, also where a bound asks for no more than that width.
    """
    shown = {s.labels for s in searches if s.minimal_width is not None}
    cut = [s for s in searches if s.cut_short and s.labels not in shown]
    if cut:
        names = ", ".join(map(name_of, cut))
        return Judgement(Verdict.UNDECIDED, f"{names}: cut short; raise --budget or --time-limit")
    least = {label: min((r.width for r in rows if r.labels == label), default=None) for label in ("soft", "hard")}
    above = [s for s in searches if (w := least[s.labels]) is not None and (s.minimal_width or _widest(s) + 1) > w]
    if above:
        names = ", ".join(
            name_of(s) if s.minimal_width else f"{name_of(s)} (no success shown up to width {_widest(s)})"
            for s in above
        )
        return Judgement(
            Verdict.CONSISTENT,
            f"{names} needed more neurons than a bound asks for, but a search does not test a bound's own steps, width "
            "and probability; check with --width and --training theorem",
        )
    silent = [f"{name_of(s)} up to width {_widest(s)}" for s in searches if s.minimal_width is None]
    if silent:
        return Judgement(Verdict.CONSISTENT, f"no success shown for {', '.join(silent)}; no bound promises any there")
    return Judgement(Verdict.CONSISTENT, "every empirical width is below every bound, as upper bounds require")


def _widest(search: Search) -> int:
    """The width up to which a search has looked."""
    cut = search.stopped in ("budget", "time")
    return max((t.width for t in search.trials), default=0) if cut else search.max_width
