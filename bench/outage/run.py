"""`make outage`: the database is away for 20 s in the middle of 50 calls. No event may be lost.

PostgreSQL, when it runs on this machine: a database of the bench's own, behind a small proxy whose lines are
cut and refused. Else SQLite, whose file is locked for that time. Compared are what the journal accepted
(its own count, told at its end), what is stored, and the keys that were pressed, as the callers count them.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from websockets.asyncio.client import connect

from tests.run import POSTGRES, listening, start_postgres

ROOT = Path(__file__).resolve().parents[2]
PIECE_MS = 200
RAMP_S = 4.0
BEFORE_S = 8.0
AFTER_S = 8.0
CLOSING_S = 40.0
_PORT = re.compile(r"Listening on TCP address 127\.0\.0\.1:(\d+)")
_MISSED = ("The database does not take events", "The database was slow")
_ACCEPTED = re.compile(r"events accepted=(\d+) stored=(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is in the database after the run."""

    calls: int
    live: int
    events: int
    keys: int
    with_gaps: int
    """Return the calls whose events are not numbered 1, 2, 3 …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database: its address for us, its address for the server, and how it is taken away."""

    url: str
    server_url: str
    stop: Callable[[], Awaitable[None]]
    start: Callable[[], Awaitable[None]]

    def read(self) -> Stored:
        """Return what is in the database, read past the proxy."""
        if self.url.startswith("sqlite"):
            with contextlib.closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as line:
                return _read(lambda query: line.execute(query).fetchone()[0])
        with psycopg.connect(self.url) as server:
            return _read(lambda query: _first(server, query))


def _first(server: psycopg.Connection[Any], query: str) -> int:
    row = server.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0


def _read(ask: Callable[[str], int]) -> Stored:
    numbered = "SELECT call_id FROM calls_callevent GROUP BY call_id HAVING max(sequence) <> count(*)"
    return Stored(
        calls=ask("SELECT count(*) FROM calls_call"),
        live=ask("SELECT count(*) FROM calls_call WHERE state = 'live'"),
        events=ask("SELECT count(*) FROM calls_callevent"),
        keys=ask("SELECT count(*) FROM calls_callevent WHERE kind = 'key'"),
        with_gaps=ask(f"SELECT count(*) FROM ({numbered}) AS gaps"),
    )


# --- A database that can be taken away ------------------------------------------------------------


