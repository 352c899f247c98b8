"""The built-in functions of FEEL 1.5 that are here so far. Importing a module registers its own."""

from engine.feel.builtins import booleans, contexts, lists, numbers, strings, temporal
from engine.feel.registry import BUILTINS, Builtin
from engine.feel.values import TYPE_NAMES

__all__ = ["BUILTINS", "MULTIWORD_NAMES", "Builtin"]

_MODULES = (booleans, contexts, lists, numbers, strings, temporal)

SPECIAL_NAMES = frozenset({"is defined"})
"""Functions that need the syntax of their argument; see calls.py."""

MULTIWORD_NAMES = frozenset(
    name for name in {*BUILTINS, *TYPE_NAMES, *SPECIAL_NAMES} if not name.isidentifier()
)
"""Names that the lexer has to know, because they hold spaces."""
