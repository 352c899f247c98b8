"""The built-in functions of FEEL in DMN 1.5. Importing a module registers its own."""

from engine.feel.builtins import (
    booleans,
    contexts,
    intervals,
    lists,
    numbers,
    places,
    ranges,
    statistics,
    strings,
    temporal,
)
from engine.feel.registry import BUILTINS, Builtin
from engine.feel.values import TYPE_NAMES

__all__ = ["BUILTINS", "MULTIWORD_NAMES", "Builtin"]

_MODULES = (
    *(booleans, contexts, intervals, lists, numbers),
    *(places, ranges, statistics, strings, temporal),
)

SPECIAL_NAMES = frozenset({"is defined"})
"""Functions that need the syntax of their argument; see calls.py."""

MULTIWORD_NAMES = frozenset(
    name for name in {*BUILTINS, *TYPE_NAMES, *SPECIAL_NAMES} if not name.isidentifier()
)
"""Names that the lexer has to know, because they hold spaces."""
