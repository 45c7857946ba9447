"""Documents as one self-contained HTML page: no script, no network; everything that is not markup is escaped."""

from collections.abc import Sequence
from functools import cache
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
    except ImportError as error:
        raise MissingExtraError("an HTML page", "plots") from error
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=_finalize)
    environment.filters |= {"kind": _kind, "text": numbers.text, "svg": _svg, "mathml": _mathml, "folded": _folded}
    environment.globals |= {"moods": doc.MOODS, "style": _style()}
    return environment.from_string(TEMPLATE)


def _finalize(value: Any) -> Any:
    return numbers.printable(value) if type(value) is str else value


def _style() -> Any:
    from markupsafe import Markup

    return Markup(STYLE)


def _kind(block: object) -> str:
    return type(block).__name__


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
    parts = [(detail, list(group)) for detail, group in groupby(blocks, key=lambda block: block.detail)]
    return [
        ("; ".join(filter(None, dict.fromkeys(map(_name, inside)))) if detail else "", inside)
        for detail, inside in parts
    ]


def _name(block: doc.Block) -> str:
    """What a folded block is called, until its first comma; formulas share one name."""
    return (
        "formulas" if isinstance(block, doc.Formula) else str(getattr(block, "title", "")).split(",")[0].split(";")[0]
    )


TEMPLATE = """
{% macro formula(f) %}<div class="wide" tabindex="0">{{ f|mathml }}</div>{% endmacro %}
{% macro word(w) %}{% if w in moods %}<span class="chip {{ moods[w] }}">{{ w }}</span>{% else %}{{ w }}{% endif %}
{% endmacro %}
{% macro heading(title) %}{% if title %}<h3>{{ title }}</h3>{% endif %}{% endmacro %}
{% macro table(t) %}{% if t.rows %}
{{ heading(t.title) }}{% set right = t.right() %}
<div class="wide" tabindex="0"><table><thead><tr>
{% for c in t.columns %}<th scope="col"{% if right[loop.index0] %} class="number"{% endif %}>{{ c.head }}</th>
{% endfor %}</tr></thead><tbody>
{% for begins, row in t.grouped() %}<tr{% if begins %} class="begins"{% endif %}>
{% for cell in row %}{% set c = t.columns[loop.index0] %}
<td class="{{ 'number' if right[loop.index0] else 'long' if c.prose else 'short' }}">{{ word(cell)|trim }}</td>
{% endfor %}</tr>
{% endfor %}</tbody></table></div>{% endif %}{% endmacro %}
{% macro one(b) %}{% set kind = b|kind %}
{% if kind == "Answer" %}<p class="answer">{{ b.text }}</p>
{% elif kind == "Note" %}<p>{{ b.text }}</p>
{% elif kind == "Verdict" %}<p>{{ word(b.word)|trim }} {{ b.text }}</p>
{% elif kind == "Facts" %}{{ heading(b.title) }}
<dl>{% for name, value in b.pairs %}<dt>{{ name }}</dt><dd>{{ word(value|text)|trim }}</dd>{% endfor %}</dl>
{% elif kind == "Items" %}{{ heading(b.title) }}{% set list = "ol" if b.numbered else "ul" %}
<{{ list }}>{% for i in b.items %}<li>{{ i.text }} {{ word(i.mark)|trim }}
{% if i.formula %}{{ formula(i.formula) }}{% endif %}</li>{% endfor %}</{{ list }}>
{% elif kind == "Formula" %}{% if b.title %}<p class="dim">{{ b.title }}</p>{% endif %}{{ formula(b) }}
{% elif kind == "Figure" %}<figure>{{ b|svg }}<figcaption>{{ b.caption }}</figcaption></figure>
{% elif kind == "Table" %}{{ table(b) }}
{% elif kind == "Passage" %}<div class="passage">{{ heading(b.title) }}{{ all(b.blocks) }}</div>
{% elif kind == "Next" %}<p class="dim">Next:{% for c in b.commands %}<br><code>{{ c }}</code>{% endfor %}</p>
{% endif %}{% endmacro %}
{% macro all(blocks) %}{% for folded, inside in blocks|folded %}
{% if folded %}<details><summary>{{ folded }}</summary>{% endif %}
{% for b in inside %}{{ one(b) }}{% endfor %}
{% if folded %}</details>{% endif %}{% endfor %}{% endmacro %}
{% macro fragment(d) %}<div class="boundcheck"><style>{{ style }}</style>{{ all(d.blocks) }}</div>{% endmacro %}
{% macro page(title, documents, runs) %}<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{{ title }}</title><style>{{ style }}</style></head>
<body class="boundcheck"><header><h1>{{ title }}</h1><nav>
{% for d in documents %}<a href="#part{{ loop.index }}">{{ d.title }}</a>{% endfor %}
{% if runs %}<a href="#runs">how it was made</a>{% endif %}</nav></header><main>
{% for d in documents %}<section id="part{{ loop.index }}"><h2>{{ d.title }}</h2>{{ all(d.blocks) }}</section>
{% endfor %}
{% if runs %}<section id="runs"><h2>How it was made</h2>{% for r in runs %}{{ one(r) }}{% endfor %}</section>{% endif %}
</main></body></html>
{% endmacro %}
"""

