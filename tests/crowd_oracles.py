"""Slow loops over tasks and workers, written from the model alone. Nothing of boundcheck is imported here."""

import itertools
import math

import numpy as np
from scipy.special import betainc, betaincinv


def one_coin_posterior(X: np.ndarray, r: np.ndarray, prior: float = 0.5) -> np.ndarray:
    """P(y = +1 | answers) with P(X_ij = y_j) = (1 + r_i)/2, one product at a time."""
    posterior = []
    for column in X.T:
        joint = {}
        for y, weight in ((1, prior), (-1, 1 - prior)):
            for x, reliability in zip(column, r, strict=True):
                if x != 0:
                    weight *= (1 + reliability) / 2 if x == y else (1 - reliability) / 2
            joint[y] = weight
        posterior.append(joint[1] / (joint[1] + joint[-1]))
    return np.array(posterior)


def dawid_skene(X: np.ndarray, steps: int, *, coins: int, a: float = 1.0) -> np.ndarray:
    """P(+1) after `steps` rounds of EM from the vote shares, one answer at a time."""
    n, d = X.shape
    p = [sum(x == 1 for x in X[:, j]) / sum(x != 0 for x in X[:, j]) if X[:, j].any() else 0.5 for j in range(d)]
    for _ in range(steps):
        right = {(i, y): a for i in range(n) for y in (1, -1)}
        total = {(i, y): 2 * a for i in range(n) for y in (1, -1)}
        for i, j in itertools.product(range(n), range(d)):
            if X[i, j] == 0:
                continue
            for y, q in ((1, p[j]), (-1, 1 - p[j])):
                right[i, y] += q * (X[i, j] == y)
                total[i, y] += q
        if coins == 1:
            shared = [(right[i, 1] + right[i, -1] - a) / (total[i, 1] + total[i, -1] - 2 * a) for i in range(n)]
            accuracy = {(i, y): shared[i] for i in range(n) for y in (1, -1)}
        else:
            accuracy = {key: right[key] / total[key] for key in right}
        share = (sum(p) + 1) / (d + 2)
        for j in range(d):
            logs = {1: math.log(share), -1: math.log(1 - share)}
            for i, y in itertools.product(range(n), (1, -1)):
                if X[i, j] != 0:
                    logs[y] += math.log(accuracy[i, y] if X[i, j] == y else 1 - accuracy[i, y])
            p[j] = 1 / (1 + math.exp(logs[-1] - logs[1]))
    return np.array(p)


def best_two_groups(x: np.ndarray) -> float:
    """Least within-group sum of squares over every split of the numbers in two groups, equal values together."""
    values = sorted(set(x.tolist()))
    splits = [[v for v in values if v <= cut] for cut in values]
    sums = []
    for low in splits:
        groups = [x[np.isin(x, low)], x[~np.isin(x, low)]]
        sums.append(sum(float(((g - g.mean()) ** 2).sum()) for g in groups if len(g)))
    return min(sums)


def line_split(vectors: np.ndarray) -> np.ndarray:
    """The published split by type: |v| of the leading eigenvector in the two groups of least within-group variance."""
    x = np.abs(vectors[:, 0])
    within = {cut: sum(x[side].var() * side.sum() for side in (x <= cut, x > cut)) for cut in np.unique(x)[:-1]}
    return (x > min(within, key=within.__getitem__)).astype(int)


def vote_error(r: np.ndarray) -> float:
    """P(the best weighted vote errs) for y = +1, over all 2^n answers; a tie errs half the time."""
    error = 0.0
    for answers in itertools.product((1, -1), repeat=len(r)):
        weight = math.prod((1 + x * q) / 2 for x, q in zip(answers, r, strict=True))
        score = sum(x * math.log((1 + q) / (1 - q)) for x, q in zip(answers, r, strict=True))
        error += weight * (0.5 if abs(score) < 1e-12 else float(score < 0))
    return error


def bayes_labels(X: np.ndarray, low: float, high: float, sweeps: int) -> np.ndarray:
    """Sum of 2 P(+1) - 1 by Gibbs sampling, accuracies from U(low, high): its signs err least of all rules'."""
    rng = np.random.default_rng(0)
    y, given, total = np.sign(X.sum(axis=0) + 0.1), np.abs(X).sum(axis=1), np.zeros(X.shape[1])
    for sweep in range(sweeps):
        agree = (X * y > 0).sum(axis=1)
        ends = [betainc(agree + 1, given - agree + 1, end) for end in (low, high)]
        accuracy = betaincinv(agree + 1, given - agree + 1, rng.uniform(*ends))
        odds = np.log(accuracy / (1 - accuracy)) @ X
        y = np.where(rng.random(len(odds)) < 1 / (1 + np.exp(-odds)), 1, -1)
        total += np.tanh(odds / 2) * (sweep >= sweeps // 5)
    return total
