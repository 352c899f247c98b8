"""`danbao publish` and `danbao export` keep bpmn/ and the database in step, and say where not."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.config import ROOT
from engine.operations import draft_settling, drafts
from engine.operations.draft_settling import as_read
from tests.operations.conftest import world
from tests.operations.drafting import KEY, RENAMED, current, owner, submitted, versions
from tests.operations.world import World
from web.cli import main

__all__ = ["world"]
FILE = f"processes/{KEY}.bpmn"


@pytest.fixture(autouse=True)
def database(monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path) -> None:
    monkeypatch.setenv("DANBAO_DATABASE_URL", database_url)
    monkeypatch.setenv("DANBAO_VAR", str(tmp_path / "var"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of bpmn/."""
    return Path(shutil.copytree(ROOT / "bpmn", tmp_path / "bpmn"))


def run(*words: str) -> tuple[int, str]:
    found = CliRunner().invoke(main, list(words))
    return found.exit_code, found.output


def drawn(world: World) -> None:
    """A version that owners published on the pages."""
    draft = submitted(world, owner(world))
    world.now += timedelta(minutes=1)
    draft_settling.sign(world.session, draft.id, as_read(draft), owner(world, "b"), world.now)
    world.session.commit()


def test_what_was_signed_on_the_pages_is_not_overwritten_by_files(
    world: World, folder: Path
) -> None:
    drawn(world)
    code, said = run("publish", "--from", str(folder))
    assert code == 1
    assert f"{FILE}（v2 finance-b）" in said
    assert "danbao export" in said
    world.session.expire_all()
    assert current(world.session).version == 2
    code, said = run("publish", "--from", str(folder), "--overwrite")
    assert code == 0, said
    world.session.expire_all()
    assert current(world.session).version == 1


def test_export_brings_what_is_in_force_into_the_files_and_publish_then_agrees(
    world: World, folder: Path
) -> None:
    assert run("export", "--to", str(folder), "--check")[0] == 0
    drawn(world)
    code, said = run("export", "--to", str(folder), "--check")
    assert code == 1
    assert f"{FILE}: 目录里是另一个发布过的版本，现行v2，finance-b" in said
    assert "“授信审批”改名为“授信审批与定价”" in said
    assert RENAMED not in (folder / FILE).read_bytes()
    code, said = run("export", "--to", str(folder))
    assert (code, f"{FILE}: 已写入v2" in said) == (0, True)
    assert (folder / FILE).read_bytes() == current(world.session).source
    assert run("export", "--to", str(folder), "--check")[0] == 0
    assert run("publish", "--from", str(folder))[0] == 0
    world.session.expire_all()
    assert (current(world.session).version, versions(world.session)) == (2, 2)


def test_a_file_that_was_never_published_is_not_lost_by_an_export(
    world: World, folder: Path
) -> None:
    drawn(world)
    mine = (
        (folder / FILE).read_bytes().replace(b"</bpmn:definitions>", b"<!-- --></bpmn:definitions>")
    )
    (folder / FILE).write_bytes(mine)
    code, said = run("export", "--to", str(folder))
    assert code == 1
    assert "没有发布过" in said
    assert (folder / FILE).read_bytes() == mine
    assert run("export", "--to", str(folder), "--overwrite")[0] == 0
    assert (folder / FILE).read_bytes() == current(world.session).source


def test_a_process_made_on_the_pages_stays_though_no_file_has_it(
    world: World, folder: Path
) -> None:
    draft = drafts.begin_new(world.session, "site_visit", "实地走访", owner(world), world.now)
    draft_settling.submit(world.session, draft.id, "新流程", owner(world), world.now)
    world.now += timedelta(minutes=1)
    draft_settling.sign(world.session, draft.id, as_read(draft), owner(world, "b"), world.now)
    world.session.commit()
    assert run("publish", "--from", str(folder))[0] == 0
    world.session.expire_all()
    assert current(world.session, "site_visit").version == 1
    code, said = run("export", "--to", str(folder), "--check", "--lang", "en")
    assert (code, "processes/site_visit.bpmn" in said) == (1, True)
    assert run("export", "--to", str(folder))[0] == 0
    assert (folder / "processes" / "site_visit.bpmn").exists()


def test_files_that_only_the_folder_has_are_named(world: World, folder: Path) -> None:
    extra = (folder / "forms" / "filing.form").read_bytes()
    (folder / "forms" / "another.form").write_bytes(extra)
    code, said = run("export", "--to", str(folder), "--check")
    assert (code, "forms/another.form: 只在目录里，没有发布" in said) == (1, True)
    assert world.session is not None
