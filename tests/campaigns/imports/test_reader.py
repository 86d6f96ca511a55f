"""An import is read to its end, whoever dies, cancels or comes second on the way."""

import os
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from pytest_django import Settings

from campaigns import clock
from campaigns.imports import reader, upload
from campaigns.imports.reader import columns_of, forget_files, imports_to_read, read_import
from campaigns.models import Campaign, Import, ImportRow, Recipient, Suppression
from tests.calls.servers import ROOT, database_url
from tests.campaigns.world import NOON, at, make_campaign

pytestmark = pytest.mark.django_db
LATER = timedelta(hours=1)
READER = """
import sys, django
django.setup()
from campaigns import clock
from campaigns.imports import reader
reader.CHUNK = 50
reader.read_import(int(sys.argv[1]), clock=clock.now)
"""


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "CHUNK", 10)


def a_list(rows: int) -> str:
    """Every tenth row is bad, every eleventh has the number of the row ten before it, some are blank."""
    lines = ["Mobile,Name,Amount"]
    for place in range(rows):
        number = f"98{place - 10 if place % 11 == 10 else place:08d}"
        lines.append(",," if place % 50 == 49 else f"{'12345' if place % 10 == 3 else number},Asha,500")
    return "\n".join(lines) + "\n"


def waiting(campaign: Campaign, rows: int = 100) -> Import:
    source = upload.receive(campaign, ContentFile(a_list(rows).encode()), filename="a.csv", by=None)
    upload.choose(source, columns_of(source), by=None)
    return source


def books(source: Import) -> tuple[int, Counter[str]]:
    """What the import says, after the tables were found to say the same."""
    source.refresh_from_db()
    rows = Counter(source.rows.values_list("fate", flat=True))
    numbers = [number or 0 for number in source.recipients.values_list("row_number", flat=True)]
    numbers += source.rows.values_list("row_number", flat=True)
    fates = Counter(accepted=source.recipients.count(), **rows)
    said = Counter({fate: getattr(source, fate) for fate in ("accepted", "rejected", "duplicate")})
    assert +fates == +said
    assert source.uploaded == said.total() == len(set(numbers)) == len(numbers)
    assert max(numbers, default=0) <= source.row_reached
    return source.uploaded, said


def test_an_import_in_chunks_ends_like_one_in_one_piece(small_chunks: None) -> None:
    source = waiting(make_campaign())
    read_import(source.pk, clock=at(NOON))
    uploaded, said = books(source)
    assert (uploaded, source.empty, source.state) == (98, 2, Import.State.DONE)
    assert said["rejected"] == 10
    assert said["duplicate"] == 8
    assert source.bytes_read == source.size


