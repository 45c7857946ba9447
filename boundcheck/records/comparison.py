"""What `compare` and `explain` hand to the reports: bounds side by side, and one bound taken apart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from boundcheck.records import AnyLabels, BoundRow, Crossover, Record
from boundcheck.records.bounds import Family


@dataclass(frozen=True)
class Growth(Record):
    """width ~ const * x^(-power) * ln(1/x)^log_power as x -> 0, x = gamma, eps or 1/n: exact, of the closed form."""

    variable: Literal["gamma", "eps", "n"]
    power: float
    log_power: float

    @property
    def text(self) -> str:
        """For example `gamma^-4`, `ln(1/eps)^2` or `ln(n)`."""
        power, inside = (
            (f"n^{self.power:g}", "n")
            if self.variable == "n"
            else (f"{self.variable}^{-self.power:g}", f"1/{self.variable}")
        )
        parts = []
        if self.power:
            parts.append(power)
        if self.log_power:
            parts.append(f"ln({inside})" + (f"^{self.log_power:g}" if self.log_power != 1 else ""))
        return " ".join(parts) or "constant"


@dataclass(frozen=True)
class BoundFormula(Record):
    """What is written beside a bound's rows: its closed form and how it grows (c: with the c of the rows)."""

    bound: str
    labels: AnyLabels
    family: Family
    title: str
    formula: str
    latex: str
    growth: tuple[Growth, ...]


@dataclass(frozen=True)
class Ratio(Record):
    """soft width / hard width at one (gamma, eps)."""

    soft: str
    hard: str
    gamma: float
    eps: float
    ratio: float


@dataclass(frozen=True)
class WinnerMap(Record):
    """winner[i][j]: the bound among `bounds` with the fewest neurons at eps[i], gamma[j]; "" where none is finite."""

    bounds: tuple[str, ...]
    eps: tuple[float, ...]
    gamma: tuple[float, ...]
    winner: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class PriorResult(Record):
    """What another paper proves in this setting, in order only; "not read" where its text was not available.

    stronger: whether it is stronger in order than the paper whose bounds are called published.
    """

    source: str
    width: str
    steps: str
    hypotheses: str
    stronger: str


@dataclass(frozen=True)
class Comparison(Record):
    """The result of `compare`: every bound at every (gamma, eps), at one total failure probability.

    findings: sentences a reader must not miss, computed from the rows.  c None: c = 2 gamma, always valid.
    leading: the bounds shown first, those with the fewest neurons of their kind somewhere.
    curves: (gamma, width) of each bound at the first eps.  curves, maps and literature: only where asked for.
    """

    eps: tuple[float, ...]
    gammas: tuple[float, ...]
    n: int
    delta: float
    failure_probability: float
    c: float | None
    logit_scale: float
    data: str | None
    gamma_confidence: float | None
    rows: tuple[BoundRow, ...]
    ratios: tuple[Ratio, ...]
    crossovers: tuple[Crossover, ...]
    formulas: tuple[BoundFormula, ...]
    findings: tuple[str, ...]
    leading: tuple[str, ...] = ()
    curves: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    maps: tuple[WinnerMap, ...] = ()
    literature: tuple[PriorResult, ...] = ()


Method = Literal["exact identity", "interval proof", "exact example", "simulation", "sampling", "argument"]
"""How a step was checked; "argument": in words only."""


@dataclass(frozen=True)
class DerivationStep(Record):
    """One step of a derivation. method: how it was checked just now; holds None where it is argued, not checked.

    residual: of an identity 0, or |left - right| at a test point if it fails; of an inequality its smallest proved
    slack.
    """

    claim: str
    shown: str
    latex: str
    method: Method
    holds: bool | None
    residual: float | None


HypothesisStatus = Literal["checked", "assumed", "fails"]


@dataclass(frozen=True)
class HypothesisCheck(Record):
    """An assumption.  checked: the numbers show it; assumed: they do not refute it; fails: they refute it."""

    sentence: str
    status: HypothesisStatus


@dataclass(frozen=True)
class FactorValue(Record):
    """One factor of the closed form with its value; the product of all is the width."""

    factor: str
    latex: str
    value: float
    why: str


@dataclass(frozen=True)
class Cost(Record):
    """What the closed form would be without one ingredient, and how many times fewer neurons that is."""

    without: str
    width: float
    saves: float


@dataclass(frozen=True)
class Explanation(Record):
    """The result of `explain`: one theorem with its numbers, its derivation, and what each factor costs.

    formula: the closed form of the width.  condition: what a sharp bound inverts exactly (u = 1/(2 eta T), q and q'
    quantiles of the flips), None where the closed form is the theorem.  row and width_in_closed_form None, formula
    empty: the width is read off data.
    """

    bound: str
    title: str
    labels: AnyLabels
    loss: str
    statement: str
    direction: str
    quantifiers: str
    source: str
    hypotheses: tuple[HypothesisCheck, ...]
    formula: str
    latex: str
    condition: str | None
    condition_latex: str | None
    width_in_closed_form: float | None
    numbers: Mapping[str, float]
    row: BoundRow | None
    factors: tuple[FactorValue, ...]
    costs: tuple[Cost, ...]
    steps: tuple[DerivationStep, ...]
    growth: tuple[Growth, ...]
