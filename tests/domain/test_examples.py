"""The specification's own examples, and its tables."""

import json
from datetime import date, timedelta

from engine.domain.calc import calculate, calculate_lines
from engine.domain.calendar import STANDARD, DayKind, day_kind, is_working_day
from engine.domain.dates import Span
from engine.domain.size import BOUNDS
from tests.domain.shared import shared_file


def test_every_example_of_the_specification_comes_out_exactly() -> None:
    lines = shared_file("examples.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines]
    wrong = [case["id"] for case in cases if calculate(case["rule"], case["in"]) != case["out"]]
    assert len(cases) >= 51
    assert wrong == []


def test_the_batch_answers_each_line_with_its_id() -> None:
    lines = shared_file("examples.jsonl").read_text(encoding="utf-8").splitlines()
    answers = [json.loads(line) for line in calculate_lines(lines)]
    assert [(a["id"], a["out"]) for a in answers] == [
        (case["id"], case["out"]) for case in map(json.loads, lines)
    ]


def test_the_size_table_is_the_one_of_the_specification() -> None:
    rows = json.loads(shared_file("sme_size.json").read_text(encoding="utf-8"))
    names = {"X": "employees", "Y": "revenue", "Z": "assets"}
    expected = {
        row["code"]: {
            names[letter]: (bounds["large"], bounds["medium"], bounds["small"])
            for letter, bounds in row["lower_bounds"].items()
        }
        for row in rows
    }
    assert expected == BOUNDS


def test_working_days_agree_with_the_notices_of_2025_and_2026() -> None:
    notice = json.loads(shared_file("rest_days_2025_2026.json").read_text(encoding="utf-8"))
    off, work = set(notice["off"]), set(notice["work"])
    year = Span(date(2025, 1, 1), date(2027, 1, 1))
    for day in (year.start + timedelta(days=n) for n in range(year.days)):
        iso = day.isoformat()
        expected = iso in work or (day.weekday() < 5 and iso not in off)
        assert is_working_day(day) is expected, iso
        assert (day_kind(day) is DayKind.SWAPPED_WORK) is (iso in work), iso
        assert (day_kind(day) is DayKind.HOLIDAY) is (iso in off), iso
        assert STANDARD.look_up(day)[1]
