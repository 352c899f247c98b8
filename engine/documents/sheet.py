"""What the documents' workbooks share: a titled table whose texts never run as formulas."""

import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

Value = str | int | Decimal | date | None
LONGEST = 32_767  # what a cell can hold
RISKY = ("=", "+", "-", "@", "\t", "\r")
THIN = Side(style="thin", color="FFBFBFBF")
BOX = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
GREY = PatternFill("solid", fgColor="FFE7E6E6")
MONEY, RATIO, DAY = "#,##0.00", "0.00%", "yyyy-mm-dd"


class Sheet:
    """One page, written from the top. `widths` in characters, one a column."""

    def __init__(self, name: str, widths: Sequence[int]) -> None:
        self.book = Workbook()
        self.page: Worksheet = self.book.worksheets[0]
        self.page.title = name
        self.width = len(widths)
        self.row = 0
        for index, width in enumerate(widths, start=1):
            self.page.column_dimensions[get_column_letter(index)].width = width
        self.page.page_setup.orientation = "landscape"
        self.page.page_setup.paperSize = 9  # A4
        self.page.page_setup.fitToHeight = 0
        self.page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)

    def line(self, words: str, *, size: int = 11, bold: bool = False, middle: bool = False) -> None:
        """A line across the whole page."""
        self.row += 1
        self._write(1, words)
        cell = self.page.cell(self.row, 1)
        cell.font = Font(size=size, bold=bold)
        cell.alignment = Alignment(horizontal="center" if middle else "left", wrap_text=True)
        self.page.merge_cells(
            start_row=self.row, start_column=1, end_row=self.row, end_column=self.width
        )

    def heading(self, names: Sequence[str]) -> None:
        """The table's heading; it stays in sight and on every printed page."""
        self.cells(names, bold=True)
        for index in range(1, self.width + 1):
            cell = self.page.cell(self.row, index)
            cell.fill = GREY
            cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        self.page.freeze_panes = f"A{self.row + 1}"
        self.page.print_title_rows = f"{self.row}:{self.row}"

    def cells(
        self, values: Sequence[Value], *, bold: bool = False, ratio: int | None = None
    ) -> None:
        """A row of the table. `ratio`: the index of a Decimal that is a ratio, shown in percent."""
        self.row += 1
        for index, value in enumerate(values, start=1):
            self._write(index, value)
            cell = self.page.cell(self.row, index)
            cell.border, cell.font = BOX, Font(bold=bold)
            cell.alignment = Alignment(vertical="center", wrap_text=isinstance(value, str))
            if ratio == index - 1:
                cell.number_format = RATIO

    def _write(self, column: int, value: Value) -> None:
        cell = self.page.cell(self.row, column)
        if isinstance(value, str):
            cell.value = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value)[:LONGEST]
            # Set by hand: openpyxl would take "=1+1" for a formula.
            cell.data_type, cell.quotePrefix = "s", value.startswith(RISKY)
            return
        cell.value = value
        if isinstance(value, Decimal):
            cell.number_format = MONEY
        elif isinstance(value, date):
            cell.number_format = DAY

    def saved(self, now: datetime) -> bytes:
        """The workbook as xlsx, dated `now`."""
        made = now.replace(tzinfo=None)
        self.book.properties.created = self.book.properties.modified = made
        self.book.properties.creator = "担保通"
        out = io.BytesIO()
        self.book.save(out)
        return out.getvalue()
