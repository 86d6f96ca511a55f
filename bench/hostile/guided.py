"""`python -m bench.hostile.guided SECONDS FOLDER`: a coverage-guided run over codec, stream and conversation.

The first byte of an input chooses what is tried; lines of the rest are frames. Whatever is raised ends the
run with the input that did it.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=[
        "calls.protocol",
        "calls.conversation.conversation",
        "calls.conversation.playout",
        "calls.conversation.heard_audio",
        "calls.audio",
    ]
):
    from bench.hostile.frames import seeds
    from calls.agents.base import CallContext
    from calls.agents.echo import EchoAgent, EchoConfiguration
    from calls.conversation.conversation import Conversation
    from calls.conversation.outputs import Identify, Step
    from calls.protocol.codec import decode_agent_message, decode_platform_message
    from calls.protocol.messages import DEFAULT_LIMITS, Media
    from calls.protocol.stream import AgentStream, PlatformStream

MOST_SENT = 100_000
"""Characters of audio in one step: 400 ms and a piece in base64, with much room."""


def decode(lines: list[bytes]) -> None:
    """Decode in both roles; audio that comes out must be whole samples within the limit."""
    for line in lines:
        for read in (decode_platform_message, decode_agent_message):
            message = read(line)
            if isinstance(message, Media):
                assert 0 < len(message.payload) <= DEFAULT_LIMITS.payload_bytes
                assert len(message.payload) % 2 == 0


def stream(lines: list[bytes]) -> None:
    """Feed both ends; afterwards each must still read a good frame."""
    agent, platform = AgentStream(), PlatformStream("MZ1", "CA1")
    platform.start({})
    for line in lines:
        agent.receive(line)
        platform.receive(line)
    agent.receive(platform.media(b"\0\0"))


def converse(lines: list[bytes]) -> None:
    """Run a call with an echo; between the frames time passes by the length of the line before."""
    now = 0.0
    talk = Conversation(AgentStream(), now=now)
    closed = _carry_out(talk, talk.wake(now), now)
    closed |= _carry_out(talk, talk.receive(PlatformStream("MZ1", "CA1").start({}), now), now)
    for line in lines:
        step = talk.receive(line, now)
        assert not closed or step == Step()
        closed |= _carry_out(talk, step, now)
        now += len(line) / 100
        closed |= _carry_out(talk, talk.wake(now), now)
    talk.closed(now)
    talk.summary(now)


def _carry_out(talk: Conversation, step: Step, now: float) -> bool:
    assert sum(map(len, step.frames)) < MOST_SENT
    for effect in step.effects:
        assert isinstance(effect, Identify)
        talk.identified(EchoAgent(EchoConfiguration()), CallContext(language="hi"), now)
    return step.close is not None


TRIALS: tuple[Callable[[list[bytes]], None], ...] = (decode, stream, converse)


def one_input(data: bytes) -> None:
    """Run one input (atheris calls this)."""
    if data:
        TRIALS[data[0] % len(TRIALS)](data[1:].split(b"\n"))


def plant(folder: Path) -> None:
    """Write the corpus as inputs: each line for each trial, and whole calls."""
    lines = seeds()
    calls = [b"\n".join(lines[at : at + 6]) for at in range(0, len(lines), 6)]
    for number, text in enumerate([*lines, *calls]):
        for trial in range(len(TRIALS)):
            (folder / f"{number}-{trial}").write_bytes(bytes([trial]) + text)


def main() -> None:
    """Run libFuzzer, which ends the process: with 0 if nothing was raised."""
    seconds, folder = sys.argv[1], Path(sys.argv[2])
    plant(folder)
    options = [f"-max_total_time={seconds}", "-max_len=8192", "-timeout=10", f"-artifact_prefix={folder}/"]
    atheris.Setup([sys.argv[0], str(folder), "-print_final_stats=1", "-verbosity=1", *options], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
