"""A wide network as teacher, and soft labels at a temperature."""

import warnings

import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit

LARGEST_LOGIT = 36.0  # expit(36) is the last integer logit whose probability is below 1 in float64


def soft_targets(logits: Float[np.ndarray, " n"], temperature: float) -> Float[np.ndarray, " n"]:
    """P(y = +1) = 1 / (1 + exp(-logits / temperature)) (n,), strictly inside (0, 1): logits are cut off at +-36.

    As the temperature falls to 0 they become the hard labels 1[logit > 0], as it grows they become 1/2.
    """
    return np.asarray(expit(np.clip(logits / temperature, -LARGEST_LOGIT, LARGEST_LOGIT)))


def network_logits(
    X: Float[np.ndarray, "n d"], y: Int[np.ndarray, " n"], rows: Float[np.ndarray, "k d"], width: int, seed: int
) -> Float[np.ndarray, " k"]:
    """Logits on `rows` of a two-layer ReLU network of `width` neurons fitted to X and y in {-1, +1} by Adam.

    Both layers are trained, with biases, on inputs of standard deviation 1, until the loss no longer falls but for at
    most 500 epochs.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    scale = X.std()
    network = MLPClassifier((width,), max_iter=500, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit((X / scale).astype(np.float32), y)
    (first, second), (first_bias, second_bias) = network.coefs_, network.intercepts_
    hidden = np.maximum((rows / scale).astype(np.float32) @ first + first_bias, 0)
    return np.asarray(hidden @ second + second_bias, np.float64)[:, 0]
