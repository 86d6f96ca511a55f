"""Callers who press a key for one of three slots again and again, as soon as they hear anything."""

import random
import re
import time

from bench.crowd.callers import Caller, framed

BETWEEN_S = 0.4
"""From a key to the next. A key that nothing was offered for means nothing."""
_MARK = re.compile(rb'"mark":\{"name":"([^"]+)"')
_LONGEST_MARK = 200


class Chooser(Caller):
    """One caller; sends marks back, and presses until our server closes the line."""

    _rest = b""
    _pressed_at = 0.0

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        seen = self._rest + data
        end = 0
        for mark in _MARK.finditer(seen):
            end = mark.end()
            self._send("mark", {"name": mark[1].decode()})
        self._rest = seen[max(end, len(seen) - _LONGEST_MARK) :]

    def speak(self) -> None:
        """Send 100 ms of silence, and a key if it is time for one."""
        super().speak()
        now = time.monotonic()
        if self.fate.answered_s is not None and now - self._pressed_at > BETWEEN_S:
            self._pressed_at = now
            self._send("dtmf", {"digit": random.choice("123")})

    def _send(self, event: str, body: dict[str, str]) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(framed(event, body, self.fate.reference))
