"""Our side of a chaotic run: forked workers and web, a database and a broker that can be taken away, a clock.

The importing process has set Django up; workers and web are forked from it, which takes milliseconds where a
new process takes seconds. Workers are Celery's own on the real broker, the web process is uvicorn. They are
killed with SIGKILL and nothing else.
"""

import json
import logging
import multiprocessing
import os
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.context import ForkProcess
from pathlib import Path
from threading import Thread
from typing import Any, ParamSpec, TypeVar

import celery.bin.worker  # noqa: F401 (so that a forked worker has it already)
import httpx
import psycopg
import redis
import uvicorn
from celery.signals import task_postrun, task_prerun
from django.conf import settings
from django.db import connections
from psycopg import sql

from awaaz_project.asgi import application
from awaaz_project.celery import app
from bench.chaos.program import queues
from campaigns.delivery import upload

P = ParamSpec("P")
T = TypeVar("T")

MOST_WORKERS = 8
WORKER = ["--quiet", "worker", "--pool", "solo", "--loglevel", "ERROR", "--prefetch-multiplier", "1"]
ALONE = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
AWAY_SECONDS = 0.15
#: Of another account's XFin: our client waits 0.5 s in these runs (`run.SCALED`).
SLOW_ANSWER_S = 0.4
TRIES = 10
_fork = multiprocessing.get_context("fork")
_busy = _fork.RawArray("b", MOST_WORKERS)
_to_freeze = _fork.RawArray("b", MOST_WORKERS)
_place = 0


@task_prerun.connect
def _begin(**_: object) -> None:
    _busy[_place] = 1


@task_postrun.connect
def _end(**_: object) -> None:
    _busy[_place] = 0


class Member:
    """A forked process that can be killed and comes back."""

    def __init__(self, work: Callable[[], None], log: Path) -> None:
        self._work, self._log = work, log
        self._process: ForkProcess | None = None

    def start(self) -> None:
        """Fork it; its output goes to the log."""
        connections.close_all()
        self._process = _fork.Process(target=self._run, daemon=True)
        self._process.start()

    def kill(self) -> bool:
        """Kill it (SIGKILL); return whether it was alive until then."""
        if self._process is None:
            return False
        alive = self._process.is_alive()
        self._process.kill()
        self._process.join()
        return alive

    def is_stopped(self) -> bool:
        """Return whether it is stopped (SIGSTOP)."""
        pid = self._process.pid if self._process else None
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
        except (OSError, IndexError):
            return False

    def go_on(self) -> None:
        """Let it go on after a stop (SIGCONT)."""
        if self._process and self._process.pid:
            os.kill(self._process.pid, signal.SIGCONT)

    def _run(self) -> None:
        with self._log.open("ab", buffering=0) as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            self._work()


class Workers:
    """Celery workers, each of which says whether it is at work."""

    def __init__(self, count: int, log: Path) -> None:
        self.members = [Member(partial(_work, place), log) for place in range(count)]

    def start(self) -> None:
        """Start all of them."""
        for member in self.members:
            member.start()

    def freeze(self, place: int) -> None:
        """Stop one (SIGSTOP) the next time that it has claimed messages and has not sent them yet."""
        _to_freeze[place] = 1

    def frozen(self) -> Sequence[int]:
        """Return the places of those that are stopped."""
        return [place for place, member in enumerate(self.members) if member.is_stopped()]

    def thaw(self, place: int) -> None:
        """Let a stopped one go on (SIGCONT)."""
        self.members[place].go_on()

    def kill(self, place: int) -> tuple[bool, bool]:
        """Kill one and start it again; return whether it lived, and whether it had a task."""
        lived, was_busy = self.members[place].kill(), bool(_busy[place])
        _busy[place] = _to_freeze[place] = 0
        self.members[place].start()
        return lived, was_busy

    def idle(self) -> bool:
        """Return whether no worker has a task but those that are stopped."""
        stopped = self.frozen()
        return not any(busy for place, busy in enumerate(_busy) if place not in stopped)

    def stop(self) -> None:
        """End them with the run."""
        for member in self.members:
            member.kill()


def _work(place: int) -> None:
    global _place  # the process is this worker's own
    _place = place
    upload.send = _freezing(upload.send)
    app.start([*WORKER, *ALONE])


def _freezing(send: Callable[P, T]) -> Callable[P, T]:
    """Return `send` as it is in a worker that may have to freeze between a claim and its request."""

    def stopped_first(*args: P.args, **kwargs: P.kwargs) -> T:
        if _to_freeze[_place]:
            _to_freeze[_place] = 0
            os.kill(os.getpid(), signal.SIGSTOP)
        return send(*args, **kwargs)

    return stopped_first


