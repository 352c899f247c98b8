"""FEEL, the expression language of DMN: decimal-exact, pure, and safe with anybody's text."""

from engine.feel.convert import from_python, to_json_native
from engine.feel.errors import FeelError
from engine.feel.expression import (
    Condition,
    Expression,
    Functions,
    UnaryTests,
    compile_condition,
    compile_expression,
    compile_unary_tests,
    evaluate,
)
from engine.feel.registry import BUILTINS
from engine.feel.values import Months, Range

__all__ = [
    "BUILTINS",
    "Condition",
    "Expression",
    "FeelError",
    "Functions",
    "Months",
    "Range",
    "UnaryTests",
    "compile_condition",
    "compile_expression",
    "compile_unary_tests",
    "evaluate",
    "from_python",
    "to_json_native",
]
