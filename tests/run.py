"""`python -m tests.run`: every test, in both configurations. `make test` runs it.

- sandbox: the sandbox's own tests under its own settings;
- embedded: everything else on SQLite without Redis;
- scaled: the tests that touch database, broker or processes again on PostgreSQL and Redis.

A server that is not there is said in one line and its run is skipped by name, or, with
REQUIRE_SERVICES=1 as in CI, started or missed loudly.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get(
    "TEST_DATABASE_URL", f"postgres://postgres@127.0.0.1:5432/awaaz_campaigns_{os.getpid()}"
)
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
REQUIRED = os.environ.get("REQUIRE_SERVICES") == "1"
#: Many tests wait for real processes; runners use the time of each other's waits.
SIDE_BY_SIDE = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
#: What no database makes a difference to, or what takes minutes and asks about the wire only.
SAME_ANYWHERE = (
    *("tests/calls/protocol", "tests/calls/audio", "tests/calls/agents", "tests/campaigns/xfin"),
    *(
        "tests/bench",
        "tests/calls/speech",
        "tests/calls/media/servers/test_fast_path.py",
        "tests/calls/test_line_faults.py",
    ),
    *("tests/calls/media/test_limits_on_servers.py", "tests/calls/media/servers/test_daphne.py"),
    "tests/campaigns/delivery/test_api_faults.py",
    *("tests/campaigns/test_permissions.py", "tests/campaigns/admin", "tests/calls/studio"),
)


def say(text: str) -> None:
    """One line to the person at the console."""
    print(text, flush=True)  # noqa: T201 (this is a console program)


def listening(port: int) -> bool:
    """Whether a server answers on this machine."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start_postgres() -> None:
    """Debian's own cluster, if it is installed and not running."""
    clusters = Path("/etc/postgresql")
    if not listening(5432) and clusters.exists() and shutil.which("pg_ctlcluster"):
        for version in sorted(path.name for path in clusters.iterdir()):
            subprocess.run(
                ["pg_ctlcluster", "--skip-systemctl-redirect", version, "main", "start"], check=False
            )


def start_redis() -> contextlib.AbstractContextManager[object]:
    """A server for the length of the tests, if one is installed and none runs."""
    if listening(6379) or not shutil.which("redis-server"):
        return contextlib.nullcontext()
    server = subprocess.Popen(
        ["redis-server", "--port", "6379", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    stack = contextlib.ExitStack()
    stack.callback(server.wait)
    stack.callback(server.terminate)
    return stack


def pytest(title: str, arguments: Sequence[str], env: Mapping[str, str]) -> int:
    """One run; pytest's exit code."""
    say(f"\n=== {title}")
    with tempfile.TemporaryDirectory(prefix="awaaz-test-") as data:
        command = [sys.executable, "-m", "pytest", "-q", "--durations=12", *SIDE_BY_SIDE, *arguments]
        return subprocess.run(command, cwd=ROOT, env={**os.environ, "DATA_DIR": data, **env}).returncode


def migrate(env: Mapping[str, str]) -> None:
    """Apply all migrations to the database of these settings. Raises `CalledProcessError`."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, check=True)


@contextlib.contextmanager
def sqlite_template() -> Iterator[dict[str, str]]:
    """Make a migrated database of SQLite that runners copy; yield the environment that names it."""
    with tempfile.TemporaryDirectory(prefix="awaaz-template-") as folder:
        migrate({"DATA_DIR": folder})
        yield {"DATABASE_TEMPLATE": f"{folder}/app.sqlite3"}


@contextlib.contextmanager
def postgres_template() -> Iterator[dict[str, str]]:
    """Make a migrated database of PostgreSQL that runners copy; yield the environment that names it."""
    server, _, name = POSTGRES.rpartition("/")
    template = sql.Identifier(f"{name}_template")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as maintenance:
        maintenance.execute(sql.SQL("CREATE DATABASE {}").format(template))
        try:
            with tempfile.TemporaryDirectory(prefix="awaaz-template-") as folder:
                migrate({"DATA_DIR": folder, "DATABASE_URL": f"{server}/{name}_template"})
            yield {"DATABASE_TEMPLATE": f"{name}_template"}
        finally:
            maintenance.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(template))


def scaled_is_possible() -> bool:
    """Whether both servers are there; says so if not."""
    missing = [name for name, port in (("PostgreSQL", 5432), ("Redis", 6379)) if not listening(port)]
    if "TEST_DATABASE_URL" in os.environ and "TEST_REDIS_URL" in os.environ:
        return True
    if missing:
        say(f"\n=== scaled: skipped, because {' and '.join(missing)} does not run on this machine")
    return not missing


def main() -> int:
    """All runs; 0 only if every one of them passed and none that was required was missed."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    codes = [pytest("sandbox", ["tests/sandbox", "--ds=sandbox.settings"], {})]
    start_postgres()
    with start_redis():
        with sqlite_template() as embedded:
            arguments = ["tests", "--ignore=tests/sandbox"]
            codes.append(pytest("embedded: SQLite, no Redis", arguments, embedded))
        if scaled_is_possible():
            scaled = {
                "DATABASE_URL": POSTGRES,
                "REDIS_URL": REDIS,
                "REDIS_PREFIX": f"awaaz-test-{os.getpid()}",
                "ONLY_WITH_SERVICES": "1",
            }
            ignored = ["tests/sandbox", "tests/browser", *SAME_ANYWHERE]
            title = "scaled: PostgreSQL and Redis"
            with postgres_template() as template:
                arguments = ["tests", *(f"--ignore={path}" for path in ignored)]
                codes.append(pytest(title, arguments, scaled | template))
        elif REQUIRED:
            codes.append(1)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
