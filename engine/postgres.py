"""The embedded PostgreSQL: started when somebody needs it, left running until `danbao db stop`.

No TCP: the socket is in a folder closed to other users, so whoever reaches it is trusted. Data are
durable (fsync, synchronous commit, checksums). Setting DANBAO_DATABASE_URL switches all this off.
"""

import fcntl
import os
import shlex
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from psycopg import pq
from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import URL

from engine.config import Settings
from engine.postgres_home import (
    MAJOR,
    SOCKET_FILE,
    Home,
    find_binaries,
    find_home,
    find_socket,
    refuse,
)
from engine.text import Text, text

USER = DATABASE = "danbao"
PATIENCE = 60.0
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "128MB",
    "max_connections": "100",
    # The server's own log is for faults; it is not rotated.
    "log_checkpoints": "off",
    "log_min_messages": "warning",
}
# The built-in collation is the same on every machine, whatever locales it lacks.
INITDB = [
    "--encoding=UTF8",
    "--auth=trust",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--no-instructions",
]
# What the server says about itself -> what a person can do about it.
REMEDIES: dict[str, Text] = {
    "No space left on device": text("磁盘已满：腾出空间后重试"),
    "Disk quota exceeded": text("磁盘配额已满：腾出空间后重试"),
    "Read-only file system": text("文件系统只读：用DANBAO_VAR另选文件夹"),
    "Permission denied": text("没有权限：检查该文件夹的属主，或用DANBAO_VAR另选文件夹"),
    "could not create shared memory": text("共享内存不足：扩大/dev/shm后重试"),
    "Cannot allocate memory": text("内存不足：腾出内存后重试"),
}


@dataclass(frozen=True)
class Status:
    """`url` is the address programs use; `data` None when the database is not the embedded one."""

    running: bool
    url: str
    data: Path | None = None
    pid: int | None = None


def start(settings: Settings, overrides: Mapping[str, str] | None = None) -> str:
    """Make sure a server runs and return its SQLAlchemy URL. Safe from any number of processes.

    `overrides` are server settings for tests and benchmarks. Raises DanbaoError.
    """
    if settings.database_url:
        return settings.database_url
    with _lock(settings.var):
        home = find_home(settings.var)
        socket = find_socket(home)
        if not _answers(socket):
            _start(home, socket, {**SETTINGS, **(overrides or {})})
        return _url(socket)


def stop(settings: Settings) -> bool:
    """Stop the embedded server after its open transactions are rolled back; False if none ran."""
    if settings.database_url:
        return False
    with _lock(settings.var):
        home = find_home(settings.var)
        return _stop(home)


def status(settings: Settings) -> Status:
    """What runs and where; starts nothing."""
    if settings.database_url:
        return Status(running=True, url=settings.database_url)
    home = find_home(settings.var)
    socket = find_socket(home)
    return Status(_answers(socket), _url(socket), home.data, _postmaster(home.data))


def erase(settings: Settings) -> None:
    """Stop the embedded server and delete all its data. There is no way back."""
    if settings.database_url:
        return
    with _lock(settings.var):
        home = find_home(settings.var)
        _stop(home)
        socket = find_socket(home)
        shutil.rmtree(socket, ignore_errors=True)
        shutil.rmtree(home.data, ignore_errors=True)
        if home.base != settings.var:
            shutil.rmtree(home.base)
        for name in ("pg.location", "pg.socket"):
            (settings.var / name).unlink(missing_ok=True)


@contextmanager
def _lock(var: Path) -> Iterator[None]:
    """One process at a time looks after the server of `var`."""
    try:
        descriptor = os.open(var / "pg.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        refuse(
            "var_closed",
            text("{var}不能写入（{reason}）", var=var, reason=error.strerror),
            text("用它的属主运行，或用DANBAO_VAR另选文件夹"),
            error,
        )
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _url(socket: Path) -> str:
    query = {"host": str(socket), "port": "5432"}
    url = URL.create("postgresql+psycopg", username=USER, database=DATABASE, query=query)
    return url.render_as_string(hide_password=False)


def _answers(socket: Path) -> bool:
    """Whether a server accepts connections there; a full one counts, a starting one does not."""
    if not (socket / SOCKET_FILE).exists():
        return False
    info = make_conninfo(host=str(socket), port=5432, user=USER, dbname=DATABASE, connect_timeout=5)
    return pq.PGconn.ping(info.encode()) == pq.Ping.OK


def _start(home: Home, socket: Path, options: Mapping[str, str]) -> None:
    binaries = find_binaries(home)
    if not (home.data / "PG_VERSION").exists():
        _initialise(home, binaries)
    _check_version(home.data)
    if _settle(home, socket):
        return
    _remove_stale_locks(home.data, socket)
    _launch(home, binaries, {**options, "unix_socket_directories": f'"{socket}"'})


