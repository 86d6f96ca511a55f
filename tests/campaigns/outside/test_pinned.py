"""Names are resolved here, and what comes back is bounded."""

from ipaddress import ip_address

import httpx
import pytest

from campaigns.outside import pinned
from campaigns.outside.addresses import destination
from campaigns.outside.errors import NoAnswer

HERE = ip_address("127.0.0.1")


async def test_names_are_resolved_by_the_system_and_numbers_are_not_looked_up() -> None:
    assert HERE in await pinned.addresses_of(destination("https://localhost/"))
    assert await pinned.addresses_of(destination("https://93.184.216.34/")) == [ip_address("93.184.216.34")]
    with pytest.raises(NoAnswer, match="has no address"):
        await pinned.addresses_of(destination("https://nothing.invalid/"))


def test_a_request_goes_to_the_number_and_names_the_host() -> None:
    made = pinned.request(destination("https://voice.test:8443/v1/text:speak"), HERE, b"{}", {"X-Key": "k"})
    assert str(made.url) == "https://127.0.0.1:8443/v1/text:speak"
    assert (made.headers["Host"], made.headers["X-Key"]) == ("voice.test:8443", "k")
    assert made.extensions["sni_hostname"] == "voice.test"


async def test_a_body_is_whole_or_refused() -> None:
    def answer() -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(b"x" * 2048))

    assert await pinned.body_of(answer(), most_bytes=2048) == b"x" * 2048
    with pytest.raises(NoAnswer, match="more than 1 kB"):
        await pinned.body_of(answer(), most_bytes=1024)
