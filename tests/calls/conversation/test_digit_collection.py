"""Keys as answers: several as one, and two reports of one press as one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.agents.base import (
    BargeIn,
    CallStarted,
    Collect,
    Collected,
    CollectEnd,
    HangUp,
    KeyPressed,
    Play,
    StopCollecting,
)
from calls.audio import dtmf
from calls.audio.framing import Framer
from calls.audio.pcm import silence
from calls.conversation.conversation import Conversation
from calls.conversation.digit_collection import DigitCollector, PressDeduplicator, Source
from calls.conversation.limits import Hearing
from calls.conversation.outputs import EntryKind
from calls.protocol.stream import AgentStream
from tests.calls.line import CONTEXT, Line, Script

KEY = BargeIn(key=True)
PIN = Collect(name="pin", least=3, most=4, first_digit_s=5, inter_digit_s=2)


def pressed(collector: DigitCollector, digits: str, now: float = 0.0) -> Collected | None:
    found = [done for digit in digits if (done := collector.press(digit, now))]
    return found[0] if found else None


# --- several keys as one answer ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("digits", "taken", "reason"),
    [
        ("1234", "1234", CollectEnd.FULL),
        ("123#", "123", CollectEnd.TERMINATOR),
        ("12#", "12", CollectEnd.SHORT),
        ("#", "", CollectEnd.NOTHING),
        ("1A*2D34", "1234", CollectEnd.FULL),
    ],
)
def test_digits_end_by_number_or_terminator(digits: str, taken: str, reason: CollectEnd) -> None:
    assert pressed(DigitCollector(PIN), digits) == Collected("pin", taken, reason)


@pytest.mark.parametrize(
    ("digits", "reason"), [("123", CollectEnd.PAUSE), ("12", CollectEnd.SHORT), ("1", CollectEnd.SHORT)]
)
def test_a_pause_after_a_key_ends_it(digits: str, reason: CollectEnd) -> None:
    collector = DigitCollector(PIN)
    assert pressed(collector, digits, 10.0) is None
    assert collector.due == 12.0
    assert collector.pass_time(11.99, quiet=False) is None
    assert collector.pass_time(12.0, quiet=False) == Collected("pin", digits, reason)


def test_every_key_gives_the_time_between_keys_anew() -> None:
    collector = DigitCollector(PIN)
    for now, digit in ((0.0, "1"), (1.9, "2"), (3.8, "3")):
        assert collector.pass_time(now, quiet=True) is None
        assert collector.press(digit, now) is None
    assert collector.due == pytest.approx(5.8)


def test_the_wait_for_the_first_key_runs_from_the_end_of_what_is_said() -> None:
    collector = DigitCollector(PIN)
    assert (collector.pass_time(100.0, quiet=False), collector.due) == (None, None)
    assert collector.pass_time(101.0, quiet=True) is None
    assert collector.due == 106.0
    assert collector.pass_time(103.0, quiet=False) is None  # something more is said
    assert collector.pass_time(105.0, quiet=True) is None
    assert collector.pass_time(110.0, quiet=True) == Collected("pin", "", CollectEnd.NOTHING)


def test_a_terminator_may_be_none_or_another_key() -> None:
    assert pressed(DigitCollector(Collect(name="n", most=3, terminator="")), "1#2#") is None
    assert pressed(DigitCollector(Collect(name="n", most=3, terminator="*")), "1*") == Collected(
        "n", "1", CollectEnd.TERMINATOR
    )


@given(st.lists(st.tuples(st.sampled_from("0123456789*#ABCD"), st.floats(0, 4)), max_size=12), st.booleans())
def test_a_collection_always_ends_and_never_lies(keys: list[tuple[str, float]], quiet: bool) -> None:
    collector, now = DigitCollector(PIN), 0.0
    done: Collected | None = None
    for digit, wait in keys:
        now += wait
        done = done or collector.pass_time(now, quiet=quiet) or collector.press(digit, now)
    if done is None and collector.pass_time(now, quiet=True) is None:
        assert collector.due is not None
        done = collector.pass_time(collector.due, quiet=True)
    assert done is not None
    size = len(done.digits)
    assert done.digits == "".join(digit for digit, _ in keys if digit.isdigit())[:size]
    assert (done.reason is CollectEnd.NOTHING) == (size == 0)
    assert (done.reason is CollectEnd.SHORT) == (1 <= size < 3)
    assert (done.reason is CollectEnd.FULL) == (size == 4)


# --- in a call --------------------------------------------------------------------------------------------


def collecting(*, barge_in: BargeIn = KEY) -> Script:
    return Script({CallStarted: [Play("Enter your PIN", silence(2000), barge_in), PIN]})


@pytest.mark.usefixtures("far_end")
def test_keys_during_the_question_cut_it_and_belong_to_the_answer() -> None:
    line, agent = Line(), collecting()
    line.begin(agent)
    line.wait(1.08)
    for digit in "12#":
        line.key(digit)
    assert agent.told_of(Collected) == [Collected("pin", "12", CollectEnd.SHORT)]
    assert agent.told_of(KeyPressed) == []
    assert line.events().count("clear") == 1
    assert line.log(EntryKind.COLLECTED) == ["“pin”: only 2 digits were pressed."]
    line.key("7")
    assert agent.told_of(KeyPressed) == [KeyPressed("7")]


@pytest.mark.usefixtures("far_end")
def test_a_question_that_keys_may_not_cut_is_heard_to_its_end() -> None:
    line, agent = Line(), collecting(barge_in=BargeIn())
    line.begin(agent)
    for digit in "1234":
        line.key(digit)
    assert agent.told_of(Collected) == [Collected("pin", "1234", CollectEnd.FULL)]
    assert "clear" not in line.events()


@pytest.mark.usefixtures("far_end")
def test_time_runs_by_the_call_and_not_before_the_question_was_heard() -> None:
    line, agent = Line(), collecting()
    line.begin(agent)
    line.play_out()
    heard_at = line.now
    assert line.log(EntryKind.HEARD) == ["“Enter your PIN” heard in full, 2.0 s."]
    line.wait(4.6)
    assert agent.told_of(Collected) == []
    line.wait(0.6)
    assert agent.told_of(Collected) == [Collected("pin", "", CollectEnd.NOTHING)]
    assert line.now - heard_at < 5.5


@pytest.mark.usefixtures("far_end")
def test_keys_before_the_agent_is_there_are_the_first_digits() -> None:
    line, agent = Line(), collecting()
    line.start()
    for digit in "12":
        line.key(digit)
    line.keep(line.talk.identified(agent, CONTEXT, line.now))
    line.key("3")
    line.wait(2.1)
    assert agent.told_of(Collected) == [Collected("pin", "123", CollectEnd.PAUSE)]


@pytest.mark.usefixtures("far_end")
def test_keys_before_start_are_a_problem_and_not_an_answer() -> None:
    line, agent = Line(), collecting()
    line.receive('{"event":"dtmf","stream_sid":"MZ1","dtmf":{"digit":"1"}}')
    line.begin(agent)
    assert len(line.log(EntryKind.PROBLEM)) == 1
    assert line.log(EntryKind.KEY) == []


@pytest.mark.usefixtures("far_end")
def test_after_the_hang_up_keys_are_logged_and_collect_nothing() -> None:
    line, agent = Line(), collecting()
    agent.actions[CallStarted].append(HangUp("Done."))
    line.begin(agent)
    for digit in "1234":
        line.key(digit)
    assert agent.told_of(Collected) == []
    assert len(line.log(EntryKind.KEY)) == 4
    assert "clear" not in line.events()


@pytest.mark.usefixtures("far_end")
def test_a_collection_can_be_replaced_and_stopped() -> None:
    line, agent = Line(), Script({CallStarted: [PIN, Collect(name="day", most=2)]})
    line.begin(agent)
    line.key("3")
    line.key("1")
    assert agent.told_of(Collected) == [Collected("day", "31", CollectEnd.FULL)]
    agent.actions[KeyPressed] = [PIN, StopCollecting()]
    line.key("5")
    line.key("6")
    assert agent.told_of(KeyPressed) == [KeyPressed("5"), KeyPressed("6")]


# --- message and tone -------------------------------------------------------------------------------------


class Tones(Line):
    """A line on which keys are heard too."""

    def __init__(self, *, tones: bool = True, known: bool = True) -> None:
        super().__init__()
        self.talk = Conversation(AgentStream(container="raw"), hearing=Hearing(tones=tones), now=self.now)
        self.agent = Script()
        self.start()
        if known:
            self.identify()

    def identify(self) -> None:
        self.keep(self.talk.identified(self.agent, CONTEXT, self.now))

    def sound(self, digit: str, ms: int = 100) -> None:
        for frame in Framer().push(dtmf.tone(digit, ms) + silence(100)):
            self.now += 0.02
            self.receive(self.platform.media(frame))

    def digits(self) -> str:
        return "".join(event.digit for event in self.agent.told if isinstance(event, KeyPressed))


def test_a_tone_is_a_key() -> None:
    line = Tones()
    for digit in "1590#":
        line.sound(digit)
    assert line.digits() == "1590#"
    assert line.log(EntryKind.KEY)[0] == "1 pressed, heard as a tone."


def test_tones_are_not_listened_for_unless_asked() -> None:
    line = Tones(tones=False)
    line.sound("5")
    assert line.digits() == ""


@pytest.mark.parametrize("order", ["message first", "tone first", "message after the key was held"])
def test_a_press_reported_both_ways_counts_once(order: str) -> None:
    line = Tones()
    for digit in "55":
        if order == "message first":
            line.key(digit)
            line.sound(digit)
        elif order == "tone first":
            line.sound(digit)
            line.key(digit)
        else:
            line.sound(digit, ms=2400)
            line.receive(
                f'{{"event":"dtmf","stream_sid":"MZ1","dtmf":{{"digit":"{digit}","duration":"2400"}}}}'
            )
    assert line.digits() == "55"
    assert len(line.log(EntryKind.KEY)) == 2


def test_the_tone_of_a_key_before_the_agent_is_there_counts_once() -> None:
    line = Tones(known=False)
    line.key("4")
    line.sound("4")
    line.sound("2")
    line.identify()
    assert line.digits() == "42"


def dtmf_message(digit: str, duration_ms: int | None = None) -> str:
    duration = "" if duration_ms is None else f',"duration":"{duration_ms}"'
    return f'{{"event":"dtmf","stream_sid":"MZ1","dtmf":{{"digit":"{digit}"{duration}}}}}'


@pytest.mark.parametrize("held_ms", [300, 1400, 3000])
def test_a_message_without_a_duration_at_the_end_of_a_long_press_counts_once(held_ms: int) -> None:
    line = Tones()
    for digit in "55":
        line.sound(digit, ms=held_ms)
        line.receive(dtmf_message(digit))
    assert line.digits() == "55"


@pytest.mark.parametrize("tones", [True, False])
@pytest.mark.parametrize("held_ms", [120, 900, 2400])
def test_messages_at_the_beginning_and_at_the_end_of_a_press_count_once(*, tones: bool, held_ms: int) -> None:
    line = Tones(tones=tones)
    for digit in "559":
        line.receive(dtmf_message(digit))
        line.sound(digit, ms=held_ms)
        line.receive(dtmf_message(digit, held_ms + 100))
    assert line.digits() == "559"


def test_two_messages_without_durations_of_one_tone_count_once() -> None:
    line = Tones()
    for digit in "55":
        line.receive(dtmf_message(digit))
        line.sound(digit, ms=1500)
        line.receive(dtmf_message(digit))
    assert line.digits() == "55"


@pytest.mark.parametrize("late_s", [0.1, 0.3, 0.8])
@pytest.mark.parametrize("first", ["message", "tone"])
def test_the_second_of_two_messages_without_durations_may_be_late(late_s: float, first: str) -> None:
    line = Tones()
    for digit in "55":
        if first == "message":
            line.receive(dtmf_message(digit))
            line.sound(digit, ms=150)
        else:
            line.sound(digit, ms=150)
            line.receive(dtmf_message(digit))
        line.wait(late_s)
        line.receive(dtmf_message(digit))
        line.wait(1.5)
    assert line.digits() == "55"


def test_a_press_soon_after_one_with_both_messages_counts() -> None:
    line = Tones()
    for digit in "555":
        line.receive(dtmf_message(digit))
        line.sound(digit, ms=150)
        line.wait(0.1)
        line.receive(dtmf_message(digit))
        line.wait(0.1)
    assert line.digits() == "555"


def test_two_presses_whose_tones_are_cut_out_but_for_a_leak_are_two() -> None:
    line = Tones()
    line.receive(dtmf_message("5"))
    line.sound("5", ms=60)
    line.wait(0.4)
    line.receive(dtmf_message("5"))
    assert line.digits() == "55"


def test_two_quick_presses_told_by_messages_alone_are_two() -> None:
    presses = PressDeduplicator()
    at = [10.0, 10.2, 10.4]
    assert [presses.is_new("5", Source.MESSAGE, now=now) for now in at] == [True] * 3
    ends = [presses.is_new("7", Source.MESSAGE, now=now, duration_ms=100) for now in at]
    assert ends == [True] * 3


def test_a_hole_in_a_tone_counts_once_with_a_message_and_without() -> None:
    for messages in (True, False):
        line = Tones()
        sound = bytearray(dtmf.tone("5", 300))
        sound[16 * 100 : 16 * 160] = bytes(16 * 60)
        if messages:
            line.receive(dtmf_message("5"))
        for frame in Framer().push(bytes(sound) + silence(100)):
            line.now += 0.02
            line.receive(line.platform.media(frame))
        assert line.digits() == "5"


def test_a_message_long_after_the_tone_is_another_press() -> None:
    presses = PressDeduplicator()
    assert presses.is_new("5", Source.TONE, now=10.0)
    assert presses.is_new("5", Source.MESSAGE, now=11.5)
    assert not presses.is_new("5", Source.TONE, now=11.6)
    assert presses.is_new("5", Source.TONE, now=11.7)


@given(st.lists(st.tuples(st.sampled_from("12"), st.floats(0.15, 3), st.floats(-0.1, 0.9)), max_size=20))
def test_every_press_counts_once_whichever_report_comes_first(
    typed: list[tuple[str, float, float]],
) -> None:
    """Messages are late or early against their tones, but keep their order."""
    reports: list[tuple[float, int, str, Source]] = []
    now, latest = 10.0, 0.0
    for number, (digit, wait, late) in enumerate(typed):
        now += wait
        latest = max(latest, now + late)
        reports += [
            (now, number, digit, Source.TONE),
            (min(latest, now + 0.9), number, digit, Source.MESSAGE),
        ]
    presses = PressDeduplicator()
    reports.sort(key=lambda report: (report[0], report[1]))
    taken = [digit for at, _, digit, source in reports if presses.is_new(digit, source, now=at)]
    assert sorted(taken) == sorted(digit for digit, _, _ in typed)


@given(st.lists(st.tuples(st.sampled_from("0123456789*#ABCD"), st.sampled_from(Source)), max_size=200))
def test_one_source_alone_is_never_doubted(reports: list[tuple[str, Source]]) -> None:
    only = Source.TONE
    presses = PressDeduplicator()
    assert all(presses.is_new(digit, only, now=n * 0.05) for n, (digit, _) in enumerate(reports))
