"""A shop's service as it may be outside: it checks signatures by the documented recipe, and can be nasty.

`shop_over_tls` runs it on a port of this machine, with a certificate for `shop.test`.
"""

import asyncio
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from campaigns.models import AllowedHost, OutsideService

SECRET = "a-secret-of-the-shop"
HOST = "shop.test"


@dataclass(slots=True)
class Shop:
    """Answers `answer` to every request that is signed, in the way that `manner` says."""

    secret: str = SECRET
    answer: Any = field(default_factory=lambda: {"answer": "call", "due": "1,500"})
    """What comes back as JSON; a function of the request's content may make it."""
    verify: Callable[[Mapping[str, str], Any, bytes], bool] | None = None
    """Another way than its own to check the signature: headers (names in lower case), ASGI scope and body."""
    manner: str = "good"
    manners: list[str] = field(default_factory=list)
    """Of the next requests, one each; then `manner`."""
    received: list[dict[str, Any]] = field(default_factory=list)
    """The contents of signed requests, each with its Idempotency-Key as `key`."""
    refused: int = 0
    port: int = 0
    at_once: int = 0
    most_at_once: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Take one request; ASGI."""
        if scope["type"] != "http":
            return
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._take(scope, receive, send)
        finally:
            self.at_once -= 1

    async def _take(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if not (self.verify or self.is_signed)(headers, scope, body):
            self.refused += 1
            await reply(send, b"{}", status=401)
            return
        content = json.loads(body)
        self.received.append(content | {"key": headers["idempotency-key"], "host": headers["host"]})
        manner = self.manners.pop(0) if self.manners else self.manner
        answer = self.answer(content) if callable(self.answer) else self.answer
        await MANNERS[manner](send, json.dumps(answer).encode())

    def is_signed(self, headers: Mapping[str, str], scope: Any, body: bytes) -> bool:
        """Whether the request is the sender's, whole and of the last five minutes."""
        stamp = headers.get("x-signature-time", "")
        path = scope["raw_path"].decode() + (
            f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        )
        signed = f"{stamp}.{scope['method']}.{path}.".encode() + body
        wanted = hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
        fresh = stamp.isdecimal() and abs(time.time() - int(stamp)) < 300
        return fresh and hmac.compare_digest(wanted, headers.get("x-signature", ""))


async def reply(
    send: Any, body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> None:
    """A whole answer."""
    rows = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": rows})
    await send({"type": "http.response.body", "body": body})


async def drip(send: Any, body: bytes) -> None:
    """A byte now and then, for a minute: no single read takes long."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(600):
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.sleep(0.1)
    await send({"type": "http.response.body", "body": body})


async def sleepy(send: Any, body: bytes) -> None:
    """Nothing, for a minute."""
    await asyncio.sleep(60)
    await reply(send, body)


async def huge(send: Any, body: bytes) -> None:
    """Megabytes of a JSON object that never ends."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b'{"due": "', "more_body": True})
    for _ in range(64):
        await send({"type": "http.response.body", "body": b"1" * 65536, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def broken_off(send: Any, body: bytes) -> None:
    """A longer answer is announced than comes."""
    length = [(b"content-length", str(len(body) + 100).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})


MANNERS: Mapping[str, Callable[[Any, bytes], Any]] = {
    "good": reply,
    "created": lambda send, body: reply(send, b"", status=201),
    "fails": lambda send, body: reply(send, b"{}", status=500),
    "busy": lambda send, body: reply(send, b"{}", status=429, headers={"retry-after": "1"}),
    "redirects": lambda send, body: reply(
        send, body, status=302, headers={"location": "http://169.254.169.254/latest/meta-data/"}
    ),
    "half": lambda send, body: reply(send, body[: len(body) // 2]),
    "page": lambda send, body: reply(send, b"<html>Welcome</html>"),
    "packed": lambda send, body: reply(send, body, headers={"content-encoding": "gzip"}),
    "huge": huge,
    "drips": drip,
    "sleeps": sleepy,
    "breaks off": broken_off,
}


class _Server(uvicorn.Server):
    """A server that is ended by its test alone."""

    def install_signal_handlers(self) -> None:
        """Leave signals to the tests."""


@contextmanager
def running(shop: Shop, **options: Any) -> Iterator[Shop]:
    """Run the shop on a free port of 127.0.0.1 while the block runs."""
    config = uvicorn.Config(
        shop,
        host="127.0.0.1",
        port=0,
        log_level="critical",
        lifespan="off",
        timeout_graceful_shutdown=1,
        **options,
    )
    server = _Server(config)
    thread = threading.Thread(target=server.run, name="shop", daemon=True)
    thread.start()
    until = time.monotonic() + 30
    while not server.started and thread.is_alive() and time.monotonic() < until:
        time.sleep(0.01)
    shop.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield shop
    finally:
        server.should_exit = True
        thread.join(30)


@contextmanager
def shop_over_tls(folder: Path, name: str = HOST) -> Iterator[Shop]:
    """Run a shop with a certificate for `name`, signed by the authority in `folder`/ca.pem."""
    certificate, key = make_certificates(folder, name)
    with running(Shop(), ssl_certfile=str(certificate), ssl_keyfile=str(key)) as shop:
        yield shop


def enter(shop: Shop, *, scheme: str = "https", host: str = HOST, **fields: Any) -> OutsideService:
    """Enter the shop as a service and allow its host in our own network."""
    AllowedHost.objects.create(host=host, port=shop.port, own_network=True)
    values: dict[str, Any] = {
        "name": "shop",
        "url": f"{scheme}://{host}:{shop.port}/calls?from=us",
        "secret": shop.secret,
        "returns": {"due": "amount"},
    }
    return OutsideService.objects.create(**(values | fields))


def make_certificates(folder: Path, name: str) -> tuple[Path, Path]:
    """Write ca.pem, and a certificate for `name` with its key; return the paths of these two."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority for tests")])
    now = datetime.now(UTC)

    def builder(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
        )

    authority = builder(ca_name, ca_key.public_key()).add_extension(x509.BasicConstraints(True, None), True)
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.9"))])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    leaf = builder(subject, key.public_key()).add_extension(names, False)
    pem = serialization.Encoding.PEM
    folder.mkdir(exist_ok=True)
    (folder / "ca.pem").write_bytes(authority.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    (folder / "shop.pem").write_bytes(leaf.sign(ca_key, hashes.SHA256()).public_bytes(pem))
    (folder / "shop.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "shop.pem", folder / "shop.key"
