"""The gate: a set of files is published only when every file of it is without errors."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from engine.dmn import DecisionRefused, load_models
from engine.dmn.checks import check as check_decisions
from engine.dmn.checks import check_file
from engine.feel import FeelError, compile_expression
from engine.findings import Finding, Level, Report, short, whole_file
from engine.forms import load_form
from engine.forms.model import FormRefused
from engine.models import DefinitionKind
from engine.runtime.lint import lint
from engine.runtime.lint.gather import Source, gather
from engine.runtime.lint.known import Known
from engine.runtime.normalise import DiagramRefused
from engine.text import text

MOST = 50  # sets remembered as accepted: publishing the same again is not checked again
_accepted: dict[str, None] = {}


class LintRefused(DiagramRefused):
    """Files with errors; `reports` says all that is wrong with each."""

    def __init__(self, reports: tuple[Report, ...]) -> None:
        self.reports = reports
        wrong = [(report, error) for report in reports for error in report.errors]
        report, first = wrong[0]
        super().__init__(
            "lint",
            text(
                "{file}第{line}行“{name}”：{message}（共{n}处错误）",
                file=short(report.file),
                line=first.line,
                name=first.name or first.element or short(report.file),
                message=first.message,
                n=len(wrong),
            ),
            first.remedy,
            first.line,
        )


def check(files: Iterable[Source]) -> None:
    """Raises LintRefused when a file has errors."""
    files = list(files)
    digest = _digest(files)
    if digest in _accepted:
        return
    reports = tuple(reports_on(files))
    if not all(report.ok for report in reports):
        raise LintRefused(reports)
    _accepted[digest] = None
    if len(_accepted) > MOST:
        del _accepted[next(iter(_accepted))]


def _digest(files: list[Source]) -> str:
    found = hashlib.sha256()
    for file in sorted(files, key=lambda one: (one.kind, one.key)):
        found.update(f"{file.kind}\n{file.key}\n{len(file.source)}\n".encode() + file.source)
    return found.hexdigest()


def reports_on(files: Iterable[Source]) -> Iterator[Report]:
    """A report on every diagram, form and decision of a set, in the set's order."""
    files = list(files)
    known, decided = gather(files), on_decisions(files)
    taken = _inner_ids(known)
    for file in files:
        if file.kind is DefinitionKind.PROCESS:
            yield _on_process(file, known, taken)
        elif file.kind is DefinitionKind.FORM:
            yield Report(file.key, tuple(on_form(file.source)))
        elif file.kind is DefinitionKind.DECISION:
            yield Report(file.key, tuple(decided[file.key]))


def report_on(file: Source, around: Iterable[Source]) -> Report:
    """What the gate would say of one diagram, put in its place among the files of a set."""
    others = [one for one in around if (one.kind, one.key) != (file.kind, file.key)]
    known = gather([*others, file])
    return _on_process(file, known, _inner_ids(known))


def on_decisions(files: Iterable[Source]) -> dict[str, list[Finding]]:
    """The findings of each file of decisions in a set, by its key; they may import one another."""
    sources = {one.key: one.source for one in files if one.kind is DefinitionKind.DECISION}
    try:
        return {key: check_decisions(model) for key, model in load_models(sources).items()}
    except DecisionRefused:
        return {key: _alone(key, sources) for key in sources}


def _alone(key: str, sources: dict[str, bytes]) -> list[Finding]:
    """The findings of one file when not all of the set can be loaded."""
    others = {other: source for other, source in sources.items() if other != key}
    try:
        models = list(load_models(others).values())
    except DecisionRefused:
        models = []  # told with the file that is wrong
    return check_file(sources[key], key, imports=models)


def _inner_ids(known: Known) -> Counter[str]:
    """How often the set uses an id for a process or sub-process; the library shares them."""
    ids = Counter(known.processes.keys())
    for one in known.processes.values():
        ids.update(one.inner)
    return ids


def _on_process(file: Source, known: Known, taken: Counter[str]) -> Report:
    report = lint(file.source, file.key, known)
    found = list(report.findings)
    own = known.processes.get(file.key)
    if own is None and report.ok:
        found.append(
            whole_file(
                text("文件{file}里的流程用了别的id", file=short(file.key)),
                text("流程的id与文件名写成一样"),
            )
        )
    for key in sorted({file.key, *(own.inner if own else ())}):
        if taken[key] > 1:
            found.append(
                whole_file(
                    text("id“{id}”已被另一个流程或子流程使用", id=short(key)),
                    text("换一个id"),
                )
            )
    return Report(file.key, tuple(found))


def on_form(source: bytes) -> Iterator[Finding]:
    """What keeps a form from being used."""
    try:
        form = load_form(source)
    except FormRefused as refused:
        yield whole_file(refused.message, refused.remedy)
        return
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        yield whole_file(text("不是form-js表单文件"), text("用表单编辑器打开并重新保存"))
        return
    for one in form.fields:
        for expression in filter(None, (one.hide, one.required_when)):
            yield from _condition(one.key, one.label, expression)


def _condition(key: str, label: str, expression: str) -> Iterator[Finding]:
    source = expression.strip().removeprefix("=")
    try:
        compile_expression(source)
    except FeelError as error:
        message = text("表达式“{source}”写错了：{why}", source=short(source), why=error.message)
        remedy = error.remedy or text("按FEEL改写，例如 =amount > 100")
        yield Finding(Level.ERROR, short(key), short(label), 1, message, remedy)
