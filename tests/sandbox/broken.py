"""A family of agents, each deliberately broken in one way, and one that is not. Nothing but `websockets`."""

import asyncio
from collections.abc import Callable

from tests.sandbox.agents import Behaviour, Caller, mu_law, tone, wav

BROKEN: dict[str, Behaviour] = {}
"""By the name of the requirement each of them breaks; `name.case` where there are several ways."""
WARNED = {"after_stop", "closes"}
"""Of these requirements: what the platform's documents do not ask only warns."""
TONE = tone(200)
PIECE = wav(TONE)
HUGE = wav(tone(200) * 25)


def breaks(requirement: str) -> Callable[[Behaviour], Behaviour]:
    """Register an agent under what it breaks."""

    def register(behave: Behaviour) -> Behaviour:
        BROKEN[requirement] = behave
        return behave

    return register


async def _listen(caller: Caller, frames: int) -> None:
    for _ in range(frames):
        await caller.next("media")


async def good(caller: Caller) -> None:
    """Speaks, stops for a key, answers it, waits for its last mark, closes; closes after stop."""
    await caller.next("start")
    await _speak_and_react(caller)


async def _speak_and_react(caller: Caller, payload: bytes = PIECE) -> None:
    for _ in range(10):
        await caller.say(payload)
    await caller.mark("prompt")
    if (await caller.next("dtmf", "stop"))["event"] == "stop":
        return
    await caller.send({"event": "clear"})
    await caller.say(payload)
    await caller.mark("goodbye")
    while (frame := await caller.next("mark", "stop"))["event"] == "mark":
        if frame["mark"]["name"] == "goodbye":
            return


@breaks("start.speaks_first")
async def speaks_before_start(caller: Caller) -> None:
    await caller.socket.send('{"event":"mark","stream_sid":"MZ0","mark":{"name":"early"}}')
    await good(caller)


@breaks("start.other_stream")
async def names_another_stream(caller: Caller) -> None:
    await caller.next("start")
    await caller.send({"event": "mark", "stream_sid": "MZother", "mark": {"name": "a"}})
    await _speak_and_react(caller)


@breaks("start.hangs_up")
async def hangs_up_at_once(caller: Caller) -> None:
    await caller.next("start")


@breaks("first_audio")
async def says_nothing(caller: Caller) -> None:
    await caller.next("start")
    await caller.say(wav(bytes(320)))
    await caller.next("dtmf")
    await caller.mark("heard")
    await caller.next("stop")


@breaks("container.mixed")
async def mixes_containers(caller: Caller) -> None:
    await caller.next("start")
    await caller.say(TONE)
    await _speak_and_react(caller)


@breaks("container.other")
async def sends_raw_to_a_wav_number(caller: Caller) -> None:
    await caller.next("start")
    await _speak_and_react(caller, TONE)


@breaks("sizes.odd")
async def sends_odd_sizes(caller: Caller) -> None:
    await caller.next("start")
    await caller.say(TONE[:-1])
    await _speak_and_react(caller)


@breaks("sizes.empty")
async def sends_empty_payloads(caller: Caller) -> None:
    await caller.next("start")
    await caller.say(b"")
    await _speak_and_react(caller)


@breaks("sizes.huge")
async def sends_huge_payloads(caller: Caller) -> None:
    await caller.next("start")
    await caller.say(HUGE)
    await _speak_and_react(caller)


@breaks("sizes.odd_wav")
async def sends_wav_files_with_half_a_sample(caller: Caller) -> None:
    await caller.next("start")
    await _speak_and_react(caller, wav(TONE[:-1]))


@breaks("sound.mu_law")
async def sends_mu_law(caller: Caller) -> None:
    await caller.next("start")
    await _speak_and_react(caller, wav(mu_law(tone(400))))


@breaks("sound.swapped")
async def sends_swapped_bytes(caller: Caller) -> None:
    await caller.next("start")
    swapped = bytearray(TONE)
    swapped[::2], swapped[1::2] = TONE[1::2], TONE[::2]
    await _speak_and_react(caller, wav(bytes(swapped)))


