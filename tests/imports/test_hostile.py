"""Files that are broken, disguised or meant to harm: each is refused with words, quickly."""

import io
import struct
import time
import zipfile

import openpyxl
import pytest

from engine.imports import Limits, ListRefused, read_list
from tests.imports.builders import FILE, HEADING, Row, listed, row, saved, xls, xlsx

GOOD = xlsx(listed(row(), row()))
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def code_of(data: bytes, name: str = FILE, limits: Limits | None = None) -> str:
    with pytest.raises(ListRefused) as caught:
        read_list(data, name, limits or Limits())
    assert str(caught.value.message)
    assert str(caught.value.remedy)
    return caught.value.code


def ole(*streams: str) -> bytes:
    """A compound file with the named streams, each one sector long."""
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"",
        0, 1, 1, 0, 0, END, 0, END, 0, 0,
    )  # fmt: skip
    header += struct.pack("<109I", *([FREE] * 109))[: 512 - len(header)]
    fat = struct.pack("<128I", FAT, *([END] * (len(streams) + 1)), *([FREE] * (126 - len(streams))))
    directory = b"".join(
        [_entry("Root Entry", 5, END), *(_entry(n, 2, i + 2) for i, n in enumerate(streams))]
    )
    return header + fat + directory.ljust(512, b"\0") + bytes(512 * len(streams))


def _entry(name: str, kind: int, start: int) -> bytes:
    encoded = name.encode("utf-16-le")
    head = struct.pack("<64sHBB3I", encoded, len(encoded) + 2, kind, 1, FREE, FREE, FREE)
    return (head.ljust(116, b"\0") + struct.pack("<IQ", start, 512)).ljust(128, b"\0")


def changed(data: bytes, part: str, content: bytes) -> bytes:
    """The workbook with one part replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return out.getvalue()


def zipped(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "list_empty_file"),
        (bytes(5000), "list_empty_file"),
        (b"\xef\xbb\xbf \r\n", "list_empty_file"),
        (b"%PDF-1.7\n...", "list_wrong_kind"),
        (b"\x89PNG\r\n\x1a\n", "list_wrong_kind"),
        (b"{\\rtf1 hello}", "list_wrong_kind"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "list_disguised"),
        (b"\r\n <!DOCTYPE html><body>", "list_disguised"),
        (b'<?xml version="1.0"?><Workbook/>', "list_disguised"),
        (bytes(range(256)) * 4, "list_wrong_kind"),
        (zipped(word__document=b"x"), "list_wrong_kind"),
        (zipped(readme=b"x"), "list_wrong_kind"),
        (ole("WordDocument"), "list_wrong_kind"),
        (ole("EncryptionInfo", "EncryptedPackage"), "list_encrypted"),
        (ole("Contents"), "list_broken"),
        (GOOD[: len(GOOD) // 2], "list_broken"),
        (xls(listed(row()))[:4000], "list_broken"),
        (b"PK\x03\x04", "list_broken"),
        (b"hello, world", "list_no_heading"),
        ("\ud7ff,没有,表头".encode(), "list_no_heading"),
        (b"\xff\xff\xff\xff\xff", "list_broken"),
    ],
)
def test_each_is_refused_by_its_own_name(data: bytes, code: str) -> None:
    name = "名单.xls" if code == "list_disguised" else FILE
    assert code_of(data, name) == code


def test_a_web_page_under_an_excel_name_is_told_how_to_save_it() -> None:
    with pytest.raises(ListRefused) as caught:
        read_list(b"<html><table></table></html>", "导出.xls")
    assert "网页" in str(caught.value.message)
    assert "另存为" in str(caught.value.remedy)


def test_a_protected_xls_is_told_to_drop_its_password() -> None:
    data = xls(listed(row()))
    # FILEPASS right after the BOF record of the workbook stream.
    start = data.index(b"\x09\x08\x10\x00\x00\x06\x05\x00")
    after = start + 20
    protected = data[:after] + b"\x2f\x00\x06\x00\x00\x00\x01\x02\x03\x04" + data[after + 10 :]
    assert code_of(protected) == "list_encrypted"


def test_a_hundred_megabytes_are_refused_before_they_are_read() -> None:
    started = time.process_time()
    assert code_of(bytes(100 * 1024 * 1024)) == "list_too_large"
    assert time.process_time() - started < 1


def test_a_zip_bomb_is_measured_not_inflated() -> None:
    bomb = changed_sizes()
    started = time.process_time()
    assert code_of(bomb) == "list_inflated"
    assert time.process_time() - started < 2


def changed_sizes() -> bytes:
    """A workbook whose sheet inflates to 100 MB of spaces."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as stream:
            for _ in range(100):
                stream.write(b" " * 1024 * 1024)
    return out.getvalue()


def test_a_zip_that_lies_about_its_size_is_broken() -> None:
    bomb = bytearray(changed_sizes())
    directory = bomb.index(b"PK\x01\x02", bomb.index(b"PK\x01\x02") + 4)
    bomb[directory + 24 : directory + 28] = (100).to_bytes(4, "little")
    assert code_of(bytes(bomb)) == "list_broken"


def test_thousands_of_zip_entries_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(2000):
            archive.writestr(f"xl/media/{number}", b"")
    assert code_of(out.getvalue()) == "list_inflated"


def test_entities_are_not_expanded() -> None:
    laughs = b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]><worksheet>&c;</worksheet>'
    assert code_of(changed(GOOD, "xl/worksheets/sheet1.xml", laughs)) == "list_broken"
    outside = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><workbook>&x;</workbook>'
    assert code_of(changed(GOOD, "xl/workbook.xml", outside)) == "list_broken"


def test_a_cell_at_the_end_of_the_sheet_takes_no_gigabytes() -> None:
    book = openpyxl.load_workbook(io.BytesIO(GOOD))
    book.worksheets[0]["XFD1048576"] = "x"
    started = time.process_time()
    assert code_of(saved(book)) == "list_too_wide"
    assert time.process_time() - started < 2


def test_a_far_row_in_an_xls_is_bounded_too() -> None:
    nothing: Row = [None]
    far = [nothing] * 60_000 + [[*nothing * 250, "x"]]
    assert code_of(xls([HEADING, *far])) == "list_too_wide"


def test_formats_far_away_without_values_do_no_harm() -> None:
    book = openpyxl.load_workbook(io.BytesIO(GOOD))
    book.worksheets[0]["XFD9000"].font = openpyxl.styles.Font(bold=True)
    assert len(read_list(saved(book), FILE).rows) == 2


def test_an_xls_that_aborts_its_reader_harms_only_the_reader() -> None:
    data = bytearray(xls(listed(row(), row())))
    # A text cell in the largest row and column a record can name: a hundred gigabytes of grid.
    place = data.index(b"\xfd\x00\x0a\x00")
    data[place + 4 : place + 8] = b"\xff\xff\xff\xff"
    assert code_of(bytes(data)) == "list_broken"


def test_a_reader_that_takes_too_long_is_stopped() -> None:
    assert code_of(GOOD, limits=Limits(seconds=0)) == "list_inflated"
