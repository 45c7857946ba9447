"""`compare`: margins given or certified from data -> every bound side by side."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np

from boundcheck import bounds as stage
from boundcheck.bounds import side_by_side
from boundcheck.bounds.bound import Bound, Point, point
from boundcheck.bounds.data_dependent import DATA_BOUNDS, DataBound
from boundcheck.bounds.exact import Number, as_typed, exact
from boundcheck.bounds.findings import findings
from boundcheck.bounds.literature import LITERATURE
from boundcheck.datasets import Data, Dataset, as_dataset
from boundcheck.errors import AssumptionFailsError, BoundcheckWarning, InputError
from boundcheck.progress import SILENT, Progress
from boundcheck.records.comparison import Comparison

DEFAULT_N = 1000
GAMMAS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
WIDE = 0.1  # relative width of a margin's interval from which the reader is warned
_NORM_SLACK = 1 - Fraction(1, 2**40)  # computed norms are trusted to this: a smaller c is the safe direction


@dataclass(frozen=True)
class Hardness:
    """What the bounds need to know about data: its name, n, a lower bound of the margin and of the norms.

    eps_margins: lower bounds of the eps-margin, by eps.
    """

    name: str
    n: int
    gamma: Fraction
    confidence: float
    c: Fraction | None
    eps_margins: Mapping[Fraction, Fraction] = field(default_factory=dict)


def hardness(
    dataset: Dataset,
    *,
    eps: Sequence[Fraction] = (),
    measured: bool = True,
    confidence: float = 0.99,
    margin_draws: int | None = None,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Hardness:
    """Certify the margin of a data set; its LOWER end is what bounds receive.  measured False: only n and c are found.

    eps: also certify the eps-margins there.

    Raises AssumptionFailsError where the margin is exactly 0, InputError where none is certified.
    """
    norm = Fraction(float(np.linalg.norm(dataset.X, axis=1).min())) * _NORM_SLACK
    if not measured:
        return Hardness(dataset.name, len(dataset.y), Fraction(0), 1.0, norm)
    from boundcheck.pipeline.margin import settled_margin, zero_margin

    report = settled_margin(
        dataset,
        norm="sup",
        confidence=confidence,
        draws=margin_draws,
        nu=[float(e) for e in eps],
        seed=seed,
        progress=progress,
    )
    if report.conflicts:
        raise AssumptionFailsError(f"{zero_margin(report)}; no bound applies")
    if report.gamma_sup.lower <= 0:
        raise InputError(
            f"{dataset.name}: no positive margin certified by {report.draws:,} draws; raise --margin-draws"
        )
    if report.gamma_sup.relative_width > WIDE:
        warnings.warn(
            f"{dataset.name}: the margin is only known to lie in [{report.gamma_sup.lower:.4g}, "
            f"{report.gamma_sup.upper:.4g}]; widths use the lower end ({report.draws:,} draws; raise --margin-draws)",
            BoundcheckWarning,
            stacklevel=2,
        )
    gamma = Fraction(report.gamma_sup.lower)
    # The better of two sampled intervals would hold at less than the confidence of each.
    at = {
        e: max(gamma, Fraction(level.gamma_sup.lower)) if level.gamma_sup.exact else Fraction(level.gamma_sup.lower)
        for e, level in zip(eps, report.profile, strict=True)
    }
    return Hardness(dataset.name, report.n, gamma, report.gamma_sup.confidence, norm, at)


def hardness_of_teacher(path: Path) -> tuple[Hardness, str]:
    """The same from a saved teacher, and its data digest; v / radius has sup norm <= 1 and margin gamma / radius."""
    from boundcheck.margins.teacher import load_teacher

    teacher = load_teacher(path)
    gamma = Fraction(teacher.margin.lower) / Fraction(teacher.radius)
    return Hardness(str(path), len(teacher.z), gamma, teacher.margin.confidence, None), teacher.digest


def compare(
    *,
    eps: Number | Sequence[Number],
    gamma: Number | Sequence[Number] | None = None,
    n: int | None = None,
    delta: Number = 0.05,
    c: Number | None = None,
    bound: Sequence[str] | None = None,
    steps: int | None = None,
    step_size: Number | None = None,
    logit_scale: Number = 1,
    temperature: Number | None = None,
    beta: Number | None = None,
    flips: str | None = None,
    data: Data | Hardness | None = None,
    radius: float | Literal["best"] | None = None,
    confidence: float = 0.99,
    margin_draws: int | None = None,
    moment_draws: int | None = None,
    literature: bool = False,
    plot: bool = False,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Comparison:
    """Every bound at every (gamma, eps), at total failure probability 3 delta: `bc.compare(eps=0.05, gamma=0.1)`.

    Floats are read as the decimals they print as; use Fraction for an exact binary value.  Arguments are those of
    `bounds.evaluate`.  bound: ids, default all.  data: of any kind that `as_dataset` takes, or its Hardness; gives
    gamma, n and c where they are not given (default else: GAMMAS, 1000 and 2 gamma).  Where its own margin is used, the
    sharp bounds that allow it are evaluated at the eps-margin, and data bounds join, at this radius (B or "best";
    default the logit scale) from `moment_draws` draws.
    confidence: of the margin and of the moments.  plot: also compute the curves and maps that a figure needs.
    Raises InputError for numbers out of range, unknown bounds, or none that applies.
    """
    targets = _fractions(eps)
    given = [] if gamma is None else _fractions(gamma)
    rows_given = None if data is None or isinstance(data, Hardness) else as_dataset(data)
    dataset = None if given else rows_given
    names = bound or (*stage.ids(), *(DATA_BOUNDS if dataset else ()))
    chosen = [stage.registry[name] for name in names if name not in DATA_BOUNDS]
    from_data = [DATA_BOUNDS[name] for name in names if name in DATA_BOUNDS]
    if from_data and not dataset:
        raise InputError(f"{from_data[0].id}: its width is read off data; give data and no gamma")
    known = data if isinstance(data, Hardness) else None
    if rows_given is not None:
        known = hardness(
            rows_given,
            eps=targets if any(one.at_eps_margin() for one in chosen) else (),
            measured=not given,
            confidence=confidence,
            margin_draws=margin_draws,
            seed=seed,
            progress=progress,
        )
    found = known or Hardness("", DEFAULT_N, Fraction(0), 1.0, None)
    margins = given or ([found.gamma] if known else _fractions(GAMMAS))
    n = found.n if n is None else n
    if not targets:
        raise InputError("compare: give at least one eps")
    norm = found.c if c is None else _fraction(c)

    def at(gamma: Fraction, eps: Fraction) -> Point:
        return point(
            gamma=gamma,
            eps=eps,
            n=n,
            delta=as_typed(delta),
            c=norm,
            beta=_typed(beta),
            steps=steps,
            step_size=_typed(step_size),
            logit_scale=as_typed(logit_scale),
            temperature=_typed(temperature),
            flips=flips,
        )

    stage.refuse_unread(
        [*chosen, *from_data],
        steps=steps,
        step_size=step_size,
        logit_scale=logit_scale,
        temperature=temperature,
        beta=beta,
        flips=flips,
    )
    progress.update("bounds")
    strict = bound is not None
    rows = (
        side_by_side.evaluate_all(chosen, margins, targets, at, {} if given else found.eps_margins, strict=strict)
        if chosen
        else ()
    )
    if dataset is not None and from_data:
        from boundcheck.pipeline.data_bounds import data_rows

        rows += data_rows(
            dataset,
            from_data,
            [float(target) for target in targets],
            float(found.gamma),
            strict=strict,
            delta=float(delta),
            radius=radius or float(logit_scale),
            steps=steps,
            step_size=None if step_size is None else float(step_size),
            confidence=confidence,
            draws=moment_draws,
            seed=seed,
            progress=progress,
        )
    shown = tuple(dict.fromkeys(row.bound for row in rows))
    chosen = [one for one in chosen if one.id in shown]
    # by default beta is the one at which a bound on the risk gives a bound on the error: one of the two is enough
    distinct = [one for one in chosen if bound or beta is not None or one.criterion == "error"]
    of = side_by_side.pairs(distinct, across=strict)
    statements: list[Bound | DataBound] = [*distinct, *(one for one in from_data if one.id in shown)]
    progress.update("crossovers")
    return Comparison(
        eps=tuple(map(float, targets)),
        gammas=tuple(map(float, margins)),
        n=n,
        delta=float(delta),
        failure_probability=rows[0].failure_probability,
        c=None if norm is None else float(norm),
        logit_scale=float(logit_scale),
        data=known.name if known else None,
        gamma_confidence=known.confidence if known and not given else None,
        rows=rows,
        ratios=side_by_side.ratios(rows, side_by_side.pairs(statements, across=strict)),
        crossovers=side_by_side.crossovers(of, targets, at),
        formulas=tuple(side_by_side.formula(one, fixed_c=norm is not None) for one in chosen),
        findings=findings(rows, flips),
        leading=shown if bound else side_by_side.leading_bounds(rows, lower=known is None),
        curves=side_by_side.curves(distinct, targets[0], at) if plot else {},
        maps=side_by_side.maps(distinct, at) if plot else (),
        literature=LITERATURE if literature else (),
    )


def _fraction(value: Number) -> Fraction:
    number = exact(as_typed(value))
    return Fraction(int(number.p), int(number.q))


def _fractions(values: Number | Sequence[Number]) -> list[Fraction]:
    many = [values] if isinstance(values, int | float | str | Fraction) else values
    return [_fraction(value) for value in many]


def _typed(value: Number | None) -> Number | None:
    return None if value is None else as_typed(value)
