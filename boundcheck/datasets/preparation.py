"""Preparation of the rows: the whole map from a source's rows into the unit ball, recorded.

Every theorem holds for any fixed map of the inputs into the unit ball (theory: Preparation of the rows), so the
steps are part of the data. Statistics are those of the training rows; other rows go through the same map.
"""

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float64

from boundcheck.datasets.norms import NORMALIZATIONS
from boundcheck.datasets.steps import STEPS, Rows, Step
from boundcheck.records import jsonable
from boundcheck.records.rebuild import rebuilt

_KEPT = 1000  # numbers of one kind that the manifest shows; of more only how many there are


@dataclass(frozen=True, eq=False)
class Preparation:
    """The whole map from the rows of a source into the unit ball.

    scale: by which rows are divided first (255 for uint8 images).  steps: in order.  normalize: max, unit or none,
    the last step.  norm: the largest norm of the training rows, by which max divides.  before: what had been done to
    the rows of a prepared file.
    """

    scale: float = 1.0
    steps: tuple[Step, ...] = ()
    normalize: str = "none"
    norm: float = 1.0
    before: "Preparation | None" = None

    def apply(self, X: Any) -> Float64[np.ndarray, "n d"]:
        """Rows (n, d) of numbers, such as held-out ones, mapped as the training rows were; zero rows stay zero.

        Rows with a missing value disappear after impute=drop.
        """
        X = np.asarray(X if self.before is None else self.before.apply(X), dtype=np.float64)
        return self.on(Rows(X, tuple(map(str, range(X.shape[1]))), np.arange(len(X)))).X

    def on(self, rows: Rows) -> Rows:
        """Like `apply`, for columns with names and categories."""
        rows = replace(rows, X=rows.X / np.float64(self.scale))
        for step in self.steps:
            rows = step.apply(rows)
        X = rows.X
        if self.normalize == "unit":
            norms = np.linalg.norm(X, axis=1, keepdims=True)
            X = X / np.where(norms > 0, norms, 1)
        return replace(rows, X=X / self.norm)

    @property
    def spec(self) -> str:
        """The steps as they are typed after --prepare."""
        return ",".join(map(str, self.steps))

    def summary(self) -> dict[str, Any]:
        """JSON-ready: every step with what it learned, long statistics by their shape."""
        whole: dict[str, Any] = jsonable(self)
        for part in (whole, whole["before"] or {}):
            for step in part.get("steps", ()):
                learned = step["learned"].items()
                step["learned"] = {k: v if np.size(v) <= _KEPT else f"{np.shape(v)} numbers" for k, v in learned}
        return whole

    def text(self) -> bytes:
        """JSON with every digit, for the array `preparation` of a .npz."""
        return json.dumps(jsonable(self), allow_nan=False).encode()

    @classmethod
    def read(cls, text: bytes) -> "Preparation":
        """What `text` wrote. Raises ValueError for anything else."""
        try:
            found: Preparation = rebuilt(cls, json.loads(text))
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"not a preparation: {error}") from error
        part: Preparation | None = found
        while part is not None:
            if not all(step.name in STEPS for step in part.steps) or part.normalize not in NORMALIZATIONS:
                raise ValueError("it names unknown steps")
            part = part.before
        return found
