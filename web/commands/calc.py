"""`danbao calc`: the rules of the programme from the command line, for checks and batches."""

from collections.abc import Iterator
from pathlib import Path

import click

from engine.domain.calc import (
    RULE_NAMES,
    calculate_lines,
    calculate_with_trace,
    dump,
    load,
)


@click.command()
@click.argument("rule", required=False)
@click.option("--input", "payload", metavar="JSON", help="The rule's values, or - for stdin.")
@click.option(
    "--batch",
    metavar="FILE.jsonl",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="Lines {id, rule, in}; prints lines {id, out}.",
)
@click.option("--trace", is_flag=True, help="Also print how the figures came about.")
def calc(rule: str | None, payload: str | None, batch: Path | None, trace: bool) -> None:
    """Calculate RULE from --input, or every line of --batch. The answer is JSON on stdout.

    A refusal is an answer too: {"error": code}, with exit status 0.
    """
    if batch is not None:
        _batch(batch)
    elif rule is None or payload is None:
        raise click.UsageError("Give RULE and --input, or --batch. Rules: " + " ".join(RULE_NAMES))
    else:
        _single(rule, payload, trace)


def _lines(path: Path) -> Iterator[str]:
    # a byte that is not UTF-8 spoils its own line only
    with click.open_file(str(path), encoding="utf-8-sig", errors="replace") as stream:
        yield from stream


def _batch(path: Path) -> None:
    for line in calculate_lines(_lines(path)):
        click.echo(line)


def _single(rule: str, payload: str, trace: bool) -> None:
    try:
        values = load("".join(_lines(Path("-"))) if payload == "-" else payload)
    except ValueError:
        click.echo(dump({"error": "invalid_json"}))
        return
    out, traces = calculate_with_trace(rule, values)
    if trace:
        out = {**out, "trace": [one.to_dict() for one in traces]}
    click.echo(dump(out))
