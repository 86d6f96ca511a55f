"""A message that a caller left: cut out of the call's recording, for those who may hear it."""

import io
import time
import wave
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from asgiref.sync import sync_to_async
from auditlog.models import LogEntry
from django.core.files.base import ContentFile
from django.urls import reverse

from calls.agents.dialogue.spoken_message import TONE
from calls.audio import wav
from calls.models import Answer, Call, CallEvent, MediaProcess, Recording
from calls.recordings.messages import message_audio
from campaigns.models import Agent, Message, PhoneNumber
from tests import cast
from tests.calls.outside import OutsideCaller, hum
from tests.calls.servers import serving
from tests.campaigns.api.test_campaigns import api

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(number: PhoneNumber, message: Message, folders: Path) -> Call:
    """A call of three seconds: the caller's samples count the milliseconds, the agent's are all 7."""
    person = message.recipient
    call = Call.objects.create(
        number=number, process=MediaProcess.objects.create(), recipient=person, campaign=person.campaign
    )
    caller = np.repeat(np.arange(3000), 8)
    both = np.column_stack([caller, np.full_like(caller, 7)]).astype("<i2")
    file = ContentFile(wav.wrap(both.tobytes(), channels=2), "call.wav")
    Recording.objects.create(call=call, file=file, duration_ms=3000, sha256="0" * 64)
    return call


def left(call: Call, value: str, kind: str = "recording") -> Answer:
    return Answer.objects.create(call=call, question="wish", value=value, label="0.5 s", kind=kind)


def samples(audio: bytes) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    with wave.open(io.BytesIO(audio)) as file:
        assert (file.getnchannels(), file.getframerate()) == (1, 8000)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def test_it_is_the_callers_side_between_its_two_moments(call: Call) -> None:
    found = message_audio(call.pk, left(call, "1000-1500").pk)
    assert found is not None
    heard = samples(found[1])
    assert (len(heard), heard[0], heard[-1]) == (500 * 8, 1000, 1499)
    cut_off = message_audio(call.pk, left(call, "2900-9000").pk)
    assert cut_off is not None
    assert len(samples(cut_off[1])) == 100 * 8


def test_what_is_no_message_or_is_gone_is_none(call: Call) -> None:
    kept = left(call, "0-100")
    for answer in (left(call, "1"), left(call, "0-100", kind="choice"), left(call, "5000-6000")):
        assert message_audio(call.pk, answer.pk) is None
    assert message_audio(UUID(int=1), kept.pk) is None
    Recording.objects.update(file="")
    assert message_audio(call.pk, kept.pk) is None


def test_it_is_heard_on_the_pages_by_those_who_may_hear_recordings(call: Call) -> None:
    answer = left(call, "1000-1500")
    manager = cast.browser(cast.manager())
    address = reverse("spoken-message", args=[call.pk, answer.pk])
    for page in (call.get_absolute_url(), reverse("campaign-answers", args=[call.campaign_id])):
        assert address in manager.get(page).content.decode(), page
    audio = manager.get(address)
    assert (audio.status_code, audio.headers["Content-Type"]) == (200, "audio/wav")
    assert LogEntry.objects.filter(changes__has_key="handed out").count() == 1
    assert manager.get(reverse("spoken-message", args=[call.pk, 999])).status_code == 404
    by_api = api(cast.second_manager()).get(f"/api/calls/{call.pk}/messages/{answer.pk}/")
    assert by_api.content == audio.content


ASKS = {
    "default_language": "en",
    "start": "wish",
    "steps": {
        "wish": {"kind": "record", "exits": {"recorded": "end", "no_input": "end", "failed": "end"}},
        "end": {"kind": "end"},
    },
    "words": {"en": {"general": {"opt_out": "No more."}, "wish": {"ask": "Speak."}}},
}


@sync_to_async
def tone_was_heard(*, within: float = 20) -> None:
    until = time.monotonic() + within
    while not CallEvent.objects.filter(kind="heard", data__name=TONE).exists():
        assert time.monotonic() < until, list(CallEvent.objects.values_list("text", flat=True))
        time.sleep(0.05)


@sync_to_async
def filed_message(*, within: float = 20) -> tuple[Answer, bytes]:
    until = time.monotonic() + within
    while time.monotonic() < until:
        answer = Answer.objects.first()
        if answer and (found := message_audio(answer.call_id, answer.pk)):
            return answer, found[1]
        time.sleep(0.05)
    raise AssertionError(list(CallEvent.objects.values_list("text", flat=True)))


@pytest.mark.django_db(transaction=True)
@pytest.mark.system
@pytest.mark.usefixtures("tidy_thread")
async def test_what_a_caller_says_after_the_tone_is_cut_out_of_the_recording_of_a_real_call(
    number: PhoneNumber, folders: Path, tmp_path: Path
) -> None:
    agent = await Agent.objects.acreate(name="Box", kind="dialogue", configuration=ASKS)
    await PhoneNumber.objects.aupdate(inbound_agent=agent)
    with serving(tmp_path) as server:
        async with OutsideCaller(server.url(number.stream_path)) as caller:
            await caller.start()
            await tone_was_heard()
            await caller.speak(1.5, hum(1500))
            await caller.press("#")
            assert await caller.closed(30) == 1000
        answer, audio = await filed_message()
    assert answer.span_ms is not None
    begins, ends = answer.span_ms
    heard = samples(audio)
    assert 0 <= (ends - begins) * 8 - len(heard) < 8 * 500, "no audio comes after the key"
    assert 1000 < ends - begins < 6000
    loud = np.abs(heard.astype(int)) > 1000
    assert loud.sum() > 4000, "at least a second of the hum is above a tenth of its height"
