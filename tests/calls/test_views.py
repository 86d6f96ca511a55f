"""The home page and the pages of calls, as seen by the cast."""

import re
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.template.loader import render_to_string
from django.urls import reverse
from pytest_django import Settings

from calls.audio import pcm, wav
from calls.models import Call, CallEvent, MediaProcess, Recording
from campaigns import clock
from campaigns.models import Account, Evidence, Message, PhoneNumber, Pronunciation
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(message: Message, number: PhoneNumber) -> Call:
    """Meena's call, over, with a log and a judgement."""
    now, person = clock.now(), message.recipient
    call = Call.objects.create(
        number=number,
        message=message,
        recipient=person,
        campaign=person.campaign,
        agent=person.campaign.agent,
        process=MediaProcess.objects.create(),
        direction="outbound",
        state="ended",
        started_at=now,
        ended_at=now,
        duration_ms=55_000,
        outcome="will_pay",
        disposition="answered",
        ended_by="agent",
        reason="We hung up after the last mark.",
        language="gu",
    )
    CallEvent.objects.create(call=call, sequence=1, at_ms=33_500, kind="key", text="<b>1</b> was pressed.")
    Evidence.objects.create(
        recipient=person,
        message_reference=message.reference,
        stage="hand_over",
        judged_at=now,
        planned_for=now,
        verdict="OK",
        rules_version="2026-11-23.1",
        findings=[
            {"rule": "B01", "kind": "law", "verdict": "OK", "reason": "11:38 IST is inside its hours."}
        ],
    )
    return call


@pytest.fixture
def recorded(call: Call, folders: Path) -> Call:
    """The same with a recording of one second."""
    sound = wav.wrap(pcm.silence(2000), channels=2)
    recording = Recording(call=call, duration_ms=1000, sha256="0" * 64)
    recording.file.save("a.wav", ContentFile(sound))
    return call


def test_every_page_is_for_staff(recorded: Call) -> None:
    outsider, stranger, viewer = cast.browser(cast.outsider()), cast.browser(), cast.browser(cast.viewer())
    address = reverse("recording", args=[recorded.pk])
    for page in ("/", "/calls/", "/calls/live/", recorded.get_absolute_url(), address):
        assert outsider.get(page).status_code == 403
        assert stranger.get(page).headers["Location"].startswith("/login/")
        assert viewer.get(page).status_code == 200


def test_logging_in_leads_home_and_logging_out_back() -> None:
    user = cast.viewer()
    user.set_password("a long enough one")
    user.save()
    browser = cast.browser()
    answer = browser.post("/login/", {"username": "vikram", "password": "a long enough one"})
    assert answer.headers["Location"] == "/"
    assert browser.get("/logout/").status_code == 405
    assert browser.post("/logout/").headers["Location"] == "/login/"
    assert browser.get("/").status_code == 302


def test_a_wrong_password_is_told_in_plain_words() -> None:
    cast.viewer()
    answer = cast.browser().post("/login/", {"username": "vikram", "password": "guess"})
    assert "do not belong together" in answer.content.decode()


def test_home_shows_live_calls_masked_and_what_they_do(message: Message, number: PhoneNumber) -> None:
    person = message.recipient
    Call.objects.create(
        number=number,
        recipient=person,
        campaign=person.campaign,
        message=message,
        process=MediaProcess.objects.create(),
        doing="agent speaks: amount",
    )
    html = cast.browser(cast.viewer()).get("/").content.decode()
    assert "+91 98••• ••410" in html
    assert "agent speaks: amount" in html
    assert person.phone not in html
    assert 'aria-label="1 live"' in html


def test_home_says_what_is_wrong(account: Account) -> None:
    Account.objects.update(state="refused", reason="XFin refused the login.")
    assert "XFin refused the login." in cast.browser(cast.viewer()).get("/").content.decode()


def test_a_shifted_clock_is_told_on_every_page(settings: Settings) -> None:
    browser = cast.browser(cast.viewer())
    assert "Demonstration: the clock is shifted" not in browser.get("/").content.decode()
    settings.CLOCK_OFFSET = 9000.0
    for page in ("/", "/calls/", "/campaigns/"):
        assert "2 h 30 min ahead of the real one" in browser.get(page).content.decode()


def test_a_call_s_page_tells_what_happened_and_why_it_was_allowed(call: Call) -> None:
    html = cast.browser(cast.viewer()).get(call.get_absolute_url()).content.decode()
    for text in (
        "Meena",
        "Will pay",
        "Gujarati",
        "0:33.5",
        "0:55",
        "11:38 IST is inside its hours.",
        "B01, law",
    ):
        assert text in html
    assert "no recording of it is filed" in html
    assert "<b>1</b> was pressed" not in html
    assert "9825112410" not in html


def test_a_recording_is_drawn_and_can_be_heard_in_parts(recorded: Call) -> None:
    browser, address = cast.browser(cast.viewer()), reverse("recording", args=[recorded.pk])
    html = browser.get(recorded.get_absolute_url()).content.decode()
    assert "Loudness of the caller" in html
    assert f'src="{address}"' in html
    answer = browser.get(address, headers={"range": "bytes=0-43"})
    assert answer.status_code == 206
    assert answer.getvalue()[:4] == b"RIFF"
    assert answer.headers["Cache-Control"] == "private, no-store"
    download = browser.get(address, {"download": ""})
    assert "attachment" in download.headers["Content-Disposition"]
    download.close()


