"""Send one signed request to a service outside, and read what it answers, within one time limit.

The connection goes to an address that was checked (`campaigns.outside.pinned`).
"""

import asyncio
import json
import time
from collections.abc import Mapping
from functools import partial
from typing import Final
from uuid import UUID

import httpx
from django.conf import settings

from campaigns.networks import Address
from campaigns.outside import pinned, signature
from campaigns.outside.errors import NoAnswer
from campaigns.outside.pinned import Resolver, Way
from campaigns.outside.registry import Known

MOST_BYTES: Final = 16 * 1024


async def post(
    service: Known, content: Mapping[str, object], *, key: UUID, resolve: Resolver | None = None
) -> bytes:
    """Return the body, of `MOST_BYTES` at most, with which a service answered 2xx to `content`.

    `key` is the Idempotency-Key, and the content's `id`. Raises `NoAnswer` in all other cases, at the latest
    when the service's time is over, however slowly its answer drips in.
    """
    body = json.dumps({"id": str(key), **content}, ensure_ascii=False).encode()
    way = Way(
        where=service.where,
        own_network=service.own_network,
        plain_allowed=settings.OUTSIDE_HTTP_ON_THIS_MACHINE,
        ca_file=settings.OUTSIDE_CA_FILE,
    )
    try:
        async with asyncio.timeout(service.timeout_s):
            make = partial(signed_request, service, body=body, key=key)
            return await pinned.exchange(way, make, read, resolve=resolve)
    except TimeoutError:
        raise NoAnswer(f"The service did not answer within {service.timeout_s:g} s.") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NoAnswer(f"The service could not be reached ({type(error).__name__}).") from error


def signed_request(service: Known, address: Address, body: bytes, key: UUID) -> httpx.Request:
    """Return the request that goes to this address of the service's host, with its signature."""
    path, at = service.where.path, int(time.time())
    signed = signature.headers(
        service.key_id, service.secret, timestamp=at, path=path, body=body, key=str(key)
    )
    return pinned.request(service.where, address, body, signed, method=signature.METHOD)


async def read(response: httpx.Response) -> bytes:
    """Return the body of a 2xx answer. Raises `NoAnswer` for another one, and for one that is too long."""
    try:
        if not 200 <= response.status_code < 300:
            raise NoAnswer(f"The service answered with the status {response.status_code}.")
        return await pinned.body_of(response, most_bytes=MOST_BYTES)
    finally:
        await response.aclose()
