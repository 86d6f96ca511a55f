"""Which audio of a call reaches the recorder."""

from collections.abc import Iterable
from uuid import uuid4

import pytest

from calls.agents.base import CallStarted, PromptEnded
from calls.agents.recording_notice import NOTICE
from calls.conversation.outputs import Recorded, Side
from calls.media import call_recording
from calls.media.admission import Admitted
from calls.media.call_recording import CallRecording
from tests.calls.line import CONTEXT, Script

FIRST, SECOND, THIRD = (Recorded(Side.CALLER, at_ms, bytes(320)) for at_ms in (0, 20, 40))


class Recorder:
    """Keeps what it is given."""

    kept: list[Recorded]

    def __init__(self, *_: object) -> None:
        type(self).kept = []

    def add(self, pieces: Iterable[Recorded]) -> None:
        self.kept.extend(pieces)

    def finish(self) -> None: ...


@pytest.fixture(autouse=True)
def recorder(monkeypatch: pytest.MonkeyPatch) -> type[Recorder]:
    monkeypatch.setattr(call_recording, "Recorder", Recorder)
    Recorder.kept = []
    return Recorder


def recording(*, record: bool, announce: bool) -> CallRecording:
    return CallRecording(
        Admitted(
            call_id=uuid4(),
            number_id=1,
            container="raw",
            reference_tag="tag5",
            record=record,
            announce=announce,
        )
    )


@pytest.mark.parametrize(("record", "kept"), [(True, [FIRST, SECOND]), (False, [])])
def test_without_a_notice_all_is_kept_or_nothing(
    recorder: type[Recorder], record: bool, kept: list[Recorded]
) -> None:
    call, agent = recording(record=record, announce=False), Script()
    call.add([FIRST])
    assert call.announce(agent) is agent
    call.add([SECOND])
    call.finish()
    assert recorder.kept == kept


def test_only_what_follows_the_notice_is_kept(recorder: type[Recorder]) -> None:
    call = recording(record=True, announce=True)
    call.add([FIRST])
    agent = call.announce(Script())
    agent.handle(CallStarted(CONTEXT))
    call.add([FIRST])
    agent.handle(PromptEnded(NOTICE, finished=True, heard_ms=900, total_ms=900))
    call.add([SECOND])  # of the step in which the notice ended: said before its end
    call.add([])
    call.add([THIRD])
    assert recorder.kept == [THIRD]
