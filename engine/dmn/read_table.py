"""A decision table: from the XML to its tree."""

from typing import cast, get_args

from lxml import etree

from engine.dmn.boxed import Place, name_of, position, read_feel
from engine.dmn.errors import label_of, refuse
from engine.dmn.nodes import Aggregation, Column, Output, Policy, Rule, Table
from engine.dmn.source import child, children, need, text_line, text_of
from engine.feel import nodes
from engine.feel.nodes import Node, Tests
from engine.text import text

MAX_RULES = 2_000
_ONE_OUTPUT = text("分成几张表，每张一个输出")


def read_table(node: etree._Element, place: Place) -> Table:
    """The table. Raises DecisionRefused for what is incomplete or cannot be read."""
    inputs = tuple(_column(column, place) for column in children(node, "input"))
    outputs = tuple(_output(column, place) for column in children(node, "output"))
    rules = list(children(node, "rule"))
    if not outputs or len(rules) > MAX_RULES:
        message = text("决策表要有输出列，且不超过{limit}行", limit=MAX_RULES)
        raise refuse("incomplete", node, message, text("补全或拆分决策表"))
    names = [output.name for output in outputs]
    if len(names) > 1 and ("" in names or len(set(names)) < len(names)):
        message = text("几个输出列要有各自的名称")
        raise refuse("incomplete", node, message, text("在建模工具里填写输出列的名称"))
    found = tuple(_rule(rule, i, inputs, outputs, place) for i, rule in enumerate(rules, start=1))
    policy, aggregation = _policy(node, len(outputs))
    return Table(
        position(node), _id(node), label_of(node), policy, aggregation, inputs, outputs, found
    )


def _id(node: etree._Element) -> str:
    return str(node.get("id", ""))


def _policy(node: etree._Element, outputs: int) -> tuple[Policy, Aggregation]:
    policy, aggregation = node.get("hitPolicy", "UNIQUE"), node.get("aggregation", "")
    if policy not in get_args(Policy) or aggregation not in get_args(Aggregation):
        message = text("不认识的命中策略{policy}", policy=f"{policy} {aggregation}".strip())
        raise refuse("hit_policy", node, message, text("在建模工具里重新选择命中策略"))
    if aggregation and outputs > 1:
        raise refuse("hit_policy", node, text("汇总只能有一个输出列"), _ONE_OUTPUT)
    return cast(Policy, policy), cast(Aggregation, aggregation if policy == "COLLECT" else "")


def _column(node: etree._Element, place: Place) -> Column:
    expression = need(node, "inputExpression")
    kind = place.types.find(expression.get("typeRef"), expression)
    value: Node = nodes.Literal(position(expression), None)
    if text_of(expression).strip() or not place.tolerant:
        value = read_feel(expression, place)
    label = node.get("label") or " ".join(text_of(expression).split())
    return Column(position(node), label, value, _values(node, "inputValues", place), kind)


def _values(node: etree._Element, kind: str, place: Place) -> Tests | None:
    found = child(node, kind)
    if found is None or not text_of(found).strip():
        return None
    tests = read_feel(found, place, "unary_tests")
    return tests if isinstance(tests, Tests) else None


def _output(node: etree._Element, place: Place) -> Output:
    kind = place.types.find(node.get("typeRef"), node)
    given = child(node, "defaultOutputEntry")
    default = None if given is None or not text_of(given).strip() else read_feel(given, place)
    name = name_of(node)
    label = node.get("label") or name
    order = _values(node, "outputValues", place)
    return Output(position(node), name, label, kind, order, default)


def _rule(
    node: etree._Element,
    number: int,
    inputs: tuple[Column, ...],
    outputs: tuple[Output, ...],
    place: Place,
) -> Rule:
    cells = list(children(node, "inputEntry"))
    answers = list(children(node, "outputEntry"))
    if len(cells) != len(inputs) or len(answers) != len(outputs):
        message = text("第{row}行的格数与列数不同", row=number)
        raise refuse("incomplete", node, message, text("在建模工具里补全这一行"))
    return Rule(
        position(node),
        number,
        _id(node),
        tuple(_tests(cell, place) for cell in cells),
        tuple(_answer(answer, place) for answer in answers),
        tuple(plain(cell) for cell in cells),
        tuple(plain(answer) for answer in answers),
        tuple(text_line(cell) for cell in (*cells, *answers)),
        annotation(node),
    )


def plain(cell: etree._Element) -> str:
    """A cell as it is written, on one line."""
    return " ".join(text_of(cell).split())


def _tests(cell: etree._Element, place: Place) -> Tests:
    found = read_feel(cell, place.inside("?"), "unary_tests")
    return found if isinstance(found, Tests) else Tests(found.pos, (found,), False, False)


def _answer(cell: etree._Element, place: Place) -> Node:
    if not text_of(cell).strip() or text_of(cell).strip() == "-":
        return nodes.Literal(position(cell), None)  # dmn-js leaves what is undecided empty
    return read_feel(cell, place)


def annotation(rule: etree._Element) -> str:
    """The annotations of a rule, and its description, which older modelers use for them."""
    entries = [text_of(entry).strip() for entry in children(rule, "annotationEntry")]
    described = child(rule, "description")
    if described is not None:
        entries.append((described.text or "").strip())
    return " ".join(entry for entry in entries if entry)
