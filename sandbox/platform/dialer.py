"""One call from the dial to its outcome: ring, connect to the agent's WebSocket, run the call, report."""

import asyncio
import gc
import random
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path
from time import monotonic

from calls.audio import mix, wav
from calls.protocol.stream import PlatformStream
from sandbox import clock
from sandbox.conformance.inspector import Inspector
from sandbox.line import faults
from sandbox.line.faults import BadLine
from sandbox.line.handset import Handset
from sandbox.line.leg import Ended, Leg
from sandbox.line.observations import UNREACHABLE, GivenUp
from sandbox.line.playout import FarEnd
from sandbox.line.predicted_call import NOT_REACHED
from sandbox.line.quirks import Quirk, Shaper
from sandbox.people.people import ScriptRunner
from sandbox.platform import audio_levels
from sandbox.platform.agent_socket import Unreachable, open_socket
from sandbox.platform.clips import Library
from sandbox.platform.live_call import STUCK_S, LiveCall
from sandbox.platform.orders import Order
from sandbox.platform.outcomes import Outcome

COLLECT_SELDOM = (20_000, 50, 50)
GOLDEN = 0.6180339887498949
"""Multiples of it, modulo 1, lie evenly however many there are: the phases of the calls."""


@dataclass(frozen=True)
class DialerSettings:
    """What all calls of a dialler have in common."""

    longest_s: float
    handshake_s: float
    record_to: Path | None = None
    linger_s: float = 0.0
    """How long to listen to the agent after stop, to see what it does. 0: close at once."""
    quirks: frozenset[Quirk] = frozenset()
    stuck_s: float = STUCK_S
    far_end: FarEnd = FarEnd.AUDIO_FORK


class Dialer:
    """Make calls, many at a time; between them it keeps nothing but the people's voices."""

    def __init__(self, library: Library, settings: DialerSettings) -> None:
        self._library, self._settings = library, settings
        self._turns = count()

    async def ring(self, order: Order) -> Outcome | None:
        """Let it ring. Returns None if the person picks up or rang us, else how the call ended."""
        if order.inbound:
            return None
        low, high = order.person.ring_s
        luck = _luck(order, "ring")
        await asyncio.sleep(luck.uniform(low, high))
        ended = NOT_REACHED.get(order.person.picks_up)
        return Outcome(*ended) if ended else None

    async def talk(
        self, order: Order, inspector: Inspector | None = None, handset: Handset | None = None
    ) -> Outcome:
        """Run the answered call from the handshake to the hang-up; return how it went.

        An inspector observes all of it. With a handset its holder is the person, instead of the order's.
        A call that is cancelled sends the agent a stop and returns its outcome.
        """
        settings, answered_at = self._settings, clock.now()
        bad_line = BadLine(faults.read(order.faults), _luck(order, "line"))
        try:
            connection = await open_socket(
                order.stream_url,
                handshake_s=settings.handshake_s,
                small_buffer=bad_line.will_stop_reading,
            )
        except Unreachable as error:
            if inspector:
                inspector.note(GivenUp(0.0, UNREACHABLE, str(error)))
            return Outcome(Ended.AGENT_UNREACHABLE, str(error), answered_at)
        noise = cycle(self._library.background(order.person.noise_dbfs))
        leg = Leg(
            PlatformStream(order.stream_sid, order.call_sid),
            handset or ScriptRunner(order.person, _luck(order, "mind")),
            self._library.speaker(order.person.language or order.language),
            longest_s=settings.longest_s,
            background=handset.voice() if handset else noise,
            hear=handset.hear if handset else None,
            record=settings.record_to is not None,
            watch=inspector.note if inspector else None,
            far_end=settings.far_end,
        )
        call = LiveCall(connection, leg, Shaper(settings.quirks), bad_line, inspector)
        phase = next(self._turns) * GOLDEN % 1
        try:
            audio_levels.LEGS[order.record] = leg
            await call.run(
                order.custom_parameters, phase=phase, stuck_s=settings.stuck_s, linger_s=settings.linger_s
            )
        finally:
            audio_levels.LEGS.pop(order.record, None)
            await call.hang_up()
        if leg.ending is None:
            return Outcome(Ended.PLATFORM_FAILED, "The call ended without a reason.", answered_at)
        duration_ms = round((monotonic() - call.began) * 1000)
        counted = call.figures() | {"recording": self._record(leg, order)}
        return Outcome(leg.ending.how, leg.ending.reason, answered_at, duration_ms, counted)

    def _record(self, leg: Leg, order: Order) -> str:
        """Write a stereo WAV, left what the person heard, right said. Returns its name, "" without one."""
        folder = self._settings.record_to
        if folder is None or not leg.recorded:
            return ""
        heard = b"".join(sound.heard for sound in leg.recorded)
        said = b"".join(sound.said for sound in leg.recorded)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"call-{order.record}.wav"
        path.write_bytes(wav.wrap(mix.stereo(heard, said), channels=2))
        return path.name


def settle_memory() -> None:
    """Keep the garbage collector from the calls, once everything is loaded.

    A full collection of the frameworks' objects stops all calls for 50 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_SELDOM)


def _luck(order: Order, part: str) -> random.Random:
    """Return a random source for one part of a call that is the same in every run."""
    return random.Random(f"{order.seed}:{order.to}:{order.attempt}:{part}")
