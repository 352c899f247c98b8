"""From the owner's diagram to what SpiffWorkflow executes.

The stored file stays as the owner wrote it; this happens in memory, at publication. Only what has
one meaning is rewritten; everything else is refused by `engine.runtime.lint`, which comes first.
"""

from lxml import etree

from engine.runtime.normalise.circles import add_merges
from engine.runtime.normalise.ends import add_ends, add_starts, throw_before_ends
from engine.runtime.normalise.helpers import is_helper
from engine.runtime.normalise.ids import add_ids, own_names, taken_ids
from engine.runtime.normalise.links import join_links
from engine.runtime.normalise.plain import plain
from engine.runtime.normalise.source import (
    BPMN,
    CAMUNDA,
    MAX_BYTES,
    SPIFF,
    DiagramRefused,
    main_process,
    parse_xml,
    scopes,
)
from engine.runtime.normalise.splits import add_splits
from engine.runtime.normalise.strip import keep_only, strip
from engine.runtime.normalise.vocabulary import translate
from engine.text import text

__all__ = [
    "BPMN",
    "CAMUNDA",
    "MAX_BYTES",
    "SPIFF",
    "DiagramRefused",
    "complete_graph",
    "is_helper",
    "main_process",
    "normalise",
    "parse_xml",
    "plain",
]


def normalise(source: bytes, name: str) -> etree._Element:
    """The executable tree of a diagram. Raises DiagramRefused."""
    root = parse_xml(source, name)
    process = main_process(root, name)
    if process is None:
        raise DiagramRefused(
            "no_process",
            text("{key}里没有可以执行的流程", key=name),
            text("画一个流程，或只把其中一个标为可执行"),
        )
    plain(process)
    complete_graph(process)
    strip(root, process)
    own_names(root, process)
    translate(root)
    return root


def complete_graph(process: etree._Element) -> None:
    """What BPMN leaves unsaid, said: ids, starts, ends, splits, merges; links become flows."""
    keep_only(process)
    taken = taken_ids(process)
    for scope in list(scopes(process)):
        add_ids(scope, taken)
    for scope in list(scopes(process)):
        join_links(scope)
        add_starts(scope)
        throw_before_ends(scope)
        add_ends(scope)
        add_splits(scope)
        add_merges(scope)
