"""What our own code does wrong with the stream. The peer's mistakes are `Malformed` events."""


class ProtocolError(Exception):
    """Our side asked for a frame that must not be sent. Texts contain no payload and no number."""


class OrderError(ProtocolError):
    """A frame that the state of the call does not allow, such as audio before start."""


class AudioError(ProtocolError):
    """Audio to send that is empty, not whole samples, or larger than one frame may carry."""


class FieldError(ProtocolError):
    """A name, digit, identifier or counter that the far end could not read back as it is."""
