"""Make a table of the rows of a file that were not accepted, with the reasons."""

from collections.abc import Iterator

from campaigns.models import Import
from campaigns.portal import downloads
from campaigns.queries.imports import column_headings, rows_not_accepted
from campaigns.spreadsheets.columns import OURS, places_of_ours

_AT_ONCE = 2000


def as_file(source: Import) -> downloads.Download:
    """Return a file of the same kind as the one that came: a workbook, or text with its separator."""
    stem = f"{downloads.safe(source.filename.rsplit('.', 1)[0])}-not-accepted"
    if source.kind == "workbook":
        return downloads.as_workbook(_table(source), stem=stem, title="Not accepted")
    return downloads.as_csv(_table(source), stem=stem, delimiter=source.delimiter or ",")


def _table(source: Import) -> Iterator[list[str]]:
    """Yield the headings, then each row: its cells, the reason, and last the cells without a heading.

    What we had added to the file before, if it is such a file corrected, is left out.
    """
    headings = column_headings(source)
    ours, width = places_of_ours(headings), len(headings)
    own = [place for place in range(width) if place not in ours]
    yield [*(headings[place] for place in own), *OURS]
    for row in rows_not_accepted(source).iterator(chunk_size=_AT_ONCE):
        cells = [str(cell) for cell in row.cells] + [""] * (width - len(row.cells))
        why = [str(row.row_number), row.get_fate_display(), row.reason]
        yield [*(cells[place] for place in own), *why, *cells[width:]]
