"""PURE: what is observed of one call at the platform's end, with its time, and the play clock made from it.

Times are seconds on any monotonic clock. An observation carries the whole frame; `Frame` is the excerpt of it
that may stand in a report: the payload of audio is left out.
"""

import base64
import re
from typing import NamedTuple

from calls.protocol.messages import BYTES_PER_MS, Clear, FromAgent, Malformed, Media

LONGEST_EXCERPT = 200
UNREACHABLE, STUCK = "unreachable", "stuck"
_LONG_TEXT = re.compile(r'"(?:[^"\\]|\\.){49,}"?')
"""Whatever its member is called: audio under another name, and what a person said."""
_LONG_LIST = re.compile(r"\[(?:\s*-?[\d.eE+-]+\s*,){8,}[^\]]*\]?")
_WAV_DATA = re.compile(r'"payload"\s*:\s*"(UklGR[^"]*)"')
_NUMBER = re.compile(r'"sequence_number"\s*:\s*"?(\d+)')


class Sent(NamedTuple):
    """What the platform's side did: a frame (start, dtmf, mark, stop), or the person's voice.

    `event` is the frame's, or "speech" and "speech_over" for the first and after the last frame of a clip.
    `name` is the mark's name, the digit or the clip.
    """

    at: float
    event: str
    text: str = ""
    name: str = ""


class Received(NamedTuple):
    """Frame `number` (from 1) of the agent, as received and as parsed."""

    at: float
    number: int
    text: str | bytes
    message: FromAgent | Malformed


class Answered(NamedTuple):
    """A WebSocket ping came back after `seconds`."""

    at: float
    seconds: float


class Closed(NamedTuple):
    """The agent closed the connection, or lost it (`code` None or 1006)."""

    at: float
    code: int | None


class GivenUp(NamedTuple):
    """The platform gave the agent up: `how` is UNREACHABLE, or STUCK if it no longer reads."""

    at: float
    how: str
    reason: str


Observation = Sent | Received | Answered | Closed | GivenUp


class Frame(NamedTuple):
    """The frame that shows a finding. `number` counts the agent's frames; ours have their sequence number."""

    sender: str
    number: int
    at_ms: int
    excerpt: str


def excerpt(text: str | bytes) -> str:
    """Return the beginning of a frame as one printable line of at most 200 characters, without long values.

    A value that is text of more than 48 characters or a list of more than eight numbers may be audio. A
    binary frame that is no text is only counted.
    """
    size, start = len(text), text[: LONGEST_EXCERPT * 4]
    try:
        plain = start if isinstance(start, str) else start.decode()
    except UnicodeDecodeError as error:
        if error.end < len(start) - 3:
            return f"({size} bytes that are no text)"
        plain = error.object[: error.start].decode()  # it ends in the middle of a letter
    left_out = f'"… ({size} characters in all)"'
    short = _LONG_LIST.sub(left_out, _LONG_TEXT.sub(left_out, plain))
    printable = "".join(letter if letter.isprintable() else "�" for letter in short)
    return printable if len(printable) <= LONGEST_EXCERPT else printable[: LONGEST_EXCERPT - 1] + "…"


def frame_of(observation: Observation, began: float) -> Frame:
    """Return the frame to show for an observation; `began` is when the stream started."""
    at_ms = round((observation.at - began) * 1000)
    match observation:
        case Received(_, number, text, _):
            return Frame("agent", number, at_ms, excerpt(text))
        case Sent(_, event, text, name):
            found = _NUMBER.search(text)
            return Frame("platform", int(found[1]) if found else 0, at_ms, excerpt(text) or f"{event} {name}")
        case Closed(_, code):
            return Frame("agent", 0, at_ms, f"close {code}" if code else "connection lost")
        case Answered(_, seconds):
            return Frame("agent", 0, at_ms, f"pong after {seconds:.2f} s")
        case GivenUp(_, how, _):
            return Frame("platform", 0, at_ms, how)


def odd_wav_data(text: str | bytes) -> int:
    """Return how many bytes of audio the WAV file in a media frame holds, if that is odd; else 0."""
    found = _WAV_DATA.search(text if isinstance(text, str) else text.decode(errors="replace"))
    try:
        data = base64.b64decode(found[1] if found else "")
    except ValueError:
        return 0
    at = data.find(b"data", 12)
    said = int.from_bytes(data[at + 4 : at + 8], "little")
    there = len(data) - at - 8
    size = there if said in (0, 0xFFFFFFFF) or said > there else said
    return size if at > 0 and size % 2 else 0


def audible(pcm: bytes) -> bool:
    """Return whether there is anything but digital silence, which some agents send all the time."""
    return bool(pcm.strip(b"\0"))


class PlayClock:
    """Work out until when the audio handed over will play, if all of it is played without a pause."""

    def __init__(self) -> None:
        self.began = 0.0
        self.stopped_at: float | None = None
        self.closed_at: float | None = None
        self.last_at = 0.0
        self.plays_until = 0.0
        self.audible_until = 0.0
        self.was_quiet = True
        """Whether everything audible had been played when the latest frame came."""
        self.audible_now = False
        """Whether the latest frame holds anything audible."""

    def follow(self, observation: Observation) -> None:
        """Take the next observation."""
        self.last_at = at = observation.at
        self.began = self.began or at
        match observation:
            case Sent(_, "start"):
                self.began = self.plays_until = self.audible_until = at
            case Sent(_, "stop"):
                self.stopped_at = at
            case Closed():
                self.closed_at = at
            case Received(_, _, _, Media(payload)):
                self.was_quiet, self.audible_now = self.audible_until <= at, audible(payload)
                self.plays_until = max(self.plays_until, at) + len(payload) / BYTES_PER_MS / 1000
                if self.audible_now:
                    self.audible_until = self.plays_until
            case Received(_, _, _, Clear()):
                self.plays_until = self.audible_until = at

    def ahead_s(self, now: float) -> float:
        """Return the seconds of audio handed over and not yet played."""
        return max(0.0, self.plays_until - now)

    def audible_s(self, now: float) -> float:
        """Return the seconds until the last audible piece handed over has been played."""
        return max(0.0, self.audible_until - now)
