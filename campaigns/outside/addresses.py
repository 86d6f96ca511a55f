"""Which addresses requests may go to; no I/O. An address is read once, here, and only its parts are used.

What is refused is data (`NEVER`, `OUR_OWN`), because what Python calls a global address differs between its
patches. Sources: IANA's special-purpose registries for IPv4 and IPv6, and where clouds keep their metadata.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from campaigns.networks import Address, is_inside, networks_in
from campaigns.outside.errors import NoAnswer

NEVER: Final = networks_in(
    # this network, link-local (metadata of most clouds), protocols, documentation, benchmarks, multicast
    "0.0.0.0/8 169.254.0.0/16 192.0.0.0/24 192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 198.18.0.0/15"
    " 192.88.99.0/24 224.0.0.0/4 240.0.0.0/4"
    # metadata of Alibaba and of Azure, which lie in other networks
    " 100.100.100.200 168.63.129.16"
    # of IPv6's global part: Teredo and other protocols, documentation, 6to4; and the metadata of AWS
    " 2001::/23 2001:db8::/32 2002::/16 3fff::/20 fd00:ec2::/32"
)
OUR_OWN: Final = networks_in(
    "10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.168.0.0/16 ::1/128 fc00::/7"
)
LOOPBACK: Final = networks_in("127.0.0.0/8 ::1/128")
_TRANSLATED: Final = networks_in("64:ff9b::/96")
_GLOBAL_V6: Final = networks_in("2000::/3")

_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
_TEXT: Final = re.compile(r"https?://[!-~]+")
_FORBIDDEN: Final = re.compile(r"[\\\"<>^`{|}#@]|%(?![0-9A-Fa-f]{2})")
_PORTS: Final = {"https": 443, "http": 80}
LONGEST_URL: Final = 500


@dataclass(frozen=True, slots=True)
class Destination:
    """The parts of an address. `host` is a name or an IP address as it is written in a URL's host."""

    scheme: str
    host: str
    port: int
    path: str
    """With its query; what is signed and sent."""

    @property
    def authority(self) -> str:
        """Return the value of the Host header."""
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def address(self) -> Address | None:
        """Return the IP address that is written as the host; None for a name."""
        try:
            return ip_address(self.host.strip("[]"))
        except ValueError:
            return None


def destination(url: str) -> Destination:
    """Return the parts of an address. Raises `NoAnswer`, with a sentence, for anything that is not plain.

    Refused are a user name, a fragment, another scheme, letters beyond ASCII, and a host in numbers that is
    not an IP address in its one written form (`127.1`, `0x7f.1`, `2130706433`, `0177.0.0.1`).
    """
    if len(url) > LONGEST_URL or not _TEXT.fullmatch(url) or _FORBIDDEN.search(url):
        raise NoAnswer("The address must be a plain one, such as https://api.example.in/calls.")
    try:
        parts = urlsplit(url)
        port = parts.port
        if port == 0:
            raise ValueError(url)
    except ValueError:
        raise NoAnswer("The address has no host or port that can be used.") from None
    host = _host(parts.netloc.removesuffix(f":{port}") if port is not None else parts.netloc)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(parts.scheme, host, port or _PORTS[parts.scheme], path)


def _host(written: str) -> str:
    host = written.lower()
    if _NAME.fullmatch(host):
        return host
    try:
        if host.startswith("[") and host.endswith("]") and "%" not in host:
            return f"[{IPv6Address(host[1:-1])}]"
        return str(IPv4Address(host))
    except ValueError:
        raise NoAnswer("The address has no host that can be used.") from None


def check_address(found: Address, where: Destination, *, own_network: bool, plain_allowed: bool) -> None:
    """Raise `NoAnswer`, with a sentence, unless a request for `where` may go to this IP address.

    `own_network`: private and local ones are allowed. `plain_allowed`: http is, to this machine.
    """
    address = unwrapped(found)
    own = is_inside(address, OUR_OWN)
    outside_v6 = address.version == 6 and not own and not is_inside(address, _GLOBAL_V6)
    if is_inside(address, NEVER) or outside_v6:
        raise NoAnswer(f"“{where.host}” leads to an address to which nothing is sent.")
    if own and not own_network:
        raise NoAnswer(f"“{where.host}” leads into our own network, and that is not allowed for it.")
    if where.scheme != "https" and not (plain_allowed and is_inside(address, LOOPBACK)):
        raise NoAnswer("Only https is used.")


def unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for; any other as it is, without its zone."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        plain = IPv6Address(int(address))
        if is_inside(plain, _TRANSLATED):
            return IPv4Address(int(plain) & 0xFFFFFFFF)
        return plain
    return address