def test_others_get_in_between_the_chunks(small_chunks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[int] = []
    monkeypatch.setattr(reader, "let_others_write", lambda: pauses.append(1))
    read_import(waiting(make_campaign(), rows=95).pk, clock=at(NOON))
    assert len(pauses) == 10


def test_a_duplicate_names_the_row_of_another_chunk(small_chunks: None) -> None:
    source = waiting(make_campaign())
    read_import(source.pk, clock=at(NOON))
    row = source.rows.filter(fate=ImportRow.Fate.DUPLICATE).earliest("row_number")
    assert (row.row_number, row.reason) == (12, "The same number as in row 2.")


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_s_import_goes_on_at_the_row_where_it_stopped(tmp_path: Path) -> None:
    source = waiting(make_campaign(), rows=20_000)
    environment = {**os.environ, "DATABASE_URL": database_url(), "DATA_DIR": str(tmp_path)}
    environment["DJANGO_SETTINGS_MODULE"] = "awaaz_project.settings"
    command = [sys.executable, "-c", READER, str(source.pk)]
    worker = subprocess.Popen(command, cwd=ROOT, env=environment)
    _wait_for_rows(source, worker)
    worker.kill()
    worker.wait(20)
    stored, _ = books(source)
    assert 0 < stored < 19_600
    assert source.state == Import.State.READING
    assert imports_to_read(clock.now()) == []
    read_import(source.pk, clock=clock.now)
    assert books(source)[0] == stored
    assert imports_to_read(clock.now() + LATER) == [source.pk]
    read_import(source.pk, clock=at(clock.now() + LATER))
    uploaded, said = books(source)
    assert (uploaded, source.empty, source.state) == (19_600, 400, Import.State.DONE)
    assert said["rejected"] == 2000


def _wait_for_rows(source: Import, worker: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and worker.poll() is None:
        source.refresh_from_db()
        if source.row_reached > 500:
            return
        time.sleep(0.01)
    raise AssertionError("the worker stored nothing, or was over before it could be killed")


def test_two_workers_do_not_read_one_import() -> None:
    source = waiting(make_campaign())
    Import.objects.update(state="reading", claim="b-other", claimed_until=NOON + timedelta(seconds=5))
    read_import(source.pk, clock=at(NOON))
    assert books(source)[0] == 0


def test_a_slow_worker_that_lost_its_claim_stores_nothing_more(small_chunks: None) -> None:
    source = waiting(make_campaign())

    def slow() -> datetime:
        if source.recipients.count() == 17:
            Import.objects.update(claim="b-other")
        return NOON

    read_import(source.pk, clock=slow)
    assert books(source)[0] == 20
    assert (source.claim, source.state) == ("b-other", Import.State.READING)


def test_a_cancelled_import_keeps_what_was_read_and_says_where_it_stopped(small_chunks: None) -> None:
    source = waiting(make_campaign())

    def impatient() -> datetime:
        if Recipient.objects.exists():
            upload.cancel(source, None)
        return NOON

    read_import(source.pk, clock=impatient)
    assert books(source)[0] == 10
    assert source.state == Import.State.CANCELLED
    assert source.reason == (
        "Cancelled by the system. The rows up to row 11 were taken; those after it were not read."
    )
    assert not upload.cancel(source, None)


def test_nobody_is_added_to_a_campaign_that_ends_meanwhile(small_chunks: None) -> None:
    campaign = make_campaign()
    source = waiting(campaign)

    def ending() -> datetime:
        if Recipient.objects.exists():
            Campaign.objects.update(state=Campaign.State.CANCELLED)
        return NOON

    read_import(source.pk, clock=ending)
    assert books(source)[0] == 10
    assert source.state == Import.State.FAILED
    assert source.reason.startswith("The campaign has ended")
    assert source.reason.endswith("The rows up to row 11 were taken; those after it were not read.")


def test_a_broken_row_ends_the_import_there_and_keeps_the_rows_before(small_chunks: None) -> None:
    text = a_list(90) + '"9899999999,Ram,6\n' + "9811111199,Ram,6\n" * 30
    source = upload.receive(make_campaign(), ContentFile(text.encode()), filename="a.csv", by=None)
    upload.choose(source, columns_of(source), by=None)
    read_import(source.pk, clock=at(NOON))
    assert books(source)[0] == 80
    assert source.state == Import.State.FAILED
    assert "Row 92 has a quotation mark" in source.reason


def test_an_import_that_kills_every_worker_is_given_up() -> None:
    source = waiting(make_campaign())
    Import.objects.update(state="reading", claim="b-dead", claimed_until=NOON, attempts=reader.MOST_ATTEMPTS)
    read_import(source.pk, clock=at(NOON + LATER))
    source.refresh_from_db()
    assert (source.state, source.uploaded) == (Import.State.FAILED, 0)
    assert "broke off 5 times" in source.reason


def test_whoever_is_suppressed_for_this_purpose_is_not_added() -> None:
    campaign = make_campaign()
    for number, category in ((0, "collections"), (1, "promotional")):
        Suppression.objects.create(
            phone=f"+919800000{number:03d}", scope="category", category=category, source="key", reason="No."
        )
    source = waiting(campaign, rows=3)
    read_import(source.pk, clock=at(NOON))
    source.refresh_from_db()
    assert (source.accepted, source.suppressed) == (2, 1)
    assert source.rows.get().reason == "No."


def test_the_file_goes_when_the_import_is_over() -> None:
    source = waiting(make_campaign())
    path = Path(source.file.path)
    assert forget_files() == 0
    assert path.exists()
    read_import(source.pk, clock=at(NOON))
    assert forget_files() == 1
    assert not path.exists()
    source.refresh_from_db()
    assert not source.file


def test_a_file_whose_columns_nobody_confirmed_is_dropped_after_a_week() -> None:
    source = upload.receive(make_campaign(), ContentFile(a_list(3).encode()), filename="a.csv", by=None)
    assert upload.drop_forgotten(clock.now()) == 0
    assert upload.drop_forgotten(clock.now() + timedelta(days=8)) == 1
    source.refresh_from_db()
    assert source.state == Import.State.CANCELLED


def test_a_file_that_is_gone_is_said() -> None:
    source = waiting(make_campaign())
    Path(source.file.path).unlink()
    read_import(source.pk, clock=at(NOON))
    source.refresh_from_db()
    assert (source.state, source.reason) == (
        "failed",
        "The uploaded file is gone; upload it again. No row was read.",
    )
