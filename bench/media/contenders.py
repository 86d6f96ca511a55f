"""What is compared, and the servers that run it."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from bench.media.callers import Role
from bench.shared import servers
from bench.shared.servers import ROOT, Server

POSTGRES: Final = os.environ.get("BENCH_POSTGRES", "postgres://postgres@127.0.0.1:5432/postgres")
SPEECH_FILE: Final = "speech.pcm"
"""Written by `bench.shared.rows`."""
POSTGRES_NAME: Final = "postgres"
BARE_PATHS: Final = {role: f"/{role.value}" for role in Role}
SERVERS: Final = {"daphne": servers.daphne, "uvicorn": servers.uvicorn}


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table. `work`: what our consumer does beside playing and the journal."""

    name: str
    title: str
    server: str
    application: str
    work: str = "light"
    database: str = ""
    in_quick: bool = True


KINDS: Final = (
    Kind("stock_daphne", "stock AsyncWebsocketConsumer, Daphne", "daphne", "bench.media.baselines:stock"),
    Kind("asgi_daphne", "plain ASGI callable, Daphne", "daphne", "bench.media.baselines:plain"),
    Kind("ours_daphne", "our consumer, Daphne", "daphne", servers.OURS, database="sqlite"),
    Kind(
        *("asgi_uvicorn", "plain ASGI callable, uvicorn", "uvicorn", "bench.media.baselines:plain"),
        in_quick=False,
    ),
    Kind("ours_uvicorn", "our consumer, uvicorn", "uvicorn", servers.OURS, database="sqlite"),
    Kind("full_daphne", "full work, Daphne, SQLite", "daphne", servers.OURS, "full", "sqlite"),
    Kind("full_uvicorn", "full work, uvicorn, SQLite", "uvicorn", servers.OURS, "full", "sqlite"),
    Kind(
        "full_daphne_pg", "full work, Daphne, PostgreSQL", "daphne", servers.OURS, "full", "postgres", False
    ),
    Kind(
        "full_uvicorn_pg",
        "full work, uvicorn, PostgreSQL",
        "uvicorn",
        servers.OURS,
        "full",
        "postgres",
        False,
    ),
)


@dataclass(slots=True)
class Contender:
    """A kind that runs."""

    kind: Kind
    server: Server
    port: int
    paths: dict[Role, str]
    vad: bool = False
    speech: bytes = b""
    """What its callers say, where it listens."""
    complaints: list[str] = field(default_factory=list)
    """Warnings and errors that its log held at the end."""


@dataclass(slots=True)
class Entrants:
    """All that run, in a folder of their own; `close` ends them and leaves nothing behind."""

    folder: Path
    core: int
    contenders: list[Contender] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    _rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    _databases: list[str] = field(default_factory=list)
    _secret: str = field(default_factory=lambda: secrets.token_hex(25))

    def add(self, kind: Kind) -> None:
        """Start a kind, or note why it cannot be."""
        if kind.database == POSTGRES_NAME and not answers(POSTGRES):
            self.skipped[kind.name] = "PostgreSQL does not answer on this machine"
            return
        paths, vad, speech = dict(BARE_PATHS), False, b""
        if kind.database:
            rows = self._rows_in(kind.database)
            shutil.copytree(self.folder / kind.database, self.folder / kind.name)
            paths = {Role(role): path for role, path in rows[kind.work].items()}
            vad = kind.work == "full" and Role.SPEAK.value in rows["vad"]
            speech = (self.folder / kind.name / SPEECH_FILE).read_bytes()
        else:
            (self.folder / kind.name).mkdir()
        self.contenders.append(Contender(kind, self._start(kind), 0, paths, vad, speech))

    def _start(self, kind: Kind) -> Server:
        env = self._env(kind.name)
        if kind.database == POSTGRES_NAME:
            env["DATABASE_URL"] = self._new_database(kind.name, like=POSTGRES_NAME)
        command = SERVERS[kind.server](kind.application)
        return Server(command, env, log=self.folder / kind.name / "log", core=self.core)

    def wait(self) -> None:
        """Wait until every server listens. Raises `ServerError`."""
        for contender in self.contenders:
            contender.port = contender.server.wait_for_port()

    def close(self) -> None:
        """Stop the servers and drop what was made for them."""
        for contender in self.contenders:
            contender.server.stop()
            contender.complaints = contender.server.complaints()
        for name in self._databases:
            _postgres(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _env(self, folder: str) -> dict[str, str]:
        """Return settings: all data in a folder; no Redis, because one process needs none."""
        path = self.folder / folder
        return {
            "DATA_DIR": str(path),
            "DATABASE_URL": f"sqlite:///{path / 'bench.sqlite3'}",
            "SECRET_KEY": self._secret,
            "REDIS_URL": "",
            "MAX_PROCESS_CALLS": "5000",
            "DJANGO_SETTINGS_MODULE": "awaaz_project.settings",
        }

    def _rows_in(self, database: str) -> dict[str, Any]:
        """Return the rows in such a database, made once; each contender gets a copy."""
        if database not in self._rows:
            (self.folder / database).mkdir()
            env = self._env(database)
            if database == POSTGRES_NAME:
                env["DATABASE_URL"] = self._new_database(database)
            self._rows[database] = make_rows(env)
        return self._rows[database]

    def _new_database(self, kind: str, *, like: str = "") -> str:
        name = self._database(kind)
        self._databases.append(name)
        if like:
            _postgres(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), name, self._database(like))
        else:
            _postgres(sql.SQL("CREATE DATABASE {}"), name)
        return POSTGRES.rpartition("/")[0] + f"/{name}"

    def _database(self, kind: str) -> str:
        return f"bench_{kind}_{os.getpid()}"


def answers(url: str) -> bool:
    """Return whether a PostgreSQL server answers."""
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def _postgres(statement: sql.SQL, *names: str) -> None:
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(statement.format(*map(sql.Identifier, names)))


def make_rows(env: Mapping[str, str]) -> dict[str, Any]:
    """Make tables and rows in the database of `env`; return addresses by work and role."""
    command = [sys.executable, "-m", "bench.shared.rows"]
    made = subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True)
    if made.returncode:
        raise servers.ServerError(f"The rows of the bench could not be made: {made.stderr[-2000:]}")
    rows: dict[str, Any] = json.loads(made.stdout.splitlines()[-1])
    return rows
