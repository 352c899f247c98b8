"""Where the specification's own examples are, and that a test is skipped aloud without them; the
decision tables as they are shipped."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.dmn import Model, Result, load_models

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "domain"
PROGRAMMES = ROOT / "bpmn" / "programmes"
SOURCES = {path.stem: path.read_bytes() for path in (ROOT / "bpmn" / "decisions").glob("*.dmn")}
MODELS = load_models(SOURCES)


def ask(decision: str, facts: Mapping[str, Any]) -> Result:
    """What the shipped tables say."""
    return answer(MODELS, decision, facts)


def answer(models: Mapping[str, Model], decision: str, facts: Mapping[str, Any]) -> Result:
    """What the model among `models` that has this decision says."""
    (model,) = (one for one in models.values() if decision in {each.id for each in one.decisions})
    return model.evaluate(decision, facts)


def shared_file(name: str) -> Path:
    """A file of the specification; skips the test, saying so, when it is not beside the project."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"../shared/domain/{name} is not there: the specification was not checked")
    return path
