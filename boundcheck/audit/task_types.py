"""Claims on crowds with task types (Kong, Mandal, Katselis & Srikant, TMLR 2025), and of what they build on.

Abstract and summary were available.  See theory: Task types, theory: Reliabilities, theory: Weighted votes.
"""

from fractions import Fraction
from itertools import product
from math import prod

import sympy as sp
from flint import arb

from boundcheck.audit.check import identity, positive
from boundcheck.audit.claim import Claim
from boundcheck.bounds.exact import ball
from boundcheck.records.audit import Check, Paper

PAPER: Paper = "kong2023"
_ee, _hh, _eh, _e, _h, _rho = sp.symbols("g_ee g_hh g_eh d_e d_h rho", positive=True)
_r = sp.symbols("r_1:4", positive=True)


def spectral(*, ratio: int = 1) -> tuple[Check, ...]:
    """u = (u_h, u_e) of G diag(d_h, d_e): |v_j| = |u_{t_j}| separates two types unless u_h = u_e."""
    # (d_h g_hh u_h + d_e g_eh u_e)/u_h = (d_h g_eh u_h + d_e g_ee u_e)/u_e, rho = u_h/u_e
    balance = _rho * (_h * _eh * _rho + _e * _ee) - (_h * _hh * _rho + _e * _eh)
    return (
        identity("rho = 1 exactly where d_e (g_ee - g_eh) = d_h (g_hh - g_eh)", balance.subs(_rho, ratio),
                 _e * (_ee - _eh) - _h * (_hh - _eh)),
        identity("the ratio solves g_eh d_h rho^2 + (d_e g_ee - d_h g_hh) rho - d_e g_eh = 0", balance,
                 _eh * _h * _rho**2 + (_e * _ee - _h * _hh) * _rho - _e * _eh),
    )  # fmt: skip


def triangles(*, power: Fraction = Fraction(1, 2)) -> tuple[Check, ...]:
    """E C_ij = r_i r_j for i != j, so that (C_ik C_jk/C_ij)^power = r_k."""
    first, second, third = _r
    value = ((first * third) * (second * third) / (first * second)) ** sp.Rational(power)
    return (identity("sqrt(C_ik C_jk/C_ij) = r_k", sp.powdenest(value, force=True), third),)


def weighted_vote(*, scale: int = 1) -> tuple[Check, ...]:
    """The log odds of one answer of a worker of reliability r."""
    (r, *_) = _r
    odds = ((1 + r) / 2) / ((1 - r) / 2)
    return (
        identity("P(X = y) = (1 + r)/2: log odds ln((1 + r)/(1 - r))", sp.log(odds), sp.log((1 + r) / (1 - r)) * scale),
    )


def vote_error(*, factor: Fraction = Fraction(1, 2)) -> tuple[Check, ...]:
    """3/(4(1 + exp(2 Phi + 4 sqrt Phi))) <= error <= exp(-factor Phi), Phi = sum r artanh r, by enumeration."""
    checks = []
    for committee in ((7, 7, 7, 7, 7), (9, 6, 5, 8), (2, 3, 9)):  # right with probability (10 + k)/20
        right = [Fraction(10 + k, 20) for k in committee]
        error = _error(right)
        Phi = sum((ball(2 * p - 1) * (ball(p) / ball(1 - p)).log() / 2 for p in right), arb(0))
        name = f"committee {', '.join(f'{float(p):g}' for p in right)}, error {float(error):.4g}"
        checks += [
            positive(f"{name}: exp(-Phi/2) - error", (-ball(factor) * Phi).exp() - ball(error)),
            positive(f"{name}: error - lower bound", ball(error) - 3 / (4 * (1 + (2 * Phi + 4 * Phi.sqrt()).exp()))),
        ]
    return tuple(checks)


def _error(right: list[Fraction]) -> Fraction:
    """Of the vote with the weights of the log odds; a tie counts half."""
    error = Fraction(0)
    for answers in product([True, False], repeat=len(right)):
        true, false = (
            prod((p if a == given else 1 - p for p, a in zip(right, answers, strict=True)), start=Fraction(1))
            for given in (True, False)
        )
        error += true if true < false else true / 2 if true == false else Fraction(0)
    return error


CLAIMS = (
    Claim(
        "spectral-partition",
        "abstract",
        "the leading eigenvector of the task similarity splits tasks by type, under a separability condition",
        "in expectation, its size is constant on each type, and differs unless "
        "d_e (g_ee - g_eh) = d_h (g_hh - g_eh), g_st = <r_s, r_t>/n; balanced specialists are such a case",
        "holds with a different proof",
        "supported",
        "E T_jj' = q^2 y_j y_j' g_tt' off the diagonal, so v_j = y_j u_t with u an eigenvector of a 2 x 2 matrix. The "
        "paper's own condition was not available.",
        spectral,
        PAPER,
    ),
    Claim(
        "perfect-recovery",
        "abstract",
        "n of the order ln d workers recover all types",
        "the threshold and its constants were not available; the program predicts errors by a Gaussian approximation",
        "undecided",
        "undecided",
        "Nothing is checked: there is no printed constant to check.",
        tuple,
        PAPER,
    ),
    Claim(
        "triangular-estimation",
        "Bonald & Combes (2017), as used there",
        "|r_k| = sqrt(|C_ik C_jk/C_ij|) for the expected covariances",
        "as quoted",
        "holds",
        "proved",
        "E C_ij = r_i r_j for different workers.",
        triangles,
        PAPER,
    ),
    Claim(
        "weighted-vote",
        "Nitzan & Paroush (1982), as used there",
        "with known reliabilities the best vote has weights ln((1 + r)/(1 - r))",
        "as quoted",
        "holds",
        "proved",
        "Answers are independent given the label: their log odds add up.",
        weighted_vote,
        PAPER,
    ),
    Claim(
        "vote-error",
        "Berend & Kontorovich (2014), as quoted",
        "3/(4(1 + exp(2 Phi + 4 sqrt Phi))) <= error <= exp(-Phi/2)",
        "as recalled, on three small committees",
        "holds",
        "supported",
        "Exact errors of three committees by enumeration; the general statement is recalled and not proved here.",
        vote_error,
        PAPER,
    ),
)
