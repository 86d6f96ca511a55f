"""What counts as a proof that XFin does not have a message."""

from datetime import timedelta

import httpx
import pytest

from campaigns.delivery.look_up import EMPTY, IGNORED, ODD_ROWS, TOGETHER, LookedUp, Wanted, look_up
from campaigns.xfin.client import XFinClient
from campaigns.xfin.config import XFinConfig
from tests.campaigns.world import NOON, FakeXFin
from tests.campaigns.xfin.wire import MemoryTokenStore

CONFIG = XFinConfig(base_url="http://127.0.0.1:9", tenant="saraswati", email="a@b.example", password="x")


def wanted(count: int) -> list[Wanted]:
    return [
        Wanted(reference=f"m-{n:03}", phone=f"+9198250{n:05}", send_on=NOON + timedelta(seconds=n))
        for n in range(count)
    ]


def give(xfin: FakeXFin, messages: list[Wanted], *, batch: str = "b-1", tags: bool = True) -> None:
    """XFin has these."""
    data = [
        {
            "phone_number": one.phone,
            "send_on": (one.send_on + timedelta(hours=5, minutes=30)).strftime("%Y-%m-%dT%H:%M:%S"),
            **({"tag4": batch, "tag5": one.reference} if tags else {}),
        }
        for one in messages
    ]
    xfin.create(httpx.Request("POST", "http://x/", json={"data": data}))


def asked(xfin: FakeXFin, messages: list[Wanted]) -> LookedUp:
    with XFinClient(CONFIG, tokens=MemoryTokenStore(), transport=xfin) as client:
        return look_up(client, "b-1", messages)


OLD = Wanted(reference="m-old", phone="+919825099999", send_on=NOON - timedelta(days=1))
OLDER = Wanted(reference="m-older", phone="+919825099998", send_on=NOON - timedelta(days=2))


def world(there: list[Wanted], **how: object) -> FakeXFin:
    xfin = FakeXFin(**how)  # type: ignore[arg-type]
    give(xfin, [OLDER, OLD], batch="b-0")
    give(xfin, there)
    return xfin


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"in_capitals": True},
        {"filters_by_tag": False},
        {"most_listed": 3},
        {"page_size": 2},
    ],
)
@pytest.mark.parametrize("there", [0, 1, 7, 20])
def test_what_is_there_is_found_and_what_is_not_is_proved_absent(how: dict[str, object], there: int) -> None:
    messages = wanted(20)
    looked = asked(world(messages[:there], **how), messages)
    assert set(looked.found) == {one.reference for one in messages[:there]}
    assert not looked.unproved


def test_five_thousand_absent_messages_cost_a_question_for_each_fifty() -> None:
    xfin = world([])
    looked = asked(xfin, wanted(5000))
    assert (looked.found, looked.unproved) == ({}, "")
    assert len([one for one in xfin.requests if one[0] == "GET"]) == 5000 / TOGETHER + 2


def test_filters_that_are_ignored_prove_nothing() -> None:
    looked = asked(world([], filters_by_tag=False, filters_by_phone=False), wanted(3))
    assert looked.unproved == IGNORED


def test_filters_that_show_nothing_prove_nothing() -> None:
    xfin = world([])
    whole = xfin.list
    xfin.list = (  # type: ignore[method-assign]
        lambda request: (
            httpx.Response(200, json={"results": [], "next": None})
            if request.url.params.keys() & {"tags", "recipient_phone_number"}
            else whole(request)
        )
    )
    assert asked(xfin, wanted(3)).unproved == IGNORED


def test_an_empty_list_proves_nothing() -> None:
    assert asked(FakeXFin(earlier=False), wanted(3)) == LookedUp(found={}, unproved=EMPTY)
    assert asked(world([], most_listed=0), wanted(3)) == LookedUp(found={}, unproved=EMPTY)


@pytest.mark.parametrize("odd", [None, 7, {"state": 6}])
def test_a_row_that_cannot_be_read_may_be_ours(odd: object) -> None:
    xfin = world([])
    whole = xfin.list

    def with_odd_row(request: httpx.Request) -> httpx.Response:
        page = whole(request).json()
        return httpx.Response(200, json=page | {"results": [*page["results"], odd]})

    xfin.list = with_odd_row  # type: ignore[method-assign]
    assert asked(xfin, wanted(3)).unproved == ODD_ROWS


def test_messages_without_tags_are_known_by_number_and_time() -> None:
    messages, xfin = wanted(5), FakeXFin(filters_by_tag=False)
    give(xfin, messages[:2], tags=False)
    give(xfin, [Wanted(reference="", phone=messages[3].phone, send_on=NOON - timedelta(hours=3))], tags=False)
    looked = asked(xfin, messages)
    assert set(looked.found) == {"m-000", "m-001"}
    assert not looked.unproved


def test_nothing_wanted_asks_nothing() -> None:
    xfin = FakeXFin()
    assert asked(xfin, []) == LookedUp(found={})
    assert not xfin.requests
