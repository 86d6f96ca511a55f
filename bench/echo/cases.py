"""The lines that `make echo` listens to: each a caller's track and the prompt that plays meanwhile."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from bench.echo import rooms, sounds
from bench.echo.listen import PROMPT_AT_MS
from bench.echo.rooms import Floats
from calls.audio import pcm

PROMPT_S: Final = 6.0
_SPEECH_AT_MS: Final = 2600
_FLOOR_DBFS: Final = -58.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One line. `speech_ms`: where the person begins to speak in it, and where that ends; None: never."""

    kind: str
    caller: Floats
    prompt: Floats
    speech_ms: tuple[int, int] | None = None


def prompt_of(rng: np.random.Generator, number: int) -> Floats:
    """Return a prompt: every second one espeak's, the others human-like, at about -17 dBFS."""
    if number % 2:
        return sounds.human_like(rng, PROMPT_S)
    return sounds.espeak(number // 2, sounds.PROMPTS)[: sounds.seconds(PROMPT_S)]


def answer_of(rng: np.random.Generator, number: int) -> Floats:
    """Return what another person says: espeak's at another pitch, or human-like. It begins at once."""
    if number % 2:
        said = sounds.human_like(rng, 1.6)
    else:
        said = sounds.espeak(number // 2, sounds.ANSWERS, pitch=rng.uniform(0.82, 1.22))
    loud = np.flatnonzero(np.abs(said) > 0.1 * np.abs(said).max())
    return said[int(loud[0]) :]


def _line(prompt: Floats) -> Floats:
    return np.zeros(sounds.seconds(PROMPT_AT_MS / 1000) + prompt.size + sounds.seconds(0.6))


def _add(line: Floats, sound: Floats, at_ms: float) -> None:
    at = sounds.seconds(at_ms / 1000)
    piece = sound[: line.size - at]
    line[at : at + piece.size] += piece


def _echo(rng: np.random.Generator, number: int, prompt: Floats) -> tuple[Floats, float]:
    """Return the prompt as a room gives it back, and how much later (ms)."""
    room = rooms.reflecting_room(rng) if number // 2 % 2 else rooms.decaying_noise(rng)
    padded = np.concatenate((prompt, np.zeros(sounds.seconds(0.5))))
    echo = rooms.through_room(padded, room, to=10 ** (rng.uniform(-24, -6) / 20))
    echo = rooms.telephone_band(echo)
    if number % 5 == 4:
        echo = pcm.to_array(pcm.decode_ulaw(pcm.encode_ulaw(pcm.to_bytes(echo)))).astype(np.float64)
    return echo, rng.uniform(-60, 400)


def room_lines(count: int) -> Iterator[Case]:
    """Yield lines on which only our own prompt comes back, through a loudspeaker in a room."""
    for number in range(count):
        rng = np.random.default_rng((1, number))
        prompt = prompt_of(rng, number)
        line = _line(prompt)
        echo, late_ms = _echo(rng, number, prompt)
        _add(line, echo, PROMPT_AT_MS + late_ms)
        yield Case(kind="room", caller=_noisy(rng, line), prompt=prompt)


def talk_over_lines(count: int, *, echoes: bool) -> Iterator[Case]:
    """Yield lines on which a person speaks over the prompt; with `echoes` over its echo from a room too."""
    for number in range(count):
        rng = np.random.default_rng((2, number))
        prompt = prompt_of(rng, number)
        line = _line(prompt)
        if echoes:
            echo, late_ms = _echo(rng, number, prompt)
            _add(line, echo, PROMPT_AT_MS + late_ms)
        said = sounds.at_level(answer_of(rng, number // 2 + 1), rng.uniform(-26, -18))
        _add(line, said, _SPEECH_AT_MS)
        spoken = (_SPEECH_AT_MS, _SPEECH_AT_MS + said.size // 8)
        kind = "talk_over_echo" if echoes else "talk_over"
        yield Case(kind=kind, caller=_noisy(rng, line), prompt=prompt, speech_ms=spoken)


def quiet_speech_lines(count: int) -> Iterator[Case]:
    """Yield lines with speech at -38 dBFS in noise at -45."""
    for number in range(count):
        rng = np.random.default_rng((3, number))
        prompt = prompt_of(rng, number + 1)
        line = _line(prompt)
        said = sounds.at_level(rooms.telephone_band(answer_of(rng, number)), -38)
        _add(line, said, _SPEECH_AT_MS)
        noisy = line + sounds.noise(rng, line.size, -45)
        spoken = (_SPEECH_AT_MS, _SPEECH_AT_MS + said.size // 8 + 200)
        yield Case(kind="quiet_speech", caller=noisy, prompt=prompt, speech_ms=spoken)


def noise_lines(count: int) -> Iterator[Case]:
    """Yield lines with what is no speech: coughs, doors and twice as much music, then plain noise."""
    for number in range(count * 5):
        rng = np.random.default_rng((4, number))
        prompt = prompt_of(rng, number // 5)
        line = _line(prompt)
        kind = ("cough", "slam", "music", "music", "noise")[number % 5]
        if kind == "music":
            _add(line, sounds.music(rng, 4.0), 1000)
        elif kind == "noise":
            _add(line, sounds.noise(rng, line.size, rng.uniform(-45, -30)), 0)
        else:
            _add(line, sounds.cough(rng) if kind == "cough" else sounds.slam(rng), 2000)
        yield Case(kind=kind, caller=_noisy(rng, line), prompt=prompt)


def _noisy(rng: np.random.Generator, line: Floats) -> Floats:
    return line + sounds.noise(rng, line.size, _FLOOR_DBFS)
