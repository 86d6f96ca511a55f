"""The pack of one number, and files of numbers that must not be called."""

import csv
import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from campaigns import call_results
from campaigns.delivery import upload
from campaigns.models import Message, Suppression
from campaigns.planning import plan
from tests.campaigns.world import NOON, FakeXFin, at, make_campaign

pytestmark = pytest.mark.django_db


def called() -> str:
    """A number that was called, then asked us to stop."""
    campaign = make_campaign(people=2)
    plan.plan(campaign.pk, now=NOON)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=FakeXFin())
    message = Message.objects.select_related("recipient").order_by("pk")[0]
    call_results.opt_out(
        phone=message.recipient.phone, how="key", what="9", message_reference=message.reference
    )
    return message.recipient.phone


def test_the_pack_holds_everything_of_one_number_and_nothing_of_others() -> None:
    phone, out = called(), io.StringIO()
    call_command("export_evidence", phone.removeprefix("+91"), stdout=out)
    pack = json.loads(out.getvalue())
    assert pack["phone"] == phone
    assert [row["stage"] for row in pack["evidence"]] == ["planning", "hand_over"]
    assert pack["evidence"][1]["facts"]["principal_entity"]
    assert [row["state"] for row in pack["messages"]] == ["queued"]
    assert pack["suppressions"][0]["reason"] == "Asked us to stop: pressed 9 in a call."
    assert pack["calls"] == []
    other = Message.objects.order_by("pk")[1]
    assert other.reference not in out.getvalue()


def test_the_same_as_a_table_in_the_order_of_events(tmp_path: Path) -> None:
    phone, file, out = called(), tmp_path / "pack.csv", io.StringIO()
    call_command("export_evidence", phone, "--format", "csv", "--output", str(file), stdout=out)
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert {row["section"] for row in rows} == {"people", "evidence", "messages", "suppressions"}
    assert [row["at_utc"] for row in rows] == sorted(row["at_utc"] for row in rows)
    evidence = next(row for row in rows if row["section"] == "evidence")
    assert (evidence["at_utc"], evidence["at_ist"]) == ("2026-11-24 05:30:00", "2026-11-24 11:00:00")
    assert phone not in out.getvalue()


def test_what_is_no_number_has_no_pack() -> None:
    with pytest.raises(CommandError, match="short code"):
        call_command("export_evidence", "1909")


def test_a_file_of_numbers_is_entered_and_counted(tmp_path: Path) -> None:
    file, out = tmp_path / "stop.csv", io.StringIO()
    file.write_text("Mobile\n9825112410\n12345\n")
    call_command("import_suppressions", str(file), "--reason", "Order of the operator.", stdout=out)
    assert out.getvalue().splitlines()[-1] == "new=1 known=0 refused=1"
    assert Suppression.objects.get().reason == "Order of the operator."
    with pytest.raises(CommandError):
        call_command("import_suppressions", str(tmp_path / "none.csv"), "--reason", "x")
