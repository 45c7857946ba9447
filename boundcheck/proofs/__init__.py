"""Derivations of the bounds, step by step, each checked by machine. Never imports JAX."""
