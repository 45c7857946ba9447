"""Documents as one self-contained HTML page: no script, no network; everything that is not markup is escaped."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any

from boundcheck.errors import MissingExtraError
from boundcheck.presentation import document as doc
from boundcheck.presentation import figures, numbers


def page(title: str, documents: Sequence[doc.Document], runs: Sequence[doc.Facts] = ()) -> str:
    """The whole page.  runs: how each document was made. Raises MissingExtraError without jinja2 and matplotlib."""
    return str(_template().module.page(title, documents, runs))


def fragment(document: doc.Document) -> str:
    """One document to stand inside another page, such as a notebook."""
    return str(_template().module.fragment(document))


@cache
def _template() -> Any:
    try:
        from jinja2 import Environment
        from markupsafe import Markup
    except ImportError as error:
        raise MissingExtraError("an HTML page", "plots") from error
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=_finalize)
    environment.filters |= {
        "kind": lambda block: type(block).__name__,
        "text": numbers.text,
        "svg": _svg,
        "mathml": _mathml,
        "folded": _folded,
    }
    environment.globals |= {"moods": doc.MOODS, "style": Markup(_file("page.css"))}
    return environment.from_string(_file("page.html"))


def _finalize(value: Any) -> Any:
    return numbers.printable(value) if type(value) is str else value


def _file(name: str) -> str:
    return files("boundcheck.presentation").joinpath(name).read_text(encoding="utf-8")


def _svg(figure: doc.Figure) -> Any:
    from markupsafe import Markup

    return Markup(figures.svg(figure))


def _mathml(formula: doc.Formula) -> Any:
    """MathML where it is known, the typed formula elsewhere."""
    from markupsafe import Markup

    made = formula.mathml() if formula.mathml is not None else ""
    return Markup(f'<math display="block">{made}</math>') if made else Markup("<code>{}</code>").format(formula.text)


def _folded(blocks: Sequence[doc.Block]) -> list[tuple[str, list[doc.Block]]]:
    """(what is folded there, the blocks): details that follow each other are folded together; "" is not folded."""
    single = [part for block in blocks for part in (block.parts() if isinstance(block, doc.Table) else [block])]
    parts = [(detail, list(group)) for detail, group in groupby(single, key=lambda block: block.detail)]
    return [
        ("; ".join(filter(None, dict.fromkeys(map(_name, inside)))) if detail else "", inside)
        for detail, inside in parts
    ]


def _name(block: doc.Block) -> str:
    """What a folded block is called, until its first comma; formulas share one name."""
    return (
        "formulas" if isinstance(block, doc.Formula) else str(getattr(block, "title", "")).split(",")[0].split(";")[0]
    )
