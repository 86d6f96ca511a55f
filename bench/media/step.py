"""One step: so many calls on one server for some seconds, and what came of it."""

import asyncio
from dataclasses import dataclass

from picows import WSError

from bench.media.callers import TICK_S, Crowd, Role, Seen
from bench.media.contenders import Contender
from bench.shared.figures import Spread, percentile, spread
from bench.shared.servers import Load, Server

LIMIT_MS = 20.0
"""The added latency at p99 that a core may have and still count as carrying its calls."""
MOST_FOREIGN = 0.10
"""Share of the server's core that other programs may take before a step counts as disturbed."""
MOST_OWN_LAG_MS = 8.0
"""p99 lateness of the load generator's own clock before a step counts as disturbed."""
SETTLING_SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Result:
    """A step. `core_used` and `foreign` are shares of the server's core."""

    calls: int
    late: Spread | None
    echo: Spread | None
    key_to_clear: Spread | None
    key_to_audio: Spread | None
    speech_to_clear: Spread | None
    gaps: int
    lost: int
    closed: dict[int, int]
    """Calls that ended too early, by the close code the server gave (0: none)."""
    core_used: float
    foreign: float
    own_lag_ms: float
    cpu_us_a_frame: float
    frames: int
    share_of_frames: float
    """Frames sent, of those due: under 1 when our own core is full."""

    @property
    def added_p99_ms(self) -> float:
        """The worse of: pieces against their schedule, echo round trips."""
        return max(delays.p99 for delays in (self.late, self.echo) if delays)

    @property
    def is_carried(self) -> bool:
        """Whether the core carried these calls."""
        return self.lost == 0 and bool(self.late and self.echo) and self.added_p99_ms <= LIMIT_MS

    @property
    def is_near(self) -> bool:
        """Whether it failed by so little that chance may have decided it."""
        return self.lost == 0 and bool(self.late and self.echo) and self.added_p99_ms <= 2 * LIMIT_MS

    @property
    def is_disturbed(self) -> bool:
        """Whether somebody else's work, or ours, may have decided it."""
        return self.foreign > MOST_FOREIGN or self.own_lag_ms > MOST_OWN_LAG_MS or self.share_of_frames < 0.98


async def step(contender: Contender, roles: list[Role], *, warm: float, seconds: float) -> Result:
    """Dial, wait until it runs evenly, look for some seconds, hang up, wait until the server is idle."""
    server = contender.server
    crowd = Crowd(contender.port, contender.paths, contender.speech)
    try:
        await crowd.dial(roles)
        await asyncio.sleep(warm)
        before = server.load()
        crowd.begin()
        await asyncio.sleep(seconds)
        seen, after = crowd.end(), server.load()
    except (OSError, TimeoutError, asyncio.CancelledError, WSError):  # the last: refused
        crowd.seen.lost += len(roles) - crowd.size
        seen, before, after = crowd.end(), server.load(), server.load()
    finally:
        await crowd.hang_up()
        await settle(server)
    return result(len(roles), seen, before, after)


def result(calls: int, seen: Seen, before: Load, after: Load) -> Result:
    """The figures of a step."""
    passed = max(after.at - before.at, 1e-6)
    own = after.process - before.process
    return Result(
        calls=calls,
        late=spread(seen.late),
        echo=spread(seen.echo),
        key_to_clear=spread(seen.key_to_clear),
        key_to_audio=spread(seen.key_to_audio),
        speech_to_clear=spread(seen.speech_to_clear),
        gaps=seen.gaps,
        lost=seen.lost,
        closed=dict(seen.closed),
        core_used=round(own / passed, 3),
        foreign=round(max(0.0, (after.core - before.core - own) / passed), 3),
        own_lag_ms=round(percentile(seen.tick_lag or [0.0], 0.99), 2),
        cpu_us_a_frame=round(own / max(seen.frames_sent, 1) * 1e6, 1),
        frames=seen.frames_sent,
        share_of_frames=round(seen.frames_sent * TICK_S / passed / max(calls, 1), 3),
    )


async def settle(server: Server) -> None:
    """Wait until a server has done what the end of calls leaves it to do; bounded."""
    for _ in range(int(SETTLING_SECONDS / 0.2)):
        before = server.load()
        await asyncio.sleep(0.2)
        after = server.load()
        if (after.process - before.process) / (after.at - before.at) < 0.06:
            return
