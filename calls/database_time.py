"""The database's own clock, by which signs of life are written and judged.

All processes and machines share it. A process's own clock may jump, or differ from that of the process which
judges it, and the clock that tests turn on (`campaigns.clock`) says nothing about who lives.
"""

from datetime import UTC, datetime

from django.db import connection


def now() -> datetime:
    """Return the time of the database: that of PostgreSQL's machine; with SQLite of this one. One query.

    Raises what the database raises.
    """
    if connection.vendor != "postgresql":
        return datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at: datetime = cursor.fetchone()[0]
    return at
