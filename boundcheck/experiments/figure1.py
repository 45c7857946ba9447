"""Figure 1 of the paper: a deep teacher, and a shallow student on its soft labels or on hard labels, under noise.

Mandal, Lin & Srikant (L4DC 2025), Figure 1: CIFAR-10 cats and dogs with Gaussian noise, teacher VGG with 8
convolutions and 3 dense layers, student with 2 + 3, Adam, L2, patience 20, at most 100 epochs, split 80/10/10.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, replace
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from boundcheck.experiments.cells import Cells, KeptCells
from boundcheck.experiments.deep import fit
from boundcheck.experiments.estimates import estimate, paired, percent, positive
from boundcheck.experiments.images import Images
from boundcheck.experiments.targets import soft_targets
from boundcheck.progress import SILENT, Progress
from boundcheck.records.reproduce import Cell, DeepSpec, Figure1, Figure1Row, Figure1Settings, PaperClaim

PAPER = {  # noise variance: accuracies in per cent, read off the printed figure
    0.01: {"teacher": 82.5, "hard": 74.7, "soft": 76.0},
    0.03: {"teacher": 78.5, "hard": 74.3, "soft": 75.2},
    0.05: {"teacher": 79.0, "hard": 73.8, "soft": 74.2},
    0.1: {"teacher": 77.5, "hard": 67.2, "soft": 75.0},
    0.2: {"teacher": 73.5, "hard": 62.2, "soft": 70.4},
}


SMALL = Figure1Settings(
    teacher=DeepSpec(convolutions=8, channels=4, step_size=2e-3, batch=32, epochs=40, patience=10),
    student=DeepSpec(convolutions=2, channels=1, step_size=2e-3, batch=32, epochs=40, patience=10),
)
SMALL_IMAGES, SMALL_SIDE = 1500, 16
PAPER_SCALE = Figure1Settings(
    teacher=DeepSpec(convolutions=8, channels=64), student=DeepSpec(convolutions=2, channels=64)
)


def figure1(
    images: Images, settings: Figure1Settings, *, seed: int = 0, cells: Cells | None = None, progress: Progress = SILENT
) -> Figure1:
    """Train teacher, hard and soft student `settings.runs` times at every noise variance.

    Cells found in `cells` are not trained again; every other one is kept there as soon as it is finished.
    """
    kept_cells = KeptCells(cells, "figure1", 2)
    jobs = [(noise, run) for run in range(settings.runs) for noise in settings.noise]
    kept = {job: kept_cells.load(_identity(images, settings, *job, seed)) for job in jobs}
    done = {job: Cell(**value) for job, value in kept.items() if value is not None}
    # an accelerator is shared badly; on CPUs a small network leaves all cores but one idle
    workers = (os.cpu_count() or 1) if jax.default_backend() == "cpu" else 1
    with ThreadPoolExecutor(workers) as pool:
        running = {pool.submit(run_cell, images, settings, *job, seed): job for job in jobs if job not in done}
        try:
            for future in as_completed(running):
                job = running[future]
                done[job] = future.result()
                kept_cells.keep(_identity(images, settings, *job, seed), asdict(done[job]))
                progress.update(f"noise {job[0]:g}, run {job[1] + 1}", len(done), len(jobs))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    ordered = [done[job] for job in jobs]
    rows = tuple(_row(images.name, noise, [c for c in ordered if c.noise == noise]) for noise in settings.noise)
    return Figure1(images.name, images.digest, len(images.y), settings, rows, _claims(rows, ordered), kept_cells.reused)


def run_cell(images: Images, settings: Figure1Settings, noise: float, run: int, seed: int) -> Cell:
    """One split, one teacher, two students. The noise is drawn once and added to all images, unclipped."""
    rng = np.random.default_rng([seed, run, round(noise * 10**6)])
    X = images.X + rng.normal(0, np.sqrt(noise), images.X.shape).astype(np.float32)
    order = rng.permutation(len(images.y))
    train, valid, test = np.split(order, [int(0.8 * len(order)), int(0.9 * len(order))])
    X -= X[train].mean()
    y = images.y.astype(np.float64)
    start = int(rng.integers(2**31))
    held_out = (X[valid], images.y[valid])
    teacher = fit(settings.teacher, X[train], y[train], held_out, start)
    p = soft_targets(teacher.logits(X[train]).astype(np.float64), settings.temperature)
    hard, soft = (fit(settings.student, X[train], targets, held_out, start + 1) for targets in (y[train], p))
    reached = {
        k: f.accuracy(X[test], images.y[test]) for k, f in (("teacher", teacher), ("hard", hard), ("soft", soft))
    }
    return Cell(noise=noise, run=run, **reached)


def _identity(images: Images, settings: Figure1Settings, noise: float, run: int, seed: int) -> list[Any]:
    """All that determines a cell: neither the other noise levels nor how many runs there are."""
    return [images.digest, replace(settings, noise=(noise,), runs=1).to_json(), run, seed]


def _row(name: str, noise: float, cells: Sequence[Cell]) -> Figure1Row:
    values = {k: [getattr(c, k) for c in cells] for k in ("teacher", "hard", "soft")}
    gain = paired(values["soft"], values["hard"])
    return Figure1Row(name, noise, **{k: estimate(v) for k, v in values.items()}, gain=gain, paper=PAPER.get(noise))


def _claims(rows: Sequence[Figure1Row], cells: Sequence[Cell]) -> tuple[PaperClaim, ...]:
    gains = [cell.soft - cell.hard for cell in cells]
    overall = estimate(gains)
    claims = [
        PaperClaim(
            "soft-beats-hard",
            "averaged over all noise levels, the student on soft labels is more accurate than on hard labels",
            positive(overall),
            f"gain {percent(overall)} points over {overall.runs} paired runs",
        )
    ]
    if len(rows) > 1:
        slopes = _slopes(cells)
        rise = estimate(slopes)
        claims.append(
            PaperClaim(
                "gain-grows-with-noise",
                "the gain of soft labels grows with the noise variance",
                positive(rise),
                f"slope of the gain per unit of variance, one line a run: {percent(rise)} points",
            )
        )
        fall = estimate(_slopes(cells, of="teacher"))
        flipped = replace(fall, mean=-fall.mean, lower=-fall.upper, upper=-fall.lower)
        claims.append(
            PaperClaim(
                "noise-hurts-the-teacher",
                "the teacher's accuracy falls with the noise variance",
                positive(flipped),
                f"slope of its accuracy per unit of variance: {percent(fall)} points",
            )
        )
    return tuple(claims)


def _slopes(cells: Sequence[Cell], of: str = "gain") -> list[float]:
    """Least-squares slope against the noise variance, one for each run (runs are independent)."""
    slopes = []
    for run in sorted({cell.run for cell in cells}):
        mine = [cell for cell in cells if cell.run == run]
        noise: Float[np.ndarray, " k"] = np.array([cell.noise for cell in mine])
        value = np.array([cell.soft - cell.hard if of == "gain" else getattr(cell, of) for cell in mine])
        slopes.append(float(np.polyfit(noise, value, 1)[0]))
    return slopes
