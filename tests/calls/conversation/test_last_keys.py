"""Menus on a whole call: keys during the recording notice, and keys of somebody who hangs up at once."""

from typing import Any

import pytest

from calls.agents.base import CallContext
from calls.agents.recording_notice import RecordingNotice
from calls.agents.registry import build
from calls.conversation.outputs import EntryKind, Identify
from tests.calls.agents.dialogue import documents
from tests.calls.agents.texts import ENGLISH, MENU, VARIABLES, dialogue
from tests.calls.line import Line

pytestmark = pytest.mark.usefixtures("far_end")
CONTEXT = CallContext(language="en", name="Asha", variables=VARIABLES)
PIN: dict[str, Any] = {
    "collect": {"2": {"question": "pin", "least": 2, "most": 4}},
    "languages": {"en": ENGLISH | {"collect": {"2": "Enter the pin."}}},
    "default_language": "en",
}
WANTED = (EntryKind.ANSWER, EntryKind.OUTCOME, EntryKind.OPT_OUT)


class Menu(Line):
    """Somebody on the line with the menu; each prompt is made at once and takes two seconds."""

    def __init__(self, *, announced: bool) -> None:
        super().__init__()
        self._made = 0
        menu = build("dialogue", dialogue(MENU | PIN))
        self.begin(RecordingNotice(menu) if announced else menu, CONTEXT)
        self.speak()

    def speak(self) -> None:
        while self._made < len(self.effects):
            at, self._made = self._made, self._made + 1
            if not isinstance(self.effects[at], Identify):
                self.ready(2000, effect=at)

    def press(self, digits: str) -> None:
        for digit in digits:
            self.wait(0.25)
            self.key(digit)
            self.speak()

    def listen(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.2)):
            self.wait(0.2)
            self.marks_back()
            self.speak()

    def hang_up(self) -> None:
        self.receive(self.platform.stop())

    @property
    def outcome(self) -> str:
        return self.talk.summary(self.now).outcome


@pytest.fixture(params=[False, True], ids=["at once", "after the notice"])
def menu(request: pytest.FixtureRequest) -> Menu:
    return Menu(announced=request.param)


def test_digits_pressed_ahead_are_digits_and_not_choices(menu: Menu) -> None:
    menu.press("21984")
    menu.listen(6)
    assert menu.log(*WANTED) == ["payment: Needs time.", "Needs time.", "pin: 1984."]
    assert menu.outcome == "more_time"


def test_a_key_pressed_ahead_is_answered_at_once(menu: Menu) -> None:
    menu.press("1")
    menu.listen(6)
    assert menu.log(EntryKind.HEARD)[-1] == "“Reply” heard in full, 2.0 s."
    assert menu.close is not None
    begun = [text for text in menu.log(EntryKind.PROMPT) if "Reply" not in text and "notice" not in text]
    assert len(begun) <= 1  # the opening, where it was cut; never message and question


def test_who_presses_nine_and_hangs_up_is_not_called_again(menu: Menu) -> None:
    menu.press("9")
    menu.hang_up()
    assert menu.log(EntryKind.OPT_OUT) == ["Asked not to be called again: pressed 9."]
    assert menu.outcome == "opted_out"


def test_a_choice_of_somebody_who_hangs_up_at_once_counts(menu: Menu) -> None:
    menu.press("1")
    menu.hang_up()
    assert menu.log(*WANTED) == ["payment: Will pay.", "Will pay."]


@pytest.mark.parametrize(
    ("digits", "kept"), [("9", "Asked not to be called again: pressed 9."), ("15", "pin: 15."), ("1", "")]
)
def test_digits_of_somebody_who_hangs_up_while_we_wait_for_more(menu: Menu, digits: str, kept: str) -> None:
    menu.press("2" + digits)
    menu.hang_up()
    found = [text for text in menu.log(*WANTED) if text not in ("payment: Needs time.", "Needs time.")]
    assert found[:1] == ([kept] if kept else [])


