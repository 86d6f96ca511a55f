"""PURE: an agent that first says that the call is recorded, then lets another one talk."""

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


class RecordingNotice:
    """Recording is allowed once the notice has been heard in full; without it the call goes on unrecorded.

    Keys that are pressed during the notice belong to the agent: they count once it has the word, and when the
    person hangs up before that.
    """

    def __init__(self, agent: Agent) -> None:
        self.may_record = False
        self.wants_audio = self.wants_speech = False
        self._agent = agent
        self._start: CallStarted | None = None
        self._keys = ""
        self._is_over = False

    def handle(self, event: AgentEvent) -> Sequence[Action]:
        """The notice first; everything else is the agent's."""
        if self._is_over:
            return self._pass_on(event)
        match event:
            case CallStarted(context=context):
                self._start = event
                language = context.language.partition("-")[0]
                language = language if language in NOTICES else _OTHERWISE
                return [Say(NOTICE, NOTICES[language], language)]
            case PromptEnded(name=name, finished=finished) if name == NOTICE:
                self.may_record = finished
                return self._give_word()
            case PromptFailed(name=name) if name == NOTICE:
                return self._give_word()
            case KeyPressed(digit=digit) if len(self._keys) < _MOST_HELD:
                self._keys += digit
            case CallEnded() if self._keys:
                return self._let_begin()
        return []

    def _give_word(self) -> list[Action]:
        notes: list[Action] = [] if self.may_record else [Note(_NOT_HEARD)]
        return notes + self._let_begin()

    def _let_begin(self) -> list[Action]:
        self._is_over = True
        actions = list(self._pass_on(self._start)) if self._start else []
        return [*actions, PressKeys(self._keys)] if self._keys else actions

    def _pass_on(self, event: AgentEvent) -> Sequence[Action]:
        actions = self._agent.handle(event)
        self.wants_audio, self.wants_speech = self._agent.wants_audio, self._agent.wants_speech
        return actions
