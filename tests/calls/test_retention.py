"""What goes by the clocks, what goes with a person who asked, and what a legal hold keeps."""

import io
import json
import os
import time
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.admin.models import LogEntry as AdminLog
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from pytest_django import Settings

from calls import retention
from calls.media.prompt_audio import ready, speak
from calls.models import Answer, Call, CallEvent, MediaProcess, Recording
from calls.recordings import files
from calls.reports import person as persons
from campaigns.delivery import withdraw
from campaigns.delivery.upload import upload
from campaigns.errors import NotAllowed
from campaigns.imports.upload import add_rows
from campaigns.models import (
    CallingBasis,
    Campaign,
    Complaint,
    Erasure,
    Evidence,
    Import,
    ImportRow,
    Member,
    Message,
    Programme,
    Purge,
    Recipient,
    StandingList,
    Suppression,
    User,
)
from campaigns.planning import plan
from campaigns.privacy import erasure, legal_holds
from campaigns.privacy import purge as purging
from campaigns.privacy.purge import FORGOTTEN
from campaigns.pseudonyms import pseudonym
from tests import cast
from tests.campaigns.world import NOON, FakeXFin, at, make_campaign, states

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folders")]

MEENA = "+919825112410"
NIGHT = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)  # 02:30 IST of the 24th


def days_ago(days: int) -> datetime:
    return NIGHT - timedelta(days=days)


def make_call(message: Message, *, days: int) -> Call:
    """A call of the message, over, with a log, an answer and a recording."""
    person, started = message.recipient, days_ago(days)
    call = Call.objects.create(
        number=person.campaign.number,
        message=message,
        recipient=person,
        campaign=person.campaign,
        process=MediaProcess.objects.create(),
        state="ended",
        started_at=started,
        ended_at=started,
        call_sid="CA1",
        disposition="answered",
        duration_ms=55_000,
    )
    CallEvent.objects.create(call=call, sequence=1, at_ms=10, kind="said", text="Meena said yes.")
    Answer.objects.create(call=call, recipient=person, question="pay", value="1", at=started)
    kept = Recording(call=call, duration_ms=1000, sha256="a" * 64)
    kept.file.save("a.wav", ContentFile(b"RIFF and so on"))
    return call


def ended(campaign: Campaign, *, days: int) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(state="completed", state_since=days_ago(days))


def path(call: Call) -> Path:
    return Path(Recording.objects.get(call=call).file.path)


def saved(answer: object) -> io.BytesIO:
    """What a browser would save."""
    return io.BytesIO(b"".join(answer.streaming_content))  # type: ignore[attr-defined]  # of the test client


def line(kind: str) -> tuple[int, int]:
    """How many went and how many were held, tonight."""
    row = Purge.objects.get(kind=kind)
    assert row.finished_at == NIGHT
    return row.removed, row.held


# --- Clocks ---------------------------------------------------------------------------------------


def test_a_recording_goes_after_a_year_and_leaves_its_length_and_checksum(message: Message) -> None:
    old, fresh = make_call(message, days=366), make_call(message, days=364)
    gone, there = path(old), path(fresh)
    retention.purge(NIGHT)
    assert (gone.exists(), there.exists()) == (False, True)
    assert Recording.objects.get(call=old).sha256 == "a" * 64
    assert line("recordings") == (1, 0)
    assert Purge.objects.get(kind="recordings").reason.startswith("Kept for 365 days after the call")
    page = cast.browser(cast.viewer()).get(old.get_absolute_url())
    assert "was deleted" in page.content.decode()
    assert cast.browser().get(reverse("recording", args=[old.pk])).status_code == 302


