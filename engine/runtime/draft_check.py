"""What is wrong with a draft while it is drawn: what the gate would say, for one diagram."""

from sqlalchemy.orm import Session

from engine.findings import Finding
from engine.models import DefinitionKind
from engine.runtime.definitions import files_in
from engine.runtime.in_force import current_deployment
from engine.runtime.lint.gate import report_on
from engine.runtime.lint.gather import Source


def findings(session: Session, key: str, source: bytes) -> tuple[Finding, ...]:
    """All findings on a diagram in its place among what is in force."""
    around = files_in(session, current_deployment(session))
    files = [Source(one.kind, one.key, one.source) for one in around]
    return report_on(Source(DefinitionKind.PROCESS, key, source), files).findings
