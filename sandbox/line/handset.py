"""PURE: a person at the sandbox's page in place of a script: microphone and keys in, what is heard out."""

from collections import deque
from collections.abc import Callable, Iterator

from calls.audio.framing import Framer
from calls.audio.pcm import FRAME_BYTES
from sandbox.line.leg import SILENT_FRAME
from sandbox.people.people import Action, HangUp, Heard, Press

KEYS = frozenset("0123456789*#ABCD")
MOST_WAITING = 25
"""20 ms frames of the microphone that may wait; of more the oldest are dropped."""
MOST_KEYS = 32


class Handset:
    """Stand in for a `ScriptRunner`. `hear` is called with each 20 ms the agent plays (320 bytes)."""

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        self.hear = hear
        self._framer = Framer(FRAME_BYTES)
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._keys: deque[str] = deque(maxlen=MOST_KEYS)
        self._hung_up = False

    def speak(self, sound: bytes) -> None:
        """Queue what the microphone took: s16le mono at 8 kHz, of any length."""
        self._waiting.extend(self._framer.push(sound))

    def press(self, key: str) -> None:
        """Queue a key of the keypad; anything else is ignored."""
        if key in KEYS:
            self._keys.append(key)

    def hang_up(self) -> None:
        """Hang up with the next `hears`."""
        self._hung_up = True

    def hears(self, _event: Heard, _now: float) -> list[Action]:
        """Return the keys pressed since the last call, in order, and the hang-up if there was one."""
        actions: list[Action] = [Press(self._keys.popleft()) for _ in range(len(self._keys))]
        return [*actions, HangUp("hung up at the page")] if self._hung_up else actions

    def voice(self) -> Iterator[bytes]:
        """Yield the microphone's 20 ms frames without end, silence where none waits."""
        while True:
            yield self._waiting.popleft() if self._waiting else SILENT_FRAME
