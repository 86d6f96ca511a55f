"""PURE: the limits of a call, what it listens with, and the codes a socket is closed with."""

from dataclasses import dataclass, field
from enum import IntEnum

from calls.audio.speech_detector import Gate, HearingSettings
from calls.conversation.playout import PlayoutLimits


class CloseCode(IntEnum):
    """Close codes we send.

    1000, or 4000 + the last digits of the standard code of that meaning: servers let an application send
    only 1000 and 3000 to 4999 (autobahn under Daphne raises for 1001, 1002, 1008).
    """

    NORMAL = 1000
    GOING_AWAY = 4001
    NO_START = 4002
    POLICY = 4008


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationLimits:
    """Every wait and every count of a call, in seconds and pieces."""

    start_s: float = 5.0
    identify_s: float = 10.0
    """In it the caller is asked to wait a moment, see `hold`: a database may be locked for some seconds."""
    idle_s: float = 10.0
    call_s: float = 600.0
    prompt_s: float = 10.0
    """For speech or a clip to be made ready."""
    hang_up_grace_s: float = 6.0
    """For the last mark: a way that is slow for 5 s cuts no last words."""
    resume_s: float = 5.0
    """For a call whose connection broke to come back on another one; 0: it does not wait."""
    frames_per_s: float = 200.0
    """Four times what a call needs."""
    frames_burst: int = 1000
    """What may come at once: twenty seconds of audio that a network kept back."""
    malformed_in_a_row: int = 200
    problems_written: int = 20
    keys_written: int = 200
    keys_kept: int = 50
    """Of those pressed before it is known who is on the line."""
    playout: PlayoutLimits = field(default_factory=PlayoutLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What a conversation listens with, beside the platform's own messages. By default: nothing."""

    gate: Gate | None = None
    """Without one, speech is not detected."""
    judged: bool = False
    """The shell has a VAD model that `Step.vad_audio` goes to; otherwise the gate decides alone."""
    settings: HearingSettings = field(default_factory=HearingSettings)
    tones: bool = False
    """Keys are heard in the caller's audio too, for platforms that send their tones and no message."""
