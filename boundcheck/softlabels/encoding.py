"""What the labels in files mean: which of them are +1, which -1, and which stand for no label at all.

Every command that reads labels (data files, answers of a crowd, true labels) decides it here, over all of its files
together, so that the same word means the same class in each.
"""

import math
import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from boundcheck.errors import BoundcheckWarning, InputError, listed, quoted
from boundcheck.records import LabelCount

MISSING = {"", "?", "-", ".", "na", "n/a", "#n/a", "<na>", "nan", "nat", "none", "null", "missing", "unknown"}
MISSING |= {"unsure", "not sure", "not_sure", "don't know", "dont know", "i don't know", "idk", "skip", "skipped"}
"""Spellings, in lower case, that usually mean that there is no label. They are refused, never taken for a class."""
_SIGNS = ({"0", "1"}, {"-1", "1"})


@dataclass(frozen=True)
class Encoding:
    """The classes +1 and -1 by their names (see `label_name`), and the names that mean that there is no label."""

    positive: tuple[str, ...]
    negative: tuple[str, ...]
    missing: tuple[str, ...] = ()

    def meaning(self, name: str) -> int:
        """+1 or -1, or 0 for no label."""
        return 0 if name in self.missing else 1 if name in self.positive else -1

    def signs(self, labels: Iterable[Any]) -> Int[np.ndarray, " n"]:
        """The meaning of every label: -1, 0 (none) or +1."""
        known: dict[Any, int] = {}
        return np.array(
            [known[x] if x in known else known.setdefault(x, self.meaning(label_name(x))) for x in labels],
            dtype=np.int64,
        )


def label_name(value: Any) -> str:
    """The name of a label's class: its text without surrounding blanks, "nan" and "None" for missing objects.

    Labels that are the same number are the same class, however they are written: 1, 1.0, "01" and "+1" are "1".
    Raises InputError for an infinite number and for bytes that are not UTF-8.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isinf(value):
        raise InputError(f"label {value} is no class; correct it")
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            raise InputError(f"label {value[:20]!r} is not UTF-8 text; write it as text") from None
    text = str(value).strip()
    if not text[-1:].isdigit() and not text.endswith("."):
        return text
    try:
        return str(int(text)) if "_" not in text else text
    except ValueError:
        try:
            number = float(text)
        except ValueError:
            return text
    if not math.isfinite(number) or "_" in text:
        return text
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def is_missing(name: str) -> bool:
    """Whether a label's name is one of the usual spellings of no label, in capitals or not."""
    return name.casefold() in MISSING


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Names of classes by value where all are finite numbers, by text otherwise."""
    names = tuple(names)
    try:
        numbers = all(math.isfinite(float(name)) for name in names)
    except ValueError:
        numbers = False
    return tuple(sorted(names, key=float if numbers else str))


def encode(
    where: str,
    names: Collection[str],
    *,
    positive: Collection[str] = (),
    missing: Collection[str] = (),
    option: str = "--positive",
) -> Encoding:
    """Decide what the labels `names` of all files of a command mean.

    positive: classes that are +1, all others are -1; needed above two classes. Without it 1 is +1 and 0 or -1 is -1,
    and of two other classes the larger (`in_order`) is +1.  missing: names that stand for no label.
    where, option: what messages name, and what they call `positive`.
    Raises InputError for a usual spelling of no label that neither option names, for no label at all, for classes that
    leave open which are +1 (more than two, one alone, 0 as well as -1), and where `positive` names no class that is
    there among several.
    """
    plus = {label_name(name) for name in positive}
    classes, absent = present(where, names, missing=missing, classes=plus)
    if not plus:
        plus = {_larger(where, classes, option)}
    elif len(classes) > 1 and not plus & set(classes):
        raise InputError(f"{where}: no label is {listed(sorted(plus))}, they are {listed(classes)}; correct {option}")
    return Encoding(
        tuple(name for name in classes if name in plus) or in_order(plus),
        tuple(name for name in classes if name not in plus),
        absent,
    )


def present(
    where: str, names: Collection[str], *, missing: Collection[str] = (), classes: Collection[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names that are classes, in order, and those that stand for no label.

    missing: spellings of no label, in capitals or not.  classes: names that are classes whatever they look like.
    Raises InputError for a usual spelling of no label that neither names, and where no class is left.
    """
    tokens = {label_name(name).casefold() for name in missing}
    absent = tuple(sorted(name for name in names if name.casefold() in tokens))
    if both := set(classes) & set(absent):
        raise InputError(f"{where}: {listed(sorted(both))} is a class and named by --missing; name it once")
    if unnamed := [name for name in names if is_missing(name) and name not in classes and name not in absent]:
        raise InputError(
            f"{where}: label {quoted(unnamed[0])} looks like a missing one; leave such rows out with "
            f"--missing {quoted(unnamed[0])}, or rename it if it is a class"
        )
    left = in_order(set(names) - set(absent))
    if not left:
        raise InputError(f"{where}: no labels; nothing to learn from")
    return left, absent


