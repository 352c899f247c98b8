"""Text to tokens. FEEL names may hold spaces, so the tokens depend on the names in scope."""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from lark import Token

from engine.feel.errors import FeelError, Pos
from engine.feel.limits import MAX_BRACKETS, MAX_DECLARED, MAX_SOURCE, too_big
from engine.feel.strings import unescape
from engine.text import Text, text

_NAME = r"[^\W\d][\w]*|[\U00010000-\U000EFFFF][\w\U00010000-\U000EFFFF]*"
_TOKEN = re.compile(
    rf"""(?P<SPACE>\s+|//[^\n]*|/\*(?s:.*?)\*/)
    |(?P<STRING>"(?:[^"\\]|\\.)*+")
    |(?P<AT>@\s*"[^"\\]*+")
    |(?P<DOTS>\.\.)
    |(?P<NUMBER>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<INSTANCE_OF>instance\s+of\b)
    |(?P<NAME>{_NAME}|\?)
    |(?P<SIGN>->|\*\*|<=|>=|!=|[=<>+\-*/()\[\]{{}},:.])""",
    re.VERBOSE | re.DOTALL,
)
# A key of a context or an argument's name, which need not be in scope; possessive, so linear.
_KEY = re.compile(rf"(?:{_NAME})(?:(?:\s+|\s*[-+*/.']\s*)\w+)*+(?=\s*:)")
_VARIABLE = re.compile(rf"(?:{_NAME})(?:\s+(?!in\b)\w+)++(?=\s+in\b)")
_WORD = re.compile(r"\w+|[^\w\s]")

_KEYWORDS = {
    "if": "IF",
    "then": "_THEN",
    "else": "_ELSE",
    "for": "FOR",
    "return": "_RETURN",
    "some": "SOME",
    "every": "EVERY",
    "satisfies": "_SATISFIES",
    "in": "IN",
    "between": "BETWEEN",
    "or": "OR",
    "and": "AND",
    "function": "FUNCTION",
    "true": "LITERAL",
    "false": "LITERAL",
    "null": "LITERAL",
}
_SIGNS = {
    "->": "_ARROW",
    "**": "POWER",
    "<=": "COMP",
    ">=": "COMP",
    "!=": "COMP",
    "=": "COMP",
    "<": "LT",
    ">": "GT",
    "+": "PLUS",
    "-": "MINUS",
    "*": "STAR",
    "/": "SLASH",
    "(": "LPAR",
    ")": "_RPAR",
    "[": "LSQB",
    "]": "_RSQB",
    "{": "LBRACE",
    "}": "_RBRACE",
    ",": "_COMMA",
    ":": "_COLON",
    ".": "_DOT",
}
_BEFORE_KEY = frozenset({"LBRACE", "LPAR", "_COMMA", "LT"})
_BEFORE_VARIABLE = frozenset({"FOR", "SOME", "EVERY", "_COMMA"})
_VALUE_ENDS = frozenset(
    {"NAME", "NUMBER", "STRING", "LITERAL", "AT", "_RPAR", "_RSQB", "_RBRACE", "_REV_CLOSE"}
)
_PLAIN_VALUES = frozenset({"NAME", "NUMBER", "STRING", "LITERAL", "AT"})
_VALUE_STARTS = _PLAIN_VALUES | {"LPAR", "LSQB", "LBRACE", "MINUS"} | {"IF", "FOR", "FUNCTION"}
_WIDE = dict(zip("“”‘’（），：＝＞＜［］｛｝＋－＊／．", '""""(),:=><[]{}+-*/.', strict=True))


class Names:
    """Names of several words as a tree of words, so that many cost no more than few."""

    __slots__ = ("ends", "next")

    def __init__(self) -> None:
        self.next: dict[str, Names] = {}
        self.ends = False

    def add(self, words: Sequence[str]) -> None:
        node = self
        for word in words:
            node = node.next.setdefault(word, Names())
        node.ends = True


@lru_cache(maxsize=512)
def index_names(names: frozenset[str]) -> Names:
    """The tree of the names that are more than one word; not to be changed."""
    tree = Names()
    for name in names:
        words = _WORD.findall(name)
        if len(words) > 1:
            tree.add(words)
    return tree