def test_others_get_in_between_the_strides_of_a_purge(
    message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[int] = []
    monkeypatch.setattr(purging, "let_others_write", lambda: pauses.append(1))
    monkeypatch.setattr(purging, "CHUNK", 1)
    for days in (366, 367, 368):
        make_call(message, days=days)
    retention.purge(NIGHT)
    assert line("recordings") == (3, 0)
    assert len(pauses) >= 3


def test_the_page_of_a_call_does_not_offer_a_deleted_recording(message: Message) -> None:
    call = make_call(message, days=366)
    retention.purge(NIGHT)
    assert cast.browser(cast.viewer()).get(reverse("recording", args=[call.pk])).status_code == 404


def test_the_log_goes_after_a_year_and_whose_call_it_was_after_three(message: Message) -> None:
    one, three = make_call(message, days=366), make_call(message, days=1097)
    retention.purge(NIGHT)
    one.refresh_from_db()
    three.refresh_from_db()
    assert not CallEvent.objects.exists()
    assert (one.recipient, one.answers.count(), one.call_sid) == (message.recipient, 1, "CA1")
    assert (three.recipient, three.message, three.answers.count(), three.call_sid) == (None, None, 0, "")
    assert (three.disposition, three.duration_ms) == ("answered", 55_000)
    assert (line("events"), line("calls")) == ((2, 0), (1, 0))


def test_people_go_a_year_after_their_campaign_and_the_books_still_add_up(message: Message) -> None:
    campaign = message.recipient.campaign
    source = Import.objects.create(campaign=campaign, filename="a.csv", sha256="0", uploaded=1, rejected=1)
    ImportRow.objects.create(
        source=source, row_number=2, cells=["12345", "Meena"], fate="rejected", reason="x"
    )
    retention.purge(NIGHT)
    assert Recipient.objects.get().name == "Meena"  # the campaign goes on
    ended(campaign, days=366)
    retention.purge(NIGHT + timedelta(days=1))
    person = Recipient.objects.get()
    assert (person.phone, person.name, person.variables) == (pseudonym(MEENA), "", {})
    assert (ImportRow.objects.get().cells, ImportRow.objects.get().reason) == ([], "x")


def test_evidence_grounds_and_complaints_go_after_three_years(message: Message) -> None:
    for days in (1095, 1097):
        Evidence.objects.create(
            recipient=message.recipient,
            stage="planning",
            judged_at=days_ago(days),
            planned_for=days_ago(days),
            verdict="OK",
            rules_version="1",
        )
        CallingBasis.objects.create(
            phone=MEENA, kind="consent", given_at=days_ago(2000), revoked_at=days_ago(days)
        )
        Complaint.objects.create(phone=MEENA, closed_at=days_ago(days), outcome="Unfounded.")
    relied_on = CallingBasis.objects.create(phone=MEENA, kind="contract", given_at=days_ago(5000))
    retention.purge(NIGHT)
    assert [line(kind) for kind in ("evidence", "bases", "complaints")] == [(1, 0)] * 3
    assert CallingBasis.objects.filter(pk=relied_on.pk).exists()


def test_a_wish_not_to_be_called_never_goes() -> None:
    Suppression.objects.create(phone=MEENA, source="key", reason="9", created_at=days_ago(20_000))
    retention.purge(NIGHT)
    assert Suppression.objects.get().phone == MEENA


def test_the_purge_waits_for_the_night_and_happens_once(message: Message) -> None:
    make_call(message, days=366)
    assert retention.purge(NIGHT - timedelta(hours=1)) == 0
    assert retention.purge(NIGHT) == 2  # the recording and the log
    make_call(message, days=366)
    assert retention.purge(NIGHT + timedelta(hours=1)) == 0
    assert retention.purge(NIGHT + timedelta(days=1)) == 2


def test_a_purge_that_died_is_finished_by_the_next(message: Message) -> None:
    make_call(message, days=366)
    Purge.objects.create(
        kind="recordings", day=NIGHT.date() + timedelta(days=1), cutoff=days_ago(365), removed=7
    )
    retention.purge(NIGHT)
    assert line("recordings") == (8, 0)


def test_who_signed_in_and_failed_to_is_kept_for_a_year() -> None:
    for days in (364, 366):
        AccessLog.objects.create(username="asha", ip_address="10.0.0.7")
        AccessAttempt.objects.create(
            username="asha", user_agent=str(days), ip_address="10.0.0.7", failures_since_start=1
        )
        for rows in (AccessLog, AccessAttempt):
            newest = rows.objects.latest("pk")
            rows.objects.filter(pk=newest.pk).update(attempt_time=days_ago(days))
    retention.purge(NIGHT)
    assert (line("sign_ins"), line("failed_sign_ins")) == ((1, 0), (1, 0))
    for rows in (AccessLog, AccessAttempt):
        assert [row.attempt_time for row in rows.objects.all()] == [days_ago(364)]


@pytest.mark.parametrize("state", ["draft", "checked", "approved", "paused", "stopped"])
def test_a_campaign_with_which_nothing_is_done_is_cancelled_and_its_people_go_after_it(
    message: Message, state: str
) -> None:
    campaign = message.recipient.campaign
    Message.objects.all().delete()
    long_ago = {"state": state, "state_since": days_ago(181), "changed_at": days_ago(181)}
    Campaign.objects.filter(pk=campaign.pk).update(**long_ago | {"changed_at": days_ago(170)})
    retention.purge(NIGHT)
    assert Campaign.objects.get().state == state  # it was changed since
    Campaign.objects.update(**long_ago)
    night = NIGHT + timedelta(days=1)
    retention.purge(night)
    campaign = Campaign.objects.get()
    assert (campaign.state, campaign.reason) == ("cancelled", FORGOTTEN)
    assert Recipient.objects.get().state == "cancelled"
    assert Recipient.objects.get().name == "Meena"
    ended(campaign, days=366)
    retention.purge(night + timedelta(days=1))
    assert (Recipient.objects.get().phone, Recipient.objects.get().name) == (pseudonym(MEENA), "")


def test_a_hold_and_a_programme_keep_a_campaign_that_waits(message: Message) -> None:
    campaign = message.recipient.campaign
    Campaign.objects.update(state="draft", state_since=days_ago(400), changed_at=days_ago(400))
    hold = legal_holds.place(phone=MEENA, reason="a case", by=None)
    retention.purge(NIGHT)
    assert line("idle") == (0, 1)
    legal_holds.release(hold.pk, reason="over", by=None, now=NIGHT)
    a_list = StandingList.objects.create(name="Borrowers")
    Programme.objects.create(name="x", standing_list=a_list, pattern=campaign, date_name="due_date")
    retention.purge(NIGHT + timedelta(days=1))
    assert Campaign.objects.get().state == "draft"


def test_the_admins_own_log_has_a_period_and_forgets_who_is_erased(message: Message) -> None:
    user = User.objects.create(username="asha")
    member = Member.objects.create(
        standing_list=StandingList.objects.create(name="Borrowers"), phone=MEENA, name="Meena Desai"
    )
    for days, thing in ((366, user), (10, user), (10, member)):
        kind = ContentType.objects.get_for_model(thing)
        AdminLog.objects.create(
            user=user,
            content_type=kind,
            object_id=str(thing.pk),
            object_repr=str(thing),
            action_flag=2,
            action_time=days_ago(days),
        )
    retention.purge(NIGHT)
    assert line("admin_log") == (1, 0)
    ended(message.recipient.campaign, days=1)
    Message.objects.all().delete()
    erasure.ask(MEENA, reason="asked", by=user, now=NIGHT)
    assert retention.erase_people(NIGHT) == 1
    assert [row.object_repr for row in AdminLog.objects.all()] == ["asha"]


def test_speech_that_is_not_spoken_any_more_goes(settings: Settings, tmp_path: Path) -> None:
    settings.SPEECH_CACHE = tmp_path
    for name, days in (("old.wav", 31), ("new.wav", 29)):
        file = tmp_path / "people" / "ab" / "x12ab" / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_bytes(b"RIFF")
        used = time.time() - days * 86400
        os.utime(file, (used, used))
    retention.purge(NIGHT)
    assert [file.name for file in tmp_path.glob("people/*/*/*")] == ["new.wav"]


def test_what_was_spoken_for_a_person_goes_with_the_person(
    message: Message, settings: Settings, tmp_path: Path
) -> None:
    settings.SPEECH_CACHE = tmp_path / "speech"
    Message.objects.update(state="done")
    speak("Namaste Meena", "hi", pseudonym(MEENA))
    speak("Namaste Asha", "hi", pseudonym("+919825000000"))
    speak("Namaste", "hi")
    erasure.ask(MEENA, reason="asked", by=None, now=NIGHT)
    assert retention.erase_people(NIGHT) == 1
    assert Erasure.objects.get().removed["spoken"] == 1
    assert ready("Namaste Meena", "hi", pseudonym(MEENA)) is None
    assert ready("Namaste Asha", "hi", pseudonym("+919825000000"))
    assert ready("Namaste", "hi")


def test_what_is_spoken_after_the_erasure_goes_with_the_next_purge(
    message: Message, settings: Settings, tmp_path: Path
) -> None:
    settings.SPEECH_CACHE = tmp_path / "speech"
    Message.objects.update(state="done")
    erasure.ask(MEENA, reason="asked", by=None, now=NIGHT)
    retention.erase_people(NIGHT)
    speak("Namaste Meena", "hi", pseudonym(MEENA))
    retention.erase_late()
    assert ready("Namaste Meena", "hi", pseudonym(MEENA)) is None


# --- Holds ----------------------------------------------------------------------------------------


def test_a_hold_on_a_person_or_a_campaign_keeps_all_of_it(message: Message) -> None:
    call = make_call(message, days=1097)
    ended(message.recipient.campaign, days=1097)
    hold = legal_holds.place(phone=MEENA, reason="Consumer court, case 12.", by=None)
    retention.purge(NIGHT)
    assert path(call).exists()
    assert Recipient.objects.get().phone == MEENA
    assert [line(kind) for kind in ("recordings", "events", "calls", "people")] == [(0, 1)] * 4
    legal_holds.release(hold.pk, reason="Settled.", by=None, now=NIGHT)
    legal_holds.place(campaign=message.recipient.campaign, reason="Order of TRAI.", by=None)
    retention.purge(NIGHT + timedelta(days=1))
    assert path(call).exists()
    assert Recipient.objects.get().phone == MEENA


def test_a_hold_on_a_campaign_keeps_what_a_court_would_ask_for(message: Message) -> None:
    campaign = message.recipient.campaign
    old, over = days_ago(2000), days_ago(1500)
    for phone in (MEENA, "+919825112499"):
        CallingBasis.objects.create(phone=phone, kind="consent", given_at=old, expires_at=over)
    about = {"received_at": old, "closed_at": over, "outcome": "Explained."}
    Complaint.objects.create(campaign=campaign, **about)
    Complaint.objects.create(phone=MEENA, **about)
    Complaint.objects.create(phone="+919825112499", **about)
    legal_holds.place(campaign=campaign, reason="Order of TRAI.", by=None)
    retention.purge(NIGHT)
    assert (line("bases"), line("complaints")) == ((1, 1), (1, 2))
    assert CallingBasis.objects.get().phone == MEENA


def test_a_hold_needs_a_reason_and_stands_once(message: Message) -> None:
    with pytest.raises(NotAllowed, match="what asks for"):
        legal_holds.place(phone=MEENA, reason=" ", by=None)
    hold = legal_holds.place(phone=MEENA, reason="A case.", by=None)
    with pytest.raises(NotAllowed, match="already"):
        legal_holds.place(phone=MEENA, reason="Another.", by=None)
    with pytest.raises(NotAllowed, match="A case"):
        erasure.ask(MEENA, reason="A letter.", by=None, now=NIGHT)
    assert not Suppression.objects.exists()
    legal_holds.release(hold.pk, reason="Over.", by=None, now=NIGHT)
    with pytest.raises(NotAllowed, match="before"):
        legal_holds.release(hold.pk, reason="Over.", by=None, now=NIGHT)


def test_a_hold_that_comes_after_the_wish_stops_it(message: Message) -> None:
    Message.objects.update(state="done")
    erasure.ask(MEENA, reason="A letter.", by=None, now=NIGHT)
    legal_holds.place(phone=MEENA, reason="A case.", by=None)
    assert retention.erase_people(NIGHT) == 0
    assert Erasure.objects.get().waits_for == "A legal hold keeps this data: A case."
    assert Recipient.objects.get().name == "Meena"


# --- One person -----------------------------------------------------------------------------------


def test_erasing_leaves_the_proof_and_not_the_person(message: Message) -> None:
    call, person = make_call(message, days=3), message.recipient
    gone = path(call)
    growing = files.path_of(call.pk)
    growing.parent.mkdir(parents=True)
    growing.write_bytes(b"not filed yet")
    Message.objects.update(state="done")
    source = Import.objects.create(
        campaign=person.campaign, filename="a.csv", sha256="0", uploaded=2, duplicate=2, state="done"
    )
    for row, number in enumerate(["९८२५१-१२४१०", "98250 00000"]):
        ImportRow.objects.create(
            source=source, row_number=row, cells=[number, "M"], fate="duplicate", reason="x"
        )
    Evidence.objects.create(
        recipient=person,
        stage="planning",
        judged_at=NIGHT,
        planned_for=NIGHT,
        verdict="OK",
        rules_version="1",
    )
    CallingBasis.objects.create(phone=MEENA, kind="consent", given_at=NIGHT, text_shown="May we call?")
    erasure.ask(MEENA, reason="A letter, with a copy of her card.", by=None, now=NIGHT)
    assert retention.erase_people(NIGHT) == 1
    assert [gone.exists(), growing.exists(), CallEvent.objects.exists(), Answer.objects.exists()] == [
        False
    ] * 4
    person.refresh_from_db()
    assert (person.phone, person.name, person.variables) == (pseudonym(MEENA), "", {})
    assert [row.cells for row in ImportRow.objects.order_by("row_number")] == [[], ["98250 00000", "M"]]
    assert Evidence.objects.count() == 1
    assert CallingBasis.objects.get().phone == Suppression.objects.get().phone == pseudonym(MEENA)
    wish = Erasure.objects.get()
    assert (wish.state, wish.phone, wish.removed["recordings"], wish.removed["people"]) == ("done", "", 1, 1)


def test_who_was_erased_is_not_called_again_though_nobody_knows_the_number(message: Message) -> None:
    Message.objects.update(state="done")
    erasure.ask(MEENA, reason="A letter.", by=None, now=NIGHT)
    retention.erase_people(NIGHT)
    rows = [{"phone": "98251 12410", "name": "Meena", "language": "", "variables": {}}]
    source = add_rows(make_campaign(), rows, by=None)
    assert (source.accepted, source.suppressed) == (0, 1)
    other = Campaign.objects.latest("pk")
    late = Recipient.objects.create(campaign=other, phone=MEENA, language="hi")  # as if an import had raced
    plan.plan(other.pk, now=NOON)
    late.refresh_from_db()
    assert (late.state, late.messages.count()) == ("suppressed", 0)


def test_asking_and_erasing_twice_changes_nothing_more(message: Message) -> None:
    Message.objects.update(state="done")
    first = erasure.ask(MEENA, reason="A letter.", by=None, now=NIGHT)
    assert erasure.ask(MEENA, reason="A call.", by=None, now=NIGHT) == first
    assert retention.erase_people(NIGHT) == 1
    assert retention.erase_people(NIGHT) == 0
    erasure.ask(MEENA, reason="Again.", by=None, now=NIGHT)
    assert retention.erase_people(NIGHT) == 1
    assert Suppression.objects.get().phone == pseudonym(MEENA)


def test_while_a_campaign_runs_the_message_at_xfin_is_withdrawn_first() -> None:
    campaign, xfin = make_campaign(people=2), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    account = campaign.template.account_id
    upload(account, clock=at(NOON), transport=xfin)
    person = campaign.recipients.order_by("pk")[0]
    erasure.ask(person.phone, reason="A letter.", by=None, now=NOON)
    assert retention.erase_people(NOON) == 0
    assert "being withdrawn" in Erasure.objects.get().waits_for
    withdraw.mark_unwanted(NOON)
    withdraw.withdraw(account, clock=at(NOON), transport=xfin)
    assert retention.erase_people(NOON) == 1
    assert states(campaign) == {"queued": 1, "withdrawn": 1}
    assert len(xfin.messages) == 1
    person.refresh_from_db()
    assert (person.state, person.name) == ("suppressed", "")


def test_a_call_on_the_line_and_a_list_being_read_are_waited_for(message: Message) -> None:
    Message.objects.update(state="done")
    call = make_call(message, days=0)
    Call.objects.filter(pk=call.pk).update(state="live", ended_at=None)
    erasure.ask(MEENA, reason="A letter.", by=None, now=NIGHT)
    assert retention.erase_people(NIGHT) == 0
    assert Erasure.objects.get().waits_for == retention.ON_THE_LINE
    Call.objects.filter(pk=call.pk).update(state="ended", ended_at=NIGHT)
    source = Import.objects.create(
        campaign=message.recipient.campaign, filename="a", sha256="0", state="reading"
    )
    assert retention.erase_people(NIGHT) == 0
    source.delete()
    assert retention.erase_people(NIGHT) == 1


def test_what_another_machine_stores_later_goes_with_the_next_night(message: Message) -> None:
    Message.objects.update(state="done")
    call = make_call(message, days=1)
    erasure.ask(MEENA, reason="A letter.", by=None, now=NIGHT)
    retention.erase_people(NIGHT)
    CallEvent.objects.create(call=call, sequence=2, at_ms=20, kind="said", text="Late.")
    assert retention.erase_late() == 1
    assert not CallEvent.objects.exists()
    assert retention.erase_late() == 0


def test_the_export_holds_all_of_one_person_with_the_recordings(message: Message) -> None:
    call = make_call(message, days=3)
    other = Recipient.objects.create(
        campaign=message.recipient.campaign, phone="+919825112411", name="Ravi", language="hi"
    )
    make_call(Message.objects.create(recipient=other, attempt=1, send_on=NIGHT), days=3)
    with persons.packed(MEENA, now=NIGHT) as file, zipfile.ZipFile(file) as pack:
        assert sorted(pack.namelist()) == ["person.json", f"recordings/{call.pk}.wav"]
        assert pack.read(f"recordings/{call.pk}.wav") == b"RIFF and so on"
        text = pack.read("person.json").decode()
    held = json.loads(text)
    assert held["people"][0]["name"] == "Meena"
    assert held["people"][0]["variables"] == {"amount": "1200"}
    assert held["calls"][0]["events"][0]["text"] == "Meena said yes."
    assert "Ravi" not in text


# --- Page, API, command ---------------------------------------------------------------------------


def test_a_manager_finds_holds_and_erases_and_a_viewer_does_not(message: Message) -> None:
    Message.objects.update(state="done")
    address, manager = reverse("person"), cast.browser(cast.manager())
    assert cast.browser(cast.viewer()).get(address).status_code == 403
    assert manager.get(address).status_code == 200
    assert manager.post(address, {"phone": "12", "do": "find"}).status_code == 422
    wish = {"phone": "98251 12410", "reason": "A case."}
    page = manager.post(address, {**wish, "do": "hold"}).content.decode()
    assert "Under legal hold" in page
    assert "Erase for ever" not in page
    assert "A legal hold keeps" in manager.post(address, {**wish, "do": "erase"}).content.decode()
    manager.post(address, {**wish, "do": "release"})
    page = manager.post(address, {**wish, "do": "erase"}).content.decode()
    assert "Nobody calls this number any more" in page
    assert Erasure.objects.get().requested_by == User.objects.get(username="asha")
    assert zipfile.is_zipfile(saved(manager.post(address, {**wish, "do": "export"})))


def test_the_api_finds_exports_and_erases(message: Message) -> None:
    Message.objects.update(state="done")
    manager, wish = cast.browser(cast.manager()), {"phone": MEENA, "reason": "A letter."}
    assert cast.browser(cast.viewer()).post("/api/person/find/", wish).status_code == 403
    assert manager.post("/api/person/find/", wish).json()["counts"]["people"] == 1
    assert manager.post("/api/person/find/", {"phone": "1909"}).status_code == 400
    assert zipfile.is_zipfile(saved(manager.post("/api/person/export/", wish)))
    assert manager.post("/api/person/erase/", {"phone": MEENA}).status_code == 409
    answer = manager.post("/api/person/erase/", wish)
    assert (answer.status_code, answer.json()["erasure"]) == (202, "waiting")


def test_the_command_erases_and_shows_no_number(message: Message, tmp_path: Path) -> None:
    Message.objects.update(state="done")
    out = io.StringIO()
    call_command("person", "export", MEENA, "--output", str(tmp_path / "p.zip"), stdout=out)
    assert zipfile.is_zipfile(tmp_path / "p.zip")
    with pytest.raises(CommandError, match="Write down"):
        call_command("person", "erase", MEENA)
    call_command("person", "erase", MEENA, "--reason", "A letter.", stdout=out)
    assert "Erasure: done." in out.getvalue()
    assert MEENA not in out.getvalue()


def test_holds_are_placed_and_released_in_the_admin(message: Message) -> None:
    manager = cast.browser(cast.manager())
    address = reverse("admin:campaigns_legalhold_add")
    manager.post(address, {"phone": "", "campaign": message.recipient.campaign_id, "reason": "TRAI."})
    hold = legal_holds.hold_on(MEENA)
    assert hold
    assert hold.placed_by
    change = reverse("admin:campaigns_legalhold_change", args=[hold.pk])
    manager.post(change, {"released_reason": "Closed."})
    assert legal_holds.hold_on(MEENA) is None
    for page in ("legalhold", "purge", "erasure"):
        assert manager.get(reverse(f"admin:campaigns_{page}_changelist")).status_code == 200
