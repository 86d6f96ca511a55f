"""PURE: a prompt of texts and clips as one text that people write: `Dear [clip hello: Hello] {name}.`"""

import re

from calls.agents.dialogue.document import Clip, Prompt

_CLIP = re.compile(r"\[clip ([^\[\]:]*):([^\[\]]*)\]")


def written(prompt: Prompt) -> str:
    """Return a prompt as one text; `read_prompt` reads it back."""
    if isinstance(prompt, str):
        return prompt
    return "".join(
        f"[clip {piece.clip}: {piece.text}]" if isinstance(piece, Clip) else piece for piece in prompt
    )


def read_prompt(text: str) -> Prompt:
    """Return the prompt that a text stands for: the text itself if there is no clip in it."""
    parts = _CLIP.split(text.replace("\r\n", "\n").strip())
    if len(parts) == 1:
        return parts[0]
    pieces: list[str | Clip] = []
    for at in range(0, len(parts), 3):
        if parts[at].strip():
            pieces.append(parts[at])
        if at + 2 < len(parts):
            pieces.append(Clip(parts[at + 1].strip(), parts[at + 2].strip()))
    return pieces
