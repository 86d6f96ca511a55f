"""An agent that first says that the call is recorded, and then passes events on to another agent."""

from collections.abc import Sequence

from calls.agents.base import (
    Action,
    Agent,
    AgentEvent,
    CallEnded,
    CallStarted,
    KeyPressed,
    Note,
    PressKeys,
    PromptEnded,
    PromptFailed,
    Say,
)

NOTICE = "Recording notice"
NOTICES = {
    "en": "This call is recorded.",
    "hi": "यह कॉल रिकॉर्ड की जा रही है।",
    "gu": "આ કૉલ રેકોર્ડ કરવામાં આવી રહ્યો છે.",
    "ta": "இந்த அழைப்பு பதிவு செய்யப்படுகிறது.",
    "mr": "हा कॉल रेकॉर्ड केला जात आहे.",
    "bn": "এই কলটি রেকর্ড করা হচ্ছে।",
    "te": "ఈ కాల్ రికార్డ్ చేయబడుతోంది.",
    "kn": "ಈ ಕರೆಯನ್ನು ರೆಕಾರ್ಡ್ ಮಾಡಲಾಗುತ್ತಿದೆ.",
}
_OTHERWISE = "en"
_NOT_HEARD = "The notice that the call is recorded was not heard in full, so this call is not recorded."
_MOST_HELD = 50


def notice(language: str) -> Say:
    """Return the notice for a person of `language`; in English where there are no words in it."""
    spoken = language.partition("-")[0]
    spoken = spoken if spoken in NOTICES else _OTHERWISE
    return Say(NOTICE, NOTICES[spoken], spoken)


class RecordingNotice:
    """Says the notice before the agent begins. Once it was heard in full, `may_record` is True.

    If it was not, the call goes on unrecorded. Keys pressed during the notice are buffered for the agent: it
    gets them when it begins, or when the person hangs up before that.
    """

    def __init__(self, agent: Agent) -> None:
        self.may_record = False
        self.wants_audio = self.wants_speech = False
        self._agent = agent
        self._start: CallStarted | None = None
        self._keys = ""
        self._is_over = False

    def handle(self, event: AgentEvent) -> Sequence[Action]:
        """Return the notice when the call starts, and afterwards what the agent returns."""
        if self._is_over:
            return self._pass_on(event)
        match event:
            case CallStarted(context=context):
                self._start = event
                return [notice(context.language)]
            case PromptEnded(name=name, finished=finished) if name == NOTICE:
                self.may_record = finished
                return self._begin()
            case PromptFailed(name=name) if name == NOTICE:
                return self._begin()
            case KeyPressed(digit=digit) if len(self._keys) < _MOST_HELD:
                self._keys += digit
            case CallEnded() if self._keys:
                return self._begin(note=False)
        return []

    def _begin(self, *, note: bool = True) -> list[Action]:
        """Return the agent's first actions and its buffered keys; `note`: say it if nothing is recorded."""
        self._is_over = True
        actions: list[Action] = [Note(_NOT_HEARD)] if note and not self.may_record else []
        actions += self._pass_on(self._start) if self._start else ()
        return [*actions, PressKeys(self._keys)] if self._keys else actions

    def _pass_on(self, event: AgentEvent) -> Sequence[Action]:
        actions = self._agent.handle(event)
        self.wants_audio, self.wants_speech = self._agent.wants_audio, self._agent.wants_speech
        return actions
