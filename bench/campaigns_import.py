"""The child of `bench.campaigns`: one list into an empty PostgreSQL database, and what it took."""

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")
django.setup()

from django.conf import settings  # noqa: E402 (after the set-up)
from django.core.files import File  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from campaigns import clock  # noqa: E402
from campaigns.models import Account, Agent, Campaign, Import, PhoneNumber, Recipient, Template  # noqa: E402
from campaigns.services import importing, imports  # noqa: E402

TABLE = Recipient._meta.db_table


@contextmanager
def empty_database() -> Iterator[None]:
    """The database of the settings, made new and removed again."""
    database = settings.DATABASES["default"]
    name = database["NAME"]
    where = {"host": database["HOST"], "port": database["PORT"], "user": database["USER"]}
    server = psycopg.connect(
        **where, password=database["PASSWORD"] or None, dbname="postgres", autocommit=True
    )
    with server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}"')
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            call_command("migrate", verbosity=0)
            yield
        finally:
            connection.close()
            server.execute(f'DROP DATABASE "{name}"')


def campaign() -> Campaign:
    """A draft with nobody in it."""
    account = Account.objects.create(name="Bench", base_url="http://127.0.0.1:9", tenant="bench")
    number = PhoneNumber.objects.create(account=account, e164="+911600110245", series="1600")
    template = Template.objects.create(account=account, name="Bench")
    agent = Agent.objects.create(name="Bench")
    return Campaign.objects.create(name="Bench", template=template, number=number, agent=agent)


def pin() -> None:
    """This process and its database session on one core, where the machine lets us."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    if len(cores) < 2:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        session = cursor.fetchone()[0]
    for process in (0, session):
        try:
            os.sched_setaffinity(process, {cores[-1]})
        except OSError:
            print(f"process {process} could not be pinned", file=sys.stderr)


def timed_import(path: Path) -> tuple[Import, float]:
    """Receive, confirm and read a list; the seconds of all three."""
    began = time.perf_counter()
    with path.open("rb") as raw:
        source = imports.receive(campaign(), File(raw), filename=path.name, by=None)
    imports.choose(source, importing.columns_of(source), by=None)
    importing.read_import(source.pk, clock=clock.now)
    seconds = time.perf_counter() - began
    source.refresh_from_db()
    return source, seconds


def timed_copy(folder: Path) -> float:
    """The accepted rows by one COPY into an empty table with the same columns and indexes; seconds."""
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
    """The books must balance, or the figures mean nothing."""
    in_table = Recipient.objects.count()
    assert source.state == Import.State.DONE, source.reason
    assert source.accepted == in_table, (source.accepted, in_table)
    assert source.rows.count() == source.uploaded - source.accepted


def main(path: Path) -> None:
    """Print the figures as JSON."""
    with empty_database():
        pin()
        source, seconds = timed_import(path)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        check(source)
        copy = timed_copy(path.parent)
        fates = {n: getattr(source, n) for n in ("accepted", "rejected", "duplicate")}
        figures = {
            "us_per_row": round(seconds / source.uploaded * 1e6, 1),
            "peak_mb": round(peak),
            "copy_ratio": round(seconds / copy, 2),
        }
        print(json.dumps(figures | fates))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
