"""Settings of one installation, read once from the environment. A wrong value is refused aloud."""

import difflib
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Literal, cast
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from engine.errors import DanbaoError
from engine.text import Text, text

ROOT = Path(__file__).resolve().parent.parent
KNOWN = {
    *("DANBAO_DATABASE_URL", "DANBAO_VAR", "DANBAO_SECRET_KEY", "DANBAO_BASE_URL"),
    *("DANBAO_SECURE_COOKIES", "DANBAO_PROXIES", "DANBAO_AUDIT_HASH"),
    *("DANBAO_SMTP_HOST", "DANBAO_SMTP_PORT", "DANBAO_SMTP_USER", "DANBAO_SMTP_PASSWORD"),
    *("DANBAO_SMTP_FROM", "DANBAO_SMTP_TLS"),
}
# Read by the tests themselves, never by the application.
FOREIGN = ("DANBAO_TEST_", "DANBAO_BENCH_")
SECRET_LENGTH = 32

Tls = Literal["starttls", "ssl", "none"]
AuditHash = Literal["sha256", "sm3"]
SMTP_PORTS: dict[Tls, int] = {"starttls": 587, "ssl": 465, "none": 25}


class BadSetting(DanbaoError):
    """A variable of the environment cannot be used: which, its value, why, and what to set."""

    status = 500

    def __init__(self, variable: str, value: str, reason: Text, remedy: Text) -> None:
        message = text(
            "{variable}={value}：{reason}", variable=variable, value=value, reason=reason
        )
        super().__init__("bad_setting", message, remedy)
        self.variable = variable


