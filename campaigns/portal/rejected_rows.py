"""The rows of a file that were not accepted, as a table with the reason beside them."""

from collections.abc import Iterator

from campaigns.models import Import, ImportRow
from campaigns.portal import downloads
from campaigns.queries.imports import column_headings, rows_not_accepted

ADDED = ("row", "result", "reason")
_AT_ONCE = 2000


def as_file(source: Import) -> downloads.Download:
    """A file of the same kind as the one that came, with its separator."""
    stem = f"{downloads.safe(source.filename.rsplit('.', 1)[0])}-not-accepted"
    if source.kind == "workbook":
        return downloads.as_workbook(_table(source), stem=stem, title="Not accepted")
    return downloads.as_csv(_table(source), stem=stem, delimiter=source.delimiter or ",")


def _table(source: Import) -> Iterator[list[str]]:
    headings = column_headings(source)
    yield [*headings, *ADDED]
    for row in rows_not_accepted(source).iterator(chunk_size=_AT_ONCE):
        yield _told(row, len(headings))


def _told(row: ImportRow, width: int) -> list[str]:
    """Its own cells, then why; cells that no heading stands over come last."""
    cells = [str(cell) for cell in row.cells] + [""] * (width - len(row.cells))
    why = [str(row.row_number), row.get_fate_display(), row.reason]
    return [*cells[:width], *why, *cells[width:]]
