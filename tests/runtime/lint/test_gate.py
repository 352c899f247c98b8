"""At publication: all files or none, every mistake told; and what operations declare is true."""

import ast
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.config import ROOT
from engine.errors import DanbaoError
from engine.models import Definition, DefinitionKind
from engine.people import SYSTEM
from engine.runtime.definitions import SourceFile, publish, read_files
from engine.runtime.lint.gate import LintRefused
from engine.runtime.registry import Kind, form_operation, operation, operations, starts
from tests.runtime.conftest import FORM, NOW, Start
from tests.runtime.diagrams import chain, event, process, user
from tests.runtime.lint.planting import between, choice, element, spread

BAD = spread(process("bad", between(user("u", "mayor:maker", deadline=""), "u")))


def files(**processes: bytes) -> list[SourceFile]:
    """Processes by key, with a form and the shipped programmes."""
    shipped = read_files(Path(ROOT) / "bpmn")
    found = [file for file in shipped if file.kind is DefinitionKind.PROGRAMME]
    found += [
        SourceFile(DefinitionKind.PROCESS, key, key, source) for key, source in processes.items()
    ]
    return [*found, FORM]


def test_one_bad_file_keeps_all_from_being_published_and_every_mistake_is_told(
    session: Session,
) -> None:
    good = process("good", between(user("u"), "u"))
    with pytest.raises(LintRefused) as refused:
        publish(session, files(good=good, bad=BAD), SYSTEM, NOW)
    (report,) = [one for one in refused.value.reports if not one.ok]
    assert report.file == "bad"
    assert len(report.errors) == 2
    assert "bad" in str(refused.value)
    assert "第5行" in str(refused.value)
    assert refused.value.remedy is not None
    assert session.scalar(select(func.count(Definition.id))) == 0


def test_a_process_is_published_under_its_own_id_and_no_id_twice(session: Session) -> None:
    with pytest.raises(LintRefused, match="别的id"):
        publish(session, files(other=process("p", between(user("u"), "u"))), SYSTEM, NOW)
    inner = element("subProcess", "part", event("start", "a") + event("end", "b") + chain("a", "b"))
    one = process("one", between(inner, "part"))
    two = process("two", between(inner, "part"))
    with pytest.raises(LintRefused, match="part"):
        publish(session, files(one=one, two=two), SYSTEM, NOW)


def test_a_warning_does_not_hide_that_another_process_would_run(session: Session) -> None:
    marked = process("p", between(user("u"), "u")).replace(b'"true"', b'"false"')
    with pytest.raises(LintRefused, match="别的id"):
        publish(session, files(other=marked), SYSTEM, NOW)


def test_a_called_process_may_count_on_what_its_callers_have(session: Session) -> None:
    call = element("callActivity", "c", calledElement="inner")
    outer = process("outer", between(user("u") + call, "u", "c"))
    inner = process("inner", choice('=u_outcome = "YES"'))
    publish(session, files(outer=outer, inner=inner), SYSTEM, NOW)
    with pytest.raises(LintRefused, match="u_outcome"):
        publish(session, files(inner=inner), SYSTEM, NOW)


def test_history_and_outcome_show_nothing_that_normalisation_added(
    session: Session, start: Start
) -> None:
    from engine.models import StepHistory

    instance = start(
        ("sig", process("sig", event("start", "s") + element("task", "t") + chain("s", "t")))
    )
    assert instance.status == "ENDED"
    shown = session.scalars(select(StepHistory.element_id).order_by(StepHistory.id)).all()
    assert shown == ["s", "t"]


def test_a_key_that_was_not_declared_is_refused() -> None:
    @form_operation("test.undeclared", "test", sets={"a": Kind.TEXT})
    def _undeclared(ctx: object, values: object) -> dict[str, str]:
        return {"a": "1", "b": "2"}

    found = operation("test.undeclared")
    assert found is not None
    with pytest.raises(DanbaoError, match="b"):
        found.function(None, {})


def _registers(mark: ast.Call) -> bool:
    names = ("form_operation", "service_operation")
    return isinstance(mark.func, ast.Name) and mark.func.id in names


def _name(mark: ast.Call) -> str:
    assert isinstance(mark.args[0], ast.Constant)
    return str(mark.args[0].value)


def _registered() -> list[tuple[str, ast.FunctionDef]]:
    found = []
    for path in sorted((Path(ROOT) / "engine" / "operations").glob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            marks = [one for one in node.decorator_list if isinstance(one, ast.Call)]
            found += [(_name(mark), node) for mark in marks if _registers(mark)]
    return found


def _returned(function: ast.FunctionDef) -> set[str]:
    """The keys of the dictionaries that a function returns literally."""
    return {
        str(key.value)
        for node in ast.walk(function)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Dict)
        for key in node.value.keys
        if isinstance(key, ast.Constant)
    }


@pytest.mark.parametrize(
    ("name", "function"), [pytest.param(*one, id=one[0]) for one in _registered()]
)
def test_operations_declare_exactly_what_they_return(name: str, function: ast.FunctionDef) -> None:
    assert _returned(function) == set(operations()[name].sets)


def _starts(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "start_instance"


def test_what_processes_start_with_is_what_the_code_gives_them() -> None:
    given: dict[str, set[str]] = {}
    for path in sorted((Path(ROOT) / "engine" / "operations").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _starts(node):
                key = node.args[1]
                data = next(one.value for one in node.keywords if one.arg == "data")
                assert isinstance(key, ast.Constant)
                assert isinstance(data, ast.Dict)
                given[str(key.value)] = {
                    str(one.value) for one in data.keys if isinstance(one, ast.Constant)
                }
    assert given
    assert {key: set(starts()[key]) for key in given} == given
