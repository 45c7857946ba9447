"""A document as LaTeX that needs only packages of a basic installation: booktabs, amsmath, graphicx."""

import re
from collections.abc import Sequence
from pathlib import Path

from boundcheck.errors import writing
from boundcheck.presentation import document as doc
from boundcheck.presentation import numbers

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
    "±": r"$\pm$",
    "−": "$-$",
    "\n": " ",
}
_LONGEST_TABLE = 40  # rows on a page


def document(*blocks: str) -> str:
    """A complete document."""
    return _PREAMBLE + "\n\n".join(blocks) + "\n\\end{document}\n"


def write(text: str, path: Path) -> None:
    """Write `text`; raises OutputError where the path cannot be written."""
    with writing(path):
        path.write_text(text, encoding="utf-8", errors="backslashreplace")


def escape(text: str) -> str:
    """Plain text as LaTeX text."""
    known = numbers.printable(text).replace("\N{REPLACEMENT CHARACTER}", "?")
    return "".join(_SPECIAL.get(character, character) for character in known)


_GREEK = {"eps": r"\epsilon"} | {
    name: rf"\{name}" for name in ("alpha", "beta", "gamma", "delta", "eta", "kappa", "lambda", "rho", "tau", "chi")
}
_SIGNS = {">=": r"\ge", "<=": r"\le", "->": r"\to", "+-": r"\pm", "||": r"\|"}
_TOKEN = re.compile(
    r"(?P<sign>>=|<=|->|\+-|\|\|)"
    r"|(?P<mantissa>-?\d+(?:\.\d+)?)e(?P<exponent>-?\d+)(?![\w.])"
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
    if token["exponent"]:
        return rf"${token['mantissa']} \times 10^{{{token['exponent']}}}$"
    if name not in _GREEK and sub is None and sup is None:
        return None
    lower = "" if sub is None else f"_{{{sub.strip('{}')}}}"
    upper = "" if sup is None else f"^{{{sup.strip('()')}}}"
    return f"${_GREEK.get(name, name)}{lower}{upper}$"


def text(shown: doc.Document) -> str:
    """Every block of a document, details included, as a complete LaTeX document; figures are left out."""
    return document(*map(_block, shown.blocks))


def save(shown: doc.Document, path: Path) -> None:
    """Write a document as LaTeX; raises OutputError where the path cannot be written."""
    write(text(shown), path)


def _block(block: doc.Block) -> str:
    match block:
        case doc.Answer() | doc.Note():
            return prose(block.text)
        case doc.Verdict():
            return rf"\textbf{{{prose(block.word)}}}: {prose(block.text)}"
        case doc.Facts():
            rows = [[prose(name), prose(numbers.text(value))] for name, value in block.pairs]
            return table("lp{11cm}", [], rows, prose(block.title))
        case doc.Formula():
            title = rf"\paragraph{{{prose(block.title)}}}" if block.title else ""
            return title + displayed(block.latex)
        case doc.Items():
            kind = "enumerate" if block.numbered else "itemize"
            return _list(kind, block.title, [_item(item) for item in block.items])
        case doc.Next():
            return _list("itemize", "Next", [rf"\texttt{{{escape(command)}}}" for command in block.commands])
        case doc.Passage():
            inside = "\n".join(map(_block, block.blocks))
            begun = rf"\begin{{{block.name}}}[{prose(block.title)}]\leavevmode"
            return f"{begun}\n{inside}\n\\end{{{block.name}}}"
        case doc.Table():
            return _table(block)
        case _:
            return ""


def _list(kind: str, title: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    begun = rf"\paragraph{{{prose(title)}}}" + "\n" if title else ""
    lines = "\n".join(rf"\item {{}}{item}" for item in items)
    return f"{begun}\\begin{{{kind}}}\n{lines}\n\\end{{{kind}}}"


def _item(item: doc.Item) -> str:
    mark = rf" [{prose(item.mark)}]" if item.mark else ""
    return prose(item.text) + mark + ("" if item.formula is None else displayed(item.formula.latex))


def _table(block: doc.Table) -> str:
    """One booktabs table, or several where the rows would not fit on a page."""
    sides = [
        "p{7cm}" if column.prose else "r" if right else "l"
        for column, right in zip(block.columns, block.right(), strict=True)
    ]
    rows: list[list[str]] = []
    values = block.values()
    for (begins, cells), raw in zip(block.grouped(), values, strict=True):
        rows += [[]] if begins else []
        rows.append([_cell(cell, value) for cell, value in zip(cells, raw, strict=True)])
    heads = [prose(column.head) for column in block.columns]
    pages = [rows[i : i + _LONGEST_TABLE] for i in range(0, len(rows), _LONGEST_TABLE)]
    return "\n\n".join(table("".join(sides), heads, page, prose(block.title)) for page in pages)


def _cell(text: str, value: object) -> str:
    return f"${value.latex}$" if isinstance(value, doc.Formula) and text else prose(text)


def table(columns: str, head: list[str], rows: list[list[str]], caption: str) -> str:
    """A booktabs table that shrinks to the width of the text; an empty row is a rule."""
    body = "\n".join("{}" + " & ".join(row) + r" \\" if row else r"\midrule" for row in rows)  # \\ takes a [
    heads = [" & ".join(head) + r" \\", r"\midrule"] if head else []
    return "\n".join(
        (
            r"\begin{table}[htbp]\centering\small",
            *([rf"\caption{{{caption}}}"] if caption else []),
            r"\resizebox{\ifdim\width>\textwidth\textwidth\else\width\fi}{!}{%",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            *heads,
            body,
            r"\bottomrule",
            r"\end{tabular}}\end{table}",
        )
    )


def displayed(formula: str) -> str:
    """A formula on its own line that shrinks to the line where it is too long."""
    return (
        "\n\\begin{center}\\resizebox{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}{!}{$\\displaystyle\n"
        + formula
        + "\n$}\\end{center}\n"
    )
