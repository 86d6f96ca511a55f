"""A clip is decoded in a process of its own; a refusal is a sentence here too."""

import pytest

from calls.recordings import clip_process
from campaigns.errors import NotAllowed
from tests.calls.recordings.clips import encoded, tone


def test_the_sound_comes_back_with_its_length() -> None:
    clip = clip_process.decode(encoded("flac", "flac", tone(0.5)))
    assert (clip.about.duration_ms, len(clip.pcm)) == (500, 8000)


@pytest.mark.parametrize("content", [b"nothing", b"x" * (clip_process.MOST_BYTES + 1)], ids=["text", "large"])
def test_a_refusal_is_a_sentence(content: bytes) -> None:
    with pytest.raises(NotAllowed, match=r"\.$"):
        clip_process.decode(content)
