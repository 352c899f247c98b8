"""Cases beside a file of decisions: what an official expects of it, in YAML, and how it fares.

A file `size_class.cases.yaml` stands beside `size_class.dmn`:

    用例:
      - 情形: 工业，1200人，营业收入5亿元
        决策: 企业规模
        给定: {划型行业: INDUSTRY, 从业人员: 1200, 营业收入: 50000}
        应得: LARGE
        依据: E4

Inputs are named as in the file, or by the first words of their description there. A case that
should get no answer expects 无法作出.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from engine.dmn.errors import DecisionRefused
from engine.dmn.model import Model
from engine.domain.programme_file import ProgrammeInvalid
from engine.feel import FeelError, from_python, to_json_native
from engine.programmes import read_yaml
from engine.text import Text, text

SUFFIX = ".cases.yaml"
CASES, NAME, DECISION, GIVEN, EXPECTED, CLAUSE = "用例", "情形", "决策", "给定", "应得", "依据"
REFUSED = "无法作出"
_KEYS = {NAME, DECISION, GIVEN, EXPECTED, CLAUSE}
_LABEL = re.compile(r"[^，：（]+")
_WORDS = {"是": True, "否": False, "不明": None}


@dataclass(frozen=True)
class Case:
    """One situation: the decision asked, with what, and what should come out, as JSON."""

    name: str
    decision: str
    given: Mapping[str, object]
    expected: object
    clause: str


@dataclass(frozen=True)
class Difference:
    """A case that came out otherwise, and the tables' account of it."""

    case: Case
    message: Text
    why: Sequence[Text] = ()


@dataclass
class Fared:
    """How a file's cases fared; `unused` are rows of its tables that no case decides by."""

    total: int
    differences: list[Difference] = field(default_factory=list)
    unused: list[Text] = field(default_factory=list)


def read_cases(source: str, name: str) -> list[Case]:
    """The cases of a file. Raises DecisionRefused for what cannot be understood."""
    try:
        tree = read_yaml(source, name)
    except ProgrammeInvalid as wrong:
        raise _refused(name, text("{why}", why=str(wrong))) from wrong
    found = tree.get(CASES) if isinstance(tree, dict) else None
    if not isinstance(found, list):
        raise _refused(name, text("没有“用例”一栏"))
    return [_case(each, at, name) for at, each in enumerate(found, 1)]


def _refused(name: str, why: Text) -> DecisionRefused:
    message = text("{name}读不懂：{why}", name=name, why=why)
    return DecisionRefused("bad_cases", message, text("对照其他用例文件改正"))


def _case(each: object, at: int, name: str) -> Case:
    given = each.get(GIVEN, {}) if isinstance(each, dict) else None
    if not isinstance(each, dict) or set(each) != _KEYS or not isinstance(given, dict):
        why = text("第{n}例应有情形、决策、给定、应得、依据五项", n=at)
        raise _refused(name, why)
    return Case(
        str(each[NAME]),
        str(each[DECISION]),
        {str(key): plain(value) for key, value in given.items()},
        native(each[EXPECTED]),
        str(each[CLAUSE]),
    )


def plain(value: object) -> object:
    """A value of YAML as FEEL takes it: decimals stay exact; 是, 否, 不明 are words for it."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return _WORDS.get(value, value) if isinstance(value, str) else value


def native(value: object) -> object:
    """A value of YAML in the form that results have."""
    return to_json_native(from_python(plain(value), "value"))


def run_cases(model: Model, cases: Sequence[Case]) -> Fared:
    """Ask every case's decision."""
    fared = Fared(len(cases))
    names = input_names(model)
    used: set[tuple[str, int]] = set()
    for case in cases:
        found = _run(model, case, names, used)
        if found is not None:
            fared.differences.append(found)
    fared.unused = list(_unused(model, used))
    return fared


def input_names(model: Model) -> dict[str, str]:
    """Inputs by what they may be called: their name, the first words of their description."""
    names: dict[str, str] = {}
    for element in model.own.values():
        if element.role == "input":
            label = _LABEL.match(element.xml.findtext("{*}description") or "")
            names[element.name] = element.name
            names[label[0].strip() if label else element.name] = element.name
    return names


def _run(
    model: Model, case: Case, names: Mapping[str, str], used: set[tuple[str, int]]
) -> Difference | None:
    unknown = [key for key in case.given if key not in names]
    if unknown:
        message = text("没有名为{names}的输入", names="、".join(unknown))
        return Difference(case, message)
    given = {names[key]: value for key, value in case.given.items()}
    try:
        result = model.evaluate(case.decision, given)
        found = result.required()
    except (DecisionRefused, FeelError) as error:
        refused = error.code == "no_answer" and case.expected == REFUSED
        return None if refused else Difference(case, error.message)
    used.update((table.id, row) for table in result.explanation for row in table.decided)
    if found == case.expected:
        return None
    message = text("应得{expected}，实得{found}", expected=shown(case.expected), found=shown(found))
    why = [words for table in result.explanation for words in table.in_words()]
    return Difference(case, message, why)


def shown(value: object) -> str:
    """A result in short."""
    if isinstance(value, dict):
        return "，".join(f"{key}={shown(item)}" for key, item in value.items())
    words = {None: "空", True: "是", False: "否"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def _unused(model: Model, used: set[tuple[str, int]]) -> Iterator[Text]:
    from engine.dmn.checks import tables_in

    for element in model.own.values():
        for table in tables_in(element.node) if element.node else ():
            rows = [str(r.number) for r in table.rules if (table.id, r.number) not in used]
            if rows:
                yield text("“{table}”第{rows}行没有用例", table=table.name, rows="、".join(rows))
