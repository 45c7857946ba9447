"""Images of two classes for the deep experiment: generated shapes, a user's npz, or JPEG bytes in an npz."""

import io
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int8

from boundcheck.datasets.classes import encode
from boundcheck.datasets.files import existing_file
from boundcheck.datasets.npz import read_npz
from boundcheck.errors import InputError, MissingExtraError
from boundcheck.softlabels.encoding import is_missing

SHAPES_SIZE = 16
FEWEST = 10  # a tenth each is for validation and test


@dataclass(frozen=True, eq=False)
class Images:
    """X: (n, h, w, channels) in [0, 1].  y: (n,) in {0, 1}."""

    name: str
    X: Float32[np.ndarray, "n h w c"]
    y: Int8[np.ndarray, " n"]
    digest: str


def shapes(n: int, *, seed: int) -> Images:
    """n grey images of 16 x 16: a disc (0) or a ring (1) of equal area, of any size and place, bright or dark."""
    rng = np.random.default_rng([seed, n])
    y = (np.arange(n) % 2).astype(np.int8)
    area = rng.uniform(20, 45, n)[:, None, None]
    hole = rng.uniform(0.35, 0.65, (n, 1, 1)) * y[:, None, None] * area  # outer disc minus hole has the area asked for
    cx, cy = rng.uniform(5, SHAPES_SIZE - 6, (2, n, 1, 1))
    rows, columns = np.mgrid[:SHAPES_SIZE, :SHAPES_SIZE][:, None]
    square = (rows - cy) ** 2 + (columns - cx) ** 2
    inside = (np.pi * square <= area + hole) & (np.pi * square >= hole)
    contrast = rng.uniform(0.4, 0.8, (n, 1, 1)) * rng.choice([-1, 1], (n, 1, 1))
    X = 0.5 + contrast * (inside - 0.5)
    order = rng.permutation(n)
    return _images(f"shapes:n={n}", X[order, ..., None], y[order])


def load_images(path: Path) -> Images:
    """Read an npz of images: `X` (n, h, w[, channels]) and `y`, or `jpeg`, `offsets` and `label`; two classes.

    At least FEWEST images; pixels are integers in [0, 255], which are divided by 255, or other numbers in [0, 1].
    Raises InputError for anything else, MissingExtraError without Pillow.
    """
    arrays = read_npz(existing_file(str(path)), (), ("X", "y", "jpeg", "offsets", "label"))
    if {"jpeg", "offsets", "label"} <= arrays.keys():
        X, labels = _decode(path, arrays["jpeg"], arrays["offsets"]), arrays["label"]
    elif {"X", "y"} <= arrays.keys():
        X, labels = arrays["X"], arrays["y"]
    else:
        raise InputError(f"{path}: needs X (n, h, w[, c]) and y (n,), or jpeg, offsets and label")
    codes, classes = encode(str(path), labels)
    if X.ndim not in (3, 4) or len(X) != len(codes):
        raise InputError(f"{path}: images of shape {X.shape} and {len(codes)} labels; give X (n, h, w[, c]) and y (n,)")
    if absent := [name for name in classes if is_missing(name)]:
        row = int(np.flatnonzero(codes == classes.index(absent[0]))[0])
        raise InputError(f"{path}: the label of row {row} (counting from 0) is missing; leave such rows out")
    if len(classes) != 2:
        raise InputError(f"{path}: {len(classes)} classes; this experiment takes two")
    if len(X) < FEWEST:
        raise InputError(f"{path}: {len(X)} images; training, validation and test take at least {FEWEST}, give more")
    return _images(path.name, _pixels(path, X), codes)


def thinned(images: Images, count: int, *, seed: int) -> Images:
    """`count` random images, in their order; all of them where there are no more. Raises InputError for one class."""
    if count >= len(images.y):
        return images
    kept = np.sort(np.random.default_rng([seed, count]).choice(len(images.y), count, replace=False))
    if len(np.unique(images.y[kept])) < 2:
        raise InputError(f"{images.name}: {count} of {len(images.y)} images are of one class; use a larger --subsample")
    return _images(f"{images.name}, {count} of {len(images.y)} images", images.X[kept], images.y[kept])


def shrunk(images: Images, side: int) -> Images:
    """Means of k x k blocks with the least k that makes neither side longer than `side`; odd borders are cut."""
    n, height, width, channels = images.X.shape
    k = -(-max(height, width) // side)
    if k == 1 or min(height, width) < k:
        return images
    h, w = height // k, width // k
    blocks = images.X[:, : h * k, : w * k].reshape(n, h, k, w, k, channels)
    return _images(f"{images.name}, {h} x {w} pixels", blocks.mean(axis=(2, 4)), images.y)


def _pixels(path: Path, X: np.ndarray) -> np.ndarray:
    """(n, h, w, channels) in [0, 1]."""
    if X.dtype.kind not in "biuf":
        raise InputError(f"{path}: X has dtype {X.dtype}; write the pixels as numbers")
    top = 255 if X.dtype.kind in "iu" else 1
    low, high = X.min(), X.max()
    if not (low >= 0 and high <= top):  # NaN fails, too
        raise InputError(f"{path}: pixels from {low:g} to {high:g}; write integers in [0, 255] or floats in [0, 1]")
    return np.asarray((X[..., None] if X.ndim == 3 else X) / top)


def _decode(path: Path, jpeg: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise MissingExtraError(f"{path}: decoding JPEG", "deep") from error
    if offsets.ndim != 1 or offsets.dtype.kind not in "iu":
        raise InputError(f"{path}: offsets are {offsets.dtype} of shape {offsets.shape}; write n + 1 integers")
    raw = jpeg.tobytes()
    try:
        return np.stack([np.asarray(Image.open(io.BytesIO(raw[a:b]))) for a, b in pairwise(offsets)])
    except (UnidentifiedImageError, ValueError, OSError) as error:
        raise InputError(f"{path}: an image cannot be decoded ({error}); write JPEG bytes end to end") from error


def _images(name: str, X: np.ndarray, y: np.ndarray) -> Images:
    X, y = np.ascontiguousarray(X, dtype=np.float32), np.asarray(y, dtype=np.int8)
    return Images(name, X, y, sha256(X.tobytes() + y.tobytes()).hexdigest())
