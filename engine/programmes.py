"""Reads the programme files (bpmn/programmes/*.yaml). Their meaning is engine.domain.programme."""

from collections.abc import Hashable
from pathlib import Path

import yaml

from engine.domain.programme import Parameter, Programme
from engine.domain.programme_file import (
    ProgrammeInvalid,
    ProgrammeProblem,
    parse_common,
    parse_programme,
)
from engine.text import text

COMMON = "_common.yaml"


class _StrictLoader(yaml.SafeLoader):
    """YAML that refuses a key given twice; plain YAML would silently keep the last."""

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, object]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"duplicate key {key.value}", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(content: str, source: str) -> object:
    """The value in a YAML text; ProgrammeInvalid with the line where it is not YAML."""
    try:
        value: object = yaml.load(content, _StrictLoader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else 0
        reason = text("第{line}行不是有效的YAML：{why}", line=line, why=wrong.problem or "")
        remedy = text("检查这一行的缩进、冒号和引号，每个键只写一次")
        problem = ProgrammeProblem(source, f"line {line}", reason, remedy)
        raise ProgrammeInvalid([problem]) from wrong
    except (yaml.YAMLError, RecursionError, ValueError) as wrong:
        reason, remedy = text("不是有效的YAML"), text("另存为UTF-8文本后重试")
        raise ProgrammeInvalid([ProgrammeProblem(source, "", reason, remedy)]) from wrong
    return value


def load_common(directory: Path) -> dict[str, Parameter]:
    """The parameters that all programmes share; none if there is no such file."""
    path = directory / COMMON
    return parse_common(_read(path), path.name) if path.exists() else {}


def load_programmes(directory: Path) -> dict[str, Programme]:
    """All programmes of a folder by their code. Raises ProgrammeInvalid for every wrong place."""
    common = load_common(directory)
    found: dict[str, Programme] = {}
    problems: list[ProgrammeProblem] = []
    for path in sorted(directory.glob("[!_]*.yaml")):
        try:
            programme = parse_programme(_read(path), path.name, common)
        except ProgrammeInvalid as wrong:
            problems += wrong.problems
            continue
        if programme.code in found:
            reason = text("方案代码{code}已被使用", code=programme.code)
            problems.append(ProgrammeProblem(path.name, "code", reason, text("换一个代码")))
        found[programme.code] = programme
    if problems:
        raise ProgrammeInvalid(problems)
    return found


def _read(path: Path) -> object:
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as wrong:
        remedy = text("另存为UTF-8文本后重试")
        problem = ProgrammeProblem(path.name, "", text("不是UTF-8文本"), remedy)
        raise ProgrammeInvalid([problem]) from wrong
    return read_yaml(content, path.name)