class Web:
    """The portal and its API. The listening socket is ours, so that a restart keeps the port."""

    def __init__(self, log: Path) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._socket.getsockname()[1])
        self._member = Member(self._serve, log)

    def start(self) -> None:
        """Start it; requests wait in the socket's queue until it is up."""
        self._member.start()

    def restart(self) -> bool:
        """Kill it and start it again; return whether it lived."""
        lived = self._member.kill()
        self._member.start()
        return lived

    def stop(self) -> None:
        """End it with the run."""
        self._member.kill()
        self._socket.close()

    def _serve(self) -> None:
        logging.getLogger("uvicorn").setLevel(logging.ERROR)
        config = uvicorn.Config(application, log_level="error", access_log=False, timeout_graceful_shutdown=1)
        uvicorn.Server(config).run(sockets=[self._socket])


class SlowXFin:
    """An XFin of another account, which answers each request after `SLOW_ANSWER_S` and has nothing."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _SlowAnswers)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        """End it with the run."""
        self._server.shutdown()
        self._server.server_close()


class _SlowAnswers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer({"results": [], "next": None})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        login = self.path.rstrip("/").endswith("account/login")
        self._answer({"token": "a-token", "user": {}} if login else {"id": 1, "name": "Arrives late"})

    def do_PUT(self) -> None:
        self.do_POST()

    def _answer(self, body: dict[str, object]) -> None:
        time.sleep(SLOW_ANSWER_S)
        text = json.dumps(body).encode()
        with suppress(OSError):  # the worker that asked may have been killed
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its own name)
        """Keep it quiet."""


class Broker:
    """Celery's queue, as far as it can be sent to, looked at and emptied."""

    def __init__(self) -> None:
        self._redis: Any = redis.Redis.from_url(settings.REDIS_URL) if settings.REDIS_URL else None
        self._folder = settings.DATA_DIR / "broker" / "queue"

    def send(self, tasks: Sequence[Any]) -> None:
        """Send the periodic tasks, as the scheduler does."""
        with app.connection_for_write() as connection:
            for task in tasks:
                task.apply_async(connection=connection)

    def waiting(self) -> int:
        """Return how many tasks no worker has taken yet."""
        if self._redis:
            return sum(int(self._redis.llen(f"{settings.REDIS_PREFIX}:{name}")) for name in queues())
        return sum(1 for _ in self._folder.glob("*.msg"))

    def flush(self) -> None:
        """Lose everything of ours that is in it, queues and all."""
        if self._redis:
            for key in self._redis.scan_iter(match=f"{settings.REDIS_PREFIX}*"):
                self._redis.delete(key)
        for message in self._folder.glob("*"):
            message.unlink(missing_ok=True)


class Database:
    """Our database, which can be taken away: PostgreSQL cuts every connection, SQLite is locked."""

    def __init__(self) -> None:
        self._row = settings.DATABASES["default"]
        self._is_postgres = "postgresql" in self._row["ENGINE"]

    def restart(self) -> None:
        """Take it away for `AWAY_SECONDS`, and bring it back."""
        connections.close_all()
        if self._is_postgres:
            self._cut()
        else:
            self._hold()

    def _cut(self) -> None:
        row = self._row
        where = {"host": row["HOST"], "port": row["PORT"] or 5432, "user": row["USER"], "dbname": "postgres"}
        allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        name, lines = sql.Identifier(row["NAME"]), "SELECT pid FROM pg_stat_activity WHERE datname = %s"
        with psycopg.connect(**where, password=row["PASSWORD"] or None, autocommit=True) as server:
            server.execute(allow.format(name, sql.SQL("false")))
            try:
                server.execute(f"SELECT pg_terminate_backend(pid) FROM ({lines}) AS ours", (row["NAME"],))
                time.sleep(AWAY_SECONDS)
            finally:
                server.execute(allow.format(name, sql.SQL("true")))

    def _hold(self) -> None:
        with closing(sqlite3.connect(self._row["NAME"], timeout=20, isolation_level=None)) as line:
            line.execute("BEGIN IMMEDIATE")
            time.sleep(AWAY_SECONDS)
            line.execute("ROLLBACK")


class Clock:
    """Our clock, by its file, and the sandbox's, by its API: turned on together, ours a moment ahead."""

    def __init__(self, file: Path, turn_sandbox: Callable[[str], object]) -> None:
        self._file, self._turn_sandbox = file, turn_sandbox

    def set(self, to: datetime) -> None:
        """Set both clocks to `to`; they run on at the usual speed."""
        ahead = to - datetime.now(UTC)
        self._write(repr(ahead.total_seconds()))
        self._follow(ahead)

    def leap(self, by: timedelta, *, seconds: float) -> None:
        """Let our own clock be wrong by so much for some seconds; the sandbox's stays right."""
        right = self._file.read_text()
        self._write(repr(float(right) + by.total_seconds()))
        time.sleep(seconds)
        self._write(right)

    def _write(self, seconds: str) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(seconds)
        new.replace(self._file)

    def _follow(self, ahead: timedelta) -> None:
        """Set the sandbox's clock, which never goes back: a request slower than the step is repeated."""
        for _ in range(TRIES):
            with suppress(httpx.HTTPStatusError):
                self._turn_sandbox((datetime.now(UTC) + ahead).isoformat())
                return
