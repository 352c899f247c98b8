"""Small decision files for tests, built from the cells that matter."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from engine.dmn import Model, load

HEAD = '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" namespace="n" name="m">'


def file(body: str) -> bytes:
    """A DMN file with these elements."""
    return f"{HEAD}{body}</definitions>".encode()


def inputs(kinds: dict[str, str]) -> str:
    """Input data with their types."""
    return "".join(
        f'<inputData id="i_{name}" name="{name}"><variable name="{name}" typeRef="{kind}"/>'
        "</inputData>"
        for name, kind in kinds.items()
    )


def needs(*references: str, kind: str = "requiredInput") -> str:
    outer = "knowledgeRequirement" if kind == "requiredKnowledge" else "informationRequirement"
    return "".join(f'<{outer}><{kind} href="#{r}"/></{outer}>' for r in references)


def decision(name: str, logic: str, *, requires: str = "", kind: str = "") -> str:
    typed = f' typeRef="{kind}"' if kind else ""
    return (
        f'<decision id="{name}" name="{name}"><variable name="{name}"{typed}/>{requires}'
        f"{logic}</decision>"
    )


def literal(source: str) -> str:
    return f"<literalExpression><text>{escape(source)}</text></literalExpression>"


def table(
    columns: dict[str, str],
    rows: Sequence[Sequence[str]],
    *,
    policy: str = 'hitPolicy="UNIQUE"',
    outputs: str = '<output name="o"/>',
) -> str:
    """A decision table: the columns' expressions and types, and rows of cells."""
    heads = "".join(
        f'<input><inputExpression typeRef="{kind}"><text>{escape(name)}</text></inputExpression>'
        "</input>\n"
        for name, kind in columns.items()
    )
    rules = "".join(_rule(row, len(columns)) for row in rows)
    return f"<decisionTable {policy}>\n{heads}{outputs}\n{rules}</decisionTable>"


def _rule(row: Sequence[str], count: int) -> str:
    cells = "".join(f"<inputEntry><text>{escape(c)}</text></inputEntry>" for c in row[:count])
    answers = "".join(f"<outputEntry><text>{escape(c)}</text></outputEntry>" for c in row[count:])
    return f"<rule>{cells}{answers}</rule>\n"


def model(
    columns: dict[str, str],
    rows: Sequence[Sequence[str]],
    *,
    policy: str = 'hitPolicy="UNIQUE"',
    outputs: str = '<output name="o"/>',
) -> Model:
    """A model of one decision, `d`, that is a table over input data."""
    return load(source(columns, rows, policy=policy, outputs=outputs), "m.dmn")


def source(
    columns: dict[str, str],
    rows: Sequence[Sequence[str]],
    *,
    policy: str = 'hitPolicy="UNIQUE"',
    outputs: str = '<output name="o"/>',
) -> bytes:
    logic = table(columns, rows, policy=policy, outputs=outputs)
    required = needs(*(f"i_{name}" for name in columns))
    return file(inputs(columns) + decision("d", logic, requires=required))


def thirty_rules() -> Model:
    """The table of the benchmark: 30 rules, 4 inputs; evaluate with THIRTY_INPUTS."""
    rows = [
        (
            f'"K{i % 6}"',
            f"[{i % 5 * 100}..{i % 5 * 100 + 100})",
            f"< {(i % 3 + 1) * 10}",
            ("true" if i % 2 else "false") if i % 7 else "-",
            f'"R{i}"',
        )
        for i in range(30)
    ]
    kinds = {"kind": "string", "amount": "number", "rate": "number", "listed": "boolean"}
    return model(kinds, rows, policy='hitPolicy="FIRST"')


THIRTY_INPUTS: dict[str, object] = {"kind": "K3", "amount": 350, "rate": 5, "listed": True}
