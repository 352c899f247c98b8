"""Tokens to the syntax tree: lark's LALR parser with `grammar.lark`, built on first use."""

from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any, Literal

from lark import Lark, Token
from lark.exceptions import UnexpectedToken
from lark.lexer import Lexer
from lark.parsers.lalr_analysis import Shift

from engine.feel import nodes
from engine.feel.build import Builder
from engine.feel.builtins import MULTIWORD_NAMES
from engine.feel.errors import FeelError
from engine.feel.lexer import tokenize
from engine.text import Text, text

Start = Literal["expression", "unary_tests"]

_SIGNS = {
    "_RPAR": ")",
    "_RSQB": "]",
    "_RBRACE": "}",
    "_THEN": "then",
    "_ELSE": "else",
    "_RETURN": "return",
    "_SATISFIES": "satisfies",
    "IN": "in",
}
_LABELS: dict[str, Callable[[], Text]] = {
    "_COMMA": lambda: text("逗号"),
    "_COLON": lambda: text("冒号"),
    "KEY": lambda: text("名称加冒号"),
}


class _Ready(Lexer):
    """Hands on the tokens that `lexer.tokenize` has made."""

    def __init__(self, _conf: object) -> None: ...

    def lex(self, tokens: Any) -> Iterator[Token]:  # type: ignore[override]
        # lark passes on whatever parse() was given, here the list of tokens
        return iter(tokens)


@lru_cache(maxsize=1)
def _lark() -> Lark:
    grammar = FilePath(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(
        grammar,
        parser="lalr",
        lexer=_Ready,
        transformer=Builder(),
        start=["expression", "unary_tests"],
        maybe_placeholders=False,
    )


def parse(
    source: str,
    names: Collection[str] = (),
    start: Start = "expression",
    line: int = 1,
    fields: Collection[str] = (),
) -> nodes.Node:
    """The tree of an expression or of unary tests.

    `names` are those in scope; only names of several words matter. `line` is what the first line
    counts as; `fields` are names of fields, that may only follow a dot or stand in a filter.
    Raises FeelError.
    """
    tokens = tokenize(source, MULTIWORD_NAMES.union(names), line, fields)
    if start == "unary_tests":
        _settle_unary(tokens)
    try:
        node = _lark().parse(tokens, start=start)
    except UnexpectedToken as error:
        raise _explain(error, source, line) from None
    if not isinstance(node, nodes.Node):
        raise FeelError("feel_syntax", text("这里不是一个表达式"), pos=(1, 1))
    return node


def _settle_unary(tokens: list[Token]) -> None:
    """A lone `-` means any value, and `not(` … `)` around everything denies all tests."""
    if len(tokens) == 1 and tokens[0].type == "MINUS":
        tokens[0].type = "DASH"
    if len(tokens) > 2 and tokens[0] == "not" and _closing(tokens) == len(tokens) - 1:
        tokens[0].type = "NOT"


def _closing(tokens: list[Token]) -> int | None:
    """Where the bracket that opens as the second token is closed."""
    depth = 0
    for i, token in enumerate(tokens[1:], start=1):
        depth += {"LPAR": 1, "_RPAR": -1}.get(token.type, 0)
        if depth == 0:
            return i
    return None


def _explain(error: UnexpectedToken, source: str, line: int) -> FeelError:
    # What the table lists includes tokens that fail after some reductions, so each is tried.
    expected = _expected({kind for kind in error.expected if _would_shift(error.state, kind)})
    token = error.token
    wanted = "、".join(str(label) for label in expected)
    if token.type == "$END":
        lines = source.split("\n")
        where = (line + len(lines) - 1, len(lines[-1]) + 1)
        message, remedy = text("表达式没有写完"), text("接着写{wanted}", wanted=wanted)
        return FeelError("feel_syntax", message, pos=where, expected=expected, remedy=remedy)
    message, remedy = text("这里不能写“{found}”", found=str(token)), _remedy(token, wanted)
    pos = (token.line or 1, token.column or 1)
    return FeelError("feel_syntax", message, pos=pos, expected=expected, remedy=remedy)


def _would_shift(state: Any, kind: str) -> bool:
    """Whether the parser, where it stopped, could have gone on with a token of this kind."""
    stack, table = list(state.state_stack), state.parse_conf.states
    while (entry := table[stack[-1]].get(kind)) is not None:
        action, rule = entry
        if action is Shift:
            return True
        if rule.expansion:
            del stack[-len(rule.expansion) :]
        stack.append(table[stack[-1]][rule.origin.name][1])
        if kind == "$END" and stack[-1] == state.parse_conf.end_state:
            return True
    return False


def _remedy(token: Token, wanted: str) -> Text:
    if token.type == "COMP":
        return text("相等只写一个 =；这里可以写{wanted}", wanted=wanted)
    if token.type == "NAME":
        return text("名称含空格时须与登记的名称一致；这里可以写{wanted}", wanted=wanted)
    return text("这里可以写{wanted}", wanted=wanted)


def _expected(kinds: set[str]) -> tuple[Text, ...]:
    """What people call the tokens that could have stood here."""
    labels = [Text("{sign}", {"sign": sign}) for kind, sign in _SIGNS.items() if kind in kinds]
    labels += [label() for kind, label in _LABELS.items() if kind in kinds]
    if "NUMBER" in kinds:
        labels.append(text("一个值"))
    elif "NAME" in kinds:
        labels.append(text("一个名称"))
    if "PLUS" in kinds:
        labels.append(text("运算符"))
    if "$END" in kinds:
        labels.append(text("表达式的结尾"))
    return tuple(labels)
