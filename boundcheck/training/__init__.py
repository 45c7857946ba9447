"""Training of the paper's networks, blind to the bounds it is compared with."""

from boundcheck.training.network import Network, initial_weights
from boundcheck.training.step_size import practical_step_size
from boundcheck.training.tiles import tile_neurons
from boundcheck.training.trainer import Lesson, fit, fit_many, train

__all__ = [
    "NUMERICS",
    "Lesson",
    "Network",
    "fit",
    "fit_many",
    "initial_weights",
    "practical_step_size",
    "tile_neurons",
    "train",
]

NUMERICS = 1
"""Version of the numbers that training gives; to be raised with every change of them, which retires stored runs."""
