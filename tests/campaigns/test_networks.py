"""From where a call comes."""

import pytest
from django.core.exceptions import ValidationError

from campaigns.networks import address_of, check_networks, is_inside, networks_in, sender

PROXIES = networks_in("10.0.0.0/8")


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("203.0.113.7", True),
        ("::ffff:203.0.113.7", True),
        ("198.51.100.4", True),
        ("198.51.100.5", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("", False),
        ("testclient", False),
    ],
)
def test_a_list_of_networks_holds_addresses(address: str, inside: bool) -> None:
    networks = networks_in("203.0.113.0/24, 198.51.100.4\n2001:db8::/32")
    assert is_inside(address_of(address), networks) is inside


@pytest.mark.parametrize("text", ["everywhere", "10.0.0.0/33", "10.0.0.0/8;11.0.0.0/8"])
def test_what_is_no_network_is_told(text: str) -> None:
    with pytest.raises(ValidationError, match="Write networks such as"):
        check_networks(text)


@pytest.mark.parametrize(
    ("peer", "forwarded", "speaker"),
    [
        ("203.0.113.7", (), "203.0.113.7"),
        ("203.0.113.7", ("198.51.100.4",), "203.0.113.7"),
        ("10.0.0.1", ("198.51.100.4",), "198.51.100.4"),
        ("10.0.0.1", ("192.0.2.1, 198.51.100.4, 10.0.0.2",), "198.51.100.4"),
        ("10.0.0.1", ("192.0.2.1", "198.51.100.4"), "198.51.100.4"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("nonsense",), None),
    ],
)
def test_only_a_trusted_proxy_is_believed_about_others(
    peer: str, forwarded: tuple[str, ...], speaker: str | None
) -> None:
    assert sender(peer, forwarded, PROXIES) == (address_of(speaker) if speaker else None)
