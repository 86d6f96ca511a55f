"""Every request of an agent gets one reply, in time or `Failed`."""

from collections.abc import Sequence

from calls.agents import base
from calls.agents.requests import Failed, Reply, Request
from calls.conversation.open_requests import OpenRequests
from calls.conversation.outputs import Carry, EntryKind, Synthesise
from tests.calls.line import Line


class Weather(Request, frozen=True):
    place: str


class Sunny(Reply, frozen=True):
    degrees: int


def test_a_reply_is_told_once_and_only_while_it_is_waited_for() -> None:
    requests = OpenRequests()
    requests.add(base.Perform("weather", Weather("Pune"), seconds=2), now=10.0)
    [effect] = requests.take_effects()
    assert (effect.request, requests.take_effects()) == (Weather("Pune"), [])
    assert requests.deadlines() == [12.0]
    assert requests.answer(effect.key, Sunny(31)) == base.Performed("weather", Sunny(31))
    assert requests.answer(effect.key, Sunny(31)) is None
    assert requests.deadlines() == []


def test_without_a_reply_in_time_it_has_failed_and_a_later_one_is_not_told() -> None:
    requests = OpenRequests()
    requests.add(base.Perform("slow", Weather("Leh"), seconds=3), now=10.0)
    requests.add(base.Perform("slower", Weather("Leh"), seconds=2.5), now=10.0)
    first, _ = requests.take_effects()
    assert requests.take_late(12.4) == []
    assert [(late.name, late.reply) for late in requests.take_late(13.0)] == [
        ("slower", Failed("There was no reply within 2.5 s.")),
        ("slow", Failed("There was no reply within 3 s.")),
    ]
    assert requests.answer(first.key, Sunny(9)) is None


def test_a_second_request_of_a_name_replaces_the_first() -> None:
    requests = OpenRequests()
    requests.add(base.Perform("weather", Weather("Pune")), now=0.0)
    requests.add(base.Perform("weather", Weather("Leh")), now=1.0)
    pune, leh = requests.take_effects()
    assert requests.answer(pune.key, Sunny(31)) is None
    assert requests.answer(leh.key, Sunny(9)) == base.Performed("weather", Sunny(9))


def test_when_the_line_is_gone_no_reply_is_waited_for() -> None:
    requests = OpenRequests()
    requests.add(base.Perform("weather", Weather("Pune")), now=0.0)
    requests.drop()
    assert (requests.deadlines(), requests.take_late(99.0)) == ([], [])


class Asking:
    """An agent that asks for the weather and says what it hears of it."""

    wants_audio = wants_speech = False

    def handle(self, event: base.AgentEvent) -> Sequence[base.Action]:
        if isinstance(event, base.CallStarted):
            return [base.Perform("weather", Weather("Pune"), seconds=2)]
        if isinstance(event, base.Performed):
            said = f"{event.reply.degrees}" if isinstance(event.reply, Sunny) else "unknown"
            return [base.Say("Weather", said, "en"), base.HangUp("Said.")]
        return []


def test_in_a_call_the_reply_is_the_next_event() -> None:
    line = Line()
    line.begin(Asking())
    [carry] = [effect for effect in line.effects if isinstance(effect, Carry)]
    step = line.keep(line.talk.performed(carry.key, Sunny(31), line.now))
    assert [effect.text for effect in step.effects if isinstance(effect, Synthesise)] == ["31"]


def test_in_a_call_silence_of_the_world_is_a_problem_in_the_log_and_an_event() -> None:
    line = Line()
    line.begin(Asking())
    line.wait(2.1)
    assert [effect.text for effect in line.effects if isinstance(effect, Synthesise)] == ["unknown"]
    problems = [entry.text for entry in line.entries if entry.kind is EntryKind.PROBLEM]
    assert problems == ["“weather” failed. There was no reply within 2 s."]
