"""PURE: how requests to services outside are signed (docs/outside-services.md).

`X-Signature` is the HMAC-SHA256, in hexadecimal digits, with the secret of `X-Signature-Key`, of four parts
joined by dots: the value of `X-Signature-Time` (seconds since 1970), the method, the path with its query, and
the body, byte by byte. `Idempotency-Key` stands in the body as well, as `id`, and so is signed with it.
"""

import hashlib
import hmac
from typing import Final

TIME_HEADER: Final = "X-Signature-Time"
KEY_HEADER: Final = "X-Signature-Key"
SIGNATURE_HEADER: Final = "X-Signature"
ONCE_HEADER: Final = "Idempotency-Key"
METHOD: Final = "POST"


def signature(secret: str, *, timestamp: int, path: str, body: bytes) -> str:
    """Return the signature of a request with this body to this path, made at `timestamp`."""
    signed = f"{timestamp}.{METHOD}.{path}.".encode() + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def headers(key_id: str, secret: str, *, timestamp: int, path: str, body: bytes, key: str) -> dict[str, str]:
    """Return the headers that a signed request carries; `key` is its Idempotency-Key."""
    return {
        TIME_HEADER: str(timestamp),
        KEY_HEADER: key_id,
        SIGNATURE_HEADER: signature(secret, timestamp=timestamp, path=path, body=body),
        ONCE_HEADER: key,
    }
