"""Sound files for tests, made by the library that also reads them."""

import io

import av
import numpy as np

from calls.audio import pcm


def tone(seconds: float = 1.0, level: int = 12000, rate: int = 44100) -> np.ndarray:  # type: ignore[type-arg]
    """A tone of 440 Hz as int16."""
    return (np.sin(np.arange(int(rate * seconds)) * 2 * np.pi * 440 / rate) * level).astype(np.int16)


def encoded(
    container: str, codec: str, samples: np.ndarray, *, rate: int = 44100, video: bool = False
) -> bytes:  # type: ignore[type-arg]
    """The samples as a file; with pictures as well if it is a video."""
    made = io.BytesIO()
    with av.open(made, "w", format=container) as out:
        pictures = out.add_stream("mpeg4", rate=10) if video else None
        sound = out.add_stream(codec, rate=rate)
        sound.layout = "mono"
        if pictures is not None:
            pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
            black = np.zeros((64, 64, 3), np.uint8)
            for number in range(5):
                frame = av.VideoFrame.from_ndarray(black, format="rgb24")
                frame.pts = number
                out.mux(pictures.encode(frame))
            out.mux(pictures.encode(None))
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.rate, frame.pts = rate, 0
        size = sound.codec_context.frame_size or 1024
        shaped = av.AudioResampler(sound.codec_context.format, "mono", rate, frame_size=size)
        for piece in [*shaped.resample(frame), *shaped.resample(None)]:
            out.mux(sound.encode(piece))
        out.mux(sound.encode(None))
    return made.getvalue()


def samples_of(sound: bytes) -> np.ndarray:  # type: ignore[type-arg]
    """PCM as an array."""
    return pcm.to_array(sound)
