"""PURE: what the process that decodes a clip says of it, one JSON line before the sound."""

import msgspec

OVERDRIVEN_DB = -0.2
QUIET_DB = -35.0


class Decoded(msgspec.Struct, frozen=True, tag="decoded"):
    """What a clip holds. `peak_db` and `loudness_db`: its highest and its mean level below full scale."""

    duration_ms: int
    peak_db: float
    loudness_db: float

    def sentence(self) -> str:
        """Return length and level for people, with advice if it is too quiet or too loud."""
        said = f"{self.duration_ms / 1000:.1f} s, level {self.loudness_db:.0f} dB"
        if self.peak_db > OVERDRIVEN_DB:
            return f"{said}: it is overdriven; record it with less level."
        if self.loudness_db < QUIET_DB:
            return f"{said}: it is quiet; record it nearer to the microphone."
        return f"{said}."


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Why a file is no clip, as a sentence."""

    reason: str


Line = Decoded | Refused