def tokenize(
    source: str, names: Collection[str], line: int = 1, fields: Collection[str] = ()
) -> list[Token]:
    """All tokens of an expression; raises FeelError with the place of what cannot be read.

    `line` is what the first line counts as; `fields` are names that may follow a dot or stand in a
    filter, and nowhere else.
    """
    if len(source) > MAX_SOURCE:
        raise too_big(text("表达式长度"), MAX_SOURCE)
    return _settle_brackets(
        list(_Scanner(source, index_names(frozenset(names)), line, fields).scan())
    )


class _Scanner:
    """One pass over one text."""

    def __init__(self, source: str, names: Names, line: int, fields: Collection[str]) -> None:
        self.source = source
        self.names = names
        self.own = Names()  # those that the text itself introduces
        self.fields = index_names(frozenset(fields))
        self.filters: list[bool] = []  # for each open square bracket, whether it filters
        self.declared: set[tuple[str, ...]] = set()
        self.at = 0
        self.line = line
        self.line_start = 0
        self.previous = ""

    def scan(self) -> Iterator[Token]:
        while self.at < len(self.source):
            found = _TOKEN.match(self.source, self.at)
            if found is None:
                raise self._unreadable()
            if found.lastgroup != "SPACE":
                yield self._token(found)
            self._advance(found.end() if found.lastgroup == "SPACE" else self.at)

    def _advance(self, end: int) -> None:
        newline = self.source.rfind("\n", self.line_start, end)
        if newline >= self.line_start:
            self.line += self.source.count("\n", self.line_start, end)
            self.line_start = newline + 1
        self.at = end

    def _token(self, found: re.Match[str]) -> Token:
        kind, value, end = self._classify(found)
        token = Token(kind, value, start_pos=self.at, line=self.line, column=self._column())
        self.previous = kind
        self.at = end
        return token

    def _classify(self, found: re.Match[str]) -> tuple[str, str, int]:
        kind, value, end = str(found.lastgroup), found.group(), found.end()
        if kind == "NAME":
            return self._name(value, end)
        if kind == "SIGN":
            self._follow_brackets(value)
            return _SIGNS[value], value, end
        if kind == "DOTS":
            return "_DOTS", value, end
        if kind in ("STRING", "AT"):
            return kind, unescape(value[value.index('"') + 1 : -1], self.pos()), end
        return kind, value, end

    def _follow_brackets(self, sign: str) -> None:
        if sign == "[":
            self.filters.append(self.previous in _VALUE_ENDS)
        elif sign == "]" and self.filters:
            self.filters.pop()

    def _name(self, word: str, end: int) -> tuple[str, str, int]:
        key = _KEY.match(self.source, self.at) if self.previous in _BEFORE_KEY else None
        if key:
            return "KEY", self._declare(key.group()), key.end()
        if self.previous == "_DOT":
            return self._property(word, end)
        known = self._known(field=any(self.filters))
        if known:
            return ("NAME", *known)
        if word in _KEYWORDS:
            return _KEYWORDS[word], word, end
        if self.previous in _BEFORE_VARIABLE:
            variable = _VARIABLE.match(self.source, self.at)
            if variable and _KEYWORDS.keys().isdisjoint(variable.group().split()):
                return "NAME", self._declare(variable.group()), variable.end()
        return "NAME", word, end

    def _declare(self, name: str) -> str:
        words = tuple(_WORD.findall(name))
        if len(words) > 1 and words not in self.declared:
            self.declared.add(words)
            if len(self.declared) > MAX_DECLARED:
                raise too_big(text("含空格的名称个数"), MAX_DECLARED, self.pos())
            self.own.add(words)
        return " ".join(name.split())

    def _known(self, *, field: bool) -> tuple[str, int] | None:
        """The longest name of several words that is in scope, or a field, and starts here."""
        trees = [self.names, self.own, *([self.fields] if field else [])]
        end = max(map(self._match, trees))
        return (" ".join(self.source[self.at : end].split()), end) if end else None

    def _match(self, tree: Names) -> int:
        """Where the longest name of a tree ends that starts here; 0 without one."""
        node: Names | None = tree
        at, longest = self.at, 0
        while True:
            found = _WORD.match(self.source, self._skip_space(at))
            node = node.next.get(found.group()) if node and found else None
            if node is None or found is None:
                return longest
            at = found.end()
            if node.ends:
                longest = at

    def _skip_space(self, at: int) -> int:
        while at < len(self.source) and self.source[at].isspace():
            at += 1
        return at

    def _property(self, word: str, end: int) -> tuple[str, str, int]:
        """After a dot, words that follow each other are one name: nothing else may stand there."""
        known = self._known(field=True)
        if known:
            return ("NAME", *known)
        words = [word]
        while True:
            found = _TOKEN.match(self.source, self._skip_space(end))
            plain = found is not None and found.lastgroup == "NAME"
            if found is None or not plain or found.group() in _KEYWORDS:
                return "NAME", " ".join(words), end
            words.append(found.group())
            end = found.end()

    def _column(self) -> int:
        return self.at - self.line_start + 1

    def pos(self) -> Pos:
        return self.line, self._column()

    def _unreadable(self) -> FeelError:
        sign = self.source[self.at]
        message, remedy = _explain_sign(sign, self.source[self.at : self.at + 2])
        return FeelError("feel_syntax", message, pos=self.pos(), remedy=remedy)


