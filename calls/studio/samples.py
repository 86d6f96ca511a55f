"""PURE: made-up values to hear and try a dialogue with, by what a value is."""

from collections.abc import Mapping
from typing import Final

from calls.agents.dialogue.document import Document
from campaigns.spreadsheets.written import Kind

BY_KIND: Final[Mapping[Kind, str]] = {
    Kind.NAME: "Asha Patel",
    Kind.NUMBER: "12",
    Kind.ORDINAL: "3",
    Kind.AMOUNT: "8450",
    Kind.DATE: "28 Nov 2026",
    Kind.TIME: "17:30",
    Kind.DIGITS: "4821",
    Kind.PHONE: "9876543210",
    Kind.PIN: "380015",
    Kind.ACCOUNT: "123456789012",
}
TEXT = "Asha Patel"


def sample_values(document: Document) -> dict[str, str]:
    """Return a value for each one that a dialogue's words may use, the person's name among them."""
    names = {"name": Kind.TEXT, **dict.fromkeys(document.own_values(), Kind.NUMBER), **document.values}
    return {name: BY_KIND.get(kind, TEXT) for name, kind in names.items()}
