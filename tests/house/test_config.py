"""Settings are read once; a wrong one is refused with its name, its value, why, and what to set."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.config import BadSetting, Settings, Smtp, load_settings

MAIL = {"DANBAO_SMTP_HOST": "mail.example.cn", "DANBAO_SMTP_FROM": "担保通 <a@example.cn>"}


def load(var: Path, **given: str) -> Settings:
    named = {f"DANBAO_{name}": value for name, value in given.items()}
    return load_settings({"DANBAO_VAR": str(var), **named})


def test_without_settings_everything_is_local(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.database_url is None
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.smtp is None
    assert settings.audit_hash == "sha256"
    assert not settings.secure_cookies


def test_the_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        keys = {s.secret_key for s in pool.map(load, [tmp_path / "var"] * 8)}
    assert len(keys) == 1
    assert len(keys.pop()) == 64
    assert stat.S_IMODE((tmp_path / "var" / "secret").stat().st_mode) == 0o600
    assert [p.name for p in (tmp_path / "var").iterdir()] == ["secret"]


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    load(tmp_path)
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(BadSetting, match="DANBAO_SECRET_KEY"):
        load(tmp_path)


def test_secrets_are_not_shown_when_settings_are_printed(tmp_path: Path) -> None:
    given = {name.removeprefix("DANBAO_"): value for name, value in MAIL.items()}
    settings = load(
        tmp_path,
        SECRET_KEY="s" * 32,
        DATABASE_URL="postgres://u:hidden@h/d",
        SMTP_USER="u",
        SMTP_PASSWORD="hidden",
        **given,
    )
    assert "hidden" not in repr(settings)
    assert "sss" not in repr(settings)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_database_url_is_read_with_psycopg(tmp_path: Path, scheme: str) -> None:
    settings = load(tmp_path, DATABASE_URL=f"{scheme}://u:p%40@h:5433/d")
    assert settings.database_url == "postgresql+psycopg://u:p%40@h:5433/d"


def test_https_makes_cookies_secure_unless_told_otherwise(tmp_path: Path) -> None:
    assert load(tmp_path, BASE_URL="https://a.cn/").secure_cookies
    assert not load(tmp_path, BASE_URL="https://a.cn", SECURE_COOKIES="0").secure_cookies


@pytest.mark.parametrize(("tls", "port"), [("starttls", 587), ("SSL", 465), ("none", 25)])
def test_the_mail_port_follows_its_encryption(tmp_path: Path, tls: str, port: int) -> None:
    settings = load_settings({"DANBAO_VAR": str(tmp_path), "DANBAO_SMTP_TLS": tls, **MAIL})
    assert isinstance(settings.smtp, Smtp)
    assert (settings.smtp.tls, settings.smtp.port) == (tls.lower(), port)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DANBAO_DATABSE_URL", "postgresql://a/b"),
        ("DANBAO_DATABASE_URL", "sqlite:///x.db"),
        ("DANBAO_DATABASE_URL", "nonsense"),
        ("DANBAO_DATABASE_URL", "postgresql://a:port/b"),
        ("DANBAO_VAR", "/dev/null/var"),
        ("DANBAO_SECRET_KEY", "short"),
        ("DANBAO_BASE_URL", "danbao.cn"),
        ("DANBAO_BASE_URL", "https://danbao.cn/app"),
        ("DANBAO_SECURE_COOKIES", "maybe"),
        ("DANBAO_PROXIES", "-1"),
        ("DANBAO_AUDIT_HASH", "md5"),
        ("DANBAO_SMTP_PORT", "70000"),
        ("DANBAO_SMTP_PORT", "２５"),
        ("DANBAO_SMTP_TLS", "tls1"),
        ("DANBAO_SMTP_FROM", "nobody"),
    ],
)
def test_a_wrong_value_is_refused_by_name_with_a_remedy(
    tmp_path: Path, variable: str, value: str
) -> None:
    mail = MAIL if "SMTP" in variable else {}
    environ = {"DANBAO_VAR": str(tmp_path), **mail, variable: value}
    with pytest.raises(BadSetting) as refused:
        load_settings(environ)
    assert refused.value.variable == variable
    assert str(refused.value.message).startswith(f"{variable}=")
    assert refused.value.remedy is not None
    assert "short" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"DANBAO_SMTP_HOST": "mail.example.cn"}, "DANBAO_SMTP_FROM"),
        ({"DANBAO_SMTP_USER": "u"}, "DANBAO_SMTP_HOST"),
        ({**MAIL, "DANBAO_SMTP_USER": "u"}, "DANBAO_SMTP_PASSWORD"),
        ({**MAIL, "DANBAO_SMTP_PASSWORD": "p"}, "DANBAO_SMTP_USER"),
    ],
)
def test_half_a_mail_server_is_refused(tmp_path: Path, given: dict[str, str], missing: str) -> None:
    with pytest.raises(BadSetting) as refused:
        load_settings({"DANBAO_VAR": str(tmp_path), **given})
    assert refused.value.variable == missing


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert load(tmp_path, DATABASE_URL="", SMTP_HOST=" ").smtp is None
