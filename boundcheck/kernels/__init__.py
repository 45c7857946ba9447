"""The closed-form kernel of the features phi_x(z) = 1[z.x > 0] x of the infinitely wide network."""

from boundcheck.kernels.limiting import limiting_kernel, rounding_error

__all__ = ["limiting_kernel", "rounding_error"]
