"""Piper where it is installed, by its real package and a model that hums; a sentence where it is not."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from calls.audio import pcm
from calls.speech import piper as ours
from calls.speech.kinds import voice_of
from calls.speech.piper import PiperVoice
from calls.speech.voice import SpeechError, VoiceUnavailable

INT64, FLOAT = 7, 1
NEEDS_PIPER = pytest.mark.skipif(find_spec("piper") is None, reason="piper-tts is not installed")


def varint(number: int) -> bytes:
    """A number as protobuf writes it."""
    found = b""
    while number > 0x7F:
        found, number = found + bytes([number & 0x7F | 0x80]), number >> 7
    return found + bytes([number])


def part(field: int, content: bytes | str | int) -> bytes:
    """A field of a protobuf message."""
    if isinstance(content, int):
        return varint(field << 3) + varint(content)
    data = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(data)) + data


def value(name: str, kind: int, *dimensions: str) -> bytes:
    """ONNX's ValueInfoProto."""
    shape = b"".join(part(1, part(2, dimension)) for dimension in dimensions)
    return part(1, name) + part(2, part(1, part(1, kind) + part(2, shape)))


def node(operation: str, taken: list[str], made: str, attributes: bytes = b"") -> bytes:
    """ONNX's NodeProto."""
    return b"".join(part(1, name) for name in taken) + part(2, made) + part(4, operation) + attributes


def model(folder: Path) -> Path:
    """A model that makes of each phoneme's number a few samples: the sine of it and of its multiples."""
    to_float = part(5, part(1, "to") + part(3, FLOAT) + part(20, 2))
    steps = part(
        5,
        part(1, 1)
        + part(1, 1)
        + part(1, 400)
        + part(2, FLOAT)
        + part(8, "steps")
        + part(9, b"".join(bytes(4) if n % 2 else b"\0\0\x80\x3f" for n in range(400))),
    )
    column = part(
        5,
        part(1, 3)
        + part(2, INT64)
        + part(8, "column")
        + part(9, b"".join(n.to_bytes(8, "little", signed=True) for n in (1, -1, 1))),
    )
    row = part(
        5,
        part(1, 2)
        + part(2, INT64)
        + part(8, "row")
        + part(9, b"".join(n.to_bytes(8, "little", signed=True) for n in (1, -1))),
    )
    graph = (
        part(1, node("Cast", ["input"], "numbers", to_float))
        + part(1, node("Reshape", ["numbers", "column"], "standing"))
        + part(1, node("Mul", ["standing", "steps"], "waves"))
        + part(1, node("Sin", ["waves"], "sines"))
        + part(1, node("Reshape", ["sines", "row"], "output"))
        + part(2, "hum")
        + steps
        + column
        + row
        + part(11, value("input", INT64, "b", "n"))
        + part(11, value("input_lengths", INT64, "b"))
        + part(11, value("scales", FLOAT, "s"))
        + part(12, value("output", FLOAT, "b", "t"))
    )
    path = folder / "hum.onnx"
    path.write_bytes(part(1, 8) + part(7, graph) + part(8, part(1, "") + part(2, 13)))
    names = "_^$ abcdefghijklmnopqrstuvwxyzɪəʊɛæʌɑɔʃʒŋθðˈˌːʔɹɡ.,!?"
    described = {
        "num_symbols": 256,
        "num_speakers": 1,
        "audio": {"sample_rate": 22050},
        "espeak": {"voice": "en-us"},
        "phoneme_id_map": {name: [number] for number, name in enumerate(names)},
    }
    (folder / "hum.onnx.json").write_text(json.dumps(described))
    return path


@NEEDS_PIPER
def test_a_model_speaks_at_8_khz_and_the_common_level(tmp_path: Path) -> None:
    voice = voice_of({"kind": "piper", "model": str(model(tmp_path))})
    said = voice.synthesise("Your instalment is due.", "en")
    assert pcm.duration_ms(said) > 200
    assert pcm.dbfs(said) == pytest.approx(-16, abs=0.5)
    assert voice.synthesise("Your instalment is due.", "en") == said
    with pytest.raises(SpeechError, match="empty or longer"):
        voice.synthesise(" ", "en")


@NEEDS_PIPER
def test_a_file_that_is_no_model_is_a_sentence(tmp_path: Path) -> None:
    path = model(tmp_path)
    path.write_bytes(b"no model")
    with pytest.raises(VoiceUnavailable, match=r"Piper could not load “hum\.onnx”"):
        PiperVoice(str(path)).synthesise("Hello.", "en")


@NEEDS_PIPER
def test_a_model_that_fails_with_a_text_is_a_sentence(tmp_path: Path) -> None:
    path = model(tmp_path)
    described = json.loads(path.with_suffix(".onnx.json").read_text())
    path.with_suffix(".onnx.json").write_text(json.dumps(described | {"espeak": {"voice": "xx"}}))
    with pytest.raises(VoiceUnavailable, match="Piper failed with the text"):
        PiperVoice(str(path)).synthesise("Hello.", "en")


def test_without_the_package_it_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ours, "piper", None)
    with pytest.raises(VoiceUnavailable, match="pip install piper-tts"):
        PiperVoice(str(tmp_path / "hum.onnx")).synthesise("Hello.", "en")


def test_another_model_under_the_same_name_is_another_voice(tmp_path: Path) -> None:
    path = model(tmp_path)
    first = PiperVoice(str(path)).identity
    path.write_bytes(path.read_bytes()[:-1] + b"\x0e")
    assert PiperVoice(str(path)).identity != first
    assert PiperVoice(str(tmp_path / "none.onnx")).identity == "piper none.onnx absent"
