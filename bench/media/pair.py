"""A dialogue against the menu agent that it has replaced: what a frame costs the server with each.

Two servers on the core, alike but for the agent; every caller presses a wrong key now and then, so that words
are cut and said again. They get one step each in turns, and of each the least that a frame took counts: other
programs only add to it. What a frame costs decides how many calls a core carries.
"""

from typing import Final

from bench.media.callers import Role
from bench.media.contenders import Contender, Kind
from bench.media.step import step
from bench.shared import servers

DIALOGUE: Final = Kind("dialogue_uvicorn", "a dialogue, uvicorn", "uvicorn", servers.OURS, database="sqlite")
MENU: Final = Kind(
    "menu_uvicorn",
    "the menu of before, uvicorn",
    "uvicorn",
    "bench.media.menu:application",
    database="sqlite",
)
PAIR: Final = (DIALOGUE, MENU)
CALLS: Final = 60
ROUNDS: Final = 3
_WARM_SECONDS, _SECONDS = 0.5, 2.0


async def compare(dialogue: Contender, menu: Contender) -> float | None:
    """Return the menu's cost of a frame by the dialogue's; None if a call was lost in each step of one."""
    roles = [Role.KEYS] * CALLS
    costs: dict[str, list[float]] = {dialogue.kind.name: [], menu.kind.name: []}
    for turn in range(ROUNDS):
        for who in (dialogue, menu) if turn % 2 else (menu, dialogue):
            result = await step(who, roles, warm=_WARM_SECONDS, seconds=_SECONDS)
            print(f"  {who.kind.name:16}{CALLS:5} calls  {result.cpu_us_a_frame:6.1f} µs a frame", flush=True)
            if not result.lost:
                costs[who.kind.name].append(result.cpu_us_a_frame)
    ours, before = costs.values()
    return round(min(before) / min(ours), 3) if ours and before else None
