"""`danbao user`: the first accounts of an installation; afterwards the pages under 管理 do it."""

import click

from engine import db
from engine.clock import utc_now
from engine.config import load_settings
from engine.models import OrgKind, Role
from engine.operations.accounts import hash_password
from engine.operations.people import create_organisation, create_person, grant
from engine.people import SYSTEM


@click.group(help="开通首批账号；以后在“管理”里办理。")
def user() -> None:
    """Accounts from the command line."""


@user.command("first")
@click.option("--org", required=True, help="单位全称，如 嘉定区财政局")
@click.option("--org-code", required=True, help="单位代码，如 finance")
@click.option("--district", default="310114", show_default=True, help="区划代码")
@click.option("--username", required=True)
@click.option("--name", required=True, help="姓名")
@click.option("--email", required=True)
@click.password_option(help="至少10位")
def first(
    org: str, org_code: str, district: str, username: str, name: str, email: str, password: str
) -> None:
    """登记区财政局和第一位系统管理员。"""
    settings = load_settings()
    engine = db.connect(settings)
    db.migrate(engine)
    now = utc_now()
    with db.unit_of_work(db.session_factory(engine)) as session:
        made = create_organisation(
            session,
            code=org_code,
            name=org,
            kind=OrgKind.FINANCE,
            district_code=district,
            actor=SYSTEM,
            now=now,
        )
        person = create_person(
            session,
            username=username,
            name=name,
            email=email,
            password_hash=hash_password(password),
            actor=SYSTEM,
            now=now,
        )
        grant(session, person, made, Role.ADMIN, SYSTEM, now)
    click.echo(f"已开通：{username}（{org} 系统管理员）")
