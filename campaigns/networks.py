"""Lists of networks as people write them, and who is inside. No I/O."""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from django.core.exceptions import ValidationError

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def networks_in(text: str) -> list[Network]:
    """Networks parted by white space or commas; a bare address is a network of one. ValueError if none."""
    return [ipaddress.ip_network(word, strict=False) for word in text.replace(",", " ").split()]


def check_networks(text: str) -> None:
    """For the model: raises `ValidationError` with what to write instead."""
    try:
        networks_in(text)
    except ValueError:
        raise ValidationError(
            "Write networks such as 203.0.113.0/24 or 2001:db8::/32, or single addresses."
        ) from None


def address_of(text: str) -> Address | None:
    """An IP address, also an IPv4 one dressed as IPv6; None for anything else."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_inside(address: Address | None, networks: Iterable[Network]) -> bool:
    """Whether one of the networks holds the address; an unknown one is in none."""
    return address is not None and any(address in network for network in networks)


def sender(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> Address | None:
    """Who speaks: the peer itself, or, behind trusted proxies, the last address that is none of theirs.

    `forwarded_for`: the values of all X-Forwarded-For headers, in order. Whatever stands left of the
    first untrusted address was written by that address, so it is not believed.
    """
    hops = [part for value in forwarded_for for part in value.split(",")]
    speaker = address_of(peer)
    while is_inside(speaker, trusted) and hops:
        speaker = address_of(hops.pop())
    return speaker
