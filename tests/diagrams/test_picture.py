"""The picture and the table of a diagram: whole, safe, and telling states apart without colour."""

import time

import pytest
from lxml import etree

from engine.runtime.kinds import KINDS
from engine.runtime.normalise import DiagramRefused
from engine.runtime.picture import element_table, render_svg
from engine.runtime.picture_marks import MARKS, Marked
from engine.runtime.picture_text import wrap
from tests.diagrams.files import PROCESSES, is_flow_node, picture, source

SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg: str) -> dict[str, etree._Element]:
    root = etree.fromstring(svg.encode())
    return {str(group.get("data-element")): group for group in root.iter(f"{SVG}g")}


@pytest.mark.parametrize("process", PROCESSES)
def test_every_shape_and_flow_is_in_the_picture_with_its_name(process: str) -> None:
    groups = drawn(render_svg(source(process)))
    names = {shape.id: shape.name for shape in picture(process).shapes}
    names |= {edge.id: edge.name for edge in picture(process).edges}
    for key, name in names.items():
        assert name in "".join(str(t) for t in groups[key].itertext())


@pytest.mark.parametrize("process", PROCESSES)
def test_a_picture_is_compact_and_has_no_style_script_or_link(process: str) -> None:
    svg = render_svg(source(process))
    assert len(svg) < 60_000
    assert not [bad for bad in ("style=", "<style", "<script", "href", "url(") if bad in svg]


def test_current_and_done_differ_in_class_and_in_a_sign() -> None:
    svg = render_svg(source("referral"), current=["check_list"], done=["prepare_list", "start"])
    groups = drawn(svg)
    signs = {}
    for key in ("check_list", "prepare_list", "submit_list"):
        sign = groups[key].find(f"{SVG}path[@class='bp-sign']")
        signs[key] = (str(groups[key].get("class")).split()[2:], sign is not None and sign.get("d"))
    assert signs["check_list"][0] == ["is-current"]
    assert signs["prepare_list"][0] == ["is-done"]
    assert signs["submit_list"] == ([], False)
    assert signs["check_list"][1] != signs["prepare_list"][1]


def test_every_mark_of_a_comparison_has_its_own_sign_and_pattern() -> None:
    keys = ["check_list", "prepare_list", "submit_list", "start"]
    marks = {key: Marked((mark,), f"<{mark}>") for key, mark in zip(keys, MARKS, strict=True)}
    groups = drawn(render_svg(source("referral"), marks=marks, anchor="new-"))
    looks = set()
    for key, mark in zip(keys, MARKS, strict=True):
        group = groups[key]
        assert str(group.get("class")).split()[-1] == f"is-{mark}"
        assert group.get("id") == f"new-{key}"
        assert str(group.findtext(f"{SVG}title")).endswith(f"<{mark}>")
        (badge,) = group.findall(f"{SVG}g[@class='bp-mark']")
        outline = next(one for one in group if one.get("stroke-width") and one.get("class") is None)
        looks.add((badge[1].get("d"), outline.get("stroke-dasharray")))
    assert len({sign for sign, _ in looks}) == len(MARKS)
    assert len({dash for _, dash in looks}) == 3, "added and changed are drawn through"
    assert groups["pool_referral"].get("id") == "new-pool_referral"


def test_lines_and_lanes_are_marked_too_and_an_element_can_have_two_marks() -> None:
    flow = next(edge.id for edge in picture("referral").edges)
    lane = next(shape.id for shape in picture("referral").shapes if shape.kind == "lane")
    both = Marked(("changed", "moved"))
    groups = drawn(render_svg(source("referral"), marks={flow: both, lane: both}))
    for key in (flow, lane):
        assert len(groups[key].findall(f"{SVG}g[@class='bp-mark']")) == 2
        assert groups[key].get("id") is None


def test_counts_show_open_and_overdue_items() -> None:
    groups = drawn(render_svg(source("referral"), counts={"check_list": (12, 3)}))
    words = [str(t) for t in groups["check_list"].itertext()]
    assert words[-2:] == ["12", "!3"]
    assert "12" not in "".join(str(t) for t in groups["prepare_list"].itertext())


