"""Sound files for tests, made by the library that also reads them."""

import io

import av
import numpy as np
import numpy.typing as npt
from av.container import OutputContainer

from calls.audio import pcm

Samples = npt.NDArray[np.int16]


def tone(seconds: float = 1.0, level: int = 12000, rate: int = 44100) -> Samples:
    """A tone of 440 Hz as int16."""
    return (np.sin(np.arange(int(rate * seconds)) * 2 * np.pi * 440 / rate) * level).astype(np.int16)


def encoded(container: str, codec: str, samples: Samples, *, rate: int = 44100, video: bool = False) -> bytes:
    """The samples as a file; with pictures as well if it is a video."""
    made = io.BytesIO()
    with av.open(made, "w", format=container) as out:
        pictures = out.add_stream("mpeg4", rate=10) if video else None
        sound = out.add_stream(codec, rate=rate)
        assert isinstance(sound, av.AudioStream)
        sound.layout = "mono"
        if isinstance(pictures, av.VideoStream):
            show_black(out, pictures)
        heard = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        heard.rate, heard.pts = rate, 0
        size = sound.codec_context.frame_size or 1024
        shaped = av.AudioResampler(sound.codec_context.format, "mono", rate, frame_size=size)
        for piece in [*shaped.resample(heard), *shaped.resample(None)]:
            out.mux(sound.encode(piece))
        out.mux(sound.encode(None))
    return made.getvalue()


def show_black(out: OutputContainer, pictures: av.VideoStream) -> None:
    """Five black pictures."""
    pictures.width, pictures.height, pictures.pix_fmt = 64, 64, "yuv420p"
    for number in range(5):
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        frame.pts = number
        out.mux(pictures.encode(frame))
    out.mux(pictures.encode(None))


def samples_of(sound: bytes) -> Samples:
    """PCM as an array."""
    return pcm.to_array(sound)
