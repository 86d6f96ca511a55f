"""PURE: one thing that is wrong with a dialogue, as a sentence that names its place."""

from dataclasses import dataclass

MOST_TEXT = 2000
"""Characters of one prompt."""
ADVISED_TEXT = 350
"""About 20 seconds of speech; people hang up."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `step` is the step's id, empty for the dialogue as a whole."""

    text: str
    step: str = ""
    language: str = ""
    title: str = ""
    """The step's name for people."""
    is_advice: bool = False

    @property
    def sentence(self) -> str:
        """The text with its place before it."""
        title = f"“{self.title or self.step}”" if self.step else ""
        place = ", ".join(part for part in (title, self.language) if part)
        return f"{place}: {self.text}" if place else self.text
