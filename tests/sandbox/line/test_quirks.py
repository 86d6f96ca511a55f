"""Each quirk on literal frames; all of them stay what the codec reads."""

import json

import pytest

from calls.protocol.messages import Connected, Dtmf, Malformed, Media, Start, Stop
from calls.protocol.stream import AgentStream, PlatformStream
from sandbox.line import quirks
from sandbox.line.quirks import BURST_FRAMES, PROFILES, Quirk, Shaper


def frames() -> list[str]:
    platform = PlatformStream("MZ1", "CA1")
    opened = [platform.start({"name": "{Asha}"}), *(platform.media(bytes(320)) for _ in range(3))]
    return [*opened, platform.dtmf("5"), platform.stop("over")]


def shaped(*chosen: Quirk) -> list[str]:
    shaper = Shaper(frozenset(chosen))
    return [after for before in frames() for after in shaper.shape([before])]


def test_without_quirks_nothing_changes() -> None:
    assert shaped() == frames()


def test_connected_comes_where_it_is_asked_for() -> None:
    def events(*chosen: Quirk) -> list[str]:
        return [json.loads(text)["event"] for text in shaped(*chosen)][:3]

    assert events(Quirk.CONNECTED_BEFORE) == ["connected", "start", "media"]
    assert events(Quirk.CONNECTED_AFTER) == ["start", "connected", "media"]


def test_numbers_as_strings_and_an_empty_stop() -> None:
    made = [json.loads(text) for text in shaped(Quirk.STRINGS, Quirk.EMPTY_STOP)]
    assert [frame["sequence_number"] for frame in made] == ["1", "2", "3", "4", "5", "6"]
    assert made[1]["media"]["chunk"] == "1"
    assert made[0]["start"]["media_format"]["sample_rate"] == "8000"
    assert made[-1]["stop"] == {}
    assert "stop" in json.loads(frames()[-1])["event"]
    assert json.loads(frames()[-1])["stop"] != {}


def test_of_a_member_twice_the_last_one_counts() -> None:
    text = shaped(Quirk.DUPLICATE_KEYS)[1]
    assert text.count('"event"') == 2
    assert json.loads(text)["event"] == "media"


def test_bursts_hold_audio_and_nothing_is_lost_or_reordered() -> None:
    platform = PlatformStream("MZ1", "CA1")
    shaper = Shaper(frozenset({Quirk.BURSTS}))
    assert shaper.shape([platform.start({})]) != []
    media = [platform.media(bytes(320)) for _ in range(BURST_FRAMES + 3)]
    released = [shaper.shape([frame]) for frame in media]
    assert [len(frames) for frames in released] == [0] * (BURST_FRAMES - 1) + [BURST_FRAMES] + [0] * 3
    assert shaper.shape([platform.dtmf("1")])[:3] == media[-3:]


@pytest.mark.parametrize("profile", PROFILES)
def test_our_own_stream_reads_every_profile(profile: str) -> None:
    shaper, ours = Shaper(PROFILES[profile]), AgentStream()
    read = [ours.receive(after) for before in frames() for after in shaper.shape([before])]
    assert not [message for message in read if isinstance(message, Malformed)]
    kinds = [type(message) for message in read if not isinstance(message, Connected)]
    assert kinds == [Start, Media, Media, Media, Dtmf, Stop]


def test_names_are_read_from_text() -> None:
    assert quirks.read("exotel, empty_stop") == PROFILES["exotel"] | {Quirk.EMPTY_STOP}
    assert quirks.read("") == frozenset()
    with pytest.raises(ValueError, match=r"no quirk 'nice'.*exotel.*bursts"):
        quirks.read("nice")
