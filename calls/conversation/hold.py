"""PURE: what a caller hears while it takes long to find out who it is."""

from collections.abc import Mapping
from typing import Final

from calls.agents.base import Say

NAME: Final = "One moment"
FIRST_AFTER_S: Final = 0.7
AGAIN_AFTER_S: Final = 4.0
DEFAULT_LANGUAGE: Final = "hi"
WORDS: Final[Mapping[str, str]] = {
    "en": "One moment, please.",
    "hi": "कृपया एक क्षण रुकिए।",
    "gu": "કૃપા કરીને એક ક્ષણ થોભો.",
    "ta": "தயவுசெய்து ஒரு நிமிடம் காத்திருங்கள்.",
    "mr": "कृपया एक क्षण थांबा.",
    "bn": "অনুগ্রহ করে এক মুহূর্ত অপেক্ষা করুন।",
    "te": "దయచేసి ఒక్క క్షణం వేచి ఉండండి.",
    "kn": "ದಯವಿಟ್ಟು ಒಂದು ಕ್ಷಣ ಕಾಯಿರಿ.",
}


def prompt(language: str) -> Say:
    """Return the words in a language, given as in `start` (`hi` or `hi-IN`); in Hindi for any other."""
    spoken = language.partition("-")[0].lower()
    spoken = spoken if spoken in WORDS else DEFAULT_LANGUAGE
    return Say(NAME, WORDS[spoken], spoken)
