"""The only composer of stages, one command a file: plain arguments in, one frozen record out.

`boundcheck.pipeline.margin` holds `margin`, and so on; `boundcheck` itself lists the public ones. Importing this
package loads nothing, so that asking for a bound never loads JAX.
"""
