"""`margin`: exact zero test -> kernel -> RKHS margin -> sup-norm margin -> teacher."""

import dataclasses
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from boundcheck.datasets import Dataset, as_dataset
from boundcheck.errors import InputError
from boundcheck.margins.outward import outer_interval
from boundcheck.margins.problem import MarginProblem, margin_problem
from boundcheck.margins.rkhs import RkhsMargin, rkhs_margin
from boundcheck.margins.solution import LISTED, limiting_rows, teacher_of, vanishing
from boundcheck.margins.zero import REMEDY, Rays, find_rays, nu_zero
from boundcheck.progress import SILENT, Progress
from boundcheck.records import BoundRow, Interval
from boundcheck.records.bounds import Family
from boundcheck.records.margin import Level, MarginReport

if TYPE_CHECKING:
    from boundcheck.margins.supnorm import SupMargin

EPS = 0.05  # the target error at which `verify` and `compare` are shown, and hardness is told
PROFILE = (0.05, 0.1, 0.2)
"""Levels of the eps-margin where the margin is 0 and none were asked for."""
_FIRST_STEP = 2.0  # the first step of the sampling is compiled, and predicted to take so many times all before it
_ENDLESS = 2**62  # draws that no clock leaves time for
_IN_MEMORY = 12_000  # rows whose matrix is held (1.2 GB) although the RKHS margin does not need all of it
_MOST_BYTES = 2**33


def margin(
    data: Any,
    y: Any = None,
    *,
    norm: str = "both",
    confidence: float = 0.99,
    tolerance: float = 0.01,
    draws: int | None = None,
    time_limit: float | None = None,
    nu: Sequence[float] = (),
    eps: float | None = None,
    delta: float = 0.05,
    seed: int = 0,
    progress: Progress = SILENT,
) -> MarginReport:
    """Both margins of a data set and the kernel teacher (theory: Kernel and margin).

    data: a Dataset, or rows of any kind that `bc.dataset` takes, with their labels `y`.

    norm: rkhs skips all sampling (gamma_sup is then its outer bounds); sup and both are the same work.
    confidence: of the sup-norm interval, in (0, 1).  tolerance: its relative width at which to stop.
    draws: of all rounds of sampling together; None: fixed by n and d, or left to the clock where there is one; less
    where the tolerance is reached.  time_limit: seconds; a round predicted to overrun is not begun.  Ctrl-C keeps the
    interval reached.
    nu: levels in (0, 1] at which to find the eps-margin, each sampled like the margin itself: with the same draws and
    tolerance, in an equal share of the time; by default a few of them where the margin is 0, without sampling.
    eps, delta: also evaluate the published widths at the lower end of gamma_sup, for this target error.
    Raises InputError for options out of range, or more rows than the sup norm's matrix has memory for.
    """
    dataset = as_dataset(data, y)
    _check(norm, confidence, tolerance, draws, time_limit)
    if not all(0 < level <= 1 for level in nu):
        raise InputError(f"--nu {','.join(map(str, nu))} is out of range; use shares of the rows in (0, 1], like 0.05")
    if eps is not None:
        _widths("published", eps, delta, gamma=0.25, n=len(dataset.y), c=0.5)
    started, limit = time.monotonic(), float("inf") if time_limit is None else time_limit
    if draws is None and time_limit is not None:
        draws = _ENDLESS
    X, y = dataset.X, dataset.y.astype(np.float64)
    norms = np.linalg.norm(X, axis=1)
    zero = Interval(0.0, 0.0)
    report = MarginReport(
        data=dataset.name,
        n=len(y),
        d=X.shape[1],
        norm_min=float(norms.min()),
        norm_max=float(norms.max()),
        n_positive=int((y > 0).sum()),
        n_negative=int((y < 0).sum()),
        gamma_sup=zero,
        gamma_rkhs=zero,
        support_size=0,
        assumption_holds=False,
        conflicts=(),
        limiting=(),
        outer=zero,
        samples=0,
        seconds=0.0,
    )
    settings = {"confidence": confidence, "tolerance": tolerance, "draws": draws, "seed": seed, "progress": progress}
    sampling = None if norm == "rkhs" else settings
    rays = find_rays(dataset.raw, dataset.y)
    if rays.conflicts:  # a profile that nobody asked for may cost little
        levels = _profile(dataset, rays, nu, sampling if nu else None, started + limit, progress)
        report = dataclasses.replace(report, **levels)
        return dataclasses.replace(
            report,
            conflicts=tuple(int(i) for i in dataset.rows[list(rays.conflicts)]),
            seconds=time.monotonic() - started,
        )
    rows = rays.binding
    problem, rkhs = _rkhs(dataset, rays, norm, limit, progress)
    outer = outer_interval(rkhs.margin, report.norm_min, report.norm_max, X.shape[1])
    # A part of the time is left for each level.
    deadline = started + limit / (1 + len(nu))
    sup = None if norm == "rkhs" else _sup(problem, rkhs, outer, sampling, started, deadline)
    interrupted = rkhs.interrupted or (sup is not None and sup.interrupted)
    if nu and not interrupted:
        levels = _profile(dataset, rays, nu, sampling, started + limit, progress)
        report = dataclasses.replace(report, **levels)
    q = np.zeros(len(y))
    q[rows] = rkhs.q if sup is None else sup.q
    gamma = outer if sup is None else sup.margin
    return dataclasses.replace(
        report,
        gamma_sup=gamma,
        gamma_rkhs=rkhs.margin,
        support_size=int((q > 0).sum()),
        assumption_holds=True,
        limiting=limiting_rows(dataset, q),
        outer=outer,
        samples=0 if sup is None else sup.samples,
        draws=0 if sup is None else sup.draws,
        seconds=time.monotonic() - started,
        history=() if sup is None else sup.history,
        interrupted=interrupted,
        widths=() if eps is None else _widths("published", eps, delta, gamma=gamma.lower, n=len(y), c=report.norm_min),
        sharpest=_sharpest(_widths("sharp", eps or EPS, delta, gamma=gamma.lower, n=len(y), c=report.norm_min)),
        teacher=teacher_of(dataset, rays, q, rkhs, sup),
    )


