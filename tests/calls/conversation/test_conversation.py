"""One call as a list of events with explicit times."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.agents.base import (
    Action,
    AudioReceived,
    BargeIn,
    CallStarted,
    ClearAudio,
    HangUp,
    KeyPressed,
    Note,
    OptOut,
    Play,
    PlayClip,
    PromptEnded,
    PromptFailed,
    ReachOutcome,
    RecordAnswer,
    Say,
    StartTimer,
    StopTimer,
    TimerFired,
)
from calls.audio.pcm import duration_ms, silence
from calls.conversation import hold
from calls.conversation.conversation import Conversation
from calls.conversation.limits import CloseCode, ConversationLimits
from calls.conversation.outputs import Close, Ending, EntryKind, Identify, LoadClip, Side, Step, Synthesise
from calls.protocol.stream import AgentStream, PlatformStream
from tests.calls.line import CONTEXT, FIRST_WAIT_MS, Line, Script

pytestmark = pytest.mark.usefixtures("far_end")
TRANSCRIPTS = Path(__file__).parents[2] / "data" / "stream"
GREETING = Say("Greeting", "Namaste", "hi")


def saying(*actions: Action) -> Script:
    return Script({CallStarted: list(actions)})


def summary(line: Line) -> tuple[str, str]:
    figures = line.talk.summary(line.now)
    return figures.disposition, figures.outcome


# --- a whole call ---------------------------------------------------------------------------------------


def test_a_call_from_start_to_hang_up() -> None:
    line = Line()
    agent = Script(
        {CallStarted: [GREETING], PromptEnded: [HangUp("We hung up after the greeting.")]},
    )
    line.start(reference="m-7")
    assert line.effects == [Identify("m-7", {"reference": "m-7"}, "MZ1", "CA1")]
    line.now += 0.020
    line.keep(line.talk.identified(agent, CONTEXT, line.now))
    assert line.talk.doing == "preparing: Greeting"
    line.now += 0.042
    line.ready(500)
    assert line.events() == ["media", "media"]
    assert line.talk.doing == "agent speaks: Greeting"
    line.play_out()
    assert line.events() == ["media", "media", "media", "mark"]
    assert line.close == Close(code=1000, ended_by=Ending.AGENT, reason="We hung up after the greeting.")
    assert line.log() == [
        "The platform connected.",
        "The call was answered; the stream has started.",
        "Call of campaign “EMI reminder”; language hi.",
        "First audio 62 ms after the start message.",
        "“Greeting” begins.",
        "“Greeting” heard in full, 0.5 s.",
        "We hung up after the greeting.",
    ]
    figures = line.talk.summary(line.now)
    assert (figures.frames_out, figures.heard_ms, figures.first_audio_ms) == (3, 500, 62)
    assert figures.disposition == "answered"
    assert line.talk.doing == "ended"


def test_a_prompt_s_line_tells_when_it_began_to_be_heard_not_when_it_was_sent() -> None:
    line = Line()
    line.begin(saying(Play("One", silence(150)), Play("Two", silence(150))))
    began = [(e.at_ms, e.data["began_ms"]) for e in line.entries if e.kind is EntryKind.PROMPT]
    sent_at = began[0][0]
    assert began == [(sent_at, sent_at + 30), (sent_at, sent_at + 180)]  # 30 ms: unknown yet


def test_the_hang_up_waits_for_the_last_mark_and_not_for_ever() -> None:
    line = Line()
    line.begin(saying(Play("Goodbye", silence(400)), HangUp("Goodbye was said.")))
    assert line.is_open()
    assert line.talk.doing == "hanging up"
    line.keeps_marks = True
    line.wait(5.4)
    assert line.is_open()
    line.wait(0.5)
    assert line.close == Close(code=1000, ended_by=Ending.AGENT, reason="Goodbye was said.")
    assert line.log(EntryKind.HEARD) == ["“Goodbye” was dropped before it was heard."]


def test_a_platform_that_takes_nothing_is_noticed_and_only_what_it_confirmed_was_heard() -> None:
    line = Line()
    line.begin(saying(Play("Greeting", silence(60_000))))
    line.wait(4.0)
    line.keeps_marks, began = True, line.now
    line.wait(20)
    assert line.close is not None
    assert (line.close.code, line.close.ended_by) == (CloseCode.POLICY, Ending.CONNECTION)
    assert 5 <= line.now - began <= 7
    confirmed = line.talk.summary(line.now).heard_ms
    assert 2900 <= confirmed <= 4000
    assert f"heard {confirmed / 1000:.1f} of 60.0 s" in line.log(EntryKind.HEARD)[0]
    assert summary(line) == ("dropped", "")


def test_a_mark_that_comes_back_too_early_is_a_problem_and_cuts_no_last_words() -> None:
    line = Line()
    line.keeps_marks = True
    line.begin(saying(Play("Goodbye", silence(3000)), HangUp("Goodbye was said.")))
    line.wait(2.8)
    mark = [frame["mark"]["name"] for frame in line.frames if frame["event"] == "mark"][-1]
    line.receive(line.platform.mark(mark))
    assert line.is_open()
    assert line.log(EntryKind.PROBLEM) == [
        "A mark came back before its audio can have been heard; it is not believed."
    ]
    line.wait(0.4)
    assert line.close is not None
    assert line.heard_ms == 3000


def test_hanging_up_lets_speech_in_the_making_be_heard() -> None:
    line = Line()
    line.begin(saying(GREETING, HangUp("Done.")))
    line.wait(2.0)
    line.ready(4000)
    line.wait(4.0)
    line.marks_back()
    assert line.close is not None
    assert line.log(EntryKind.HEARD) == ["“Greeting” heard in full, 4.0 s."]


def test_hanging_up_with_nothing_to_be_heard_is_immediate() -> None:
    line = Line()
    line.begin(saying(HangUp("Nothing to say.")))
    assert line.close is not None


# --- keys -----------------------------------------------------------------------------------------------


def test_a_key_during_a_prompt_is_barge_in() -> None:
    line = Line()
    agent = saying(Play("Choose 1, 2 or 3", silence(5000)))
    agent.actions[KeyPressed] = [
        ClearAudio("1 was pressed"),
        RecordAnswer("payment", "1", "Will pay"),
        ReachOutcome("will_pay", "Will pay before the due date"),
        Play("Reply", silence(200)),
    ]
    line.begin(agent)
    line.wait(1.08)
    line.frames.clear()
    line.key("1")
    assert line.events() == ["clear", "media", "mark"]
    (told,) = agent.told_of(PromptEnded)
    assert isinstance(told, PromptEnded)
    assert (told.finished, told.total_ms) == (False, 5000)
    assert told.heard_ms == pytest.approx(line.heard_ms, abs=40)
    assert line.log(EntryKind.KEY, EntryKind.CLEAR, EntryKind.HEARD, EntryKind.OUTCOME) == [
        "1 pressed during “Choose 1, 2 or 3”.",
        "Our audio was cleared: 1 was pressed.",
        "Will pay before the due date.",
        f"“Choose 1, 2 or 3” heard {told.heard_ms / 1000:.1f} of 5.0 s; the rest was cleared.",
    ]
    assert summary(line) == ("", "will_pay")


def test_several_keys_during_one_prompt_all_arrive() -> None:
    line, agent = Line(), saying(Play("Long", silence(3000)))
    line.begin(agent)
    for digit in "123*#":
        line.key(digit)
    assert [event.digit for event in agent.told if isinstance(event, KeyPressed)] == list("123*#")


def test_keys_pressed_before_the_agent_is_there_are_kept() -> None:
    line, agent = Line(), Script()
    line.start()
    line.key("4")
    line.key("2")
    line.keep(line.talk.identified(agent, CONTEXT, line.now))
    assert agent.told == [CallStarted(CONTEXT), KeyPressed("4"), KeyPressed("2")]


def test_a_key_after_hang_up_is_logged_and_told_but_not_answered() -> None:
    line, agent = Line(), saying(Play("Goodbye", silence(1000)), HangUp("Done."))
    line.begin(agent)
    agent.actions[KeyPressed] = [Play("Too late", silence(100)), Note("It counts.")]
    line.key("5")
    assert agent.told_of(KeyPressed) == [KeyPressed("5")]
    assert line.log(EntryKind.NOTE) == ["It counts."]
    assert line.log(EntryKind.KEY) == [
        "5 pressed during “Goodbye” while we hung up; a wish counts, but is not answered any more."
    ]
    line.play_out()
    assert not [text for text in line.log(EntryKind.PROMPT) if "Too late" in text]


def test_a_flood_of_keys_does_not_fill_the_log() -> None:
    line = Line(limits=ConversationLimits(keys_written=5))
    line.begin(Script())
    for _ in range(50):
        line.key("1")
    line.receive(line.platform.stop())
    assert len(line.log(EntryKind.KEY)) == 6
    assert line.log(EntryKind.KEY)[-1] == "45 more keys were pressed and not written down."


# --- what the agent may ask -----------------------------------------------------------------------------


def test_timers_fire_once_and_can_be_stopped_and_replaced() -> None:
    line = Line()
    agent = saying(
        StartTimer("a", 1), StartTimer("b", 2), StartTimer("c", 3), StopTimer("b"), StartTimer("c", 1.5)
    )
    line.begin(agent)
    assert line.wake_at == pytest.approx(line.now + 1)
    line.wait(5)
    assert agent.told_of(TimerFired) == [TimerFired("a"), TimerFired("c")]


def test_a_timer_stopped_by_another_at_the_same_moment_does_not_fire() -> None:
    line, agent = Line(), saying(StartTimer("a", 1), StartTimer("b", 1))
    agent.actions[TimerFired] = [StopTimer("b")]
    line.begin(agent)
    line.wait(3)
    assert agent.told_of(TimerFired) == [TimerFired("a")]


ANSWER = {"question": "q", "value": "1", "label": "Yes"}


def test_actions_without_sound_become_entries() -> None:
    line = Line()
    line.begin(saying(OptOut("key", "9"), Note("Another language is spoken."), RecordAnswer("q", "1", "Yes")))
    found = [(e.kind, e.text, dict(e.data)) for e in line.entries[-3:]]
    assert found == [
        (EntryKind.OPT_OUT, "Asked not to be called again: pressed 9.", {"how": "key", "what": "9"}),
        (EntryKind.NOTE, "Another language is spoken.", {}),
        (EntryKind.ANSWER, "q: Yes.", ANSWER),
    ]


def test_clips_and_speech_are_asked_of_the_shell_and_keep_their_order() -> None:
    line = Line()
    line.begin(saying(PlayClip("Jingle", "jingle.wav"), GREETING))
    _, clip, speech = line.effects
    assert isinstance(clip, LoadClip)
    assert isinstance(speech, Synthesise)
    assert (clip.clip, speech.text, speech.language) == ("jingle.wav", "Namaste", "hi")
    line.ready(100, effect=2)
    assert line.frames == []
    line.ready(100, effect=1)
    assert line.log(EntryKind.PROMPT) == ["“Jingle” begins.", "“Greeting” begins."]


@pytest.mark.parametrize("how", ["failed", "empty", "slow"])
def test_audio_that_does_not_come_is_told_to_the_agent(how: str) -> None:
    line, agent = Line(), saying(GREETING)
    line.begin(agent)
    effect = line.effects[-1]
    assert isinstance(effect, Synthesise)
    if how == "failed":
        line.keep(line.talk.audio_failed(effect.prompt, "No voice.", line.now))
    elif how == "empty":
        line.keep(line.talk.audio_ready(effect.prompt, b"", line.now))
    else:
        line.wait(10.5)
    (failed,) = agent.told_of(PromptFailed)
    assert isinstance(failed, PromptFailed)
    assert failed.name == "Greeting"
    assert line.log(EntryKind.PROBLEM)[0].startswith("“Greeting” could not be played. ")
    line.ready(100)
    assert line.frames == []


def test_speech_that_comes_after_it_was_cleared_is_not_played() -> None:
    line, agent = Line(), saying(GREETING)
    agent.actions[KeyPressed] = [ClearAudio("a key")]
    line.begin(agent)
    line.key("1")
    line.ready(1000)
    assert line.frames == []
    assert agent.told_of(PromptEnded) == [PromptEnded("Greeting", False, 0, 0)]


def test_caller_audio_goes_only_to_an_agent_that_wants_it() -> None:
    deaf, hearing = Script(), Script(wants_audio=True)
    for agent in (deaf, hearing):
        line = Line()
        line.begin(agent)
        line.hear()
    assert deaf.told_of(AudioReceived) == []
    assert hearing.told_of(AudioReceived) == [AudioReceived(silence(20))]


def test_prompts_without_a_name_are_played_and_not_logged() -> None:
    line = Line()
    line.begin(saying(Play("", silence(100))))
    line.play_out()
    assert line.log(EntryKind.PROMPT, EntryKind.HEARD) == []
    assert line.events() == ["media", "mark"]


def test_an_agents_mistake_is_raised() -> None:
    line = Line()
    with pytest.raises(ValueError, match="whole samples"):
        line.begin(saying(Play("Nothing", b"")))


# --- what the platform may do wrong ---------------------------------------------------------------------


def test_frames_in_the_wrong_order_are_entries_and_the_call_goes_on() -> None:
    line = Line()
    for text in (TRANSCRIPTS / "wrong-order.jsonl").read_text().splitlines():
        line.receive(text)
    problems = [entry.data["problem"] for entry in line.entries if entry.kind is EntryKind.PROBLEM]
    assert problems == [
        "media_before_start",
        "before_start",
        "before_start",
        "second_start",
        "wrong_stream",
        "wrong_stream",
        "unknown_event",
    ]
    assert line.close is not None
    assert line.close.ended_by is Ending.CALLER
    assert line.talk.summary(line.now).frames_in == 1


def test_problems_are_counted_when_there_are_too_many_to_write() -> None:
    line = Line()
    line.begin(Script())
    for _ in range(150):
        line.receive("{")
    line.hear()
    for _ in range(150):
        line.receive("]")
    assert line.is_open()
    line.receive(line.platform.stop())
    problems = line.log(EntryKind.PROBLEM)
    assert len(problems) == 21
    assert problems[-1] == "280 more problems were counted and not written down."


@pytest.mark.parametrize("good", ["media", "key"])
def test_one_good_frame_begins_the_count_of_bad_ones_again(good: str) -> None:
    line = Line()
    line.begin(Script())
    for _ in range(3):
        for _ in range(199):
            line.receive("{")
        line.hear() if good == "media" else line.key("1")
    assert line.is_open()


def test_only_garbage_closes_the_call() -> None:
    line = Line()
    line.begin(Script())
    for _ in range(200):
        line.receive(b"\xff" * 100)
    assert line.is_open()
    line.receive("x" * (1 << 20))
    assert line.close == Close(
        code=CloseCode.POLICY,
        ended_by=Ending.LIMIT,
        reason="201 frames in a row could not be used; the call was closed.",
    )
    assert line.receive("x").entries == []


def test_a_mark_nobody_asked_for_is_a_problem() -> None:
    line = Line()
    line.begin(Script())
    line.receive(line.platform.mark("ghost"))
    assert line.log(EntryKind.PROBLEM) == ["A mark came back that was not waited for. The call goes on."]


def test_another_sample_rate_is_said() -> None:
    line = Line()
    line.receive(
        '{"event":"start","stream_sid":"MZ1","start":{"stream_sid":"MZ1","call_sid":"CA1",'
        '"media_format":{"encoding":"base64","sample_rate":16000,"bit_rate":""},"custom_parameters":{}}}'
    )
    assert line.log(EntryKind.PROBLEM) == [
        "The platform announced audio of 16000 Hz; it is taken as 8000 Hz."
    ]


# --- limits and endings ---------------------------------------------------------------------------------


def test_no_start_closes_the_call() -> None:
    line = Line()
    assert line.wake_at == pytest.approx(1005.0)
    line.wait(5.0, hearing=False)
    assert line.close is not None
    assert (line.close.code, line.close.ended_by) == (CloseCode.NO_START, Ending.LIMIT)
    assert summary(line) == ("failed", "")


def test_nobody_to_serve_the_call() -> None:
    line = Line()
    line.start()
    line.keep(line.talk.unidentified("This number has no agent.", line.now))
    assert line.close == Close(code=1000, ended_by=Ending.AGENT, reason="This number has no agent.")
    assert line.keep(line.talk.identified(Script(), CONTEXT, line.now)) == Step()


def test_not_knowing_who_it_is_in_time() -> None:
    line = Line()
    line.start()
    line.wait(10.0)
    assert line.close is not None
    assert (line.close.code, line.close.ended_by) == (1000, Ending.LIMIT)
    assert summary(line) == ("failed", "")


def test_a_caller_waits_in_silence_for_no_longer_than_a_moment() -> None:
    line, agent = Line(), Script()
    line.start(reference="m-1", language="gu-IN")
    line.wait(0.6)
    assert not [effect for effect in line.effects if isinstance(effect, Synthesise)]
    line.wait(0.2)
    (said,) = (effect for effect in line.effects if isinstance(effect, Synthesise))
    assert (said.text, said.language) == (hold.WORDS["gu"], "gu")
    line.ready(900)
    assert "media" in line.events()
    line.keep(line.talk.identified(agent, CONTEXT, line.now))
    line.play_out()
    assert line.log(EntryKind.HEARD) == ["“One moment” heard in full, 0.9 s."]
    assert agent.told == [CallStarted(CONTEXT)], "these words are not the agent's"


def test_a_caller_who_waits_long_is_asked_again_and_one_whose_words_fail_is_served() -> None:
    line, agent = Line(), Script()
    line.start(reference="m-1")
    line.wait(5)
    said = [effect for effect in line.effects if isinstance(effect, Synthesise)]
    assert [effect.language for effect in said] == ["hi", "hi"]
    line.keep(line.talk.audio_failed(said[0].prompt, "There is no voice.", line.now))
    line.keep(line.talk.identified(agent, CONTEXT, line.now))
    assert agent.told == [CallStarted(CONTEXT)]
    assert line.is_open()


def test_a_caller_who_is_known_at_once_is_not_asked_to_wait() -> None:
    line = Line()
    line.begin(Script())
    line.wait(5)
    assert not [effect for effect in line.effects if isinstance(effect, Synthesise)]


def test_silence_of_the_platform_closes_the_call() -> None:
    line = Line()
    line.begin(Script())
    line.wait(9.9, hearing=False)
    assert line.is_open()
    line.wait(0.2, hearing=False)
    assert line.close is not None
    assert (line.close.code, line.close.ended_by) == (CloseCode.POLICY, Ending.LIMIT)


def test_a_platform_that_sends_is_not_silent() -> None:
    line = Line()
    line.begin(Script())
    for _ in range(40):
        line.wait(0.7, hearing=False)
        line.hear()
    assert line.is_open()


def test_a_call_has_a_longest_duration() -> None:
    line = Line(limits=ConversationLimits(call_s=30))
    line.begin(Script())
    line.wait(60)
    assert line.close == Close(code=1000, ended_by=Ending.LIMIT, reason="The call reached its limit of 30 s.")
    assert line.talk.summary(line.now).duration_ms == 30_000


def test_the_caller_hangs_up_in_the_middle_of_a_prompt() -> None:
    line, agent = Line(), saying(Play("Greeting", silence(8800)))
    line.begin(agent)
    line.wait(1.28)
    line.receive(line.platform.stop("hangup"))
    assert line.close == Close(code=1000, ended_by=Ending.CALLER, reason="The other side hung up.")
    stopped, heard, ended = line.entries[-3:]
    assert stopped.text == "The platform ended the call: hangup."
    assert heard.text.endswith(" of 8.8 s; the call was over before the rest.")
    assert heard.data["heard_ms"] == pytest.approx(line.heard_ms, abs=40)
    assert ended.text == "The other side hung up."
    assert agent.told_of(PromptEnded) == []
    assert summary(line) == ("answered", "")


def test_a_number_in_the_platforms_words_is_masked() -> None:
    line = Line()
    line.begin(Script())
    line.receive(line.platform.stop("+91 98251 00410 hung up, code 16"))
    assert line.log(EntryKind.STOP) == ["The platform ended the call: ••• hung up, code 16."]
    assert "98251" not in repr(line.entries)


def test_the_socket_goes_without_a_stop() -> None:
    line = Line()
    line.begin(saying(Play("Greeting", silence(1000))))
    line.keep(line.talk.closed(line.now))
    assert line.close is not None
    assert (line.close.code, line.close.ended_by) == (None, Ending.CONNECTION)
    assert summary(line) == ("dropped", "")
    assert line.talk.closed(line.now) == Step()


def test_the_server_stops() -> None:
    line = Line()
    line.begin(Script())
    line.keep(line.talk.stop("Our server is restarting.", line.now))
    assert line.close == Close(
        code=CloseCode.GOING_AWAY, ended_by=Ending.SERVER, reason="Our server is restarting."
    )


@pytest.mark.parametrize("code", list(CloseCode))
def test_every_close_code_may_be_sent_by_an_application(code: CloseCode) -> None:
    assert code == 1000 or 3000 <= code <= 4999


# --- recording ------------------------------------------------------------------------------------------


def test_both_sides_are_recorded_where_they_were_heard() -> None:
    line = Line()
    line.begin(saying(Play("Greeting", silence(1000))))
    for _ in range(10):
        line.now += 0.020
        line.play()
        line.hear()
    line.wait(0.08)
    line.receive(line.platform.stop())
    caller = [(r.at_ms, duration_ms(r.pcm)) for r in line.recorded if r.side is Side.CALLER]
    assert caller[0][0] == 0
    assert [at + ms for at, ms in caller[:-1]] == [at for at, _ in caller[1:]]
    assert sum(ms for _, ms in caller) == 200
    agent = [(r.at_ms, duration_ms(r.pcm)) for r in line.recorded if r.side is Side.AGENT]
    assert agent[0][0] == pytest.approx(FIRST_WAIT_MS[line.far_end], abs=40)
    assert sum(ms for _, ms in agent) == pytest.approx(line.heard_ms, abs=40)
    assert line.talk.summary(line.now).heard_ms == sum(ms for _, ms in agent)


def test_caller_audio_faster_than_time_is_not_recorded() -> None:
    line = Line()
    line.begin(Script())
    for _ in range(500):
        line.hear()
    assert sum(duration_ms(r.pcm) for r in line.recorded) <= 2100


# --- transcripts and chance -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("[!a]*.jsonl")), ids=lambda path: path.stem)
def test_a_literal_call_is_held(path: Path) -> None:
    line = Line()
    for text in path.read_text().splitlines():
        line.now += 0.02
        step = line.receive(text)
        if any(isinstance(effect, Identify) for effect in step.effects):
            line.keep(line.talk.identified(Script(), CONTEXT, line.now))
    line.keep(line.talk.closed(line.now))
    assert line.close is not None
    assert line.talk.summary(line.now).disposition in ("answered", "dropped")
    assert line.log(EntryKind.START) == ["The call was answered; the stream has started."]


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("hostile-*.txt")), ids=lambda path: path.stem)
def test_hostile_texts_are_entries(path: Path) -> None:
    line = Line()
    line.begin(Script())
    for text in path.read_text(errors="surrogateescape").split("\n"):
        line.receive(text)
    assert line.log(EntryKind.PROBLEM)
    assert len(line.entries) < 80


class _Fickle(Script):
    """Answers everything with something else to say."""

    def handle(self, event: object) -> list[Action]:
        match event:
            case CallStarted():
                return [GREETING, Play("Tone", silence(700)), StartTimer("t", 0.5)]
            case KeyPressed("9"):
                return [HangUp("Nine.")]
            case KeyPressed(digit):
                return [ClearAudio(digit), Say(digit, digit, "hi"), PlayClip("clip", "c")]
            case TimerFired():
                return [Play("Again", silence(90)), StartTimer("t", 0)]
            case PromptFailed():
                return [GREETING]
        return []


_PLATFORM = st.sampled_from(["start", "media", "dtmf1", "dtmf9", "mark", "ghost", "stop", "junk", "second"])
_SHELL = st.sampled_from(["identified", "unidentified", "ready", "empty", "failed", "wake", "closed", "down"])
_EVENTS = st.lists(st.tuples(st.one_of(_PLATFORM, _PLATFORM, _SHELL), st.floats(0, 2)), max_size=80)


class _Chance:
    """A platform and a shell that do anything at any time."""

    def __init__(self) -> None:
        self.line = Line()
        self.platform = PlatformStream("MZ1", "CA1")
        self.ahead: list[tuple[float, int]] = []

    def step(self, what: str) -> Step:
        line = self.line
        start = PlatformStream("MZ1", "CA1").start({})
        mark = next((f["mark"]["name"] for f in reversed(line.frames) if f["event"] == "mark"), "none")
        prompt = next(
            (e.prompt for e in reversed(line.effects) if isinstance(e, Synthesise | LoadClip)), "none"
        )
        sid = '"stream_sid":"MZ1"'
        talk, now = line.talk, line.now
        texts = {
            "start": start,
            "second": start,
            "media": f'{{"event":"media",{sid},"media":{{"payload":"AAAAAAAA"}}}}',
            "dtmf1": f'{{"event":"dtmf",{sid},"dtmf":{{"digit":"1"}}}}',
            "dtmf9": f'{{"event":"dtmf",{sid},"dtmf":{{"digit":"9"}}}}',
            "mark": f'{{"event":"mark",{sid},"mark":{{"name":"{mark}"}}}}',
            "ghost": f'{{"event":"mark",{sid},"mark":{{"name":"ghost"}}}}',
            "stop": f'{{"event":"stop",{sid},"stop":{{}}}}',
            "junk": "{]",
        }
        if what in texts:
            return talk.receive(texts[what], now)
        return {
            "identified": lambda: talk.identified(_Fickle(), CONTEXT, now),
            "unidentified": lambda: talk.unidentified("Nobody.", now),
            "ready": lambda: talk.audio_ready(prompt, silence(900), now),
            "empty": lambda: talk.audio_ready(prompt, b"", now),
            "failed": lambda: talk.audio_failed(prompt, "No.", now),
            "wake": lambda: talk.wake(now),
            "closed": lambda: talk.closed(now),
            "down": lambda: talk.stop("Down.", now),
        }[what]()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_EVENTS)
def test_nothing_from_outside_breaks_a_call(events: list[tuple[str, float]]) -> None:
    chance = _Chance()
    line = chance.line
    line.keeps_marks = True
    chance.line.keep(chance.step("start"))
    chance.line.keep(chance.step("identified"))
    for what, seconds in events:
        was_closed = line.close is not None
        line.now += seconds
        step = line.keep(chance.step(what))
        if was_closed:
            assert step == Step(entries=step.entries), "after the end only keys count"
            continue
        marks = [frame for frame in line.frames if frame["event"] == "mark"]
        assert len(marks) == len({str(frame["mark"]) for frame in marks})
        assert sum(len(frame) for frame in step.frames) < 22_000  # 400 ms of base64 and some marks
        assert (step.close is None) == (step.wake_at is not None)
        assert step.wake_at is None or step.wake_at >= line.now
        assert [e.at_ms for e in line.entries] == sorted(e.at_ms for e in line.entries)
    for side in Side:
        until = 0
        for piece in (r for r in line.recorded if r.side is side):
            assert piece.at_ms >= until - 1
            until = piece.at_ms + duration_ms(piece.pcm)
    line.keep(line.talk.closed(line.now))
    assert line.close is not None
    assert sum(e.kind is EntryKind.END for e in line.entries) == 1
    begun = sum(e.kind is EntryKind.PROMPT for e in line.entries)
    assert sum(e.kind is EntryKind.HEARD for e in line.entries) >= begun


def test_a_conversation_in_wav_container_sends_wav() -> None:
    talk = Conversation(AgentStream(container="wav"), now=0.0)
    talk.receive(PlatformStream("MZ1", "CA1").start({}), 0.0)
    step = talk.identified(saying(Play("Tone", silence(100))), CONTEXT, 0.0)
    assert '"payload":"UklGR' in step.frames[1]


# --- a connection that breaks, and another --------------------------------------------------------------


def second_stream(sid: str = "MZ2") -> tuple[AgentStream, PlatformStream]:
    """The stream of another connection of the same call, its start message read."""
    agent, platform = AgentStream(container="raw"), PlatformStream(sid, "CA1")
    agent.receive(platform.start({}))
    return agent, platform


def test_a_broken_connection_waits_and_another_goes_on_with_the_rest_of_the_prompt() -> None:
    line = Line()
    agent = saying(Play("Greeting", silence(2000)))
    line.begin(agent)
    line.wait(0.5)
    sent = len(line.frames)
    line.keep(line.talk.broken(line.now))
    assert line.talk.doing == "waiting for the connection to come back"
    line.wait(2, hearing=False)
    assert line.is_open()
    assert len(line.frames) == sent
    stream, line.platform = second_stream()
    line.keep(line.talk.resumed(stream, line.now))
    assert {frame["stream_sid"] for frame in line.frames[sent:]} == {"MZ2"}
    assert line.frames[sent]["event"] == "clear"
    line.play_out()
    (ended,) = agent.told_of(PromptEnded)
    assert ended == PromptEnded("Greeting", True, 2000, 2000)
    assert len(agent.told_of(CallStarted)) == 1
    assert [text.split()[1] for text in line.log(EntryKind.NOTE)] == ["connection", "second"]
    assert line.key("5").close is None
    assert len(agent.told_of(KeyPressed)) == 1


def test_the_timestamps_of_a_second_connection_make_no_frame_late() -> None:
    line = Line()
    line.begin(Script())
    stream = None
    for _ in range(2):
        for _ in range(100):
            line.now = round(line.now + 0.02, 6)
            line.hear()
        if stream is None:
            line.keep(line.talk.broken(line.now))
            line.wait(1, hearing=False)
            stream, line.platform = second_stream()
            line.keep(line.talk.resumed(stream, line.now))
    figures = line.talk.summary(line.now).statistics
    assert (figures["late"], figures["jitter_ms"]) == (0, 0)


def test_what_was_heard_is_not_heard_twice() -> None:
    line = Line()
    line.begin(saying(Play("Greeting", silence(2000))))
    line.wait(0.58)
    line.keep(line.talk.broken(line.now))
    before = sum(duration_ms(piece.pcm) for piece in line.recorded if piece.side is Side.AGENT)
    assert before == pytest.approx(line.heard_ms, abs=40)
    line.wait(1, hearing=False)
    stream, line.platform = second_stream()
    line.keep(line.talk.resumed(stream, line.now))
    line.play_out()
    line.keep(line.talk.closed(line.now))
    heard = [piece for piece in line.recorded if piece.side is Side.AGENT]
    assert sum(duration_ms(piece.pcm) for piece in heard) == 2000


def test_after_a_break_a_key_still_cuts_what_was_handed_over_before_it() -> None:
    line = Line()
    line.begin(saying(Play("Greeting", silence(600), BargeIn(key=True)), Play("Question", silence(5000))))
    line.wait(0.5)
    line.keep(line.talk.broken(line.now))
    stream, line.platform = second_stream()
    line.keep(line.talk.resumed(stream, line.now))
    line.key("5")
    assert line.log(EntryKind.CLEAR) == ["Our audio was cleared: 5 was pressed."]


def test_a_connection_that_does_not_come_back_closes_the_call_in_time() -> None:
    line = Line()
    line.begin(saying(Play("Greeting", silence(2000))))
    line.keep(line.talk.broken(line.now))
    began = line.now
    line.wait(20, hearing=False)
    assert line.close == Close(
        code=None,
        ended_by=Ending.CONNECTION,
        reason="The connection broke without a stop, and did not come back within 5 s.",
    )
    assert line.now - began == pytest.approx(5)
    assert summary(line) == ("dropped", "")


def test_before_the_start_and_without_grace_a_broken_connection_is_the_end() -> None:
    early, hasty = Line(), Line(limits=ConversationLimits(resume_s=0))
    hasty.begin(saying())
    for line in (early, hasty):
        line.keep(line.talk.broken(line.now))
        assert line.close == Close(
            code=None, ended_by=Ending.CONNECTION, reason="The connection broke without a stop."
        )


def test_the_newer_of_two_open_connections_counts() -> None:
    line = Line()
    line.begin(saying(Play("Greeting", silence(2000))))
    line.wait(0.5)
    sent = len(line.frames)
    stream, line.platform = second_stream()
    line.keep(line.talk.resumed(stream, line.now))
    assert {frame["stream_sid"] for frame in line.frames[sent:]} == {"MZ2"}
    line.play_out()
    assert line.is_open()


def test_the_agent_s_time_runs_on_while_the_connection_is_away() -> None:
    line = Line()
    agent = Script({CallStarted: [StartTimer("patience", 2)], TimerFired: [HangUp("Nobody answered.")]})
    line.begin(agent)
    line.keep(line.talk.broken(line.now))
    line.wait(4, hearing=False)
    assert line.close == Close(code=1000, ended_by=Ending.AGENT, reason="Nobody answered.")


def test_staff_hang_up_as_our_end() -> None:
    line = Line()
    line.begin(saying(Play("Greeting", silence(2000))))
    line.keep(line.talk.hang_up("A member of staff ended the call.", line.now))
    assert line.close == Close(code=1000, ended_by=Ending.AGENT, reason="A member of staff ended the call.")
    assert summary(line) == ("answered", "")


def test_a_flood_is_a_problem_and_then_the_end() -> None:
    line = Line(limits=ConversationLimits(frames_per_s=100, frames_burst=50))
    line.begin(saying())
    for _ in range(49):
        line.hear()
    assert line.log(EntryKind.PROBLEM) == []
    for _ in range(51):
        line.hear()
    assert line.close == Close(
        code=4008,
        ended_by=Ending.LIMIT,
        reason="The platform sent more than 100 frames a second for too long; the call was closed.",
    )
    assert "left unread. The call goes on." in line.log(EntryKind.PROBLEM)[0]
    assert len(line.log(EntryKind.PROBLEM)) == 2


def test_every_second_has_a_line_of_figures_and_the_call_a_summary() -> None:
    line = Line()
    line.begin(Script({CallStarted: [Play("hello", silence(1000))]}))
    began = line.now
    for frame in range(125):
        line.now = began + (frame + 1) / 50
        line.play()
        line.hear()
    seconds = [entry.data for entry in line.entries if entry.kind is EntryKind.STATS]
    assert [(data["in"], data["out"]) for data in seconds] == [(50, 5), (50, 0)]
    line.keep(line.talk.closed(line.now))
    figures = line.talk.summary(line.now).statistics
    assert figures["agent_share"] == 0.4
    assert figures["longest_silence_ms"] == pytest.approx(1500 - FIRST_WAIT_MS[line.far_end], abs=40)
