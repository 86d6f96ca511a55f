"""Decode a recorded clip that was sent in, in a process of its own (`calls.recordings.clip_child`)."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass

import msgspec
from django.conf import settings

from calls.recordings.clip_lines import Decoded, Line, Refused
from campaigns.errors import NotAllowed

MOST_BYTES = 12_000_000
_SECONDS = 60.0
"""By the clock; the child's own limit is of processor time."""
_PASSED_ON = ("PATH", "PYTHON", "LD_LIBRARY_PATH", "LANG", "LC_", "TMPDIR")
"""Of the environment the child gets these only: no secret is where a stranger's file is read."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip: its sound (PCM, s16le mono 8 kHz), its length and its levels."""

    pcm: bytes
    about: Decoded


def decode(content: bytes) -> Clip:
    """Return the clip that a file holds. Raises `NotAllowed` with a sentence."""
    if len(content) > MOST_BYTES:
        raise NotAllowed(f"The file is larger than {MOST_BYTES // 1_000_000} MB.")
    with tempfile.TemporaryFile() as on_disk:
        on_disk.write(content)
        on_disk.seek(0)
        try:
            child = subprocess.run(
                [sys.executable, "-m", "calls.recordings.clip_child"],
                stdin=on_disk,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
                cwd=settings.BASE_DIR,
                env={name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)},
            )
        except subprocess.TimeoutExpired as error:
            raise NotAllowed("The file takes too long to read.") from error
    head, newline, sound = child.stdout.partition(b"\n")
    if not newline:
        raise NotAllowed("The file can't be read.")
    line: Line = msgspec.json.decode(head, type=Line)
    if isinstance(line, Refused):
        raise NotAllowed(line.reason)
    return Clip(sound, line)
