"""`python -m bench.pause.slow_xfin OFFSET PAGE_SECONDS`: an XFin whose lists are slow; prints its port.

It rings a message when its time has come, unless it was deleted before. What it holds comes by `POST /seed`,
what it did is told by `GET /log`. OFFSET is the shift of the clock, PAGE_SECONDS the time of a list's page.
"""

import json
import sys
import time
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

INDIA = ZoneInfo("Asia/Kolkata")
PAGE = 100
#: Seconds that a call takes.
CALL = timedelta(seconds=20)
CALLED, STRAGGLER, OVER = "called", "straggler", "over"


@dataclass(slots=True)
class Kept:
    """A message: called at its time, without an end for ever (a straggler), or over long ago."""

    number: int
    send_on: str
    kind: str
    deleted_at: str = ""

    def state(self, now: datetime) -> str:
        """Return the state as XFin writes it."""
        if self.kind == OVER:
            return "done"
        if wall(now) < self.send_on:
            return "scheduled"
        over = wall(now - CALL) >= self.send_on
        return "done" if over and self.kind == CALLED else "in_progress"


@dataclass
class Shelf:
    """All messages, in the order of their times."""

    offset: timedelta
    page_seconds: float
    by_number: dict[int, Kept] = field(default_factory=dict)
    ordered: list[Kept] = field(default_factory=list)
    requests: int = 0
    lock: Lock = field(default_factory=Lock)

    def now(self) -> datetime:
        """Return the time by the shared clock."""
        return datetime.now(UTC) + self.offset

    def seed(self, rows: list[list[Any]]) -> None:
        """Take messages over: number, time, kind."""
        with self.lock:
            self.by_number |= {row[0]: Kept(*row) for row in rows}
            self.ordered = sorted(self.by_number.values(), key=lambda kept: (kept.send_on, kept.number))

    def delete(self, numbers: list[int]) -> None:
        """Delete those that wait; one that is dialled or over stays."""
        with self.lock:
            now = self.now()
            for kept in (self.by_number[number] for number in numbers if number in self.by_number):
                if kept.state(now) == "scheduled" and not kept.deleted_at:
                    kept.deleted_at = wall(now)

    def shown(self, kept: Kept) -> dict[str, Any]:
        """Return a message as it is listed."""
        state = kept.state(self.now())
        reason = "ANSWERED" if state == "done" else None
        return {
            "id": kept.number,
            "phone_number": "",
            "send_on": kept.send_on,
            "state": state,
            "execution_state_reason_code": reason,
            "duration": "00:00:20" if reason else None,
            "tags": [],
        }

    def page(self, asked: dict[str, str]) -> dict[str, Any]:
        """Return a page of the list, after the time that a page takes."""
        time.sleep(self.page_seconds)
        with self.lock:
            first = bisect_right(self.ordered, asked.get("send_on__gt", ""), key=lambda kept: kept.send_on)
            last = bisect_left(self.ordered, asked.get("send_on__lt", "9"), key=lambda kept: kept.send_on)
            there = [kept for kept in self.ordered[first:last] if not kept.deleted_at]
            number = int(asked.get("page", "1"))
            rows = [self.shown(kept) for kept in there[(number - 1) * PAGE : number * PAGE]]
        more = number * PAGE < len(there)
        return {"results": rows, "next": urlencode(asked | {"page": number + 1}) if more else None}


def wall(moment: datetime) -> str:
    """Return a moment as XFin writes it: Indian time in whole seconds, without a zone."""
    return moment.astimezone(INDIA).replace(tzinfo=None, microsecond=0).isoformat()


class Handler(BaseHTTPRequestHandler):
    """XFin's API as far as the scene needs it."""

    protocol_version = "HTTP/1.1"
    shelf: Shelf

    def do_GET(self) -> None:
        """Answer a list, one message, or the log."""
        parts = urlsplit(self.path)
        name = parts.path.rstrip("/").rpartition("/")[2]
        if name == "log":
            self.answer(
                [[kept.number, kept.send_on, kept.kind, kept.deleted_at] for kept in self.shelf.ordered]
            )
        elif name == "message":
            asked = dict(parse_qsl(parts.query))
            page = self.shelf.page(asked)
            following = f"{parts.path}?{page['next']}" if page["next"] else None
            self.answer(page | {"next": following})
        else:
            kept = self.shelf.by_number.get(int(name))
            if kept is None or kept.deleted_at:
                self.answer({"detail": "Not found."}, 404)
            else:
                self.answer(self.shelf.shown(kept))

    def do_POST(self) -> None:
        """Log in, or take messages over."""
        if "login" in self.path:
            self.body()
            self.answer({"token": "a-token", "user": {}})
        else:
            self.shelf.seed(json.loads(self.body()))
            self.answer({})

    def do_DELETE(self) -> None:
        """Delete many messages."""
        self.shelf.delete(json.loads(self.body())["ids"])
        self.answer({})

    def body(self) -> bytes:
        """Return what was sent."""
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def answer(self, json_: object, status: int = 200) -> None:
        """Send JSON."""
        self.shelf.requests += 1
        data = json.dumps(json_).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (named by the base class)
        """Say nothing: 20,000 requests come."""


def main() -> None:
    """Serve until the process is ended."""
    offset, page_seconds = (float(text) for text in sys.argv[1:3])
    Handler.shelf = Shelf(timedelta(seconds=offset), page_seconds)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
