"""LaTeX of `compare` and `explain`: complete documents that need only packages of a basic installation."""

import re
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from boundcheck.errors import writing
from boundcheck.records import BoundRow, Crossover
from boundcheck.records.comparison import BoundFormula, Comparison, DerivationStep, Explanation, Growth

_PREAMBLE = r"""\documentclass{article}
\usepackage{amsmath,amssymb,amsthm,booktabs,graphicx}
\usepackage[margin=2cm]{geometry}
\newtheorem*{theorem}{Theorem}
\allowdisplaybreaks
\begin{document}
"""
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$|$",
}


def document(*blocks: str) -> str:
    """A complete document."""
    return _PREAMBLE + "\n\n".join(blocks) + "\n\\end{document}\n"


def write(text: str, path: Path) -> None:
    """Write `text`; raises OutputError where the path cannot be written."""
    with writing(path):
        path.write_text(text, encoding="utf-8", errors="backslashreplace")


def escape(text: str) -> str:
    """Plain text as LaTeX text."""
    return "".join(_SPECIAL.get(character, character) for character in text)


_GREEK = {"eps": r"\epsilon"} | {
    name: rf"\{name}" for name in ("alpha", "beta", "gamma", "delta", "eta", "kappa", "lambda", "rho", "tau", "chi")
}
_SIGNS = {">=": r"\ge", "<=": r"\le", "->": r"\to", "+-": r"\pm", "||": r"\|"}
_TOKEN = re.compile(
    r"(?P<sign>>=|<=|->|\+-|\|\|)"
    rf"|\b(?P<name>{'|'.join(_GREEK)}|[A-Za-z])(?:_(?P<sub>\{{[^}}]*\}}|\w+))?(?:\^(?P<sup>\([^)]*\)|-?\w+))?(?![\w'])"
)


def prose(text: str) -> str:
    """Plain text as LaTeX text, with Greek names, subscripts, powers and relations set as mathematics."""
    done, end = [], 0
    for token in _TOKEN.finditer(text):
        math = _math(token)
        if math is not None:
            done += [escape(text[end : token.start()]), math]
            end = token.end()
    return "".join([*done, escape(text[end:])])


def _math(token: re.Match[str]) -> str | None:
    """A token as inline mathematics; None for a lone letter, which may be a word."""
    sign, name, sub, sup = token.group("sign", "name", "sub", "sup")
    if sign:
        return f"${_SIGNS[sign]}$"
    if name not in _GREEK and sub is None and sup is None:
        return None
    lower = "" if sub is None else f"_{{{sub.strip('{}')}}}"
    upper = "" if sup is None else f"^{{{sup.strip('()')}}}"
    return f"${_GREEK.get(name, name)}{lower}{upper}$"


def number(value: float | None) -> str:
    r"""1.64 \times 10^{9} beyond a million or below a thousandth, a dash for None."""
    if value is None:
        return "--"
    if isinstance(value, int) and abs(value) < 10**6:
        return f"${value}$"
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"${value:.4g}$"
    mantissa, exponent = f"{Decimal(value):.2e}".split("e")  # steps may exceed the largest float
    return rf"${mantissa} \times 10^{{{int(exponent)}}}$"


def table(columns: str, head: list[str], rows: list[list[str]], caption: str) -> str:
    """A booktabs table; an empty row is a rule."""
    body = "\n".join(" & ".join(row) + r" \\" if row else r"\midrule" for row in rows)
    return "\n".join(
        (
            r"\begin{table}[htbp]\centering\small",
            rf"\caption{{{caption}}}",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            " & ".join(head) + r" \\",
            r"\midrule",
            body,
            r"\bottomrule",
            r"\end{tabular}\end{table}",
        )
    )


def comparison(result: Comparison) -> str:
    """The whole of `compare` as a document: one table for each eps, formulas with their growth, findings."""
    failure = f"$n = {result.n}$, total failure probability ${result.failure_probability:g}$ for every row"
    tables = [
        widths(list(rows), rf"Neurons that suffice for average error $\epsilon = {eps:g}$; {failure}.")
        for eps, rows in groupby(result.rows, key=lambda row: row.eps)
    ]
    findings = "\n".join(rf"\item {prose(sentence)}" for sentence in result.findings)
    return document(
        *tables,
        growth(result.formulas),
        crossovers(result.crossovers),
        *(formula(item) for item in result.formulas),
        f"\\begin{{itemize}}\n{findings}\n\\end{{itemize}}",
    )


def widths(rows: list[BoundRow], caption: str) -> str:
    """Rows grouped by gamma."""
    body: list[list[str]] = []
    for gamma, group in groupby(rows, key=lambda row: row.gamma):
        body += [[]] if body else []
        for i, row in enumerate(group):
            body.append(
                [
                    f"${gamma:.4g}$" if i == 0 else "",
                    escape(row.bound),
                    row.labels,
                    number(row.width),
                    "floor" if row.at_floor else r"$\infty$" if row.steps is None else number(row.steps),
                    number(row.step_size),
                    "none" if row.radius is None else number(row.radius),
                ]
            )
    head = [r"$\gamma$", "bound", "labels", "width $m$", "steps $T$", r"step size $\eta$", "radius $B$"]
    return table("rllrrrr", head, body, caption)


