"""Rules of the house that a reader of one file cannot see broken."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from engine.config import KNOWN, ROOT
from engine.db import MIGRATIONS

PACKAGES = ("engine", "web", "notifications")
CLOCKS = {"now", "utcnow", "today"}


def sources() -> list[Path]:
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return [path for path in found if MIGRATIONS / "versions" not in path.parents]


def calls(path: Path) -> Iterator[ast.Attribute]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func


def offenders(names: set[str], owner: str, bases: set[str] | None = None) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sources()
        if path != ROOT / owner
        for call in calls(path)
        if call.attr in names
        and (bases is None or (isinstance(call.value, ast.Name) and call.value.id in bases))
    ]


def test_only_the_unit_of_work_commits() -> None:
    assert offenders({"commit"}, "engine/db.py") == []


def test_only_the_clock_reads_the_clock() -> None:
    assert offenders(CLOCKS, "engine/clock.py", {"datetime", "date", "dt"}) == []
    assert offenders({"time", "time_ns"}, "engine/clock.py", {"time"}) == []


def test_migrations_have_one_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert len(ScriptDirectory.from_config(config).get_heads()) <= 1


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_every_setting_is_explained(readme: str) -> None:
    explained = (ROOT / readme).read_text()
    assert [name for name in sorted(KNOWN) if name not in explained] == []


def test_every_direct_dependency_is_locked_with_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lock = (ROOT / "requirements.lock").read_text()
    locked = set(re.findall(r"^([a-z0-9_.-]+)==\S+.* \\\n    --hash=", lock, re.MULTILINE))
    assert {re.split(r"[\[<>=]", name)[0].lower() for name in wanted} - locked == set()
    assert "index-url" not in lock.replace("--no-emit-index-url", "")
