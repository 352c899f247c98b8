"""Every diagram reads well: nothing overlaps, nothing is crossed, all lies where it belongs."""

from itertools import combinations, pairwise

import pytest

from engine.runtime.picture_model import Box, Edge, Point, Shape
from tests.diagrams.files import PROCESSES, flows, is_flow_node, nodes, picture

Segment = tuple[Point, Point]
every_process = pytest.mark.parametrize("process", PROCESSES)


def flow_nodes(process: str) -> list[Shape]:
    return [shape for shape in picture(process).shapes if is_flow_node(shape)]


def overlap(a: Box, b: Box) -> bool:
    (ax, ay), (bx, by) = a.corner, b.corner
    return a.x < bx and b.x < ax and a.y < by and b.y < ay


def crosses(segment: Segment, box: Box) -> bool:
    """Whether an orthogonal segment runs through the inside of a box."""
    (x0, y0), (x1, y1) = segment
    inside = Box(box.x + 1, box.y + 1, box.w - 2, box.h - 2)
    flat = Box(min(x0, x1), min(y0, y1), abs(x1 - x0) + 0.01, abs(y1 - y0) + 0.01)
    return overlap(inside, flat)


def on_border(point: Point, box: Box) -> bool:
    x, y = point
    right, bottom = box.corner
    within = box.x <= x <= right and box.y <= y <= bottom
    return within and (x in (box.x, right) or y in (box.y, bottom))


def segments(edge: Edge) -> list[Segment]:
    return list(pairwise(edge.points))


def labels(process: str) -> list[tuple[str, Box]]:
    found = [(shape.id, shape.label) for shape in picture(process).shapes]
    found += [(edge.id, edge.label) for edge in picture(process).edges]
    return [(key, box) for key, box in found if box]


@every_process
def test_no_two_shapes_overlap(process: str) -> None:
    shapes = [shape for shape in flow_nodes(process) if shape.kind != "boundaryEvent"]
    assert [(a.id, b.id) for a, b in combinations(shapes, 2) if overlap(a.box, b.box)] == []


@every_process
def test_neighbours_have_air_between_them(process: str) -> None:
    shapes = [shape for shape in flow_nodes(process) if shape.kind != "boundaryEvent"]
    wide = {s.id: Box(s.box.x - 12, s.box.y - 12, s.box.w + 24, s.box.h + 24) for s in shapes}
    assert [(a.id, b.id) for a, b in combinations(shapes, 2) if overlap(wide[a.id], b.box)] == []


@every_process
def test_no_flow_runs_through_a_shape_that_it_does_not_connect(process: str) -> None:
    hosts = {
        node.get("id"): node.get("attachedToRef")
        for node in nodes(process)
        if node.get("attachedToRef")
    }
    found = [
        (edge.id, shape.id)
        for edge in picture(process).edges
        for shape in flow_nodes(process)
        if shape.id not in (edge.source, edge.target, hosts.get(edge.source))
        and any(crosses(segment, shape.box) for segment in segments(edge))
    ]
    assert found == []


@every_process
def test_flows_run_horizontally_and_vertically_only(process: str) -> None:
    for edge in picture(process).edges:
        for (x0, y0), (x1, y1) in segments(edge):
            assert (x0 == x1) != (y0 == y1), edge.id


@every_process
def test_flows_do_not_lie_on_each_other(process: str) -> None:
    """Not even where both lead to the same shape: each label must tell whose line it is."""
    drawn = [
        (edge.id, Box(min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)))
        for edge in picture(process).edges
        for (x0, y0), (x1, y1) in segments(edge)
    ]
    for (a, one), (b, two) in combinations(drawn, 2):
        same_row = one.h == two.h == 0 and one.y == two.y
        same_column = one.w == two.w == 0 and one.x == two.x
        if a != b and same_row:
            assert min(one.corner[0], two.corner[0]) <= max(one.x, two.x), (a, b)
        if a != b and same_column:
            assert min(one.corner[1], two.corner[1]) <= max(one.y, two.y), (a, b)


@every_process
def test_flows_cross_each_other_hardly_ever(process: str) -> None:
    crossings = 0
    for one, two in combinations(picture(process).edges, 2):
        for a in segments(one):
            for b in segments(two):
                crossings += _cross(a, b) or _cross(b, a)
    assert crossings <= 2


def _cross(a: Segment, b: Segment) -> bool:
    (ax0, ay), (ax1, ay1) = a
    (bx, by0), (bx1, by1) = b
    if ay != ay1 or bx != bx1:
        return False
    return min(ax0, ax1) < bx < max(ax0, ax1) and min(by0, by1) < ay < max(by0, by1)


@every_process
def test_every_flow_starts_and_ends_on_the_border_of_its_shapes(process: str) -> None:
    boxes = {shape.id: shape.box for shape in flow_nodes(process)}
    for edge in picture(process).edges:
        assert on_border(edge.points[0], boxes[edge.source]), edge.id
        assert on_border(edge.points[-1], boxes[edge.target]), edge.id


@every_process
def test_every_element_lies_inside_its_lane(process: str) -> None:
    boxes = {shape.id: shape.box for shape in picture(process).shapes}
    for lane in picture(process).elements.values():
        if not str(lane.tag).endswith("}lane"):
            continue
        frame = boxes[lane.get("id", "")]
        for reference in lane.iterchildren():
            box = boxes[str(reference.text).strip()]
            assert frame.x + 30 <= box.x, reference.text
            assert frame.y <= box.y, reference.text
            assert box.corner[0] <= frame.corner[0], reference.text
            assert box.corner[1] <= frame.corner[1], reference.text


@every_process
def test_every_element_belongs_to_exactly_one_lane(process: str) -> None:
    referenced = [
        str(reference.text).strip()
        for element in picture(process).elements.values()
        if str(element.tag).endswith("}lane")
        for reference in element.iterchildren()
    ]
    assert sorted(referenced) == sorted(shape.id for shape in flow_nodes(process))


@every_process
def test_everything_in_the_process_is_drawn(process: str) -> None:
    drawn = {shape.id for shape in flow_nodes(process)}
    drawn |= {edge.id for edge in picture(process).edges}
    expected = {str(node.get("id")) for node in nodes(process) if node.get("id")}
    lanes = {key for key in expected if key.startswith("lanes_")}
    assert expected - lanes == drawn
    assert {str(flow.get("id")) for flow in flows(process)} <= drawn


@every_process
def test_labels_keep_clear_of_shapes_flows_and_each_other(process: str) -> None:
    placed = labels(process)
    assert [(a, b) for (a, p), (b, q) in combinations(placed, 2) if overlap(p, q)] == []
    for name, box in placed:
        for shape in flow_nodes(process):
            corners = shape.kind.endswith("Gateway")  # a diamond leaves its corners free
            assert corners or not overlap(box, shape.box), (name, shape.id)
        for edge in picture(process).edges:
            assert not any(crosses(s, box) for s in segments(edge)), (name, edge.id)