def _explain_sign(sign: str, pair: str) -> tuple[Text, Text]:
    if sign == '"' or pair == '@"':
        return text("文字没有结束的引号"), text("在文字末尾加上半角引号")
    if sign in _WIDE:
        return (
            text("“{sign}”是全角符号", sign=sign),
            text("改用半角的 {ascii}", ascii=_WIDE[sign]),
        )
    if sign == "'":
        return text("文字不能用单引号"), text('改用半角双引号 "')
    if pair in ("&&", "||"):
        return text("不能使用 {sign}", sign=pair), text("“并且”写 and，“或者”写 or")
    if sign == "!":
        return text("不能使用 {sign}", sign="!"), text("“不等于”写 !=，“不是”写 not(…)")
    return text("不认识的符号 {sign}", sign=sign), text("删去这个符号，或放进引号里")


def _settle_brackets(tokens: list[Token]) -> list[Token]:
    """Tell the brackets of ]1..5[ from those of lists and filters, and bound their nesting."""
    open_ranges: list[bool] = []  # for each open bracket, whether its `..` has been seen
    iterations = [False]  # at each depth, whether a `for` waits for `return`: no range has its `..`
    for i, token in enumerate(tokens):
        kind = token.type
        if kind in ("LSQB", "_RSQB"):
            kind = _settle(tokens, i, open_ranges)
            token.type = kind
        if kind in ("LPAR", "LSQB", "LBRACE", "REV_OPEN"):
            open_ranges.append(False)
            iterations.append(False)
        elif kind in ("FOR", "_RETURN"):
            iterations[-1] = kind == "FOR"
        elif kind == "_DOTS" and open_ranges:
            open_ranges[-1] = not iterations[-1]
        elif kind in ("_RPAR", "_RSQB", "_RBRACE", "_REV_CLOSE") and open_ranges:
            open_ranges.pop()
            iterations.pop()
        if len(open_ranges) > MAX_BRACKETS:
            raise too_big(text("括号层数"), MAX_BRACKETS, (token.line or 1, token.column or 1))
    return tokens


def _settle(tokens: list[Token], i: int, open_ranges: list[bool]) -> str:
    before = tokens[i - 1].type if i else ""
    after = tokens[i + 1].type if i + 1 < len(tokens) else ""
    if tokens[i].type == "_RSQB":
        empty = before in ("LSQB", "LBRACE") and after not in _PLAIN_VALUES
        return "_RSQB" if before in _VALUE_ENDS or empty else "REV_OPEN"
    closes = open_ranges and open_ranges[-1] and before in _VALUE_ENDS
    return "_REV_CLOSE" if closes and after not in _VALUE_STARTS else "LSQB"
