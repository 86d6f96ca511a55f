"""A service is asked only where its host is allowed."""

import pytest

from campaigns.models import AllowedHost, OutsideService
from campaigns.outside.errors import NoAnswer
from campaigns.outside.registry import known

pytestmark = pytest.mark.django_db


def test_a_service_at_an_allowed_host_is_known_and_its_secret_is_not_shown() -> None:
    row = OutsideService.objects.create(name="shop", url="https://shop.example:8443/calls", sends=["loan"])
    AllowedHost.objects.create(host="shop.example", port=8443)
    shop = known("shop")
    assert (shop.where.path, shop.own_network, shop.sends) == ("/calls", False, ("loan",))
    assert shop.secret == row.secret
    assert len(row.secret) == 32
    assert row.secret not in repr(shop)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": "other"}, "No service outside is called “shop”"),
        ({"active": False}, "“shop” is switched off"),
        ({"url": "https://shop.example/calls"}, "“shop.example:443” is not among the allowed hosts"),
        ({"url": "https://api.shop.example:8443/"}, "“api.shop.example:8443” is not among the allowed hosts"),
        ({"url": "https://user@shop.example:8443/"}, "must be a plain one"),
    ],
)
def test_any_other_is_refused_with_a_sentence(fields: dict[str, object], why: str) -> None:
    AllowedHost.objects.create(host="shop.example", port=8443)
    OutsideService.objects.create(**{"name": "shop", "url": "https://shop.example:8443/"} | fields)
    with pytest.raises(NoAnswer, match=why):
        known("shop")
