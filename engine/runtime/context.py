"""What an operation is given, and the registry that names operations for the diagrams."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.clock import local_date
from engine.domain.programme import Parameters
from engine.events import emit
from engine.models import Instance, PartyBinding, WorkItem
from engine.people import Actor
from engine.text import Text

Routing = dict[str, Any]
FormOperation = Callable[["StepContext", Mapping[str, Any]], Routing | None]
ServiceOperation = Callable[..., Routing | None]


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
    messages: list[tuple[str, str]] = field(default_factory=list)
    services_run: int = 0

    @property
    def today(self) -> date:
        """The calendar day in Shanghai."""
        return local_date(self.now)

    def send(self, message: str, correlation: object) -> None:
        """Send a message to waiting instances once this step is saved, in its transaction."""
        self.messages.append((message, str(correlation)))

    def bind(self, party: str, org_id: int) -> None:
        """Let an organisation play a party in this instance from now on."""
        row = insert(PartyBinding).values(instance_id=self.instance.id, party=party, org_id=org_id)
        self.session.execute(
            row.on_conflict_do_update(
                index_elements=["instance_id", "party"], set_={"org_id": org_id}
            )
        )

    def party(self, name: str) -> int | None:
        """The organisation that plays a party, or None."""
        query = select(PartyBinding.org_id).where(
            PartyBinding.instance_id == self.instance.id, PartyBinding.party == name
        )
        return self.session.scalar(query)

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


@dataclass(frozen=True)
class Operation:
    """A registered operation: `kind` is "form" (records a completed form) or "service".

    Without `keeps_values` the form's values are stored by the operation alone: neither the task
    nor the audit trail repeats what others may not read yet. What a `final` one decides is in
    force at once, and cannot be taken back (撤回) with the step.
    """

    name: str
    kind: str
    function: Callable[..., Routing | None]
    title: str
    keeps_values: bool = True
    final: bool = False


_REGISTRY: dict[str, Operation] = {}


def form_operation(
    name: str, title: str, *, keeps_values: bool = True, final: bool = False
) -> Callable[[FormOperation], FormOperation]:
    """Register `function(ctx, values) -> routing values` to record a completed form."""

    def register(function: FormOperation) -> FormOperation:
        _REGISTRY[name] = Operation(name, "form", function, title, keeps_values, final)
        return function

    return register


def service_operation(name: str, title: str) -> Callable[[ServiceOperation], ServiceOperation]:
    """Register `function(ctx, **inputs) -> routing values` for service tasks."""

    def register(function: ServiceOperation) -> ServiceOperation:
        _REGISTRY[name] = Operation(name, "service", function, title)
        return function

    return register


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


def operation(name: str) -> Operation | None:
    """The operation of that name; None when there is none (publication refuses such a diagram)."""
    import engine.operations  # noqa: F401  (its modules register themselves)

    return _REGISTRY.get(name)


def is_sealed(item: WorkItem) -> bool:
    """Whether what the item's form says is stored by its operation alone (`keeps_values`)."""
    found = operation(item.operation) if item.operation else None
    return found is not None and not found.keeps_values


def is_final(item: WorkItem) -> bool:
    """Whether what the item's form decides cannot be taken back."""
    found = operation(item.operation) if item.operation else None
    return found is not None and found.final
