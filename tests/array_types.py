"""Checks arguments and results against their annotations, shapes included; an integer passes for a float."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
