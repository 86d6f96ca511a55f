"""The databases of the bench: SQLite in a folder of its own, PostgreSQL where it answers on this machine."""

import contextlib
import sqlite3
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.run import POSTGRES, listening


class Database:
    """A database that is read past the server, and locked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.name = url.partition(":")[0]

    def count(self, query: str) -> int:
        """Return the number that a query brings."""
        return int(self._ask(query)[0][0])

    def texts(self, query: str) -> list[str]:
        """Return the first column of a query."""
        return [row[0] for row in self._ask(query)]

    def _ask(self, query: str) -> list[Any]:
        if self.name == "sqlite":
            with contextlib.closing(sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=30)) as line:
                return line.execute(query).fetchall()
        with psycopg.connect(self.url) as server:
            return server.execute(query.encode()).fetchall()

    @contextmanager
    def locked(self, seconds: float) -> Iterator[None]:
        """Nothing can be written for so long; the block begins when that has begun."""
        begun = threading.Event()
        holder = threading.Thread(target=self._hold, args=(seconds, begun))
        holder.start()
        begun.wait(30)
        try:
            yield
        finally:
            holder.join()

    def _hold(self, seconds: float, begun: threading.Event) -> None:
        if self.name == "sqlite":
            with contextlib.closing(sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=30)) as line:
                line.execute("BEGIN IMMEDIATE")
                begun.set()
                time.sleep(seconds)
                line.execute("ROLLBACK")
            return
        with psycopg.connect(self.url) as server:
            server.execute("LOCK TABLE calls_call, campaigns_phonenumber, campaigns_message")
            begun.set()
            time.sleep(seconds)


@contextmanager
def in_file() -> Iterator[Database]:
    """Yield SQLite, removed with the block."""
    with tempfile.TemporaryDirectory(prefix="awaaz-crowd-") as folder:
        yield Database(f"sqlite:///{Path(folder) / 'crowd.sqlite3'}")


@contextmanager
def on_server() -> Iterator[Database]:
    """Yield a database of our own on this machine's PostgreSQL, dropped with the block."""
    base = urlsplit(POSTGRES)
    name = f"awaaz_crowd_{uuid.uuid4().hex[:12]}"
    admin = base._replace(path="/postgres").geturl()
    with psycopg.connect(admin, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield Database(base._replace(path=f"/{name}").geturl())
    finally:
        with psycopg.connect(admin, autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def databases(only: str | None = None) -> list[Callable[[], AbstractContextManager[Database]]]:
    """Return the databases to measure with: PostgreSQL if it runs here, and SQLite; or one of them only."""
    found: list[Callable[[], AbstractContextManager[Database]]] = []
    if only != "sqlite" and listening(urlsplit(POSTGRES).port or 5432):
        found.append(on_server)
    if only != "postgres":
        found.append(in_file)
    return found
