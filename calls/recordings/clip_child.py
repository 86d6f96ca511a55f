"""Decode one recorded clip on standard input: `python -m calls.recordings.clip_child`.

A stranger's file is decoded by FFmpeg's library (`av`) in this process, which holds nothing else and has
limits of memory and time. It writes one JSON line, `Decoded` or `Refused`, and behind `Decoded` the
sound. `calls.recordings.clip_process` starts it. Neither Django nor a secret is known here.
"""

import resource
from collections.abc import Iterator
from typing import Any, BinaryIO

import av
import msgspec
import numpy as np

from calls.recordings.clip_lines import Decoded, Line, Refused

MOST_MEMORY = 1 << 30
MOST_SECONDS = 30
"""Of processor time."""
MOST_LENGTH_S = 300
RATE = 8000
NO_SOUND = "The file holds no sound that can be read. Send wav, mp3, m4a or flac."
IS_VIDEO = "The file is a video. Send the sound only, as wav, mp3, m4a or flac."
TOO_LONG = f"The clip is longer than {MOST_LENGTH_S // 60} minutes."
EMPTY = "The clip is silent."


def decode(file: BinaryIO) -> tuple[Line, bytes]:
    """Return what a file holds, and its sound as PCM (s16le mono 8 kHz); no sound if it is refused."""
    try:
        with av.open(file) as container:
            cover = av.stream.Disposition.attached_pic  # a record's, which is a stream of pictures too
            if not all(stream.disposition & cover for stream in container.streams.video):
                return Refused(IS_VIDEO), b""
            if not container.streams.audio:
                return Refused(NO_SOUND), b""
            pieces = [*_pieces(container)]
    except (av.FFmpegError, ValueError, OverflowError):
        return Refused(NO_SOUND), b""
    sound = np.concatenate(pieces) if pieces else np.zeros(0, np.int16)
    if sound.size > MOST_LENGTH_S * RATE:
        return Refused(TOO_LONG), b""
    if not sound.any():
        return Refused(EMPTY), b""
    level = sound.astype(np.float64) / 32768
    peak, mean = np.abs(level).max(), np.sqrt(np.mean(level**2))
    found = Decoded(
        duration_ms=round(sound.size * 1000 / RATE),
        peak_db=round(20 * float(np.log10(peak)), 1),
        loudness_db=round(20 * float(np.log10(mean)), 1),
    )
    return found, sound.astype("<i2").tobytes()


def _pieces(container: Any) -> Iterator[Any]:
    """Yield the sound of the first stream, piece by piece, until it is too long."""
    resampler, length = av.AudioResampler(format="s16", layout="mono", rate=RATE), 0
    for frame in container.decode(audio=0):
        frame.pts = None
        for made in resampler.resample(frame):
            length += made.samples
            yield made.to_ndarray()[0]
        if length > MOST_LENGTH_S * RATE:
            return
    for made in resampler.resample(None):
        yield made.to_ndarray()[0]


def main() -> None:
    """Write what is on standard input, and its sound."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    with open(0, "rb", closefd=False) as file, open(1, "wb", closefd=False) as out:
        line, sound = decode(file)
        out.write(msgspec.json.encode(line) + b"\n" + sound)


if __name__ == "__main__":
    main()
