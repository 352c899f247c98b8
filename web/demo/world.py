"""The organisations and people of the demonstration: invented, in two districts."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy.orm import Session

from engine.models import Organisation, OrgKind, Role
from engine.operations.accounts import hash_password
from engine.operations.people import create_organisation, create_person, grant
from engine.people import SYSTEM

PASSWORD = "danbao-2026"  # noqa: S105 (printed by the demo, valid nowhere else)


@dataclass(frozen=True)
class Post:
    """An organisation to be made: code, name, kind, referral channel."""

    code: str
    name: str
    kind: OrgKind
    source_type: str | None = None
    guarantor: str | None = None
    district: str = "310114"
    short: str | None = None
    synonyms: tuple[str, ...] = ()


def _towns() -> list[Post]:
    names = {
        "nanxiang": "南翔镇",
        "anting": "安亭镇",
        "waigang": "外冈镇",
        "malu": "马陆镇",
        "jiangqiao": "江桥镇",
        "juyuan": "菊园新区",
    }
    return [Post(code, name, OrgKind.REFERRER, "SUBDISTRICT") for code, name in names.items()]


POSTS: tuple[Post, ...] = (
    Post("finance", "嘉定区财政局", OrgKind.FINANCE, short="区财政局业务科"),
    Post("treasury", "嘉定区财政局国库科", OrgKind.TREASURY, short="区财政局国库科"),
    Post(
        "centre",
        "上海市中小微企业政策性融资担保基金管理中心",
        OrgKind.GUARANTOR,
        guarantor="CITY_CENTRE",
        short="市融资担保中心",
    ),
    Post(
        "jdguarantee",
        "嘉定融资担保有限公司",
        OrgKind.GUARANTOR,
        guarantor="DISTRICT_CO",
        short="嘉定担保公司",
    ),
    *_towns(),
    Post("kewei", "嘉定区科学技术委员会", OrgKind.REFERRER, "DEPT_SCIENCE", short="区科委"),
    Post("jingwei", "嘉定区经济委员会", OrgKind.REFERRER, "DEPT_ECONOMY", short="区经委"),
    Post(
        "nongwei",
        "嘉定区农业农村委员会",
        OrgKind.REFERRER,
        "DEPT_AGRICULTURE",
        short="区农业农村委",
    ),
    Post("shencheng", "申城银行嘉定支行", OrgKind.BANK, "BANK", synonyms=("申城银行",)),
    Post("jiahui", "嘉汇银行南翔支行", OrgKind.BANK, "BANK", synonyms=("嘉汇银行",)),
    Post("jiangqiaobank", "江桥农商银行", OrgKind.BANK, "BANK"),
    Post("puan", "浦岸银行安亭支行", OrgKind.BANK, "BANK", synonyms=("浦岸银行",)),
    Post(
        "mhfinance",
        "闵行区融资服务专班",
        OrgKind.FINANCE,
        district="310112",
        short="闵行融资专班",
    ),
    Post("mhtreasury", "闵行区财政局国库科", OrgKind.TREASURY, district="310112"),
    Post("xinzhuang", "莘庄工业区", OrgKind.REFERRER, "PARK", district="310112"),
    Post("mhchamber", "闵行区商会", OrgKind.REFERRER, "CHAMBER", district="310112"),
    Post("mhbank", "春申银行闵行支行", OrgKind.BANK, "BANK", district="310112"),
)
SURNAMES = "沈陆孙何周王钱顾徐朱潘金高俞丁邵范袁傅曹"
GIVEN = ("雅琴", "文昊", "立群", "静", "颖", "磊", "思远", "敏", "建国", "晓峰", "婷", "志强")
ROLES = (Role.MAKER, Role.CHECKER, Role.HEAD)


def make_world(session: Session, now: datetime) -> dict[str, Organisation]:
    """Create the organisations, three people in each, and a few of the bureau besides."""
    made: dict[str, Organisation] = {}
    for number, post in enumerate(POSTS):
        org = create_organisation(
            session,
            code=post.code,
            name=post.name,
            kind=post.kind,
            short_name=post.short,
            source_type=post.source_type,
            guarantor_code=post.guarantor,
            district_code=post.district,
            synonyms=post.synonyms,
            actor=SYSTEM,
            now=now,
        )
        made[post.code] = org
        for role in ROLES:
            _person(session, org, role, number * len(ROLES) + ROLES.index(role), now)
    _person(session, made["finance"], Role.AUDITOR, 71, now, "auditor")
    _person(session, made["finance"], Role.ADMIN, 72, now, "admin")
    _person(session, made["finance"], Role.OWNER, 73, now, "owner")
    _person(session, made["finance"], Role.OWNER, 74, now, "owner2")
    return made


@cache
def _hashed() -> str:
    # one hash for all: seventy would take seconds
    return hash_password(PASSWORD)


def _person(
    session: Session,
    org: Organisation,
    role: Role,
    number: int,
    now: datetime,
    username: str | None = None,
) -> None:
    name = SURNAMES[number % len(SURNAMES)] + GIVEN[(number * 7 + 3) % len(GIVEN)]
    username = username or f"{org.code}.{role.value}"
    person = create_person(
        session,
        username=username,
        name=name,
        email=f"{username}@danbao.example",
        password_hash=_hashed(),
        actor=SYSTEM,
        now=now,
    )
    grant(session, person, org, role, SYSTEM, now)
