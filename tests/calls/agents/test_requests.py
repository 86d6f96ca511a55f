"""What agents may ask of the world."""

import msgspec

from calls.agents import requests
from calls.media.performers import PERFORMERS


def test_every_kind_of_request_is_carried_out_and_plain_data() -> None:
    kinds = {kind for kind in requests.Request.__subclasses__() if kind.__module__ == requests.__name__}
    assert kinds == set(PERFORMERS)
    assert all(msgspec.structs.fields(kind) for kind in kinds)