def rkhs_interval(dataset: Dataset) -> tuple[Interval, tuple[int, ...]]:
    """gamma in the RKHS norm alone, without any bounds, and the rows that force it to be 0. Errors as for `margin`."""
    rays = find_rays(dataset.raw, dataset.y)
    if rays.conflicts:
        return Interval(0.0, 0.0), rays.conflicts
    return _rkhs(dataset, rays, "rkhs", float("inf"), SILENT)[1].margin, ()


def _rkhs(
    dataset: Dataset, rays: Rays, norm: str, limit: float, progress: Progress
) -> tuple[MarginProblem, RkhsMargin]:
    """The problem of the binding rows, and its RKHS margin. Raises InputError where that vanishes."""
    rows = rays.binding
    problem = _problem(dataset.X[rows], dataset.y[rows].astype(np.float64), norm != "rkhs", progress)
    rkhs = rkhs_margin(problem, time_limit=limit, progress=progress)
    if rkhs.vanishes:
        raise InputError(vanishing(dataset, rows, rkhs))
    return problem, rkhs


def zero_margin(report: MarginReport) -> str:
    """That the margin is exactly 0, which rows force it, and what helps."""
    rows = ", ".join(map(str, report.conflicts[:LISTED])) + (", ..." if len(report.conflicts) > LISTED else "")
    return f"{report.data}: the margin is exactly 0 because of rows {rows}; {REMEDY}"


def settled_margin(dataset: Dataset, **settings: Any) -> MarginReport:
    """`margin` for those who go on to use it: Ctrl-C ends the command and leaves no wide interval behind."""
    report = margin(dataset, **settings)
    if report.interrupted:
        raise KeyboardInterrupt
    return report


def eps_margin(dataset: Dataset, eps: float, gamma: Interval, **sampling: Any) -> float:
    """A lower bound of the eps-margin in the sup norm (theory: Eps-margin), at the confidence of `sampling`.

    gamma: of the same data, of use where the eps-margin is exact: the better of two sampled ends holds less surely.
    sampling: confidence, tolerance, draws, seed and progress, as for `margin`.
    """
    rays, progress = find_rays(dataset.raw, dataset.y), sampling["progress"]
    (level,) = _profile(dataset, rays, (eps,), sampling, float("inf"), progress)["profile"]
    found = level.gamma_sup
    return max(gamma.lower, found.lower) if found.exact else float(found.lower)


