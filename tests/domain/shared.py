"""Where the specification's own examples are, and that a test is skipped aloud without them."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "domain"
PROGRAMMES = ROOT / "bpmn" / "programmes"


def shared_file(name: str) -> Path:
    """A file of the specification; skips the test, saying so, when it is not beside the project."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"../shared/domain/{name} is not there: the specification was not checked")
    return path