class Proxy:
    """Between the server and PostgreSQL: passes everything on, or cuts and refuses everything."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._to = host, port
        self._lines: set[asyncio.StreamWriter] = set()
        self._is_cut = False

    async def listen(self) -> int:
        """Begin to listen, on the loopback address only; return the port."""
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def cut(self) -> None:
        """Take the database away."""
        self._is_cut = True
        for line in list(self._lines):
            line.transport.abort()

    async def mend(self) -> None:
        """Bring it back."""
        self._is_cut = False

    async def close(self) -> None:
        """Stop listening."""
        await self.cut()
        self._server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(self._host, self._to)
        self._lines |= {writer, back}
        try:
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        finally:
            self._lines -= {writer, back}


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def postgres() -> AsyncIterator[Database]:
    """Yield a database of our own on this machine's server, dropped afterwards."""
    base = urlsplit(POSTGRES)
    name = f"awaaz_outage_{uuid.uuid4().hex[:12]}"
    admin = base._replace(path="/postgres").geturl()
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    proxy = Proxy(base.hostname or "127.0.0.1", base.port or 5432)
    try:
        user, _, _ = base.netloc.rpartition("@")
        through = f"{user}@127.0.0.1:{await proxy.listen()}"
        url = base._replace(path=f"/{name}")
        server_url = url._replace(netloc=through).geturl()
        yield Database(url=url.geturl(), server_url=server_url, stop=proxy.cut, start=proxy.mend)
    finally:
        await proxy.close()
        with psycopg.connect(admin, autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@asynccontextmanager
async def sqlite(folder: Path) -> AsyncIterator[Database]:
    """Yield an SQLite file, away while another process holds its lock."""
    path = folder / "app.sqlite3"
    held: list[sqlite3.Connection] = []

    async def lock() -> None:
        held.append(sqlite3.connect(path, timeout=30, isolation_level=None))
        held[0].execute("BEGIN EXCLUSIVE")

    async def unlock() -> None:
        held.pop().close()

    url = f"sqlite:///{path}"
    yield Database(url=url, server_url=url, stop=lock, start=unlock)


# --- Callers ----------------------------------------------------------------------------------------


class Caller:
    """Make one call: five frames and now and then a key, until its time is over."""

    def __init__(self, url: str, number: int) -> None:
        self._url, self._sid = url, f"MZ{number}"
        self.keys = 0

    async def talk(self, seconds: float) -> None:
        """Hold the call so long and end it."""
        async with connect(self._url, proxy=None, compression=None, ping_interval=None) as line:
            listening_task = asyncio.create_task(self._listen(line))
            start = {"stream_sid": self._sid, "call_sid": f"CA{self._sid}", "custom_parameters": {}}
            await line.send(json.dumps({"event": "start", "stream_sid": self._sid, "start": start}))
            await self._speak(line, seconds)
            await line.send(json.dumps({"event": "stop", "stream_sid": self._sid, "stop": {}}))
            await asyncio.wait_for(line.wait_closed(), 10)
            await listening_task

    async def _speak(self, line: Any, seconds: float) -> None:
        payload = base64.b64encode(bytes(16 * PIECE_MS)).decode()
        loop = asyncio.get_running_loop()
        began = loop.time()
        for chunk in range(int(seconds * 1000 / PIECE_MS)):
            media = {"chunk": chunk + 1, "timestamp": str(chunk * PIECE_MS), "payload": payload}
            await line.send(json.dumps({"event": "media", "stream_sid": self._sid, "media": media}))
            if chunk % 5 == 4:
                self.keys += 1
                key = {"event": "dtmf", "stream_sid": self._sid, "dtmf": {"digit": str(self.keys % 10)}}
                await line.send(json.dumps(key))
            await asyncio.sleep(max(0.0, began + (chunk + 1) * PIECE_MS / 1000 - loop.time()))

    async def _listen(self, line: Any) -> None:
        """Return marks at once."""
        async for text in line:
            message = json.loads(text)
            if message["event"] == "mark":
                with contextlib.suppress(OSError):
                    await line.send(text)


# --- The run ----------------------------------------------------------------------------------------


class Server:
    """Our Daphne, on that database."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self._log = folder / "server.log"
        command = ["-m", "daphne", "-b", "127.0.0.1", "-p", "0", "awaaz_project.asgi:application"]
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=environment(folder, database_url),
                stdout=output,
                stderr=output,
            )

    @property
    def output(self) -> str:
        """Return all it has printed."""
        return self._log.read_text(errors="replace")

    async def port(self) -> int:
        """Wait until it listens; return the port."""
        async with asyncio.timeout(60):
            while not (found := _PORT.search(self.output)):
                if self._process.poll() is not None:
                    raise SystemExit(f"The server did not start:\n{self.output}")
                await asyncio.sleep(0.1)
        return int(found[1])

    async def stop(self) -> None:
        """End it by SIGTERM; kill it if that does not end it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(self._process.wait, 30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def environment(folder: Path, database_url: str) -> dict[str, str]:
    """Return the environment of our processes, with all their data in `folder`."""
    own = {"DATA_DIR": str(folder), "DATABASE_URL": database_url, "REDIS_URL": ""}
    return {**os.environ, **own, "DJANGO_SETTINGS_MODULE": "awaaz_project.settings"}


def make_rows(folder: Path, database: Database, calls: int) -> str:
    """Make the number; return its address."""
    command = [sys.executable, "-m", "bench.outage.rows", str(calls)]
    env = environment(folder, database.url)
    made = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    return made.stdout.split()[-1]


async def run(calls: int, down: float, *, on_sqlite: bool) -> int:
    """Run everything; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="awaaz-outage-") as name:
        folder = Path(name)
        away: AbstractAsyncContextManager[Database] = sqlite(folder) if on_sqlite else postgres()
        async with away as database:
            return await hold_calls(folder, database, calls=calls, down=down)


async def hold_calls(folder: Path, database: Database, *, calls: int, down: float) -> int:
    """Run the calls: they begin, the database goes, some calls end, it comes back, the others end."""
    path = await asyncio.to_thread(make_rows, folder, database, calls)
    server = Server(folder, database.server_url)
    try:
        url = f"ws://127.0.0.1:{await server.port()}{path}"
        callers = [Caller(url, number) for number in range(calls)]
        talking = [asyncio.create_task(call_in_turn(c, n, calls, down)) for n, c in enumerate(callers)]
        seconds_down = await take_away(database, down)
        await asyncio.gather(*talking)
        await wait_for_ends(database)
    finally:
        await server.stop()
    return judge(
        database.read(),
        server.output,
        keys=sum(caller.keys for caller in callers),
        calls=calls,
        seconds_down=seconds_down,
    )


async def call_in_turn(caller: Caller, number: int, calls: int, down: float) -> None:
    """Begin within the first seconds; end between the outage's beginning and some seconds after it."""
    begin = RAMP_S * number / calls
    end = BEFORE_S + 1 + (down + AFTER_S) * (number + 1) / calls
    await asyncio.sleep(begin)
    await caller.talk(end - begin)


async def take_away(database: Database, down: float) -> float:
    """Take the database away in the middle of the calls; return the seconds it was away."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(BEFORE_S)
    went = loop.time()
    await database.stop()
    await asyncio.sleep(down)
    await database.start()
    return loop.time() - went


async def wait_for_ends(database: Database) -> None:
    """Wait until every row is closed, or for too long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSING_S):
            while (await asyncio.to_thread(database.read)).live:
                await asyncio.sleep(0.5)


def judge(stored: Stored, output: str, *, keys: int, calls: int, seconds_down: float) -> int:
    """Print the figures; return 1 if anything is missing."""
    told = _ACCEPTED.search(output)
    sent = int(told[1]) if told else -1
    wrong = {
        "the journal did not tell its count": told is None,
        "events are missing": sent != stored.events,
        "keys are missing": keys != stored.keys,
        "calls are missing": stored.calls != calls,
        "calls are open": stored.live > 0,
        "events are not numbered without gaps": stored.with_gaps > 0,
        "the database was not missed": not any(words in output for words in _MISSED),
        "the server had errors": "Traceback" in output,
    }
    for what in (what for what, is_so in wrong.items() if is_so):
        print(f"Not shown: {what}.")
    if any(wrong.values()):
        print(output[-4000:], file=sys.stderr)
    print(f"keys pressed {keys}, keys stored {stored.keys}, calls closed {stored.calls - stored.live}")
    print(
        f"calls={calls} seconds_down={seconds_down:.1f} events_sent={sent} events_stored={stored.events}",
        flush=True,
    )
    return int(any(wrong.values()))


def main() -> int:
    """Read the words of the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--down", type=float, default=20.0, help="seconds")
    parser.add_argument("--sqlite", action="store_true", help="even if PostgreSQL runs")
    wanted = parser.parse_args()
    start_postgres()
    on_sqlite = wanted.sqlite or not listening(urlsplit(POSTGRES).port or 5432)
    print(f"Database: {'SQLite, locked' if on_sqlite else 'PostgreSQL, cut off'} in the middle of the calls.")
    return asyncio.run(run(wanted.calls, wanted.down, on_sqlite=on_sqlite))


if __name__ == "__main__":
    sys.exit(main())
