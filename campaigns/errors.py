"""PURE: errors raised when what a person asks for cannot be done. Pages and API catch `Refused`."""


class Refused(Exception):
    """The request cannot be carried out. `reason` is a sentence for the person who asked."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotAllowed(Refused):
    """The campaign, call-back or suppression is in a state that forbids the change."""


class NotRecorded(Refused):
    """The complaint, scrub or registration is incomplete or contradicts what is known; nothing was stored."""


class SheetError(Refused):
    """The uploaded file cannot be read as a list of people; `reason` says why and what to do."""


class UnreadableFile(Refused):
    """No person can be taken from the uploaded file as it is, or with the chosen columns."""
