"""Who acts: a person in a post, or the system itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A person acting for an organisation. `roles` are those held there; none for the system."""

    person_id: int | None
    org_id: int | None
    name: str
    roles: frozenset[str] = frozenset()
    org_kind: str | None = None
    request_id: str | None = None

    @property
    def is_system(self) -> bool:
        """True for what the system does by itself (sweeps, service operations after a timer)."""
        return self.person_id is None


SYSTEM = Actor(None, None, "系统")
