"""Who plays which part: the organisations of a district, and the person who acts."""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engine.errors import NotAllowed, RuleRefused
from engine.models import Organisation, OrgKind
from engine.people import Actor
from engine.text import Text, text

CITY_CENTRE = "CITY_CENTRE"


def person_of(actor: Actor) -> int:
    """The acting person's id. NotAllowed for the system, which signs nothing."""
    if actor.person_id is None:
        raise NotAllowed("person_needed", text("这一步要由人办理"))
    return actor.person_id


def post_of(actor: Actor) -> int:
    """The id of the organisation that the person acts for. NotAllowed for the system."""
    if actor.org_id is None:
        raise NotAllowed("person_needed", text("这一步要由人办理"))
    return actor.org_id


def finance_of(session: Session, district_code: str) -> int:
    """The finance bureau of a district. RuleRefused when there is none."""
    query = _active(OrgKind.FINANCE).where(Organisation.district_code == district_code)
    return _found(session.scalar(query), text("还没有登记本区财政局"))


def treasury_of(session: Session, district_code: str) -> int:
    """The treasury of a district (国库). RuleRefused when there is none."""
    query = _active(OrgKind.TREASURY).where(Organisation.district_code == district_code)
    return _found(session.scalar(query), text("还没有登记本区国库"))


def centre_of(session: Session) -> int:
    """The city's guarantee centre (市融资担保中心). RuleRefused when there is none."""
    query = _active(OrgKind.GUARANTOR).where(Organisation.guarantor_code == CITY_CENTRE)
    return _found(session.scalar(query), text("还没有登记市融资担保中心"))


def _active(kind: OrgKind) -> Select[tuple[int]]:
    wanted = (Organisation.kind == kind.value, Organisation.active)
    return select(Organisation.id).where(*wanted).order_by(Organisation.id).limit(1)


def _found(org_id: int | None, missing: Text) -> int:
    if org_id is None:
        raise RuleRefused("organisation_missing", missing, text("请系统管理员先登记该单位"))
    return org_id
