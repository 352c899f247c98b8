"""What a set of files offers to one another: forms, programmes, decisions, processes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from engine.dmn import DecisionRefused, load_models
from engine.dmn.offered import Offered, offered
from engine.domain.calendar import Period
from engine.domain.programme_file import ProgrammeInvalid, parse_common, parse_programme
from engine.forms import load_form
from engine.forms.model import FormRefused
from engine.models import DefinitionKind
from engine.programmes import read_yaml
from engine.runtime.lint.caught import around
from engine.runtime.lint.data import from_sets, join, set_by, solve
from engine.runtime.lint.known import PERIODS, Called, Catch, Known, Names, Values
from engine.runtime.lint.page import Page
from engine.runtime.lint.reading import read_page
from engine.runtime.normalise import DiagramRefused, parse_xml
from engine.runtime.normalise.source import SCOPES
from engine.runtime.registry import starts

COMMON = "_common"


@dataclass(frozen=True)
class Source:
    """A file of a set, by the key that others name it with."""

    kind: DefinitionKind
    key: str
    source: bytes


def gather(files: Iterable[Source], known: Known | None = None) -> Known:
    """What the files and the code offer, on top of `known`. Files that cannot be read offer
    nothing; they are refused for themselves."""
    found = known or Known()
    by_kind: dict[DefinitionKind, dict[str, bytes]] = {kind: {} for kind in DefinitionKind}
    for file in files:
        by_kind[file.kind][file.key] = file.source
    found = replace(
        found,
        forms={**found.forms, **_forms(by_kind[DefinitionKind.FORM])},
        decisions=found.decisions | _decisions(by_kind[DefinitionKind.DECISION]),
        offered={**found.offered, **_offered(by_kind[DefinitionKind.DECISION])},
        parameters=_periods(by_kind[DefinitionKind.PROGRAMME]) or PERIODS,
        starts={**{key: from_sets(sets) for key, sets in starts().items()}, **found.starts},
    )
    return _processes(found, by_kind[DefinitionKind.PROCESS])


def _forms(sources: Mapping[str, bytes]) -> Names:
    found: dict[str, Values] = {}
    for key, source in sources.items():
        try:
            outcome = load_form(source).outcome
        except (FormRefused, ValueError, LookupError, TypeError, AttributeError):
            continue  # refused as a form
        values = frozenset(option.value for option in outcome.options) if outcome else frozenset()
        found[key] = None if outcome and not values else values
    return found


def _decisions(sources: Mapping[str, bytes]) -> frozenset[str]:
    found: set[str] = set()
    for key, source in sources.items():
        try:
            root = parse_xml(source, key)
        except DiagramRefused:
            continue
        for one in root.iter("{*}decision"):
            found |= {str(one.get(name)) for name in ("id", "name") if one.get(name)}
    return frozenset(found)


def _offered(sources: Mapping[str, bytes]) -> dict[str, Offered]:
    """What decisions ask and answer; files that cannot be loaded are refused for themselves."""
    try:
        models = load_models(sources).values()
    except DecisionRefused:
        return {}
    return {name: one for model in models for name, one in offered(model).items()}


def _periods(sources: Mapping[str, bytes]) -> frozenset[str]:
    trees: dict[str, object] = {}
    for key, source in sources.items():
        try:
            trees[key] = read_yaml(source.decode("utf-8-sig"), key)
        except (ProgrammeInvalid, UnicodeDecodeError):
            continue
    try:
        common = parse_common(trees.pop(COMMON), COMMON) if COMMON in trees else {}
        programmes = [parse_programme(tree, key, common) for key, tree in trees.items()]
    except ProgrammeInvalid:
        return frozenset()
    values = [*common.values()]
    for programme in programmes:
        for version in programme.versions:
            values += version.parameters.values()
    return frozenset(one.name for one in values if isinstance(one.value, Period))


def _processes(known: Known, sources: Mapping[str, bytes]) -> Known:
    pages: dict[str, Page] = {}
    for name, source in sources.items():
        page = read_page(source, name, known)
        if page is not None:
            pages[page.key] = page
    known = replace(
        known,
        processes={**known.processes, **{key: _called(page) for key, page in pages.items()}},
    )
    return _with_callers(known, pages)


def _called(page: Page) -> Called:
    return Called(
        join(*(set_by(node, replace(page.known, processes={})) for node in page.nodes())),
        frozenset(node.get("calledElement", "") for node in page.nodes("callActivity")),
        frozenset(node.get("id", "") for node in page.nodes(*SCOPES)),
        _catches(page),
    )


def _catches(page: Page) -> dict[str, tuple[tuple[Catch, ...], ...]]:
    found: dict[str, tuple[tuple[Catch, ...], ...]] = {}
    for node in page.nodes("callActivity"):
        called = node.get("calledElement", "")
        found[called] = (*found.get(called, ()), around(page, node))
    return found


def _with_callers(known: Known, pages: Mapping[str, Page]) -> Known:
    """A called process begins with what its callers have; they may be called themselves."""
    for _ in range(len(pages) + 1):
        begins = dict(known.starts)
        for page in pages.values():
            page.known = known
            before = solve(page).before
            for node in page.nodes("callActivity"):
                called = node.get("calledElement", "")
                names = before.get(node.get("id", ""), {})
                begins[called] = join(begins.get(called, {}), names)
        if begins == known.starts:
            break
        known = replace(known, starts=begins)
    return known
