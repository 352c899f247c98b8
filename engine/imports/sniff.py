"""What a file is, by its content; the name only helps where text could be anything."""

import struct
from enum import Enum

from engine.imports.limits import ListRefused, disguised, not_a_list, password_protected

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# BIFF5 and older begin with a BOF record and no container.
BARE_BIFF = (b"\x09\x08", b"\x09\x04\x06\x00", b"\x09\x02\x06\x00", b"\x09\x00\x04\x00")
BOF_OF_WORKBOOK = b"\x09\x08\x10\x00\x00\x06\x05\x00"
FILEPASS = 0x2F
RECORDS_BEFORE_PASSWORD = 4
SIGNATURES = {
    b"%PDF": "PDF文件",
    b"{\\rtf": "RTF文档",
    b"\x89PNG": "图片",
    b"\xff\xd8\xff": "图片",
    b"GIF8": "图片",
    b"BM": "图片",
    b"Rar!": "压缩包",
    b"7z\xbc\xaf": "压缩包",
    b"\x1f\x8b": "压缩包",
}
OLE_KINDS = {"WordDocument": "Word文档", "PowerPoint Document": "PowerPoint文件"}


class Kind(Enum):
    """The formats a list may have."""

    XLSX = "xlsx"
    XLS = "xls"
    CSV = "csv"


def sniff(data: bytes, filename: str) -> Kind:
    """The kind of list, or ListRefused that names what it is instead."""
    if data.startswith(ZIP):
        return Kind.XLSX
    if data.startswith(OLE):
        return _ole(data)
    if data.startswith(BARE_BIFF):
        return Kind.XLS
    _refuse_others(data, filename)
    return Kind.CSV


def _ole(data: bytes) -> Kind:
    """An OLE container names its streams in UTF-16; an encrypted xlsx hides inside one."""
    if _names(data, "EncryptedPackage"):
        raise password_protected()
    for stream, kind in OLE_KINDS.items():
        if _names(data, stream):
            raise not_a_list(kind)
    if _has_password(data):
        raise password_protected()
    return Kind.XLS


def _has_password(data: bytes) -> bool:
    """A FILEPASS record among the first of the workbook stream; the reader misses old XOR ones."""
    place = data.find(BOF_OF_WORKBOOK)
    for _ in range(RECORDS_BEFORE_PASSWORD):
        if place < 0 or place + 4 > len(data):
            return False
        kind, size = struct.unpack_from("<HH", data, place)
        if kind == FILEPASS:
            return True
        place += 4 + size
    return False


def _names(data: bytes, stream: str) -> bool:
    return stream.encode("utf-16-le") in data


def _refuse_others(data: bytes, filename: str) -> None:
    for signature, kind in SIGNATURES.items():
        if data.startswith(signature):
            raise not_a_list(kind)
    if refusal := _markup(data[:2048].removeprefix(b"\xef\xbb\xbf").lstrip().lower(), filename):
        raise refusal


def _markup(start: bytes, filename: str) -> ListRefused | None:
    if not start.startswith(b"<"):
        return None
    kind = "网页" if b"<html" in start or b"<table" in start or b"doctype html" in start else "XML"
    if filename.lower().endswith((".xls", ".xlsx", ".et", ".csv")):
        return disguised(kind)
    return not_a_list(kind)
