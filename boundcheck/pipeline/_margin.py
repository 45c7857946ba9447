"""`margin`: exact zero test -> kernel -> RKHS margin -> sup-norm margin -> teacher."""

import dataclasses
import time

import numpy as np

from boundcheck.datasets import Dataset
from boundcheck.errors import InputError
from boundcheck.kernels import limiting_kernel
from boundcheck.margins import Limiting, MarginReport, Teacher
from boundcheck.margins.degenerate import find_rays
from boundcheck.margins.planar import planar_margin
from boundcheck.margins.rkhs import RkhsMargin, rkhs_margin
from boundcheck.margins.supnorm import SupMargin, sup_margin
from boundcheck.progress import SILENT, Progress
from boundcheck.records import Interval

_LISTED = 10


def margin(
    dataset: Dataset,
    *,
    norm: str = "both",
    confidence: float = 0.99,
    tolerance: float = 0.01,
    time_limit: float = 60.0,
    seed: int = 0,
    progress: Progress = SILENT,
) -> MarginReport:
    """Both margins of `dataset` and the kernel teacher (MARGIN sections 0 to 5).

    norm: rkhs skips all sampling (gamma_sup is then its outer bounds); sup and both are the same work.
    confidence: of the sup-norm interval, in (0, 1).  tolerance: its relative width at which to stop.
    time_limit: seconds; Ctrl-C also ends the sampling and keeps the interval reached.
    Raises InputError for options out of range.
    """
    _check(norm, confidence, tolerance, time_limit)
    started = time.monotonic()
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
    rays = find_rays(dataset.raw, dataset.y)
    if rays.conflicts:
        return dataclasses.replace(
            report,
            conflicts=tuple(int(i) for i in dataset.rows[list(rays.conflicts)]),
            seconds=time.monotonic() - started,
        )
    rows = rays.binding
    progress.update("kernel matrix")
    H = limiting_kernel(X[rows]) * np.outer(y[rows], y[rows])
    rkhs = rkhs_margin(H, progress=progress)
    outer = Interval(rkhs.margin.lower**2, min(rkhs.margin.upper, float(norms.min()) / 2))
    sup = None
    if norm != "rkhs":
        sup = _sup(
            X[rows], y[rows], H, rkhs, outer,
            confidence=confidence, tolerance=tolerance, deadline=started + time_limit, seed=seed, progress=progress,
        )  # fmt: skip
    q = np.zeros(len(y))
    q[rows] = rkhs.q if sup is None else sup.q
    return dataclasses.replace(
        report,
        gamma_sup=outer if sup is None else sup.margin,
        gamma_rkhs=rkhs.margin,
        support_size=int((q > 0).sum()),
        assumption_holds=True,
        limiting=_limiting(dataset, q),
        outer=outer,
        samples=0 if sup is None else sup.pairs,
        seconds=time.monotonic() - started,
        history=() if sup is None else sup.history,
        interrupted=sup is not None and sup.interrupted,
        teacher=_teacher(dataset, H, rows, rkhs, sup),
    )


def _check(norm: str, confidence: float, tolerance: float, time_limit: float) -> None:
    if norm not in ("both", "sup", "rkhs"):
        raise InputError(f"--norm {norm}: unknown; use both, sup or rkhs")
    if not 0 < confidence < 1:
        raise InputError(f"--confidence {confidence:g} is out of range; use a number in (0, 1), like 0.99")
    if not 0 <= tolerance < 1:
        raise InputError(f"--tolerance {tolerance:g} is out of range; use a relative width in [0, 1), like 0.01")
    if not time_limit > 0:
        raise InputError(f"--time-limit {time_limit:g} is not positive; use seconds, like 60")


def _sup(
    X: np.ndarray,
    y: np.ndarray,
    H: np.ndarray,
    rkhs: RkhsMargin,
    outer: Interval,
    *,
    confidence: float,
    tolerance: float,
    deadline: float,
    seed: int,
    progress: Progress,
) -> SupMargin:
    """Exact in the plane, by sampling elsewhere."""
    if X.shape[1] == 2:
        exact = planar_margin(X, y, progress=progress)
        return SupMargin(exact.q, y * exact.g, np.zeros(len(y)), exact.margin, 0, ())
    return sup_margin(
        X, y, H, rkhs.q, outer,
        confidence=confidence, tolerance=tolerance, deadline=deadline, seed=seed, progress=progress,
    )  # fmt: skip


def _limiting(dataset: Dataset, q: np.ndarray) -> tuple[Limiting, ...]:
    heaviest = np.argsort(-q, kind="stable")[:_LISTED]
    return tuple(Limiting(int(dataset.rows[i]), int(dataset.y[i]), float(q[i])) for i in heaviest if q[i] > 0)


def _teacher(dataset: Dataset, H: np.ndarray, rows: np.ndarray, rkhs: RkhsMargin, sup: SupMargin | None) -> Teacher:
    """The teacher on all rows: rows left out are multiples (by at least 1) of a kept row on their ray."""
    X, y = dataset.X, dataset.y.astype(np.float64)
    q = np.zeros(len(y))
    q[rows] = rkhs.q if sup is None else sup.q
    if sup is None:
        scale = rkhs.margin.upper
        z = limiting_kernel(X, X[rows[rkhs.q > 0]]) @ (rkhs.q * y[rows])[rkhs.q > 0] / scale
        terms = X * (q * y)[:, None]
        reach = np.maximum(np.maximum(terms, 0).sum(axis=0), np.maximum(-terms, 0).sum(axis=0))
        return Teacher(
            q,
            z,
            _sigmoid(z),
            "rkhs",
            rkhs.margin,
            float(np.linalg.norm(reach)) / scale,
            dataset.digest,
            np.zeros(len(y)),
        )
    z, error = _on_all_rows(dataset, rows, sup)
    return Teacher(q, z, _sigmoid(z), "sup", sup.margin, 1.0, dataset.digest, error)


def _on_all_rows(dataset: Dataset, rows: np.ndarray, sup: SupMargin) -> tuple[np.ndarray, np.ndarray]:
    """Logits are linear along a ray: E[v.phi_{cx}] = c E[v.phi_x] for c > 0."""
    z, error = np.zeros(len(dataset.y)), np.zeros(len(dataset.y))
    z[rows], error[rows] = sup.z, sup.z_error
    rays = find_rays(dataset.raw, dataset.y)
    home = {(rays.line[i], rays.side[i]): i for i in rows}
    norms = np.linalg.norm(dataset.X, axis=1)
    for i in np.setdiff1d(np.arange(len(z)), rows):
        j = home[rays.line[i], rays.side[i]]
        z[i], error[i] = z[j] * norms[i] / norms[j], error[j] * norms[i] / norms[j]
    return z, error


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-z)))