_LIGHT = (
    "--ink:#1b1b1f;--dim:#5c5f66;--paper:#fff;--line:#d9dbe0;--soft:#0067a3;--hard:#b84a00;--third:#00755a;"
    "--good:#0b6e3b;--bad:#a8201a;--open:#7a5b00"
)
_DARK = (
    "--ink:#e8e8ec;--dim:#a4a7b0;--paper:#16171b;--line:#3a3c44;--soft:#63b7f0;--hard:#f59a5b;--third:#4fd0a5;"
    "--good:#5fd38f;--bad:#ff8a80;--open:#e3c04d"
)
STYLE = (
    f"""
.boundcheck{{{_LIGHT}}}
@media (prefers-color-scheme:dark){{body.boundcheck{{{_DARK}}}}}
@media print{{.boundcheck{{{_LIGHT}}}}}"""
    + """
.boundcheck{color:var(--ink);background:var(--paper);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
.boundcheck *{box-sizing:border-box}
body.boundcheck{margin:0 auto;padding:1rem;max-width:60rem}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.25rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}
.boundcheck h3{font-size:1rem;margin:1.2rem 0 .3rem}.answer{font-size:1.1rem;font-weight:600}
nav{display:flex;flex-wrap:wrap;gap:.3rem 1rem}.boundcheck a{color:var(--soft)}
.boundcheck dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.1rem 1rem;margin:.5rem 0}
.boundcheck dt,.dim,.boundcheck figcaption,.boundcheck th,summary{color:var(--dim)}
.boundcheck dd{margin:0;font-variant-numeric:tabular-nums}
.wide{overflow-x:auto;margin:.7rem 0}.boundcheck table{border-collapse:collapse;font-size:.9rem}
.boundcheck th,.boundcheck td{text-align:left;vertical-align:top;padding:.2rem .9rem .2rem 0;overflow-wrap:normal;
border-bottom:1px solid var(--line)}
.boundcheck th{font-weight:600}.begins td{border-top:2px solid var(--line)}
.boundcheck .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.long{min-width:14rem}.short{white-space:nowrap}
.chip{border:1px solid;border-radius:.3rem;padding:0 .4rem}
.good{color:var(--good)}.bad{color:var(--bad)}.open{color:var(--open)}
summary{cursor:pointer;margin:.7rem 0}.passage{border-left:3px solid var(--line);padding-left:1rem}
.boundcheck figure{margin:1rem 0}.boundcheck figcaption{font-size:.9rem}
.boundcheck svg{display:block;width:100%;max-width:38rem;height:auto;fill:var(--ink)}
code{font:.85rem/1.4 ui-monospace,monospace}math{font-size:1.15rem;text-align:left;margin:.4rem 0}
@media (max-width:34rem){.boundcheck dl{grid-template-columns:1fr}.boundcheck dd{margin-bottom:.4rem}}
@media print{nav{display:none}.boundcheck{font-size:10pt}body.boundcheck{max-width:none;padding:0}
.wide{overflow:visible}.boundcheck table{font-size:8pt}.short,.chip,.boundcheck .number{white-space:normal}
.long{min-width:0}figure,tr{break-inside:avoid}h2,h3{break-after:avoid}
details::details-content{content-visibility:visible;block-size:auto}}
"""
)
