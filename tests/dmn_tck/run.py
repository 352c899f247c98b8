"""Runs the test cases of one folder after the other."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from lxml import etree

from engine.dmn import Model, load
from engine.dmn.graph import Element, Role
from engine.errors import DanbaoError
from tests.dmn_tck.values import local, named, read_value, same

NOW = datetime(2025, 6, 2, 8, 30, tzinfo=UTC)
NEEDS_JAVA = frozenset(
    f"0076-feel-external-java {case} {case}"
    for case in ("boxed_001", *(f"literal_{n:03}" for n in range(1, 13)), "varargs_001")
)
"""The only tests that are not applicable: they call functions of Java."""
HOST = {"now": lambda: NOW, "today": NOW.date}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One expected result: `passed` is None for one that NEEDS_JAVA names."""

    level: str
    folder: str
    case: str
    result: str
    passed: bool | None
    message: str = ""

    @property
    def name(self) -> str:
        return f"{self.folder} {self.case} {self.result}"


def run_all(root: Path) -> Iterator[Outcome]:
    """Every expected result of every test file below a folder."""
    for file in sorted(root.rglob("*.xml")):
        tree = etree.parse(str(file)).getroot()
        if local(tree) == "testCases":
            yield from _run_file(file, tree, _level(file, root))


def _level(file: Path, root: Path) -> str:
    for part in (*file.relative_to(root).parts, *root.parts):
        if part.startswith("compliance-level-"):
            return part.rsplit("-", 1)[-1]
    return "?"


def _run_file(file: Path, tree: etree._Element, level: str) -> Iterator[Outcome]:
    folder = file.parent.name
    named_model = [(node.text or "").strip() for node in named(tree, "modelName")]
    main = file.parent / (named_model[0] if named_model else "?")
    loaded: Model | Exception
    try:
        loaded = load_with_imports(main)
    except (DanbaoError, OSError, etree.XMLSyntaxError) as error:
        loaded = error
    for case in named(tree, "testCase"):
        for node in named(case, "resultNode"):
            name = str(node.get("name"))
            good, message = _check(loaded, case, node)
            made = Outcome(level, folder, str(case.get("id")), name, good, message)
            yield replace(made, passed=None) if not good and made.name in NEEDS_JAVA else made


def load_with_imports(main: Path) -> Model:
    """The model of a file, with the other files of its folder to import from."""
    others: dict[str, Path] = {}
    for file in main.parent.glob("*.dmn"):
        others[str(etree.parse(str(file)).getroot().get("namespace"))] = file
    return _load(main, others, ())


def _load(file: Path, others: dict[str, Path], opened: tuple[Path, ...]) -> Model:
    root = etree.parse(str(file)).getroot()
    wanted = [str(node.get("namespace")) for node in root if local(node) == "import"]
    models = [
        _load(others[space], others, (*opened, file))
        for space in wanted
        if space in others and others[space] not in opened
    ]
    return load(file.read_bytes(), file.name, imports=models, functions=HOST, tolerant=True)


def _check(
    loaded: Model | Exception, case: etree._Element, node: etree._Element
) -> tuple[bool, str]:
    if isinstance(loaded, Exception):
        return False, f"not loaded: {loaded}"
    try:
        expected = read_value(named(node, "expected")[0])
        inputs = {str(n.get("name")): read_value(n) for n in named(case, "inputNode")}
    except (ValueError, ArithmeticError, LookupError) as error:
        return False, f"test case not understood: {error}"
    try:
        result = loaded.run(_wanted(loaded, case, node), inputs)
    except DanbaoError as error:
        refused = node.get("errorResult") == "true"
        return refused, f"refused: {error}"
    value = result.value
    if case.get("type") == "decisionService" and isinstance(value, dict):
        value = value.get(str(node.get("name")), value)  # a service of several outputs
    good = same(expected, value)
    return good, "" if good else f"expected {expected!r}, got {value!r} ({result.reason})"


def _wanted(model: Model, case: etree._Element, node: etree._Element) -> Element:
    roles = {"decisionService": "service", "bkm": "knowledge"}
    kind = case.get("type", "decision")
    if kind in roles:
        return model.find(str(case.get("invocableName")), (cast("Role", roles[kind]),))
    return model.decision(str(node.get("name")))
