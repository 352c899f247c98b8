"""Which of the common elements lead to one another, past those that only one file has."""

from collections.abc import Iterator

from engine.runtime.compare.parts import Diagram, Part

FAR = 200  # elements that are looked past; what is farther away is told rather than explained


def comes_from(diagram: Diagram, target: str, common: set[str]) -> set[str]:
    """The common elements from which one comes to `target` without meeting another common one."""
    stack, seen, found = [target], {target}, set()
    while stack and len(seen) < FAR:
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


def straight(diagram: Diagram, flow: Part, fixed: set[str]) -> Iterator[Part]:
    """The flows back from one to where the next fixed element is left, itself first.

    They go on as long as each element between is of one way in and one way out, and nothing
    happens to it but that it is passed; what forks or joins ends them short of a fixed element.
    """
    yield flow
    for _ in range(FAR):
        key = flow.way[0]
        into, out = diagram.arriving.get(key, []), diagram.leaving.get(key, [])
        if key in fixed or len(into) != 1 or len(out) != 1:
            return
        flow = into[0]
        yield flow


def source_of(diagram: Diagram, key: str) -> Part | None:
    """What one comes from to an element: the first that leads there, or what it sits on."""
    host = diagram.nodes[key].said.get("attachedToRef")
    sources = [host] if host else diagram.inward.get(key, [])
    return next((diagram.nodes[one] for one in sources if one in diagram.nodes), None)
