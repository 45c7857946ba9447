"""Widths at which no training can succeed: no network near W(0) errs so little (theory: Lower bounds)."""

from boundcheck.exclusion.widths import excluded_widths

__all__ = ["excluded_widths"]
