"""Turns the contents of a programme's YAML into a Programme, or says what is wrong where."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from engine.domain.parameter_kinds import KINDS, BadValue, CodeList, Reader, day
from engine.domain.parameter_names import KNOWN, ORDERED
from engine.domain.programme import Parameter, Parameters, Programme, Version
from engine.errors import DanbaoError
from engine.text import Text, text

HEAD = ("code", "name", "district", "district_code", "abbreviation")
ENTRY_KEYS = {"value", "clause", "inferred", "note", "kind"}


@dataclass(frozen=True)
class ProgrammeProblem:
    """A place in a file (`key` is a path like versions[0].parameters.fee_rate) and what to do."""

    file: str
    key: str
    reason: Text
    remedy: Text

    def __str__(self) -> str:
        return f"{self.file} {self.key}: {self.reason}；{self.remedy}"


class ProgrammeInvalid(DanbaoError):
    """The file cannot be used; `problems` has every place that is wrong."""

    status = 422

    def __init__(self, problems: list[ProgrammeProblem]) -> None:
        self.problems = tuple(problems)
        first = text("方案文件有{n}处错误：{first}", n=len(problems), first=str(problems[0]))
        super().__init__("programme_invalid", first, text("按所列位置改正后重新装入"))


class _Checker:
    """Reads one file, and notes what is wrong with it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.problems: list[ProgrammeProblem] = []

    def note(self, key: str, reason: Text, remedy: Text) -> None:
        self.problems.append(ProgrammeProblem(self.source, key, reason, remedy))

    def mapping(self, key: str, raw: object) -> Mapping[str, object]:
        if isinstance(raw, Mapping) and all(isinstance(name, str) for name in raw):
            return raw
        self.note(key, text("应为键值表"), text("每行写成“名称: 值”"))
        return {}

    def string(self, key: str, raw: object) -> str:
        if isinstance(raw, str) and raw.strip():
            return raw
        self.note(key, text("应为非空文字"), text("补写，数字代码加引号"))
        return ""

    def done(self) -> None:
        if self.problems:
            raise ProgrammeInvalid(self.problems)

    def parameters(self, key: str, raw: object) -> dict[str, Parameter]:
        found = {}
        for name, entry in self.mapping(key, raw).items():
            one = self.parameter(f"{key}.{name}", name, entry)
            if one:
                found[name] = one
        return found

    def parameter(self, key: str, name: str, raw: object) -> Parameter | None:
        entry = self.mapping(key, raw)
        if not entry:
            return None
        for extra in set(entry) - ENTRY_KEYS:
            self.note(f"{key}.{extra}", text("不认识的属性"), text("删去，或改用note"))
        clause = self.string(f"{key}.clause", entry.get("clause"))
        reader = self.reader(key, name, entry.get("kind"))
        if reader is None:
            return None
        try:
            value = reader(entry.get("value"))
        except BadValue as bad:
            self.note(f"{key}.value", bad.reason, bad.remedy)
            return None
        note = entry.get("note")
        inferred = entry.get("inferred") is True
        return Parameter(name, value, clause, inferred, note if isinstance(note, str) else None)

    def reader(self, key: str, name: str, kind: object) -> Reader | None:
        known = KNOWN.get(name)
        if known:
            return known.read
        if isinstance(kind, str) and kind in KINDS:
            return KINDS[kind]
        close = difflib.get_close_matches(name, KNOWN, 1)
        remedy = text("新参数用kind注明类型：{kinds}", kinds="、".join(KINDS))
        meant = text("可能是{name}；新参数用kind注明类型", name=close[0]) if close else remedy
        self.note(key, text("不认识的参数"), meant)
        return None

    def date_or_none(self, key: str, raw: object) -> date | None:
        try:
            return None if raw is None else day(raw)
        except BadValue as bad:
            self.note(key, bad.reason, bad.remedy)
            return None

    def version(self, key: str, raw: object) -> Version:
        entry = self.mapping(key, raw)
        begins = self.date_or_none(f"{key}.effective_from", entry.get("effective_from"))
        ends = self.date_or_none(f"{key}.effective_to", entry.get("effective_to"))
        if begins and ends and ends < begins:
            remedy = text("改到生效日期或以后")
            self.note(f"{key}.effective_to", text("早于生效日期"), remedy)
        name = self.string(f"{key}.version", entry.get("version"))
        values = self.parameters(f"{key}.parameters", entry.get("parameters"))
        return Version(name, begins, ends, values)

    def versions(self, raw: object) -> tuple[Version, ...]:
        if not isinstance(raw, list) or not raw:
            self.note("versions", text("没有任何版本"), text("至少写一个版本"))
            return ()
        found = [self.version(f"versions[{n}]", one) for n, one in enumerate(raw)]
        self._ordered(found)
        return tuple(found)

    def _ordered(self, versions: list[Version]) -> None:
        starts = [v.effective_from for v in versions if v.effective_from]
        if starts != sorted(set(starts)):
            remedy = text("按生效日期从早到晚排列，同一天只留一个版本")
            self.note("versions", text("版本没有按生效日期排列"), remedy)
        names = [v.version for v in versions]
        if len(set(names)) < len(names):
            self.note("versions", text("版本号重复"), text("给每个版本不同的版本号"))

    def whole(self, programme: Programme) -> None:
        """Checks on the values in force with each version."""
        values = dict(programme.common)
        for n, version in enumerate(programme.versions):
            values |= version.parameters
            parameters = Parameters(programme.code, version.version, values)
            self._complete(f"versions[{n}].parameters", parameters)
            self._consistent(f"versions[{n}].parameters", parameters)

    def _complete(self, key: str, parameters: Parameters) -> None:
        for name in parameters.required_missing():
            self.note(f"{key}.{name}", text("缺少参数"), text("补写value和clause"))

    def _consistent(self, key: str, parameters: Parameters) -> None:
        values = parameters.values
        for small, great in ORDERED:
            pair = [values[name].value for name in (small, great) if name in values]
            if len(pair) == 2 and pair != sorted(pair):  # type: ignore[type-var]  # both numbers
                self.note(f"{key}.{small}", text("大于{name}", name=great), text("改小"))
        for name in ("industries", "referrer_categories"):
            if name in values:
                self._references(f"{key}.{name}", values[name].value, values)

    def _references(self, key: str, value: object, values: Mapping[str, Parameter]) -> None:
        used, target = _used_codes(value)
        known = values.get(target)
        allowed = set(known.value.codes) if known and isinstance(known.value, CodeList) else used
        for code in sorted(used - allowed):
            reason = text("代码{code}不在{target}里", code=code, target=target)
            self.note(key, reason, text("改正代码，或在{target}里补上", target=target))


def _used_codes(value: object) -> tuple[set[str], str]:
    if isinstance(value, CodeList):
        return {scope for item in value.items if (scope := item.get("scope"))}, "scopes"
    rows = value.values() if isinstance(value, Mapping) else ()
    return {code for row in rows for code in row} - {"*"}, "referral_categories"


def parse_common(data: object, source: str) -> dict[str, Parameter]:
    """The parameters shared by all programmes (_common.yaml). Raises ProgrammeInvalid."""
    checker = _Checker(source)
    found = checker.parameters("parameters", checker.mapping("", data).get("parameters"))
    checker.done()
    return found


def parse_programme(
    data: object, source: str, common: Mapping[str, Parameter] | None = None
) -> Programme:
    """The programme in `data`, as YAML gives it. Raises ProgrammeInvalid with every problem."""
    checker = _Checker(source)
    top = checker.mapping("", data)
    head = {name: checker.string(name, top.get(name)) for name in HEAD}
    versions = checker.versions(top.get("versions"))
    programme = Programme(**head, versions=versions, common=dict(common or {}))
    checker.whole(programme)
    checker.done()
    return programme
