"""Make a table of the rows of a file that were not accepted, with the reasons."""

from collections.abc import Iterator

from campaigns.models import Import
from campaigns.portal import downloads
from campaigns.queries.imports import column_headings, rows_not_accepted

ADDED = ("row", "result", "reason")
_AT_ONCE = 2000


def as_file(source: Import) -> downloads.Download:
    """Return a file of the same kind as the one that came: a workbook, or text with its separator."""
    stem = f"{downloads.safe(source.filename.rsplit('.', 1)[0])}-not-accepted"
    if source.kind == "workbook":
        return downloads.as_workbook(_table(source), stem=stem, title="Not accepted")
    return downloads.as_csv(_table(source), stem=stem, delimiter=source.delimiter or ",")


def _table(source: Import) -> Iterator[list[str]]:
    """Yield the headings, then each row: its cells, the reason, and last the cells without a heading."""
    headings = column_headings(source)
    width = len(headings)
    yield [*headings, *ADDED]
    for row in rows_not_accepted(source).iterator(chunk_size=_AT_ONCE):
        cells = [str(cell) for cell in row.cells] + [""] * (width - len(row.cells))
        why = [str(row.row_number), row.get_fate_display(), row.reason]
        yield [*cells[:width], *why, *cells[width:]]
