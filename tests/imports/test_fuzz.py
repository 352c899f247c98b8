"""Whatever the bytes: a report, or a refusal with words. Never another exception."""

import io
import zipfile
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.imports import ListRefused, check_rows, correction_workbook, read_list
from engine.imports.model import Cell, SheetRow
from tests.imports.builders import HEADING, Row, context, csv_text, listed, read, row, xls, xlsx

GOOD_XLSX = xlsx(listed(row(), row()))
GOOD_XLS = xls(listed(row(), row()))
GOOD_CSV = csv_text(listed(row(), row())).encode("gb18030")
MAGIC = [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x09\x08", b"\xff\xfe", b"<"]
SPEEDY = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
CHILDREN = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))


def import_(data: bytes) -> None:
    refusal: ListRefused | None = None
    try:
        sheet = read_list(data, "名单.xlsx")
    except ListRefused as caught:
        refusal = caught
    if refusal is not None:
        assert str(refusal.message)
        assert str(refusal.remedy)
        return
    report = check_rows(sheet, context())
    assert len(report.accepted) + len(report.refused_rows) == report.rows
    assert correction_workbook(sheet, report).startswith(b"PK")


def damaged(data: bytes, places: list[tuple[int, int]], keep: float) -> bytes:
    spoilt = bytearray(data)
    for place, value in places:
        spoilt[place % len(spoilt)] = value
    return bytes(spoilt[: max(1, int(len(spoilt) * keep))])


PLACES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8)
KEEP = st.sampled_from([1.0, 1.0, 1.0, 0.9, 0.5])
CELLS: st.SearchStrategy[Cell] = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(),
    st.sampled_from(
        [
            *("9.13101E+17", "面议", "１,２", "-0", "1e400", "=1+1", "长期", "2027年13月", "٣"),
            *("Infinity", "500-800", "0.00001", "万元", "1.2亿", "否", "NaN", "²", "無", "十二"),
            "1" * 5000,
        ]
    ),
)


@SPEEDY
@given(magic=st.sampled_from(MAGIC), rest=st.binary(max_size=400))
def test_any_bytes(magic: bytes, rest: bytes) -> None:
    import_(magic + rest)


@SPEEDY
@given(text=st.text(max_size=300), heading=st.booleans())
def test_any_text(text: str, heading: bool) -> None:
    content = (",".join(HEADING) + "\n") * heading + text
    import_(content.encode("utf-8", "surrogatepass"))


@CHILDREN
@given(places=PLACES, keep=KEEP)
def test_damaged_workbooks(places: list[tuple[int, int]], keep: float) -> None:
    import_(damaged(GOOD_XLSX, places, keep))


@CHILDREN
@given(places=PLACES, keep=KEEP)
def test_damaged_old_workbooks(places: list[tuple[int, int]], keep: float) -> None:
    import_(damaged(GOOD_XLS, places, keep))


@SPEEDY
@given(places=PLACES, keep=KEEP)
def test_damaged_text(places: list[tuple[int, int]], keep: float) -> None:
    import_(damaged(GOOD_CSV, places, keep))


@CHILDREN
@given(places=PLACES, part=st.integers(0, 20))
def test_damaged_parts_of_a_sound_zip(places: list[tuple[int, int]], part: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD_XLSX)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        for number, name in enumerate(names):
            content = old.read(name)
            spoil = number == part % len(names) and content
            new.writestr(name, damaged(content, places, 1.0) if spoil else content)
    import_(out.getvalue())


SHEET = read(listed(row(), row()))


@SPEEDY
@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=len(HEADING)), min_size=1, max_size=3))
def test_any_cells_under_a_sound_heading(rows: list[Row]) -> None:
    numbered = tuple(SheetRow(n, tuple(each)) for n, each in enumerate(rows, start=2))
    sheet = replace(SHEET, rows=numbered)
    report = check_rows(sheet, context())
    assert len(report.accepted) + len(report.refused_rows) == report.rows
    assert all(str(each.reason) and str(each.remedy) for each in report.refused)
    correction_workbook(sheet, report)