def test_a_recording_whose_file_is_gone_is_said_to_be_gone(recorded: Call) -> None:
    Path(recorded.recording.file.path).unlink()
    browser = cast.browser(cast.viewer())
    assert "not there any more" in browser.get(recorded.get_absolute_url()).content.decode()
    assert browser.get(reverse("recording", args=[recorded.pk])).status_code == 404


def test_what_is_not_there_has_a_page_of_its_own() -> None:
    browser = cast.browser(cast.viewer())
    for page in (f"/calls/{uuid4()}/", f"/calls/{uuid4()}/recording.wav", "/nowhere/"):
        answer = browser.get(page)
        assert answer.status_code == 404
        assert "There is nothing here" in answer.content.decode()


def test_calls_can_be_narrowed_down(call: Call) -> None:
    browser = cast.browser(cast.viewer())
    assert "Meena" in browser.get("/calls/", {"outcome": "will_pay"}).content.decode()
    assert "No calls here." in browser.get("/calls/", {"state": "live"}).content.decode()


def test_static_files_are_served_with_the_policy_and_without_a_warning() -> None:
    answer = cast.browser().get("/static/portal.css")
    assert answer.status_code == 200
    assert b"--accent" in answer.content
    again = cast.browser().get("/static/portal.css", headers={"range": "bytes=0-3"})
    assert (again.status_code, len(again.content)) == (206, 4)


def test_the_admin_has_a_policy_of_its_own() -> None:
    browser = cast.browser(cast.manager())
    admin, portal = (browser.get(path).headers["Content-Security-Policy"] for path in ("/admin/", "/calls/"))
    assert {"script-src 'self' 'unsafe-eval'", "frame-ancestors 'none'"} <= set(admin.split("; "))
    assert {"script-src 'self'", "style-src 'self'"} <= set(portal.split("; "))


def test_script_and_style_of_the_api_s_documentation_carry_the_nonce_of_its_policy() -> None:
    page = cast.browser(cast.manager()).get("/api/docs/")
    nonces = set(re.findall(r' nonce="([^"]+)"', page.content.decode()))
    (nonce,) = nonces
    policy = set(page.headers["Content-Security-Policy"].split("; "))
    assert {f"script-src 'self' 'nonce-{nonce}'", f"style-src 'self' 'nonce-{nonce}'"} <= policy
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_too_many_wrong_passwords_lock_the_door_and_say_for_how_long(settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 2
    cast.viewer()
    browser = cast.browser()
    for _ in range(2):
        answer = browser.post("/login/", {"username": "vikram", "password": "guess"})
    assert answer.status_code == 429
    assert "quarter of an hour" in answer.content.decode()


def test_an_error_of_ours_has_a_page_that_needs_nothing_of_what_may_be_broken() -> None:
    html = render_to_string("500.html")
    assert "Something went wrong on our side" in html
    assert "<nav" not in html


def test_the_call_page_shows_its_statistics_and_no_line_of_every_second(call: Call) -> None:
    CallEvent.objects.create(call=call, sequence=2, at_ms=1000, kind="stats", text="50 frames in, 5 out.")
    Call.objects.update(
        statistics={
            "agent_share": 0.42,
            "caller_share": 0.1,
            "longest_silence_ms": 3200,
            "jitter_ms": 4.5,
            "gaps": 2,
            "late": 1,
            "barge_ins": 1,
            "barge_in_ms": 180,
            "queue": 3,
        }
    )
    page = cast.browser(cast.viewer()).get(call.get_absolute_url()).content.decode()
    assert "agent 42 %, caller 10 %" in page
    assert "jitter 4.5 ms, 2 gaps, 1 late" in page
    assert "cleared within 180 ms" in page
    assert "50 frames in" not in page


def test_the_home_page_says_what_was_left_out_of_the_log(call: Call) -> None:
    MediaProcess.objects.update(statistics_left_out=170, troubled_at=clock.now())
    page = cast.browser(cast.viewer()).get("/").content.decode()
    assert "170 per-second figures of calls were left out; every other event was kept." in page


def test_the_home_page_says_that_events_are_stored_late(call: Call) -> None:
    viewer = cast.browser(cast.viewer())
    assert "stored late" not in viewer.get("/").content.decode()
    MediaProcess.objects.update(events_waiting=5000)
    assert "5,000 of them wait on disk" in viewer.get("/").content.decode()


def test_a_pronunciation_is_heard_as_it_is_spoken() -> None:
    word = Pronunciation.objects.create(written="EMI", spoken="ई एम आई", language="hi")
    browser = cast.browser(cast.viewer())
    answer = browser.get(reverse("pronunciation-hear", args=[word.pk]))
    assert answer.headers["Content-Type"] == "audio/wav"
    assert 300 < pcm.duration_ms(wav.unwrap(answer.content).pcm) < 3000
    of_all = Pronunciation.objects.create(written="KYC", spoken="kay why see")
    assert browser.get(reverse("pronunciation-hear", args=[of_all.pk])).content != answer.content
    silent = Pronunciation.objects.create(written="x", spoken="\u200d")
    refused = browser.get(reverse("pronunciation-hear", args=[silent.pk]))
    assert (refused.status_code, refused.content.decode()) == (422, "The voice made no sound of the text.")
    assert browser.get(reverse("pronunciation-hear", args=[silent.pk + 1])).status_code == 404
