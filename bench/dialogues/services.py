"""The services outside that ready dialogues ask, on one port of this machine; they check the signature.

It shares no code with the program: signatures by the recipe of docs/outside-services.md.
"""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "a-secret-of-the-bench"
KNOWN_ACCOUNT = "123456"
PAID, FAILS = "PAID", "FAIL"
"""Beginnings of loans that are paid, and of those for which the service has no answer."""


def answer(path: str, values: dict[str, str]) -> dict[str, str] | None:
    """Return what a service says to these values; None: it fails."""
    if path == "/payments":
        loan = values.get("loan", "")
        return None if loan.startswith(FAILS) else {"paid": "yes" if loan.startswith(PAID) else "no"}
    if path == "/billing" and values.get("account") == KNOWN_ACCOUNT:
        return {"due": "1500", "due_date": "05/12/2026"}
    return {}


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        signed = f"{self.headers['X-Signature-Time']}.POST.{self.path}.".encode() + body
        wanted = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        found = answer(self.path, json.loads(body)["values"])
        if not hmac.compare_digest(wanted, self.headers["X-Signature"]):
            self.send_error(401)
        elif found is None:
            self.send_error(503)
        else:
            text = json.dumps(found).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def running() -> Iterator[int]:
    """Yield the port on which the services answer while the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
