"""Which of the common elements lead to one another, past those that only one file has."""

from engine.runtime.compare.parts import Diagram, Part


def comes_from(diagram: Diagram, target: str, common: set[str]) -> set[str]:
    """The common elements from which one comes to `target` without meeting another common one."""
    stack, seen, found = [target], {target}, set()
    while stack:
        for source in diagram.inward.get(stack.pop(), []):
            if source in common:
                found.add(source)
            elif source not in seen:
                seen.add(source)
                stack.append(source)
    return found


def leads(diagram: Diagram, source: str, target: str, common: set[str]) -> bool:
    """Whether one leads to the other directly or by way of what only this diagram has."""
    return source in comes_from(diagram, target, common)


def source_of(diagram: Diagram, key: str) -> Part | None:
    """What one comes from to an element: the first that leads there, or what it sits on."""
    host = diagram.nodes[key].said.get("attachedToRef")
    sources = [host] if host else diagram.inward.get(key, [])
    return next((diagram.nodes[one] for one in sources if one in diagram.nodes), None)