def _initialise(home: Home, binaries: Path) -> None:
    """Make the data folder aside and move it in place whole, so that a crash leaves none."""
    aside = home.base / "pg.new"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(mode=0o700)
        os.chown(aside, home.uid, home.gid)
    except OSError as error:
        _fail(text("不能建立数据文件夹{path}", path=aside), str(error), error)
    failed = text("建立数据库失败")
    _must(home, failed, binaries / "initdb", "-D", aside, "-U", USER, *INITDB)
    single = f"CREATE DATABASE {DATABASE}\n"
    _must(home, failed, binaries / "postgres", "--single", "-D", aside, "postgres", stdin=single)
    if home.data.exists():
        home.data.rmdir()
    aside.rename(home.data)


def _must(home: Home, message: Text, *command: str | Path, stdin: str = "") -> None:
    done = home.run(*command, stdin=stdin)
    if done.returncode != 0:
        _fail(message, (done.stderr or done.stdout).strip())


def _fail(message: Text, reason: str, cause: Exception | None = None) -> None:
    remedy = next((r for sign, r in REMEDIES.items() if sign in reason), None)
    refuse(
        "database_does_not_start",
        text("{message}：{reason}", message=message, reason=reason[-2000:]),
        remedy or text("按上面的原因处理，或设置DANBAO_DATABASE_URL使用其他数据库"),
        cause,
    )


def _check_version(data: Path) -> None:
    found = (data / "PG_VERSION").read_text().strip()
    if found != MAJOR:
        refuse(
            "database_version",
            text(
                "{data}是PostgreSQL {found}的数据，程序是{need}", data=data, found=found, need=MAJOR
            ),
            text("用旧版本导出（pg_dump），移走该文件夹，再导入"),
        )


def _settle(home: Home, socket: Path) -> bool:
    """Wait while a server of this folder is starting or dying; True when it answers after all."""
    end = time.monotonic() + PATIENCE
    while _processes(home.data) and time.monotonic() < end:
        if _answers(socket):
            return True
        if not _listens(home.data, socket):
            # Its socket is gone (a cleaned temporary folder): nobody can reach it any more.
            _stop(home)
        time.sleep(0.05)
    if _processes(home.data):
        _fail(text("{data}的旧进程没有结束", data=home.data), _tail(home.log))
    return False


def _listens(data: Path, socket: Path) -> bool:
    lines = _pid_file(data)
    if len(lines) < 5 or not lines[4]:
        return True  # still starting
    return lines[4] == str(socket) and (socket / SOCKET_FILE).exists()


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _postmaster(data: Path) -> int | None:
    lines = _pid_file(data)
    pid = int(lines[0]) if lines else 0
    return pid if pid in _processes(data) else None


def _processes(data: Path) -> list[int]:
    """Every process of a server on this folder, orphans of a killed one included.

    They are known by their working folder: a number from a file may be somebody else's by now.
    """
    proc = Path("/proc")
    if not (proc / "self/cwd").exists():
        return [int(line) for line in _pid_file(data)[:1] if _is_alive(int(line))]
    return [int(p.name) for p in proc.glob("[0-9]*") if _works_in(p, data)]


def _works_in(process: Path, data: Path) -> bool:
    with suppress(OSError):
        if (process / "comm").read_text().strip() == "postgres":
            return os.readlink(process / "cwd") == str(data.resolve())
    return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def _remove_stale_locks(data: Path, socket: Path) -> None:
    # No process of the server is left, whoever has its number now: postgres itself cannot tell.
    for path in (data / "postmaster.pid", socket / SOCKET_FILE, socket / f"{SOCKET_FILE}.lock"):
        path.unlink(missing_ok=True)


def _launch(home: Home, binaries: Path, options: Mapping[str, str]) -> None:
    flags = " ".join(f"-c {shlex.quote(f'{k}={v}')}" for k, v in options.items())
    seen = home.log.stat().st_size if home.log.exists() else 0
    done = home.run(
        *(binaries / "pg_ctl", "start", "-w", "-s", "-t", str(int(PATIENCE))),
        # Relative: pg_ctl hands them to a shell without minding quotes and dollars in a path.
        *("-D", ".", "-l", home.log.name, "-o", flags),
        cwd=home.data,
    )
    if done.returncode != 0:
        said = _tail(home.log, seen) or (done.stderr or done.stdout).strip()
        _fail(text("数据库没有启动"), said)


def _tail(log: Path, since: int = 0) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(since, log.stat().st_size - 2000))
        return file.read().decode(errors="replace").strip()


def _stop(home: Home) -> bool:
    if _postmaster(home.data) is None:
        return False
    pg_ctl = find_binaries(home) / "pg_ctl"
    done = home.run(
        *(pg_ctl, "stop", "-w", "-s", "-m", "fast", "-t", str(int(PATIENCE)), "-D", home.data)
    )
    if done.returncode != 0 and _postmaster(home.data) is not None:
        _fail(text("数据库没有停止"), done.stderr.strip())
    return True
