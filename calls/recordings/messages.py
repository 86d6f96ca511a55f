"""Spoken messages: the part of a call's recording that a caller left as an answer."""

from uuid import UUID

from calls.audio import pcm, wav
from calls.audio.wav import WavError
from calls.models import Answer, Recording

_FRAME_BYTES = 2 * pcm.SAMPLE_BYTES
"""Caller and agent, side by side."""
_HERTZ = pcm.SAMPLE_RATE


def message_audio(call_id: UUID, answer_id: int) -> tuple[Recording, bytes] | None:
    """Return the recording of a call and the WAV file of a message in it: the caller alone, mono at 8 kHz.

    None if there is no such message, or its recording is not filed, was deleted, or does not reach so far.
    """
    answer = Answer.objects.filter(pk=answer_id, call=call_id).first()
    span = answer.span_ms if answer else None
    recording = Recording.objects.filter(call_id=call_id).exclude(file="").first()
    if span is None or recording is None:
        return None
    begins, ends = (ms * _HERTZ // 1000 * _FRAME_BYTES for ms in span)
    try:
        with recording.file.open("rb") as file:
            both = wav.unwrap(file.read(wav.HEADER_BYTES + ends)).pcm[begins:ends]
    except (OSError, WavError):
        return None
    caller = pcm.to_array(both[: len(both) // _FRAME_BYTES * _FRAME_BYTES])[::2]
    return (recording, wav.wrap(pcm.to_bytes(caller))) if len(caller) else None
