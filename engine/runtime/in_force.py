"""What is in force now: the deployment that instances start on, and the programmes.

Asked for once in a transaction, whose work is then of one publication.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from engine.domain.programme import Programme
from engine.domain.programme_file import parse_common, parse_programme
from engine.errors import NotFound
from engine.exchange import exchange
from engine.models import Definition, DefinitionKind
from engine.programmes import read_yaml
from engine.runtime.normalise import DiagramRefused
from engine.text import text

COMMON = "_common"
Content = tuple[tuple[str, str], ...]  # (key, digest) of the files that belong together

_programmes: dict[Content, dict[str, Programme]] = {}
_marked: WeakKeyDictionary[Engine, dict[int | None, Mapping[str, Programme]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class _InForce:
    """What is in force: the deployment, and the newest definition of any programme, by which all
    programmes are known."""

    deployment: int | None
    programmes: int | None


_IN_FORCE = (
    "SELECT (SELECT id FROM deployment ORDER BY activated_at DESC, id DESC LIMIT 1),"
    " (SELECT max(id) FROM definition WHERE kind = 'PROGRAMME')"
)


def _in_force(session: Session) -> _InForce:
    found: _InForce | None = session.info.get("in_force")
    if found is None:
        session.flush()  # as any query of the session would
        row = exchange(session.connection(), [(_IN_FORCE, ())])[0][0]
        found = session.info["in_force"] = _InForce(*row)
    return found


@event.listens_for(Session, "after_transaction_end")
def ask_again(session: Session, *_: object) -> None:
    """Something else may be in force from here on: a new transaction, or a publication in it."""
    session.info.pop("in_force", None)


def current_deployment(session: Session) -> int:
    """The deployment that new instances start on. Raises DiagramRefused when there is none."""
    found = _in_force(session).deployment
    if found is None:
        raise DiagramRefused(
            "nothing_published", text("还没有发布任何流程"), text("运行 danbao publish")
        )
    return found


def programme_of(session: Session, code: str, mark: int | None = None) -> Programme:
    """The programme as published last, with all its dated versions. Raises NotFound.

    `mark`: the newest definition of any programme, when the caller has just read it.
    """
    found = programmes(session, mark).get(code)
    if found is None:
        raise NotFound(text("没有代码为{code}的方案", code=code))
    return found


def programmes(session: Session, mark: int | None = None) -> Mapping[str, Programme]:
    """All published programmes by their code. The same `mark` in the same database means the same
    programmes."""
    mark = mark or _in_force(session).programmes
    known = _marked.setdefault(session.get_bind().engine, {})
    if mark not in known:
        known[mark] = _published(session)
    return known[mark]


def _published(session: Session) -> Mapping[str, Programme]:
    query = (
        select(Definition.key, Definition.digest)
        .where(Definition.kind == DefinitionKind.PROGRAMME.value)
        .distinct(Definition.key)
        .order_by(Definition.key, Definition.version.desc())
    )
    content = tuple(session.execute(query).tuples().all())
    if content not in _programmes:
        read_programmes(content, sources_of(session, DefinitionKind.PROGRAMME, content))
    return _programmes[content]


def read_programmes(content: Content, sources: Mapping[str, bytes]) -> dict[str, Programme]:
    """The programmes of these files. Raises ProgrammeInvalid."""
    trees = {key: read_yaml(source.decode("utf-8-sig"), key) for key, source in sources.items()}
    common = parse_common(trees.pop(COMMON), COMMON) if COMMON in trees else {}
    found = (parse_programme(tree, key, common) for key, tree in trees.items())
    _programmes[content] = {programme.code: programme for programme in found}
    return _programmes[content]


def sources_of(session: Session, kind: DefinitionKind, content: Content) -> dict[str, bytes]:
    """The files of that kind by their key."""
    query = select(Definition.key, Definition.digest, Definition.source).where(
        Definition.kind == kind.value, Definition.key.in_([key for key, _ in content])
    )
    wanted = set(content)
    rows = session.execute(query).tuples()
    return {key: source for key, digest, source in rows if (key, digest) in wanted}
