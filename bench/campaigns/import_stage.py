"""The child of `bench.campaigns`: one list into an empty PostgreSQL database, and what it took."""

import json
import sys
import time
from pathlib import Path

from django.core.files import File
from django.db import connection

from bench.campaigns.world import MILLION, draft, empty_database, like_a_worker, peak_mb
from campaigns import clock
from campaigns.imports import reader, upload
from campaigns.models import Import, Recipient

TABLE = Recipient._meta.db_table


def timed_import(path: Path) -> tuple[Import, float]:
    """Receive, confirm and read a list; return the seconds of all three."""
    began = time.perf_counter()
    with path.open("rb") as raw:
        source = upload.receive(draft(), File(raw), filename=path.name, by=None)
    upload.choose(source, reader.columns_of(source), by=None)
    reader.read_import(source.pk, clock=clock.now)
    seconds = time.perf_counter() - began
    source.refresh_from_db()
    return source, seconds


def timed_copy(folder: Path) -> float:
    """Load the accepted rows by one COPY into an empty table of the same shape; return the seconds."""
    dump = folder / "accepted.copy"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE bare (LIKE {TABLE} INCLUDING ALL)")
        with dump.open("wb") as file, cursor.copy(f"COPY {TABLE} TO STDOUT") as copy:
            for piece in copy:
                file.write(piece)
        began = time.perf_counter()
        with dump.open("rb") as file, cursor.copy("COPY bare FROM STDIN") as copy:
            while piece := file.read(1 << 16):
                copy.write(piece)
        seconds = time.perf_counter() - began
    dump.unlink()
    return seconds


def check(source: Import) -> None:
    """Raise if the counts of rows do not add up: the figures would mean nothing."""
    in_table = Recipient.objects.count()
    assert source.state == Import.State.DONE, source.reason
    assert source.accepted == in_table, (source.accepted, in_table)
    assert source.rows.count() == source.uploaded - source.accepted


def main(path: Path) -> None:
    """Print the figures as JSON."""
    with empty_database():
        like_a_worker()
        source, seconds = timed_import(path)
        peak = peak_mb()
        check(source)
        copy = timed_copy(path.parent)
        fates = {n: getattr(source, n) for n in ("accepted", "rejected", "duplicate")}
        figures = {
            "us_per_row": round(seconds / source.uploaded * MILLION, 1),
            "peak_mb": peak,
            "copy_ratio": round(seconds / copy, 2),
        }
        print(json.dumps(figures | fates))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