def growth(formulas: tuple[BoundFormula, ...]) -> str:
    """Growth exponents of all bounds."""
    rows = [[escape(item.bound), *(rate(term) for term in item.growth)] for item in formulas]
    head = ["bound", r"as $\gamma \to 0$", r"as $\epsilon \to 0$"]
    return table("lll", head, rows, "Growth of the closed forms (exact limits).")


def crossovers(found: tuple[Crossover, ...]) -> str:
    """Where the soft bound is the smaller one."""
    rows = [
        [
            escape(crossing.soft),
            escape(crossing.hard),
            number(crossing.eps),
            number(crossing.gamma),
            crossing.soft_smaller,
        ]
        for crossing in found
    ]
    head = ["soft", "hard", r"$\epsilon$", r"$\gamma^*$", "soft is smaller"]
    return table("llrrl", head, rows, r"Crossovers: the margin $\gamma^*$ at which both ask for the same width.")


def rate(term: Growth) -> str:
    r"""For example $\gamma^{-4}$."""
    symbol = {"gamma": r"\gamma", "eps": r"\epsilon"}[term.variable]
    parts = [rf"{symbol}^{{-{term.power:g}}}"] if term.power else []
    parts += [rf"\ln^{{{term.log_power:g}}}(1/{symbol})"] if term.log_power else []
    return f"${' '.join(parts) or 'O(1)'}$"


def formula(item: BoundFormula) -> str:
    """A bound's closed form as a displayed equation."""
    return rf"\paragraph{{{escape(item.bound)}}} {escape(item.title)}." + displayed(rf"m \ge {item.latex}")


def explanation(result: Explanation) -> str:
    """The whole of `explain` as a document: a theorem, its numbers, what its factors cost, and its derivation."""
    return document(_theorem(result), _numbers(result), costs(result), _derivation(result.steps))


def _theorem(result: Explanation) -> str:
    hypotheses = "\n".join(rf"\item {prose(hypothesis.sentence)}" for hypothesis in result.hypotheses)
    condition = displayed(rf"m \ge {result.latex}")
    if result.condition_latex is not None:
        inverted = displayed(result.condition_latex)
        condition += f"or, with $u = 1/(2 \\eta T)$ and the flip quantiles $q$, $q'$ at $m$,{inverted}"
    return rf"""\begin{{theorem}}[{escape(result.bound)}; {escape(result.source)}]
Assume that
\begin{{itemize}}
{hypotheses}
\end{{itemize}}
If
{condition}
then: {prose(result.statement)} This holds {prose(result.quantifiers)}. ({escape(result.direction)}.)
\end{{theorem}}"""


def _numbers(result: Explanation) -> str:
    row = result.row
    values = ", ".join(f"{prose(name)} = {number(value)}" for name, value in result.numbers.items())
    schedule = "the floor of infinitely many steps" if row.steps is None else f"$T = {row.steps}$"
    return (
        rf"\paragraph{{Numbers.}} With {values} the closed form is {number(result.width_in_closed_form)}; the even "
        rf"width is $m = {row.width}$ ({schedule}, total failure probability ${row.failure_probability:g}$). "
        + prose(row.note)
    )


def costs(result: Explanation) -> str:
    """A booktabs table: factors of the closed form, then the closed form without an ingredient."""
    factors = [[prose(f.factor), number(f.value), prose(f.why)] for f in result.factors]
    without = [
        [prose(f"without {cost.without}"), number(cost.width), f"{cost.saves:.3g} times fewer neurons"]
        for cost in result.costs
    ]
    caption = f"What each factor of {escape(result.bound)} costs."
    return table(r"p{5cm}rp{7cm}", ["factor", "value", "why"], [*factors, [], *without], caption)


def _derivation(steps: tuple[DerivationStep, ...]) -> str:
    items = "\n".join(_step(step) for step in steps)
    return (
        f"\\begin{{proof}}[Derivation]\\leavevmode\n\\begin{{enumerate}}\n{items}\n\\end{{enumerate}}\n\\end{{proof}}"
    )


def _step(step: DerivationStep) -> str:
    verdict = {True: ": holds", False: ": FAILS", None: ""}[step.holds]
    shown = displayed(step.latex) if step.latex else f" ({escape(step.shown)})"
    return rf"\item {prose(step.claim)} [{escape(step.method + verdict)}]{shown}"


def displayed(formula: str) -> str:
    """A formula on its own line that shrinks to the line where it is too long."""
    return (
        "\n\\begin{center}\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{$\\displaystyle\n"
        + formula
        + "\n$}\\end{center}\n"
    )
