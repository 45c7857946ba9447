"""All benchmarks on one page: `pytest tests/benchmarks --benchmark-only --benchmark-json=now.json`, then
`python tests/benchmarks/page.py now.json [before.json]`.

One row a benchmark: its median time, the ratio to the first of its group (ours comes first, a peer's ratio says how
much longer it takes), what it measured besides, and with a second file the ratio of now to before, flagged where it
is outside both runs' interquartile ranges and by more than a tenth.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

NOISE = 0.1
Run = Mapping[str, Any]


def seconds(value: float) -> str:
    """Three digits with a unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def figures(extra: Mapping[str, Any]) -> str:
    """What a benchmark noted besides its time."""
    return ", ".join(f"{k.replace('_', ' ')} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in extra.items())


def against(now: Run, before: Run | None) -> str:
    """now / before, with a mark where the change is beyond the noise of both."""
    if before is None:
        return "new"
    a, b = now["stats"], before["stats"]
    ratio = a["median"] / b["median"]
    apart = a["q1"] > b["q3"] or a["q3"] < b["q1"]
    mark = "" if abs(ratio - 1) <= NOISE or not apart else " slower" if ratio > 1 else " faster"
    return f"{ratio:.2f}{mark}"


def rows(now: list[Run], before: Mapping[str, Run] | None) -> Iterator[str]:
    """One line of a Markdown table for each benchmark, grouped."""
    groups: dict[str, list[Run]] = {}
    for one in now:
        groups.setdefault(one["group"] or "", []).append(one)
    for group, members in groups.items():
        first = members[0]["stats"]["median"]
        for one in members:
            stats = one["stats"]
            spread = f"{seconds(stats['min'])} to {seconds(stats['max'])}" if stats["rounds"] > 1 else "one round"
            cells = [group, one["name"], seconds(stats["median"]), spread, f"{stats['median'] / first:.3g}"]
            cells.append(figures(one["extra_info"]))
            if before is not None:
                cells.append(against(one, before.get(one["fullname"])))
            yield "| " + " | ".join(cells) + " |"


def main() -> None:
    """Print the page."""
    read = [json.loads(Path(name).read_text()) for name in sys.argv[1:3]]
    if not read:
        sys.exit(__doc__)
    for label, one in zip(("now", "before"), read, strict=False):
        cpu = one["machine_info"]["cpu"]
        print(f"{label}: {cpu.get('brand_raw', '?')}, {cpu.get('count', '?')} cores, {one['datetime'][:16]}")
    before = {one["fullname"]: one for one in read[1]["benchmarks"]} if len(read) > 1 else None
    heads = ["group", "benchmark", "median", "spread", "ratio", "figures"] + ["now / before"] * (before is not None)
    print("\n| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    print("\n".join(rows(read[0]["benchmarks"], before)))


if __name__ == "__main__":
    main()