@breaks("rate.24_khz")
async def streams_24_khz(caller: Caller) -> None:
    """As it is made: 20 ms every 20 ms, of three times as many samples."""
    await caller.next("start")

    loop, piece = asyncio.get_running_loop(), wav(tone(60))

    async def stream() -> None:
        began = loop.time()
        for number in range(150):
            await asyncio.sleep(max(0.0, began + 0.02 * number - loop.time()))
            await caller.say(piece)

    speaking = asyncio.create_task(stream())
    await caller.next("dtmf")
    speaking.cancel()
    await caller.send({"event": "clear"})
    speaking = asyncio.create_task(stream())
    await caller.mark("reply")
    try:
        await caller.next("stop")
    finally:
        speaking.cancel()


@breaks("frames.other_member")
async def names_its_audio_otherwise(caller: Caller) -> None:
    await caller.next("start")
    await caller.send({"event": "audio", "audio": {"pcm": "A" * 4000, "samples": [0] * 400}})
    await _speak_and_react(caller)


@breaks("frames.json")
async def sends_text_that_is_not_json(caller: Caller) -> None:
    await caller.next("start")
    await caller.socket.send("hello?")
    await _speak_and_react(caller)


@breaks("frames.event")
async def asks_to_hang_up(caller: Caller) -> None:
    await caller.next("start")
    await caller.send({"event": "hangup"})
    await _speak_and_react(caller)


@breaks("frames.binary")
async def sends_binary_frames(caller: Caller) -> None:
    await caller.next("start")
    await caller.socket.send(b'{"event":"mark","stream_sid":"%s","mark":{"name":"a"}}' % caller.sid.encode())
    await _speak_and_react(caller)


@breaks("pacing")
async def hands_everything_over(caller: Caller) -> None:
    await caller.next("start")
    for _ in range(60):
        await caller.say(PIECE)
    await _speak_and_react(caller)


@breaks("marks")
async def asks_for_too_many_marks(caller: Caller) -> None:
    await caller.next("start")
    for _ in range(5):
        await caller.say(PIECE)
    for number in range(31):
        await caller.mark(f"m{number}")
    await _speak_and_react(caller)


@breaks("clear.never")
async def talks_on_over_the_key(caller: Caller) -> None:
    await caller.next("start")
    for _ in range(9):
        await caller.say(PIECE)
    await caller.mark("end")
    await caller.next("mark")


@breaks("clear.late")
async def clears_too_late(caller: Caller) -> None:
    await caller.next("start")
    for _ in range(20):
        await caller.say(PIECE)
    await caller.next("dtmf")
    await _listen(caller, 60)
    await caller.send({"event": "clear"})


@breaks("reaction")
async def ignores_keys(caller: Caller) -> None:
    await caller.next("start")
    await caller.say(PIECE)
    await caller.next("stop")


@breaks("reaction.only_clears")
async def falls_silent_and_says_nothing(caller: Caller) -> None:
    await caller.next("start")
    for _ in range(10):
        await caller.say(PIECE)
    await caller.mark("prompt")
    await caller.next("dtmf")
    await caller.send({"event": "clear"})
    await caller.next("stop")


@breaks("farewell")
async def closes_before_it_was_heard(caller: Caller) -> None:
    await caller.next("start")
    for _ in range(10):
        await caller.say(PIECE)
    await caller.next("media")


@breaks("reading")
async def reads_nothing(caller: Caller) -> None:
    await caller.next("start")
    await caller.say(PIECE)
    await asyncio.sleep(3)
    caller.socket.transport.abort()


@breaks("after_stop")
async def talks_after_stop(caller: Caller) -> None:
    await caller.next("start")
    await caller.say(PIECE)
    await caller.next("stop")
    await asyncio.sleep(0.25)
    await caller.say(PIECE)


@breaks("closes")
async def stays_after_stop(caller: Caller) -> None:
    await caller.next("start")
    await caller.say(PIECE)
    await caller.read_to_the_end()


@breaks("close_code.error")
async def breaks_down(caller: Caller) -> None:
    await caller.next("start")
    await caller.say(PIECE)
    await _listen(caller, 25)
    await caller.socket.close(1011, "broken")


@breaks("close_code.lost")
async def vanishes(caller: Caller) -> None:
    await caller.next("start")
    await caller.say(PIECE)
    await _listen(caller, 25)
    caller.socket.transport.abort()
