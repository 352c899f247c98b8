"""The clause index (bpmn/policies): where a rule stands in its document, in our own short words."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engine.config import ROOT
from engine.programmes import read_yaml

FOLDER = ROOT / "bpmn" / "policies"


@dataclass(frozen=True)
class Clause:
    """A clause: its id (J3.2), its number in the document (三（二）), what it says."""

    id: str
    number: str
    words: str
    document: str


@lru_cache(maxsize=1)
def clauses() -> dict[str, Clause]:
    """All clauses by id; none where the folder has no files."""
    found: dict[str, Clause] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        found.update(_read(path))
    return found


def _read(path: Path) -> dict[str, Clause]:
    tree = read_yaml(path.read_text(encoding="utf-8"), path.name)
    if not isinstance(tree, dict):
        return {}
    document = str(tree.get("document", ""))
    return {
        str(key): Clause(str(key), str(one["number"]), str(one["text"]), document)
        for key, one in (tree.get("clauses") or {}).items()
    }


def clause_of(key: str) -> Clause | None:
    """The clause of an id; of J2.2.1(3) the nearest above it that is known."""
    known = clauses()
    while key:
        if key in known:
            return known[key]
        key = key.rpartition(".")[0]
    return None
