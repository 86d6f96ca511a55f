"""Lists of networks as people write them, and which addresses are inside. No I/O."""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from django.core.exceptions import ValidationError

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def networks_in(text: str) -> list[Network]:
    """Return networks parted by white space or commas; a bare address is one. Raises ValueError."""
    return [ipaddress.ip_network(word, strict=False) for word in text.replace(",", " ").split()]


def check_networks(text: str) -> None:
    """Raise `ValidationError`, saying what to write instead, for a text that `networks_in` refuses."""
    try:
        networks_in(text)
    except ValueError:
        raise ValidationError(
            "Write networks such as 203.0.113.0/24 or 2001:db8::/32, or single addresses."
        ) from None


def address_of(text: str) -> Address | None:
    """Return an IP address, an IPv4 one also where it is mapped to IPv6; None for any other text."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_inside(address: Address | None, networks: Iterable[Network]) -> bool:
    """Return whether one of the networks holds the address; None is in no network."""
    return address is not None and any(address in network for network in networks)


def sender(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> Address | None:
    """Return the sender: the peer, or, behind trusted proxies, the last address that is none of theirs.

    `forwarded_for`: the values of all X-Forwarded-For headers, in order. What stands left of the
    first untrusted address was written by that address, so it is not believed.
    """
    hops = [part for value in forwarded_for for part in value.split(",")]
    speaker = address_of(peer)
    while is_inside(speaker, trusted) and hops:
        speaker = address_of(hops.pop())
    return speaker
