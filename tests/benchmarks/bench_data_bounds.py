"""Each data bound against networks at its own width: `python tests/benchmarks/bench_data_bounds.py [NAME ...]`.

The bound promises that the certificate of the plain comparator, without any training, is above eps for at most a share
`failure` of all W(0).  Printed: width, misses among the W(0) drawn, and the exact binomial p-value of so many misses.
"""

import sys
import time

import numpy as np
from scipy import stats

from boundcheck.datasets import load_dataset
from boundcheck.pipeline.data_bounds import data_width, eps_field
from boundcheck.records import TrainingSpec
from boundcheck.training.certificate import certify
from boundcheck.training.intervals import default_comparator
from boundcheck.training.network import initial_weights

SEEDS, DELTA = 200, 0.05
SETS = {
    "octagon": ("synthetic:circle:points=8", {}, 0.05),
    "pair": ("synthetic:pair:angle=30", {}, 0.05),
    "xor": ("synthetic:xor:d=5,k=2", {}, 0.05),
    "sphere": ("synthetic:sphere:n=100,d=20", {}, 0.15),
    "teacher": ("synthetic:teacher:n=100,d=10", {}, 0.15),
    "breast_cancer prepared": (
        "sklearn:breast_cancer",
        {"prepare": ("standardize",), "normalize": "unit"},
        0.05,
    ),
    "digits prepared": (
        "sklearn:digits",
        {"positive": ("0", "1", "2", "3", "4"), "prepare": ("center",), "normalize": "unit"},
        0.15,
    ),
    "digits as it is": ("sklearn:digits", {"positive": ("0", "1", "2", "3", "4")}, 0.15),
}


def main(names: list[str]) -> None:
    for name in names or SETS:
        source, options, eps = SETS[name]
        data = load_dataset(source, **options)
        y = data.y.astype(np.float64)
        field = eps_field(data, eps)
        for bound in ("soft-data", "hard-data"):
            began = time.process_time()
            row = data_width(data, bound, eps=eps, delta=DELTA, field=field)
            took = time.process_time() - began
            loss = "kl" if row.labels == "soft" else "perceptron"
            spec = TrainingSpec(row.labels, loss, row.radius, 2.0**-20, 10**18)
            errors = np.empty(SEEDS)
            for seed in range(SEEDS):
                W0, a = initial_weights(row.width, data.X.shape[1], seed)
                D = default_comparator(W0, a, row.radius, field.q, data.X, y) * (1 - 1e-9)
                errors[seed] = certify(data.X, y, row.radius * field.z, W0, a, D, spec).average_error
            misses = int((errors > eps).sum())
            p = stats.binomtest(misses, SEEDS, 3 * DELTA, alternative="greater").pvalue
            print(
                f"{name:24} eps {eps:4} {bound:10} m = {row.width:7,}  misses {misses}/{SEEDS} (p = {p:.3g})  "
                f"worst {errors.max():.3f}  margin {row.margin_value:.4f}  {took:.0f} s CPU",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