@dataclass(frozen=True)
class Smtp:
    """The mail server reminders are sent through."""

    host: str
    port: int
    sender: str
    tls: Tls
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Settings:
    """Everything an installation may set. No `database_url`: the embedded server in `var`."""

    var: Path
    secret_key: str = field(repr=False)
    database_url: str | None = field(default=None, repr=False)
    base_url: str = "http://127.0.0.1:8000"
    secure_cookies: bool = False
    proxies: int = 0
    audit_hash: AuditHash = "sha256"
    smtp: Smtp | None = None


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check every DANBAO_ variable; an empty one counts as not set.

    Creates `var` and, unless DANBAO_SECRET_KEY is set, `var/secret` (mode 0600) the first time.
    Raises BadSetting.
    """
    given = {k: v.strip() for k, v in environ.items() if k.startswith("DANBAO_") and v.strip()}
    _refuse_unknown(given)
    var = _var(given)
    base_url = _base_url(given)
    return Settings(
        var=var,
        secret_key=_secret_key(given, var),
        database_url=_database_url(given),
        base_url=base_url,
        secure_cookies=_flag(given, "DANBAO_SECURE_COOKIES", base_url.startswith("https://")),
        proxies=_number(given, "DANBAO_PROXIES", 0, 0, 9),
        audit_hash=cast(AuditHash, _choice(given, "DANBAO_AUDIT_HASH", ("sha256", "sm3"))),
        smtp=_smtp(given),
    )


def _refuse_unknown(given: Mapping[str, str]) -> None:
    # A misspelt DANBAO_DATABASE_URL would otherwise start an empty database in production.
    for name in sorted(given):
        if name in KNOWN or name.startswith(FOREIGN):
            continue
        near = difflib.get_close_matches(name, KNOWN, n=1)
        remedy = text("改为{near}，或删除它", near=near[0]) if near else text("删除它")
        raise BadSetting(name, "…", text("没有这个设置项"), remedy)


def _var(given: Mapping[str, str]) -> Path:
    var = Path(given.get("DANBAO_VAR", ROOT / "var")).expanduser().resolve()
    # The database server of a root installation runs as another user and has to pass through.
    mode = 0o711 if os.geteuid() == 0 else 0o700
    try:
        var.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        reason = text("文件夹不能使用（{error}）", error=error.strerror)
        raise BadSetting(
            "DANBAO_VAR", str(var), reason, text("换一个可以写入的文件夹，或修改其属主")
        ) from error
    return var


def _secret_key(given: Mapping[str, str], var: Path) -> str:
    key = given.get("DANBAO_SECRET_KEY")
    if key is None:
        return _kept_secret(var / "secret")
    if len(key) < SECRET_LENGTH:
        reason = text("密钥太短，至少{n}个字符", n=SECRET_LENGTH)
        raise BadSetting("DANBAO_SECRET_KEY", "***", reason, text("用openssl rand -hex 32生成"))
    return key


def _kept_secret(path: Path) -> str:
    try:
        if not path.exists():
            _create_secret(path)
        open_to_others = path.stat().st_mode & 0o077
        key = path.read_text().strip()
    except OSError as error:
        reason = text("密钥文件{path}读写失败（{error}）", path=path, error=error.strerror)
        raise BadSetting(
            "DANBAO_SECRET_KEY", "", reason, text("用创建它的用户运行，或设置DANBAO_SECRET_KEY")
        ) from error
    if open_to_others:
        reason = text("密钥文件{path}对其他用户可读", path=path)
        raise BadSetting("DANBAO_SECRET_KEY", "***", reason, text("执行chmod 600 {p}", p=path))
    if len(key) < SECRET_LENGTH:
        reason = text("密钥文件{path}内容不完整", path=path)
        raise BadSetting("DANBAO_SECRET_KEY", "***", reason, text("删除该文件后重新启动"))
    return key


def _create_secret(path: Path) -> None:
    # Written aside and linked, so that two processes starting at once agree on one whole key.
    aside = path.with_name(f"secret.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
    try:
        os.link(aside, path)
    except FileExistsError:
        return
    finally:
        aside.unlink()


def _database_url(given: Mapping[str, str]) -> str | None:
    variable = "DANBAO_DATABASE_URL"
    value = given.get(variable)
    if value is None:
        return None
    remedy = text("写成postgresql://用户:口令@主机:5432/库名")
    try:
        url = make_url(value)
    except (ArgumentError, ValueError) as error:
        raise BadSetting(variable, "***", text("不是数据库地址"), remedy) from error
    if url.get_backend_name() not in ("postgresql", "postgres"):
        shown = url.render_as_string(hide_password=True)
        raise BadSetting(variable, shown, text("只支持PostgreSQL"), remedy)
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _base_url(given: Mapping[str, str]) -> str:
    variable = "DANBAO_BASE_URL"
    value = given.get(variable, "http://127.0.0.1:8000").rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        remedy = text("写成https://danbao.example.gov.cn")
        raise BadSetting(variable, value, text("不是网址"), remedy)
    if parts.path or parts.query or parts.fragment:
        remedy = text("只写协议、主机和端口")
        raise BadSetting(variable, value, text("网址后面不能带路径"), remedy)
    return value


def _flag(given: Mapping[str, str], variable: str, default: bool) -> bool:
    return _choice(given, variable, ("1", "0") if default else ("0", "1")) == "1"


def _choice(given: Mapping[str, str], variable: str, choices: tuple[str, ...]) -> str:
    """One of `choices`, in any case; the first is the default."""
    value = given.get(variable, choices[0]).lower()
    if value not in choices:
        remedy = text("改为{choices}之一", choices="、".join(choices))
        raise BadSetting(variable, value, text("不在可选值之内"), remedy)
    return value


def _number(given: Mapping[str, str], variable: str, default: int, low: int, high: int) -> int:
    value = given.get(variable, str(default))
    if not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
        remedy = text("改为{low}到{high}的整数", low=low, high=high)
        raise BadSetting(variable, value, text("不是允许范围内的整数"), remedy)
    return int(value)


def _smtp(given: Mapping[str, str]) -> Smtp | None:
    named = [name for name in given if name.startswith("DANBAO_SMTP_")]
    if not named:
        return None
    for needed in ("DANBAO_SMTP_HOST", "DANBAO_SMTP_FROM"):
        if needed not in given:
            reason = text("已设置{other}，缺少这一项", other=sorted(named)[0])
            raise BadSetting(needed, "", reason, text("设置它，或删除全部DANBAO_SMTP_设置"))
    tls = cast(Tls, _choice(given, "DANBAO_SMTP_TLS", ("starttls", "ssl", "none")))
    user, password = given.get("DANBAO_SMTP_USER"), given.get("DANBAO_SMTP_PASSWORD")
    if (user is None) != (password is None):
        missing = "DANBAO_SMTP_PASSWORD" if user else "DANBAO_SMTP_USER"
        raise BadSetting(missing, "", text("用户名和口令要一起设置"), text("补上缺少的一项"))
    port = _number(given, "DANBAO_SMTP_PORT", SMTP_PORTS[tls], 1, 65535)
    return Smtp(given["DANBAO_SMTP_HOST"], port, _sender(given), tls, user, password)


def _sender(given: Mapping[str, str]) -> str:
    value = given["DANBAO_SMTP_FROM"]
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(value)[1]):
        remedy = text("写成danbao@example.gov.cn，或名称加尖括号里的地址")
        raise BadSetting("DANBAO_SMTP_FROM", value, text("不是邮件地址"), remedy)
    return value