def test_nothing_is_said_or_asked_of_the_world_after_the_end(menu: Menu) -> None:
    menu.press("2")
    asked, frames = len(menu.effects), len(menu.frames)
    menu.hang_up()
    assert (len(menu.effects), len(menu.frames)) == (asked, frames)
    assert menu.entries[-1].kind is EntryKind.END


def test_nine_that_arrives_after_our_close_counts(menu: Menu) -> None:
    menu.press("1")
    menu.listen(8)
    assert menu.close is not None
    assert menu.log(EntryKind.OPT_OUT) == []
    menu.key("9")
    assert menu.log(EntryKind.OPT_OUT) == ["Asked not to be called again: pressed 9."]
    assert menu.log(EntryKind.KEY)[-1].startswith("9 pressed while we hung up")


def test_nine_that_arrives_after_staff_hung_up_during_the_notice_counts() -> None:
    line = Menu(announced=True)
    line.keep(line.talk.hang_up("A member of staff ended the call.", line.now))
    line.key("9")
    assert line.log(EntryKind.OPT_OUT) == ["Asked not to be called again: pressed 9."]


def test_only_keys_count_after_our_close_and_nothing_is_sent() -> None:
    line = Menu(announced=False)
    line.keep(line.talk.hang_up("A member of staff ended the call.", line.now))
    logged, sent = len(line.entries), len(line.frames)
    line.receive(line.platform.mark("1"))
    line.receive("{" * 5000)
    line.hear()
    assert (len(line.entries), len(line.frames)) == (logged, sent)


def test_keys_of_a_caller_who_is_gone_before_it_is_known_who_it_is_are_kept() -> None:
    line = Line()
    line.start(reference="m-1")
    line.key("2")
    line.key("9")
    line.receive(line.platform.stop())
    assert line.talk.unserved_keys == "29"
    assert line.talk.summary(line.now).disposition == "failed"


def test_a_call_that_was_served_has_no_keys_left_and_is_answered() -> None:
    line = Menu(announced=False)
    line.press("1")
    line.hang_up()
    assert line.talk.unserved_keys == ""
    assert line.talk.summary(line.now).disposition == "answered"


def test_keys_count_when_the_connection_breaks_and_when_our_server_stops() -> None:
    for event in ("closed", "stop"):
        line = Menu(announced=True)
        line.press("9")
        args = ("Our server was stopped.",) if event == "stop" else ()
        line.keep(getattr(line.talk, event)(*args, line.now))
        assert line.log(EntryKind.OPT_OUT) != [], event


TWO: dict[str, Any] = {
    "which": {"kind": "language", "languages": {"1": "en", "2": "hi"}, "exits": {"match": "when"}},
    "when": {
        "kind": "later",
        "times": {"1": {"when": "tomorrow 10:00", "label": "Tomorrow at ten"}},
        "exits": {"1": "bye", "full": "bye"},
    },
}
CLIP = [{"clip": "when", "text": "When?"}]


def a_dialogue() -> Line:
    """A call that asks for the language, then when to call again, by a clip; none of it is made yet."""
    words = {"which": {"ask": "English 1, Hindi 2."}, "when": {"ask": CLIP}}
    document = documents.raw(TWO, words)
    document["words"]["hi"] = document["words"]["en"]
    line = Line()
    line.begin(build("dialogue", document), CONTEXT)
    return line


def test_keys_while_prompts_and_clips_are_being_made_are_answers() -> None:
    line = a_dialogue()
    line.key("2")
    line.key("1")
    assert line.log(EntryKind.ANSWER, EntryKind.CALLBACK)[:2] == ["which: hi.", "when: Tomorrow at ten."]


def test_a_key_between_a_question_and_its_time_for_an_answer_is_an_answer() -> None:
    line = a_dialogue()
    line.ready(400)
    line.wait(0.4)  # the far end plays the last of it: neither is it over for us, nor does its timer run
    line.key("2")
    assert line.log(EntryKind.ANSWER) == ["which: hi."]
    line.wait(3.0)
    line.key("1")
    assert line.log(EntryKind.ANSWER)[1:] == ["when: Tomorrow at ten."]