def _check(norm: str, confidence: float, tolerance: float, draws: int | None, time_limit: float | None) -> None:
    if norm not in ("both", "sup", "rkhs"):
        raise InputError(f"--norm {norm}: unknown; use both, sup or rkhs")
    if not 0 < confidence < 1:
        raise InputError(f"--confidence {confidence:g} is out of range; use a number in (0, 1), like 0.99")
    if not 0 <= tolerance < 1:
        raise InputError(f"--tolerance {tolerance:g} is out of range; use a relative width in [0, 1), like 0.01")
    if draws is not None and draws < 1:
        raise InputError(f"--draws {draws} is out of range; use a positive number, like 1000000")
    if time_limit is not None and not time_limit > 0:
        raise InputError(f"--time-limit {time_limit:g} is not positive; use seconds, like 60")


def _widths(family: Family, eps: float, delta: float, *, gamma: float, n: int, c: float) -> tuple[BoundRow, ...]:
    """Widths of these bounds; none where no positive margin is certified."""
    from boundcheck import bounds

    if gamma <= 0:
        return ()
    names = [bound.id for bound in bounds.registry.values() if bound.family == family]
    return tuple(bounds.evaluate(name, gamma=gamma, eps=eps, n=n, delta=delta, c=c) for name in names)


def _sharpest(rows: tuple[BoundRow, ...]) -> tuple[BoundRow, ...]:
    """The row with the fewest neurons for either kind of labels, soft labels first."""
    least = {row.labels: row for row in sorted(rows, key=lambda row: (row.labels, row.width), reverse=True)}
    return tuple(least.values())


def _profile(
    dataset: Dataset,
    rays: Rays,
    nu: Sequence[float],
    sampling: dict[str, Any] | None,
    deadline: float,
    progress: Progress,
) -> dict[str, Any]:
    """gamma_nu in both norms on all rows, repeated ones too, and the nu up to which it is 0.

    sampling: None leaves the sup norm at its outer bounds, but in the plane.
    """
    X, y = dataset.X, dataset.y.astype(np.float64)
    zero = nu_zero(rays.line, X, y)
    if not nu and (8 * len(y) ** 2 > _MOST_BYTES or zero >= 1):
        return {"nu_zero": zero}
    levels = nu or (PROFILE if zero < PROFILE[-1] else ((1 + zero) / 2,))
    problem = _problem(X, y, sampling is not None, progress)
    longest = float(problem.lengths.max())
    found: list[Level] = []
    for level in levels:
        if level <= zero:
            found.append(Level(level, Interval(0.0, 0.0), Interval(0.0, 0.0)))
            continue
        progress.update(f"margin of the worst {level:g} of the rows")
        started = time.monotonic()
        part = problem.capped(level)
        rkhs = rkhs_margin(part, time_limit=deadline - started, progress=progress)
        outer = outer_interval(rkhs.margin, longest, longest, X.shape[1])
        until = started + (deadline - started) / (len(levels) - len(found))
        sup = _sup(part, rkhs, outer, sampling, started, until)
        if sup is None:
            found.append(Level(level, outer, rkhs.margin))
        else:
            found.append(Level(level, sup.margin, rkhs.margin, sup.samples, sup.draws))
    return {"profile": tuple(found), "nu_zero": zero}


def _problem(X: np.ndarray, y: np.ndarray, sampled: bool, progress: Progress) -> MarginProblem:
    """Its matrix is held in memory where the sup norm needs it or it is small."""
    held = sampled or len(y) <= _IN_MEMORY
    if held and 8 * len(y) ** 2 > _MOST_BYTES:
        raise InputError(
            f"{len(y):,} rows: the sup norm needs a {8 * len(y) ** 2 / 2**30:,.1f} GiB matrix, above the limit "
            f"of {_MOST_BYTES / 2**30:g} GiB; use --norm rkhs or --subsample"
        )
    progress.update("kernel matrix")
    return margin_problem(X, y, held=held)


def _sup(
    problem: MarginProblem,
    rkhs: RkhsMargin,
    outer: Interval,
    sampling: dict[str, Any] | None,
    started: float,
    deadline: float,
) -> "SupMargin | None":
    """Exact in the plane, by sampling elsewhere; None where the time left seems too short for the first step."""
    from boundcheck.margins.planar import planar_margin
    from boundcheck.margins.supnorm import SupMargin, sup_margin

    if rkhs.interrupted:
        return None
    if problem.X.shape[1] == 2:
        exact = planar_margin(problem.X, problem.y, problem.cap)
        return SupMargin(exact.q, problem.y * exact.g, np.zeros(problem.n), exact.margin, 0)
    now = time.monotonic()
    if sampling is None or now + _FIRST_STEP * (now - started) > deadline:
        return None
    found = sup_margin(problem, rkhs.q, outer, deadline=deadline, **sampling)
    return found if found.samples else None
