"""The embedded server: there when asked for, once, with its data, and closed to everybody else."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from engine import postgres, postgres_home
from engine.config import ROOT, Settings
from engine.errors import DanbaoError
from tests.house.conftest import settings_with

is_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts a server as another user")


def run_sql(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def pid_of(settings: Settings) -> int:
    pid = postgres.status(settings).pid
    assert pid is not None
    return pid


def start_elsewhere(var: Path) -> "subprocess.Popen[str]":
    code = (
        "import sys, pathlib; from engine import postgres; from engine.config import Settings;"
        "print(postgres.start(Settings(var=pathlib.Path(sys.argv[1]), secret_key='')))"
    )
    command = [sys.executable, "-c", code, str(var)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_starting_twice_is_starting_once(settings: Settings) -> None:
    url = postgres.start(settings)
    pid = pid_of(settings)
    assert postgres.start(settings) == url
    assert pid_of(settings) == pid


def test_stopping_keeps_the_data_and_stopping_again_is_harmless(settings: Settings) -> None:
    run_sql(postgres.start(settings), "CREATE TABLE kept AS SELECT 7 AS n")
    assert postgres.stop(settings)
    assert not postgres.stop(settings)
    assert not postgres.status(settings).running
    assert run_sql(postgres.start(settings), "SELECT n FROM kept") == [(7,)]


def test_a_killed_server_starts_again_with_what_was_committed(settings: Settings) -> None:
    url = postgres.start(settings)
    with psycopg.connect(url.replace("+psycopg", "")) as open_connection:
        open_connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        open_connection.commit()
        os.kill(pid_of(settings), signal.SIGKILL)
        assert run_sql(postgres.start(settings), "SELECT n FROM kept") == [(7,)]


def test_a_lock_left_behind_with_a_living_strangers_number_is_no_obstacle(
    settings: Settings,
) -> None:
    postgres.start(settings)
    postgres.stop(settings)
    data = settings.var / "pg"
    owner = data.stat()
    stranger = subprocess.Popen(
        ["sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None, cwd="/"
    )
    try:
        lock = data / "postmaster.pid"
        lock.write_text(f"{stranger.pid}\n{data}\n1\n5432\n{data}\n\n")
        os.chown(lock, owner.st_uid, owner.st_gid)
        assert run_sql(postgres.start(settings), "SELECT 1") == [(1,)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_two_processes_that_start_at_once_share_one_server(settings: Settings) -> None:
    starters = [start_elsewhere(settings.var) for _ in range(2)]
    answers = {starter.communicate(timeout=60)[0].strip() for starter in starters}
    assert [starter.returncode for starter in starters] == [0, 0]
    assert answers == {postgres.start(settings)}
    assert run_sql(answers.pop(), "SELECT 1") == [(1,)]


def test_it_starts_again_after_it_was_stopped(settings: Settings) -> None:
    postgres.start(settings)
    postgres.stop(settings)
    assert run_sql(postgres.start(settings), "SELECT 1") == [(1,)]


def test_it_is_durable_closed_and_speaks_no_tcp(settings: Settings) -> None:
    url = postgres.start(settings)
    names = ("fsync", "synchronous_commit", "listen_addresses", "data_checksums", "TimeZone")
    found = [run_sql(url, f"SHOW {name}")[0][0] for name in names]
    assert found == ["on", "on", "", "on", "UTC"]
    # The socket is in the data folder, where nobody else can reach it.
    assert (settings.var / "pg" / ".s.PGSQL.5432").is_socket()
    assert stat.S_IMODE((settings.var / "pg").stat().st_mode) == 0o700


def test_a_path_too_long_for_a_socket_still_works(var: Path) -> None:
    settings = settings_with(var / ("深" * 40))
    settings.var.mkdir(mode=0o711)
    try:
        url = postgres.start(settings)
        assert run_sql(url, "SELECT 1") == [(1,)]
        assert postgres.start(settings) == url
    finally:
        postgres.erase(settings)


def test_a_lost_socket_folder_is_replaced_and_the_data_kept(var: Path) -> None:
    settings = settings_with(var / ("x" * 100))
    settings.var.mkdir(mode=0o711)
    try:
        run_sql(postgres.start(settings), "CREATE TABLE kept AS SELECT 7 AS n")
        shutil.rmtree((settings.var / "pg.socket").read_text().strip())
        assert run_sql(postgres.start(settings), "SELECT n FROM kept") == [(7,)]
    finally:
        postgres.erase(settings)


def test_awkward_characters_in_the_path_do_no_harm(var: Path) -> None:
    settings = settings_with(var / 'it\'s, 100% "odd" $HOME')  # what a shell would trip over
    settings.var.mkdir(mode=0o711)
    try:
        assert run_sql(postgres.start(settings), "SELECT 1") == [(1,)]
    finally:
        postgres.erase(settings)


def test_data_of_another_version_are_refused_and_left_alone(settings: Settings) -> None:
    postgres.start(settings)
    postgres.stop(settings)
    version = settings.var / "pg" / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(DanbaoError, match="17") as refused:
        postgres.start(settings)
    assert refused.value.code == "database_version"
    assert version.read_text() == "17\n"


def test_an_interrupted_first_start_is_begun_anew(settings: Settings) -> None:
    half = settings.var / "pg.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    assert run_sql(postgres.start(settings), "SELECT 1") == [(1,)]


def test_a_server_that_cannot_start_says_why(settings: Settings) -> None:
    with pytest.raises(DanbaoError, match="shared_buffers") as refused:
        postgres.start(settings, {"shared_buffers": "a lot"})
    assert refused.value.remedy is not None


def test_a_database_url_of_ones_own_starts_nothing(tmp_path: Path) -> None:
    settings = settings_with(tmp_path, "postgresql+psycopg://a@b/c")
    assert postgres.start(settings) == settings.database_url
    assert not postgres.stop(settings)
    assert list(tmp_path.iterdir()) == []


def test_the_variables_of_libpq_do_not_lead_it_astray(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("PGPORT", "1")
    assert run_sql(postgres.start(settings), "SELECT 1") == [(1,)]


@is_root
def test_roots_server_runs_as_somebody_else(settings: Settings) -> None:
    postgres.start(settings)
    uid = Path(f"/proc/{pid_of(settings)}").stat().st_uid
    assert pwd.getpwuid(uid).pw_name in ("postgres", "nobody")


@is_root
def test_roots_server_under_a_closed_folder_lives_elsewhere_and_opens_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    settings = settings_with(closed / "var")
    settings.var.mkdir(mode=0o711)
    try:
        run_sql(postgres.start(settings), "CREATE TABLE kept AS SELECT 7 AS n")
        base = Path((settings.var / "pg.location").read_text().strip())
        assert base.parent == postgres_home.ELSEWHERE
        assert str(base) in caplog.text
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        postgres.stop(settings)
        assert run_sql(postgres.start(settings), "SELECT n FROM kept") == [(7,)]
    finally:
        postgres.erase(settings)
    assert not base.exists()


@is_root
def test_a_folder_closed_afterwards_is_reported_instead_of_starting_empty(var: Path) -> None:
    settings = settings_with(var / "inner")
    settings.var.mkdir(mode=0o711)
    postgres.start(settings)
    postgres.stop(settings)
    var.chmod(0o700)
    with pytest.raises(DanbaoError) as refused:
        postgres.start(settings)
    assert refused.value.code == "database_closed"
    var.chmod(0o711)
    postgres.erase(settings)


@is_root
def test_programs_the_server_user_cannot_read_are_copied(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = postgres_home._package()
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.with_name(name), closed / name, symlinks=True)
    monkeypatch.setattr(postgres_home, "_package", lambda: closed / package.name)
    assert run_sql(postgres.start(settings), "SELECT 1") == [(1,)]
    program = os.readlink(f"/proc/{pid_of(settings)}/exe")
    assert program.startswith(str(settings.var))
