"""What an operation is given. How it is named for the diagrams: engine.runtime.registry."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.clock import local_date
from engine.dmn import Result
from engine.domain.programme import Parameters
from engine.events import emit
from engine.models import Instance, PartyBinding, WorkItem
from engine.people import Actor
from engine.runtime.facts import Facts, read_facts
from engine.runtime.registry import (
    Operation,
    Routing,
    form_operation,
    operation,
    operations,
    service_operation,
    starts_with,
)
from engine.text import Text

if TYPE_CHECKING:
    from engine.runtime.decisions import Consultation

__all__ = [
    "Operation",
    "Routing",
    "StepContext",
    "call_hook",
    "form_operation",
    "hook",
    "is_final",
    "is_sealed",
    "operation",
    "operations",
    "service_operation",
    "starts_with",
]


Sent = tuple[str, str, str]  # MESSAGE or SIGNAL, its name, and what it is about


@dataclass
class StepContext:
    """One step of one instance: who, when, for what, and the transaction it happens in.

    `data` is the element's data (JSON-native: ids, outcomes, routing values); operations read it
    and return what is to be added, never write it. `work_item` is set in form operations.
    """

    session: Session
    now: datetime
    actor: Actor
    instance: Instance
    parameters: Parameters
    data: Mapping[str, Any] = field(default_factory=dict)
    work_item: WorkItem | None = None
    element_id: str = ""  # where in the diagram the step is
    messages: list[Sent] = field(default_factory=list)
    hops: int = 0  # how many instances a message went through to cause this step
    services_run: int = 0
    facts: Facts | None = None  # the instance's rows; read when asked for where a step has none

    @property
    def today(self) -> date:
        """The calendar day in Shanghai."""
        return local_date(self.now)

    @property
    def known(self) -> Facts:
        """The rows of the instance, read in this step."""
        if self.facts is None:
            self.facts = read_facts(self.session, self.instance.id)
        return self.facts

    def decide(self, decision: str, facts: Mapping[str, Any]) -> Result:
        """What a published decision says of facts, kept with the case (decisions.ask)."""
        from engine.runtime.decisions import ask

        return ask(self, decision, facts)

    def consult(self) -> "Consultation":
        """To ask the same without a record."""
        from engine.runtime.decisions import Consultation

        return Consultation(self)

    def send(self, message: str, correlation: object) -> None:
        """Send a message to waiting instances once this step is saved, in its transaction."""
        self.messages.append(("MESSAGE", message, str(correlation)))

    def broadcast(self, signal: str) -> None:
        """Send a signal to every other waiting instance once this step is saved."""
        self.messages.append(("SIGNAL", signal, ""))

    def bind(self, party: str, org_id: int) -> None:
        """Let an organisation play a party in this instance from now on."""
        row = insert(PartyBinding).values(instance_id=self.instance.id, party=party, org_id=org_id)
        self.session.execute(
            row.on_conflict_do_update(
                index_elements=["instance_id", "party"], set_={"org_id": org_id}
            )
        )
        if self.facts is not None:
            self.facts.parties[party] = org_id

    def party(self, name: str) -> int | None:
        """The organisation that plays a party, or None."""
        return self.known.parties.get(name)

    def audit(
        self,
        action: str,
        summary: Text,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        reason: str | None = None,
        clause: str | None = None,
    ) -> None:
        """Write to the audit chain of what this instance is about."""
        record(
            self.session,
            chain=self.instance.subject,
            action=action,
            summary=summary,
            actor=self.actor,
            now=self.now,
            before=before,
            after=after,
            reason=reason,
            clause=clause,
            versions={
                "process": self.instance.process_key,
                "deployment": self.instance.deployment_id,
                "parameters": self.parameters.version,
            },
        )

    def emit(self, kind: str, **payload: Any) -> None:
        """Tell that something happened; the notifications package makes mails of it."""
        emit(self.session, kind, self.instance.subject, payload, self.now)


Hook = Callable[["StepContext", Any], None]
_HOOKS: dict[tuple[str, str], Hook] = {}


def hook(moment: str, process_key: str) -> Callable[[Hook], Hook]:
    """Register what follows from a moment of a process: "stage" (its number) or "ended" (the end
    event's id)."""

    def register(function: Hook) -> Hook:
        _HOOKS[moment, process_key] = function
        return function

    return register


def call_hook(moment: str, ctx: "StepContext", value: Any) -> None:
    """Call what is registered for this moment of the step's process, if anything is."""
    import engine.operations  # noqa: F401  (its modules register themselves)

    found = _HOOKS.get((moment, ctx.instance.process_key))
    if found is not None:
        found(ctx, value)


def is_sealed(item: WorkItem) -> bool:
    """Whether what the item's form says is stored by its operation alone (`keeps_values`)."""
    found = operation(item.operation) if item.operation else None
    return found is not None and not found.keeps_values


def is_final(item: WorkItem) -> bool:
    """Whether what the item's form decides cannot be taken back."""
    found = operation(item.operation) if item.operation else None
    return found is not None and found.final
