"""Records become tables, figures and LaTeX. Nothing here computes a result."""