def test_names_are_escaped() -> None:
    hostile = source("referral").replace("复核报送".encode(), b"&lt;script&gt;&quot;&amp;")
    svg = render_svg(hostile)
    assert "<script" not in svg
    assert drawn(svg)["check_list"].findtext(f"{SVG}title") == '<script>"&'


def test_a_doctype_is_refused() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + source("referral").split(b"?>", 1)[1]
    with pytest.raises(DiagramRefused):
        render_svg(bomb)


@pytest.mark.parametrize("value", ["1e999", "nan", "-", "99999999"])
def test_impossible_coordinates_leave_a_shape_out_and_the_rest_in(value: str) -> None:
    text = source("referral").decode()
    spoilt = text.replace('<dc:Bounds x="', f'<dc:Bounds x="{value}" old="', 1)
    groups = drawn(render_svg(spoilt.encode()))
    assert "pool_referral" not in groups
    assert "check_list" in groups


def test_a_file_without_a_drawing_gives_an_empty_picture() -> None:
    bare = b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>'
    assert drawn(render_svg(bare)) == {}
    assert element_table(bare) == []


@pytest.mark.parametrize("process", PROCESSES)
def test_the_table_lists_every_element_once_from_the_start_on(process: str) -> None:
    rows = element_table(source(process))
    expected = {shape.id for shape in picture(process).shapes if is_flow_node(shape)}
    assert sorted(row.id for row in rows) == sorted(expected)
    assert rows[0].id == "start"
    assert [row.order for row in rows] == list(range(1, len(rows) + 1))
    assert all(row.lane for row in rows)


def test_the_table_says_who_does_what_by_when_and_what_follows() -> None:
    row = next(row for row in element_table(source("whitelist_review")) if row.id == "first_review")
    assert (row.lane, row.deadline, row.form) == (
        "区财政局",
        "first_review_period",
        "first_review",
    )
    assert str(row.kind) == "人办任务"
    choice = next(row for row in element_table(source("whitelist_review")) if row.id == "gw_return")
    assert choice.after == ("退回：补正推荐材料", "不退回：是否暂缓")


@pytest.mark.parametrize("sign", ["。", "银", "a", "a ", "。a"])
def test_a_label_is_cut_before_anything_is_counted(sign: str) -> None:
    started = time.process_time()
    for limit in (20, 86, 100_000):
        lines = wrap(sign * 20_000, limit, 13, 3)
        assert len(lines) <= 3
        assert lines[-1].endswith("…")
        assert sum(map(len, lines)) <= 400
    assert time.process_time() - started < 10


def test_a_line_ends_with_one_mark_that_may_not_begin_the_next() -> None:
    assert wrap("合作银行经办审批，复核", 104, 13) == ["合作银行经办", "审批，复核"]
    assert wrap("银" * 8 + "，" + "银" * 7, 104, 13) == ["银" * 8 + "，", "银" * 7]


def test_the_first_element_of_an_id_is_the_one_in_the_picture() -> None:
    other = b'<bpmn:process id="q"><bpmn:userTask id="check_list" name="decoy"/></bpmn:process>'
    source_with = source("referral").replace(b"</bpmn:def", other + b"</bpmn:def")
    assert "decoy" not in render_svg(source_with)


@pytest.mark.parametrize("kind", ["manualTask", "sendTask", "task", "subProcess"])
def test_the_table_has_a_word_for_every_kind_of_step(kind: str) -> None:
    tag = b'bpmn:userTask id="check_list"'
    text = source("referral").replace(tag, tag.replace(b"userTask", kind.encode()))
    end = text.index(b"</bpmn:userTask>", text.index(b'id="check_list"'))
    text = text[:end] + f"</bpmn:{kind}>".encode() + text[end + len(b"</bpmn:userTask>") :]
    row = next(row for row in element_table(text) if row.id == "check_list")
    assert str(row.kind) == str(KINDS[kind]) != kind
