"""PURE: how large a list may be, so that none takes more memory or time than its rows are worth.

A list beyond a limit is refused with a sentence. Excel itself takes 32,767 letters in a cell.
"""

from campaigns.errors import SheetError

MOST_COLUMNS = 702  # up to ZZ
LONGEST_CELL = 32_767
#: Letters in a line of text, or in a row of a workbook.
LONGEST_ROW = 1 << 16
#: Rows times columns that are held at once, 32 bytes each.
MOST_CELLS = 8_000_000
#: A part of a workbook larger than this that unpacks to more than so many times its size is no list: those
#: of real lists unpack to 6 to 15 times their size.
LARGE_PART, MOST_UNPACKED_TIMES = 16 << 20, 50

TOO_MUCH_MEMORY = (
    "This file takes more memory to read than a list of its size may. Copy the rows with people into a "
    "new workbook, or save the list as CSV."
)
TOO_MUCH_TIME = TOO_MUCH_MEMORY.replace("more memory to read", "longer to read")


def check_row(number: int, cells: list[str]) -> None:
    """Raise `SheetError` for a row without its empty end that has too many columns or letters."""
    if len(cells) > MOST_COLUMNS:
        raise SheetError(
            f"Row {number} has {len(cells):,} columns, and a list can have {MOST_COLUMNS}. Delete those "
            "without people's data and upload the file again."
        )
    for cell in cells:
        if len(cell) > LONGEST_CELL:
            raise too_long(number, f"cell of {len(cell):,} letters", LONGEST_CELL)
    if sum(map(len, cells)) > LONGEST_ROW:
        raise too_long(number, "row of too many letters", LONGEST_ROW)


def too_long(number: int, what: str, most: int) -> SheetError:
    """Return the error for a row that holds more letters than it may."""
    return SheetError(
        f"Row {number} is or has a {what}; {most:,} is the most. Shorten it and upload the file again."
    )
