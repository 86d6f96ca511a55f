"""Many rows at once must come out as single ones would, on either database."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from time import sleep

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from campaigns import bulk
from campaigns.models import Evidence, Message, Recipient
from tests.campaigns.world import NOON, add_people, make_campaign

pytestmark = pytest.mark.django_db

AWKWARD = "सुनीता \\N \t \"quoted\" 'it''s' {a,b}\nnext 100 %s"


def test_inserted_rows_hold_every_value_as_it_was() -> None:
    [person] = add_people(make_campaign(), 1)
    row = Evidence(
        recipient=person,
        message_reference="m-1",
        stage=Evidence.Stage.PLANNING,
        judged_at=NOON,
        planned_for=NOON + timedelta(microseconds=1),
        verdict="OK",
        findings=[{"reason": AWKWARD}],
        facts={"basis": None, AWKWARD: [1, True]},
        rules_version=AWKWARD[:40],
    )
    bulk.insert(Evidence, [row])
    [stored] = Evidence.objects.all()
    fields = [field.attname for field in Evidence._meta.concrete_fields if not field.primary_key]
    assert [getattr(stored, name) for name in fields] == [getattr(row, name) for name in fields]


def test_a_row_that_the_database_refuses_is_refused_as_django_says_it() -> None:
    """The journal tells by it a refusal from a database that is away. COPY raised psycopg's own."""
    [person] = add_people(make_campaign(), 1)
    row = Evidence(recipient=person, judged_at=NOON, planned_for=NOON, verdict=None)  # type: ignore[misc]
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(Evidence, [row])


def test_nothing_to_write_writes_nothing() -> None:
    bulk.insert(Evidence, [])
    bulk.update([], ["state"])


def test_an_update_changes_the_named_fields_of_these_rows_alone() -> None:
    campaign = make_campaign(people=3)
    first, second, third = campaign.recipients.order_by("pk")
    first.reason, first.due_at, first.attempts, first.name = AWKWARD, NOON, 2, "not written"
    second.state = Recipient.State.COMPLETED
    bulk.update([first, second], ["state", "reason", "due_at", "attempts"])
    stored = campaign.recipients.order_by("pk").values_list("state", "reason", "due_at", "attempts", "name")
    assert list(stored) == [
        ("waiting", AWKWARD, NOON, 2, "Person 0"),
        ("completed", second.reason, None, 0, "Person 1"),
        (third.state, third.reason, None, 0, "Person 2"),
    ]


def test_times_and_empty_values_of_messages_are_written() -> None:
    campaign = make_campaign(people=1)
    message = Message.objects.create(
        recipient=campaign.recipients.get(), attempt=1, send_on=NOON, settled_at=NOON, duration_seconds=3
    )
    message.settled_at, message.duration_seconds = None, None
    message.changed_at = NOON + timedelta(microseconds=123)
    bulk.update([message], ["settled_at", "duration_seconds", "changed_at"])
    stored = Message.objects.get()
    assert (stored.settled_at, stored.duration_seconds, stored.changed_at) == (None, None, message.changed_at)


def test_many_texts_in_one_lookup() -> None:
    campaign = make_campaign(people=3)
    phones = list(campaign.recipients.order_by("pk").values_list("phone", flat=True))
    assert campaign.recipients.filter(phone__in=bulk.among([phones[0], phones[2], AWKWARD])).count() == 2
    assert campaign.recipients.filter(phone__in=bulk.among([])).count() == 0


def test_people_of_one_campaign_share_it() -> None:
    make_campaign(people=2)
    people = bulk.add_campaigns(list(Recipient.objects.all()))
    shared = {id(person.campaign) for person in people.values()}
    assert len(people) == 2
    assert len(shared) == 1


def test_a_writer_gets_in_between_the_long_transactions_of_a_loop(tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's writers wait for no lock of the whole database")
    file = tmp_path / "app.sqlite3"
    with closing(sqlite3.connect(file)) as first:
        first.execute("PRAGMA journal_mode=WAL")
        first.execute("CREATE TABLE t (x)")
    stored, over = 0, Event()

    def loop() -> None:
        nonlocal stored
        with closing(sqlite3.connect(file, timeout=20, isolation_level=None)) as writer:
            while not over.is_set():
                writer.execute("BEGIN IMMEDIATE")
                writer.execute("INSERT INTO t VALUES (1)")
                sleep(0.05)
                writer.execute("COMMIT")
                stored += 1
                bulk.let_others_write()

    thread = Thread(target=loop)
    thread.start()
    waits = []
    try:
        with closing(sqlite3.connect(file, timeout=20, isolation_level=None)) as other:
            for _ in range(20):
                before = stored
                while stored == before:  # until the loop is in its next transaction
                    sleep(0.01)
                before = stored
                other.execute("BEGIN IMMEDIATE")  # without the pause it fails after 20 s
                waits.append(stored - before)
                other.execute("COMMIT")
    finally:
        over.set()
        thread.join()
    assert sum(waits) <= 2 * len(waits)  # transactions of the loop that went before


def test_the_log_of_writes_is_cut_again(tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's write-ahead log")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_size_limit")
        assert cursor.fetchone() == (16 << 20,)
    file = tmp_path / "app.sqlite3"
    with (
        closing(sqlite3.connect(file, isolation_level=None)) as reader,
        closing(sqlite3.connect(file)) as writer,
    ):
        for one in (reader, writer):
            one.executescript(settings.DATABASES["default"]["OPTIONS"]["init_command"])
        writer.execute("CREATE TABLE t (x)")
        writer.execute("INSERT INTO t VALUES (1)")
        writer.commit()
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM t").fetchall()
        for _ in range(30):
            writer.execute("INSERT INTO t VALUES (zeroblob(1000000))")
            writer.commit()
        log = file.with_name("app.sqlite3-wal")
        assert log.stat().st_size > 16 << 20
        reader.execute("COMMIT")
        for _ in range(2):  # the first copies the log into the database, the second begins it anew
            writer.execute("INSERT INTO t VALUES (zeroblob(1000000))")
            writer.commit()
        assert log.stat().st_size <= 16 << 20
