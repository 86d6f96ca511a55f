"""PURE: the error raised when a service outside gives no usable answer."""


class NoAnswer(Exception):
    """A service outside was not asked, or gave no answer that can be used.

    `reason` is a sentence without anything that was sent or came back.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
