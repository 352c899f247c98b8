"""Files by their endings, as `danbao lint` is given them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from engine.dmn.cases import CASES
from engine.domain.programme_file import (
    ProgrammeInvalid,
    ProgrammeProblem,
    parse_common,
    parse_programme,
)
from engine.findings import Finding, Report, whole_file
from engine.models import DefinitionKind
from engine.programmes import read_yaml
from engine.runtime.lint.gate import inner_ids, on_decisions, on_form, on_process
from engine.runtime.lint.gather import COMMON, Source, gather
from engine.runtime.normalise import MAX_BYTES
from engine.text import text

KINDS = {
    ".bpmn": DefinitionKind.PROCESS,
    ".xml": DefinitionKind.PROCESS,
    ".form": DefinitionKind.FORM,
    ".dmn": DefinitionKind.DECISION,
    ".yaml": DefinitionKind.PROGRAMME,
    ".yml": DefinitionKind.PROGRAMME,
}


@dataclass(frozen=True)
class Given:
    """A file by the name it was given with."""

    name: str
    source: bytes

    @property
    def key(self) -> str:
        """What others would name it with."""
        return PurePath(self.name).stem

    @property
    def kind(self) -> DefinitionKind | None:
        """What it is, by its ending."""
        return KINDS.get(PurePath(self.name).suffix.lower())


def reports(files: Iterable[Given], around: Iterable[Source]) -> Iterator[Report]:
    """A report on each file; `around` is what it may refer to, the files themselves besides."""
    files = list(files)
    own = [Source(one.kind, one.key, one.source) for one in files if one.kind is not None]
    beside = [one for one in around if (one.kind, one.key) not in {(o.kind, o.key) for o in own}]
    everything = [*beside, *own]
    known, decided = gather(everything), on_decisions(everything)
    taken = inner_ids(known)
    for file in files:
        if file.kind is DefinitionKind.PROCESS and len(file.source) <= MAX_BYTES:
            source = Source(file.kind, file.key, file.source)
            yield Report(file.name, on_process(source, known, taken))
        else:
            yield Report(file.name, tuple(_findings(file, decided, everything)))


def _findings(
    file: Given, decided: dict[str, list[Finding]], everything: list[Source]
) -> Iterable[Finding]:
    if len(file.source) > MAX_BYTES:
        return [whole_file(text("文件超过2 MB"), text("拆成几个文件"))]
    if file.kind is DefinitionKind.FORM:
        return on_form(file.source)
    if file.kind is DefinitionKind.DECISION:
        return decided[file.key]
    if file.kind is DefinitionKind.PROGRAMME:
        return _on_programme(file, everything)
    return [whole_file(text("不认识的文件种类"), text("可以检查.bpmn、.dmn、.form和.yaml文件"))]


def _on_programme(file: Given, everything: list[Source]) -> Iterator[Finding]:
    try:
        tree = read_yaml(file.source.decode("utf-8-sig"), file.key)
        if file.key == COMMON:
            parse_common(tree, file.key)
        elif not (isinstance(tree, dict) and {"clauses", CASES} & tree.keys()):
            # no index of clauses, and no cases of a decision
            common = next((one for one in everything if one.key == COMMON), None)
            shared = read_yaml(common.source.decode("utf-8-sig"), COMMON) if common else None
            parse_programme(tree, file.key, parse_common(shared, COMMON) if common else {})
    except UnicodeDecodeError:
        yield whole_file(text("不是UTF-8文本"), text("另存为UTF-8文本后重试"))
    except ProgrammeInvalid as wrong:
        yield from map(_problem, wrong.problems)


def _problem(problem: ProgrammeProblem) -> Finding:
    line = re.fullmatch(r"line (\d+)", problem.key)
    found = whole_file(problem.reason, problem.remedy, int(line[1]) if line else 1)
    place = "" if line else problem.key
    return Finding(found.level, place, place, found.line, found.message, found.remedy)
