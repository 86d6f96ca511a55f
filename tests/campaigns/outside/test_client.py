"""A request over real sockets: signed, to the address that was checked, and over within its time."""

import asyncio
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from uuid import UUID

import pytest
from pytest_django import Settings

from campaigns.networks import Address
from campaigns.outside import client
from campaigns.outside.addresses import Destination, destination
from campaigns.outside.errors import NoAnswer
from campaigns.outside.registry import Known
from tests.campaigns.outside.shop import SECRET, Shop, running, shop_over_tls

KEY = UUID(int=5)
HERE = ip_address("127.0.0.1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def module_shop(folder: Path) -> Iterator[Shop]:
    with shop_over_tls(folder) as shop:
        yield shop


@pytest.fixture
def shop(module_shop: Shop, folder: Path, settings: Settings) -> Shop:
    settings.OUTSIDE_CA_FILE = str(folder / "ca.pem")
    module_shop.manner, module_shop.refused = "good", 0
    module_shop.received.clear()
    return module_shop


def known(shop: Shop, url: str = "https://shop.test:{port}/calls?from=us", **fields: object) -> Known:
    service = Known(
        name="shop",
        where=destination(url.format(port=shop.port)),
        own_network=True,
        key_id="k-1",
        secret=SECRET,
        timeout_s=10.0,
    )
    return replace(service, **fields)  # type: ignore[arg-type]


class Names:
    """Resolves any name to these addresses, one list after the other, and counts how often it was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = [*map(list, answers)], 0

    async def __call__(self, where: Destination) -> list[Address]:
        self.asked += 1
        return [ip_address(text) for text in self.answers.pop(0)]


async def ask(service: Known, *addresses: str) -> bytes:
    return await client.post(service, {"event": "fetch"}, key=KEY, resolve=Names(addresses or ["127.0.0.1"]))


async def test_a_signed_request_is_answered(shop: Shop) -> None:
    assert await ask(known(shop)) == b'{"answer": "call", "due": "1,500"}'
    assert shop.received == [
        {"id": str(KEY), "event": "fetch", "key": str(KEY), "host": f"shop.test:{shop.port}"}
    ]
    assert shop.refused == 0


async def test_a_request_with_another_secret_is_none_of_ours(shop: Shop) -> None:
    with pytest.raises(NoAnswer, match="the status 401"):
        await ask(known(shop, secret="another"))
    assert (shop.refused, shop.received) == (1, [])


@pytest.mark.parametrize(
    ("manner", "why"),
    [
        ("fails", "the status 500"),
        ("busy", "the status 429"),
        ("redirects", "the status 302"),
        ("huge", "more than 16 kB"),
        ("packed", "is compressed"),
        ("breaks off", "could not be reached"),
    ],
)
async def test_anything_but_a_whole_short_answer_is_a_sentence(shop: Shop, manner: str, why: str) -> None:
    shop.manner = manner
    with pytest.raises(NoAnswer, match=why):
        await ask(known(shop))
    assert len(shop.received) == 1


@pytest.mark.parametrize("manner", ["drips", "sleeps"])
async def test_the_time_is_over_however_slowly_it_answers(shop: Shop, manner: str) -> None:
    shop.manner = manner
    began = time.monotonic()
    with pytest.raises(NoAnswer, match=r"did not answer within 0\.5 s"):
        await ask(known(shop, timeout_s=0.5))
    assert time.monotonic() - began < 10  # of the minute that it would take


async def test_a_name_that_never_resolves_takes_no_longer_than_the_time(shop: Shop) -> None:
    async def never(_: Destination) -> list[Address]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(NoAnswer, match=r"within 0\.3 s"):
        await client.post(known(shop, timeout_s=0.3), {}, key=KEY, resolve=never)


async def test_a_name_is_resolved_once_and_the_connection_goes_to_what_was_checked(shop: Shop) -> None:
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    await client.post(known(shop), {}, key=KEY, resolve=names)
    assert (names.asked, len(shop.received)) == (1, 1)


@pytest.mark.parametrize(
    ("addresses", "why"),
    [
        (["127.0.0.1", "169.254.169.254"], "nothing is sent"),
        (["169.254.169.254", "127.0.0.1"], "nothing is sent"),
        (["::ffff:169.254.169.254"], "nothing is sent"),
        (["fe80::1%1"], "nothing is sent"),
    ],
)
async def test_one_bad_address_of_a_name_is_enough(shop: Shop, addresses: list[str], why: str) -> None:
    with pytest.raises(NoAnswer, match=why):
        await ask(known(shop), *addresses)
    assert shop.received == []


async def test_our_own_network_is_refused_where_it_is_not_allowed(shop: Shop) -> None:
    with pytest.raises(NoAnswer, match="into our own network"):
        await ask(known(shop, own_network=False))
    assert shop.received == []


async def test_the_next_address_is_tried_where_no_connection_can_be_made(shop: Shop) -> None:
    await ask(known(shop), "127.0.0.77", "127.0.0.1")  # the shop listens at the second alone
    assert len(shop.received) == 1


async def test_the_certificate_must_be_the_names_own(shop: Shop, settings: Settings) -> None:
    with pytest.raises(NoAnswer, match="a certificate that is not its own"):
        await ask(known(shop, "https://other.test:{port}/"))
    settings.OUTSIDE_CA_FILE = ""
    with pytest.raises(NoAnswer, match="a certificate that is not its own"):
        await ask(known(shop))
    assert shop.received == []


async def test_the_sandbox_may_be_asked_without_encryption_and_only_if_set(settings: Settings) -> None:
    with running(Shop()) as plain:
        service = known(plain, "http://127.0.0.1:{port}/calls")
        with pytest.raises(NoAnswer, match="Only https"):
            await client.post(service, {}, key=KEY)
        settings.OUTSIDE_HTTP_ON_THIS_MACHINE = True
        await client.post(service, {}, key=KEY)
        assert len(plain.received) == 1


async def test_nothing_listens_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        port = taken.getsockname()[1]
        with pytest.raises(NoAnswer, match="no connection"):
            await ask(known(Shop(port=port)))
