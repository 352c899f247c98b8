"""How large a list may be, and the refusal of a file that is not a list we can read."""

from dataclasses import dataclass

from engine.errors import DanbaoError
from engine.text import Text, text

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds of one upload. `data_rows` is the rule of referral_batch.file; the rest is safety."""

    file_bytes: int = 20 * MEBIBYTE
    inflated_bytes: int = 64 * MEBIBYTE
    zip_entries: int = 500
    data_rows: int = 2_000
    sheet_rows: int = 100_000
    columns: int = 200
    cells: int = 4_000_000
    seconds: int = 20


DEFAULT_LIMITS = Limits()


class ListRefused(DanbaoError):
    """The file as a whole cannot be read as a list; nothing in it was taken over."""

    status = 422


def too_large(limits: Limits) -> ListRefused:
    """More bytes than `limits.file_bytes`; decided before anything is parsed."""
    return ListRefused(
        "list_too_large",
        text("文件超过{mb}MB", mb=limits.file_bytes // MEBIBYTE),
        text("删去图片和多余的工作表，只留名单后重新上传"),
    )


def broken(detail: Text | None = None) -> ListRefused:
    """A truncated or damaged file."""
    return ListRefused(
        "list_broken",
        detail or text("文件已损坏，读不出内容"),
        text("用Excel或WPS打开，另存为xlsx后重新上传"),
    )


def password_protected() -> ListRefused:
    """The file is encrypted; we neither ask for nor try passwords."""
    return ListRefused(
        "list_encrypted",
        text("文件设了打开密码，读不出内容"),
        text("在Excel里取消打开密码，另存后重新上传"),
    )


def not_a_list(kind: str) -> ListRefused:
    """The bytes are something else, whatever the name says. `kind`: PDF, Word, …"""
    return ListRefused(
        "list_wrong_kind",
        text("这是{kind}，不是名单表格", kind=kind),
        text("上传xlsx、xls或csv格式的名单"),
    )


def disguised(kind: str) -> ListRefused:
    """A web page or XML that a system saved under an Excel name."""
    return ListRefused(
        "list_disguised",
        text("文件扩展名是表格，内容却是{kind}", kind=kind),
        text("用Excel打开它，另存为“Excel 工作簿（.xlsx）”后重新上传"),
    )


def inflated_too_large() -> ListRefused:
    """A zip bomb, or a workbook blown up by millions of formatted cells."""
    return ListRefused(
        "list_inflated",
        text("文件解压后过大，已停止读取"),
        text("把名单复制到新建的工作簿，只留名单后重新上传"),
    )


def stray_cells(row: int, column: int) -> ListRefused:
    """A value far outside the list (1-based position) would make the sheet enormous."""
    return ListRefused(
        "list_too_wide",
        text("名单以外很远处还有内容（第{row}行、第{column}列附近）", row=row, column=column),
        text("删除名单右侧和下方的多余行列，保存后重新上传"),
    )


def too_many_rows(rows: int, limits: Limits) -> ListRefused:
    """More data rows than one batch may have (fields.csv referral_batch.file)."""
    return ListRefused(
        "list_too_many_rows",
        text("名单有{rows}行，一次最多{most}行", rows=rows, most=limits.data_rows),
        text("拆成几个文件，分次上传"),
    )


def empty_file() -> ListRefused:
    """Zero bytes."""
    return ListRefused("list_empty_file", text("文件是空的"), text("核对后重新选择文件"))
