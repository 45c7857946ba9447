"""From labels of any type to classes by name, and from classes to +1 and -1."""

from typing import Any

import numpy as np
from jaxtyping import Int8, Int64, Shaped

from boundcheck.errors import InputError, listed, quoted
from boundcheck.softlabels.encoding import encode as encode_labels
from boundcheck.softlabels.encoding import in_order, is_missing, label_name


def encode(name: str, y: Shaped[np.ndarray, "..."]) -> tuple[Int64[np.ndarray, " n"], tuple[str, ...]]:
    """Class of each label as an index, and the classes' names (see `label_name`).

    y: (n,), (n, 1), or (n, K) with a single 1 in each row, whose class is the column of the 1.
    """
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    elif y.ndim == 2 and y.dtype.kind in "biuf" and ((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all():
        y = y.argmax(axis=1)
    if y.ndim != 1:
        raise InputError(f"{name}: y has shape {y.shape}, expected (n,), (n, 1) or one-hot; give one class a row")
    if y.dtype.kind not in "biufUSO":
        raise InputError(f"{name}: y has dtype {y.dtype}, which names no classes; use integers or text")
    values, inverse = (y, np.arange(len(y))) if y.dtype == object else np.unique(y, return_inverse=True)
    code: dict[str, int] = {}
    codes = np.empty(len(values), dtype=np.int64)
    for i, value in enumerate(values):
        try:
            codes[i] = code.setdefault(label_name(value), len(code))
        except InputError as error:
            row = int(np.flatnonzero(inverse == i)[0])
            raise InputError(f"{name}: row {row} (counting from 0): {error}") from error
    return codes[inverse], tuple(code)


def map_classes(
    name: str,
    codes: Int64[np.ndarray, " n"],
    names: tuple[str, ...],
    positive: Any,
    drop: Any,
    n: int,
) -> tuple[Int8[np.ndarray, " n"], tuple[str, ...], tuple[str, ...]]:
    """The sign of every row, 0 for dropped ones, and the classes that are -1 and +1.

    n: the first so many rows say which classes there are; the others, held out, may have no more.
    """
    positive, drop = _class_names(positive), _class_names(drop)
    present = in_order(names[c] for c in np.unique(codes[:n]))
    held_out = in_order({names[c] for c in np.unique(codes[n:])} - {*present})
    for option, wanted, known in (("--drop", drop, present + held_out), ("--positive", positive, present)):
        if missing := [c for c in wanted if c not in known]:
            raise InputError(
                f"{name}: {option} names {listed(missing)}, but the classes are {listed(known)}; correct it"
            )
    if unknown := [c for c in held_out if c not in drop]:
        raise InputError(
            f"{name}: the held-out rows have classes {listed(unknown)} that the others have not; leave them out with "
            f"--drop {','.join(unknown)}"
        )
    left = tuple(c for c in present if c not in drop)
    if len(left) < 2:
        raise InputError(f"{name}: {len(left)} class left ({listed(left)}); two classes are needed")
    if absent := [c for c in left if is_missing(c) and c not in positive]:
        row = int(np.flatnonzero(codes == names.index(absent[0]))[0])
        raise InputError(
            f"{name}: the label of row {row} (counting from 0) is missing ({quoted(absent[0])}); fill it in, or leave "
            f"such rows out with --drop {quoted(absent[0])}"
        )
    named = set(left) & set(positive)
    if positive and len(named) in (0, len(left)):
        whole = "every class left" if named else "dropped classes only"
        raise InputError(f"{name}: --positive names {whole}; both +1 and -1 need a class")
    found = encode_labels(name, left, positive=positive)
    signs = np.array([found.meaning(c) if c in left else 0 for c in names], dtype=np.int8)[codes]
    return signs, found.negative, found.positive


def _class_names(classes: Any) -> tuple[str, ...]:
    """The names of the classes that an option lists; one alone may stand without a list, None for none."""
    several = classes if isinstance(classes, list | tuple | set | frozenset) else () if classes is None else (classes,)
    return tuple(map(label_name, several))
