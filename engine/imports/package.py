"""The zip around an xlsx: its size once inflated, and a clean copy for the reader."""

import io
import zipfile
import zlib

from engine.imports.limits import Limits, broken, inflated_too_large, not_a_list, password_protected

KINDS = {"word/": "Word文档", "ppt/": "PowerPoint文件", "mimetype": "ODF文件"}
# What a list needs; drawings, macros and embedded files are left in the original.
WANTED = ("[Content_Types].xml", "_rels/", "xl/workbook.xml", "xl/_rels/", "xl/worksheets/")
WANTED_TOO = ("xl/sharedStrings.xml", "xl/styles.xml")
ENCRYPTED_BIT = 0x1
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError)


def inflate(data: bytes, limits: Limits) -> dict[str, bytes]:
    """The parts that make up the sheets. Sizes are measured while inflating, not believed."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_entries(entries, limits)
            return _inflate_parts(archive, entries, limits)
    except (*DAMAGED, RuntimeError, KeyError, IndexError):
        raise broken() from None


def _check_entries(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    names = [each.filename for each in entries]
    if len(names) > limits.zip_entries or sum(e.file_size for e in entries) > limits.inflated_bytes:
        raise inflated_too_large()
    if any(each.flag_bits & ENCRYPTED_BIT for each in entries):
        raise password_protected()
    if len(set(names)) != len(names):
        raise broken()
    if not any(name.startswith("xl/") for name in names):
        raise not_a_list(_kind(names))


def _kind(names: list[str]) -> str:
    for prefix, kind in KINDS.items():
        if any(name.startswith(prefix) for name in names):
            return kind
    return "压缩包"


def _inflate_parts(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], limits: Limits
) -> dict[str, bytes]:
    parts: dict[str, bytes] = {}
    room = limits.inflated_bytes
    for entry in entries:
        if not entry.filename.startswith(WANTED) and entry.filename not in WANTED_TOO:
            continue
        with archive.open(entry) as stream:
            parts[entry.filename] = stream.read(room + 1)
        room -= len(parts[entry.filename])
        if room < 0:
            raise inflated_too_large()
    return parts


def repack(parts: dict[str, bytes]) -> bytes:
    """An uncompressed zip of the measured parts: the reader sees exactly what was checked."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()