def _larger(where: str, classes: tuple[str, ...], option: str) -> str:
    """The class that is +1 where nobody says so."""
    if any(set(classes) <= signs for signs in _SIGNS):
        return "1"
    if len(classes) == 2 and set(classes) != {"-1", "0"}:
        return classes[1]
    if set(classes) <= {"-1", "0", "1"}:
        raise InputError(
            f"{where}: labels {listed(classes)}, and 0 may be a class or no label; say with {option} which become "
            "+1, or leave it out"
        )
    found = f"label {quoted(classes[0])} only" if len(classes) == 1 else f"{len(classes)} classes ({listed(classes)})"
    raise InputError(f"{where}: {found}; say with {option} which become +1")


def tally(labels: Iterable[Any]) -> Counter[str]:
    """How often each class is named."""
    found: Counter[str] = Counter()
    for value, count in Counter(labels).items():
        found[label_name(value)] += count
    return found


def count_labels(
    encoding: Encoding, *, answers: Mapping[str, int] | None = None, truth: Mapping[str, int] | None = None
) -> tuple[LabelCount, ...]:
    """Every label with its meaning: +1 first, then -1, then those that stand for none."""
    answers, truth = answers or {}, truth or {}
    names = [*encoding.positive, *encoding.negative, *encoding.missing]
    return tuple(
        LabelCount(name, encoding.meaning(name) or None, answers.get(name, 0), truth.get(name, 0)) for name in names
    )


def counted(labels: Iterable[LabelCount]) -> str:
    """The counts in words: +1: '1' (12 answers, 3 true); -1: '0' (8 answers, 2 true); no label: '?' (2 answers)."""
    groups: dict[str, list[str]] = {}
    for row in labels:
        counts = ", ".join(f"{n:,} {what}" for n, what in ((row.answers, "answers"), (row.truth, "true")) if n)
        meaning = "no label" if row.means is None else f"{row.means:+d}" if abs(row.means) == 1 else f"{row.means}"
        groups.setdefault(meaning, []).append(f"{quoted(row.label)} ({counts or 'none'})")
    return "; ".join(f"{meaning}: {', '.join(parts)}" for meaning, parts in groups.items())


def contradicted(weights: Float[np.ndarray, "n L"], y: Int[np.ndarray, " n"]) -> int:
    """Rows whose true class y (n,) in 0..L-1 has less weight than another class; ties agree."""
    return int((weights[np.arange(len(y)), y] < weights.max(axis=1)).sum())


def warn_if_contradicted(where: str, weights: Float[np.ndarray, "n L"], y: Int[np.ndarray, " n"]) -> None:
    """Warn of `contradicted` rows, and ask whether the classes are swapped where more than half are."""
    rows = contradicted(weights, y)
    if rows:
        question = "" if 2 * rows <= len(y) else "; more than half do: are the classes swapped? (see --positive)"
        warnings.warn(
            f"{where}: {rows:,} of {len(y):,} soft labels favour another class than the label{question}",
            BoundcheckWarning,
            stacklevel=3,
        )
