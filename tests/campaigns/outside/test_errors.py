"""The error says its sentence and nothing more."""

from campaigns.outside.errors import NoAnswer


def test_the_reason_is_its_text() -> None:
    assert (NoAnswer("No.").reason, str(NoAnswer("No."))) == ("No.", "No.")
