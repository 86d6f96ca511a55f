"""Connect to an address of a host that was checked, and to no other; one request, one answer.

The host's name is resolved here, every address of it is checked, and the connection goes to the address that
was checked: a name that resolves to another one a moment later changes nothing. The certificate is checked
against the name. There are no redirects, proxies, cookies or repetitions. Needs no settings of Django's, so
that a helper process can use it.
"""

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, TypeVar

import httpx

from campaigns.networks import Address
from campaigns.outside.addresses import Destination, check_address
from campaigns.outside.errors import NoAnswer

#: So many addresses of a name are tried if no connection can be made.
MOST_ADDRESSES: Final = 3

Resolver = Callable[[Destination], Awaitable[Sequence[Address]]]
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where a request goes, and what is allowed on the way."""

    where: Destination
    own_network: bool
    """Private and local addresses are allowed."""
    plain_allowed: bool
    """http is, to this machine."""
    ca_file: str = ""
    """Certificates (PEM) of authorities beside the public ones."""


async def exchange(
    way: Way,
    make: Callable[[Address], httpx.Request],
    read: Callable[[httpx.Response], Awaitable[Read]],
    *,
    resolve: Resolver | None = None,
) -> Read:
    """Return what `read` makes of the answer to the request that `make` makes for an address of the host.

    Raises `NoAnswer` if no address may be used or none takes the connection, and httpx's errors.
    """
    addresses = await (resolve or addresses_of)(way.where)
    for address in addresses:
        check_address(address, way.where, own_network=way.own_network, plain_allowed=way.plain_allowed)
    tls = await asyncio.to_thread(tls_context, way.ca_file)
    async with httpx.AsyncHTTPTransport(verify=tls, trust_env=False) as transport:
        for address in addresses[:MOST_ADDRESSES]:
            with contextlib.suppress(httpx.ConnectError):
                return await read(await transport.handle_async_request(make(address)))
    raise NoAnswer("The service could not be reached: no connection, or a certificate that is not its own.")


def request(
    where: Destination, address: Address, body: bytes, headers: Mapping[str, str], *, method: str = "POST"
) -> httpx.Request:
    """Return a request with JSON that goes to this address of a host. Raises `NoAnswer` for an odd path."""
    host = f"[{address}]" if address.version == 6 else str(address)
    plain = {
        "Host": where.authority,
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "awaaz-campaigns",
    }
    url = httpx.URL(scheme=where.scheme, host=host, port=where.port, raw_path=where.path.encode())
    if url.raw_path.decode() != where.path:
        raise NoAnswer("The address is not written as it would be sent.")
    extensions = {"sni_hostname": where.host.strip("[]")}
    return httpx.Request(method, url, headers=plain | {**headers}, content=body, extensions=extensions)


async def body_of(response: httpx.Response, *, most_bytes: int) -> bytes:
    """Return the whole body of an answer. Raises `NoAnswer` if it is compressed or too long."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise NoAnswer("The service's answer is compressed.")
    body = bytearray()
    async for piece in response.aiter_raw(chunk_size=4096):
        body += piece
        if len(body) > most_bytes:
            raise NoAnswer(f"The service answered with more than {most_bytes // 1024} kB.")
    return bytes(body)


@lru_cache(maxsize=4)
def tls_context(ca_file: str) -> ssl.SSLContext:
    """Return what certificates are checked with: httpx's authorities and those of `ca_file`."""
    context = httpx.create_ssl_context(trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


async def addresses_of(where: Destination) -> list[Address]:
    """Return every address of a destination. Raises `NoAnswer` if its name has none.

    Each look-up has a thread of its own: one that hangs keeps no other waiting, and no process from ending.
    """
    if where.address:
        return [where.address]
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[Address]] = loop.create_future()

    def settle(addresses: list[Address]) -> None:
        if not found.done():
            found.set_result(addresses)

    def look_up() -> None:
        addresses: list[Address] = []
        with contextlib.suppress(OSError, UnicodeError):
            rows = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
            addresses = [ip_address(row[4][0]) for row in rows]
        with contextlib.suppress(RuntimeError):  # the loop is closed: the answer is of no use any more
            loop.call_soon_threadsafe(settle, addresses)

    threading.Thread(target=look_up, name="look-up", daemon=True).start()
    if addresses := list(dict.fromkeys(await found)):
        return addresses
    raise NoAnswer(f"“{where.host}” has no address.")
