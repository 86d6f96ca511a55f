"""Cells of tables that people open with a spreadsheet. Pure."""

#: A spreadsheet would run a cell that begins so; the last four are their full-width forms.
_FORMULA = ("=", "@", "\t", "\r", "\n", "\uff1d", "\uff20", "\uff0b", "\uff0d")
_NUMBER = frozenset("0123456789+-(). ")


def harmless(cell: str) -> str:
    """What a spreadsheet would run as a formula made plain text; a phone number keeps its plus."""
    begins_so = cell.startswith(_FORMULA) or (cell[:1] in ("+", "-") and not _NUMBER.issuperset(cell))
    return f"'{cell}" if begins_so else cell
