"""Send one signed request to a service outside, and read what it answers, within one time limit.

The host's name is resolved here, every address of it is checked, and the connection goes to the address that
was checked: a name that resolves to another one a moment later changes nothing. The certificate is checked
against the name. There are no redirects, proxies, cookies or repetitions.
"""

import asyncio
import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_address
from typing import Final
from uuid import UUID

import httpx
from django.conf import settings

from campaigns.networks import Address
from campaigns.outside import signature
from campaigns.outside.addresses import Destination, check_address
from campaigns.outside.errors import NoAnswer
from campaigns.outside.registry import Known

MOST_BYTES: Final = 16 * 1024
#: So many addresses of a name are tried if no connection can be made.
MOST_ADDRESSES: Final = 3

Resolver = Callable[[Destination], Awaitable[Sequence[Address]]]


async def post(
    service: Known, content: Mapping[str, object], *, key: UUID, resolve: Resolver | None = None
) -> bytes:
    """Return the body, of `MOST_BYTES` at most, with which a service answered 2xx to `content`.

    `key` is the Idempotency-Key, and the content's `id`. Raises `NoAnswer` in all other cases, at the latest
    when the service's time is over, however slowly its answer drips in.
    """
    body = json.dumps({"id": str(key), **content}, ensure_ascii=False).encode()
    try:
        async with asyncio.timeout(service.timeout_s):
            return await _send(service, body, key, await (resolve or addresses_of)(service.where))
    except TimeoutError:
        raise NoAnswer(f"The service did not answer within {service.timeout_s:g} s.") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NoAnswer(f"The service could not be reached ({type(error).__name__}).") from error


async def _send(service: Known, body: bytes, key: UUID, addresses: Sequence[Address]) -> bytes:
    for address in addresses:
        check_address(
            address,
            service.where,
            own_network=service.own_network,
            plain_allowed=settings.OUTSIDE_HTTP_ON_THIS_MACHINE,
        )
    tls = await asyncio.to_thread(tls_context, settings.OUTSIDE_CA_FILE)
    async with httpx.AsyncHTTPTransport(verify=tls, trust_env=False) as transport:
        for address in addresses[:MOST_ADDRESSES]:
            with contextlib.suppress(httpx.ConnectError):
                return await read(
                    await transport.handle_async_request(signed_request(service, address, body, key))
                )
    raise NoAnswer("The service could not be reached: no connection, or a certificate that is not its own.")


def signed_request(service: Known, address: Address, body: bytes, key: UUID) -> httpx.Request:
    """Return the request that goes to this address of the service's host, with its signature."""
    where = service.where
    host = f"[{address}]" if address.version == 6 else str(address)
    signed = signature.headers(
        service.key_id, service.secret, timestamp=int(time.time()), path=where.path, body=body, key=str(key)
    )
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
    return httpx.Request(signature.METHOD, url, headers=plain | signed, content=body, extensions=extensions)


async def read(response: httpx.Response) -> bytes:
    """Return the body of a 2xx answer. Raises `NoAnswer` for another one, and for one that is too long."""
    try:
        if not 200 <= response.status_code < 300:
            raise NoAnswer(f"The service answered with the status {response.status_code}.")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise NoAnswer("The service's answer is compressed.")
        body = b""
        async for piece in response.aiter_raw(chunk_size=4096):
            body += piece
            if len(body) > MOST_BYTES:
                raise NoAnswer(f"The service answered with more than {MOST_BYTES // 1024} kB.")
        return body
    finally:
        await response.aclose()


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
