"""Callers who press a key for one of three slots again and again, all from the same moment on."""

import asyncio
import random
import re
import time

from bench.crowd.callers import Caller, Fate, framed, speak

AGAIN_S = 1.0
"""After which a caller whom our server refused is rung again, as the platform does."""
MOST_DIALLING_S = 90.0
BETWEEN_S = 0.4
"""From a key to the next. A key that nothing was offered for means nothing."""
_MARK = re.compile(rb'"mark":\{"name":"([^"]+)"')
_LONGEST_MARK = 200


class Chooser(Caller):
    """One caller; sends marks back, and presses until our server closes the line, once `may_press`."""

    may_press = False
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
        if self.may_press and now - self._pressed_at > BETWEEN_S:
            self._pressed_at = now
            self._send("dtmf", {"digit": random.choice("123")})

    def _send(self, event: str, body: dict[str, str]) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(framed(event, body, self.fate.reference))


async def choose(port: int, path: str, references: list[str], *, within_s: float, hold_s: float) -> int:
    """Have callers arrive evenly `within_s`, and press once all are on the line. Return how many were there.

    They hold their lines until our server ends the calls, `hold_s` at most.
    """
    callers: list[Chooser] = []
    speaking = asyncio.create_task(speak(callers))

    async def dial(index: int) -> None:
        await asyncio.sleep(within_s * index / len(references))
        until = time.monotonic() + MOST_DIALLING_S
        while time.monotonic() < until:
            caller = Chooser(path, Fate(references[index]), due=time.monotonic(), breath=False)
            await asyncio.get_running_loop().create_connection(lambda: caller, "127.0.0.1", port)  # noqa: B023
            while caller.fate.answered_s is None and not caller.over.is_set():
                await asyncio.sleep(0.05)
            if caller.fate.accepted:
                callers.append(caller)
                return
            await asyncio.sleep(AGAIN_S)

    await asyncio.gather(*(dial(index) for index in range(len(references))))
    for caller in callers:
        caller.may_press = True
    await asyncio.wait([asyncio.create_task(caller.over.wait()) for caller in callers], timeout=hold_s)
    for caller in callers:
        caller.hang_up()
    speaking.cancel()
    return len(callers)
