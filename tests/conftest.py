"""What all tests share."""

import os
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings

# A shared machine is sometimes slow; how fast things are is measured elsewhere.
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")


LONG = (
    "tests/system/test_whole_house.py",
    "tests/campaigns/delivery/test_api_faults.py",
    "tests/calls/test_line_faults.py",
    "tests/system",
)
"""Files with few and long tests: begun last, one of them would run alone at the end. Named first on the
command line they are not: pytest takes a folder once, in its own order."""


@pytest.fixture(autouse=True, scope="session")
def static_files_are_found_when_asked_for() -> None:
    """Each new test client loads the middleware, and WhiteNoise reads all static files then: 90 ms."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """While modules are collected, they may import the application: there is no test database yet to ask."""
    if settings.ROOT_URLCONF != "awaaz_project.urls":
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("awaaz_project.startup.objection", lambda: "")
        return (yield)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long first. Where servers are tried (`tests.run`), what touches none is left out.

    What takes minutes by itself is left out unless it is asked for, or the whole would take too long.
    """
    if os.environ.get("LONG") != "1":
        long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if not item.get_closest_marker("long")]
    if os.environ.get("ONLY_WITH_SERVICES") == "1":
        same = [item for item in items if not _touches_services(item)]
        config.hook.pytest_deselected(items=same)
        items[:] = [item for item in items if _touches_services(item)]
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    return next((turn for turn, name in enumerate(LONG) if item.nodeid.startswith(name)), len(LONG))


def _touches_services(item: pytest.Item) -> bool:
    marked = any(item.get_closest_marker(name) for name in ("django_db", "system", "browser"))
    by_settings = item.nodeid.startswith("tests/awaaz_project")
    by_fixture = not {"db", "transactional_db"}.isdisjoint(getattr(item, "fixturenames", ()))
    return marked or by_settings or by_fixture


TEMPLATE = os.environ.get("DATABASE_TEMPLATE", "")
"""A database to which all migrations were applied (`tests.run`): each runner copies it, for migrating takes
18 s of a core. SQLite: a path; PostgreSQL: a name."""
KEPT = {"django_content_type", "auth_permission"}
"""Made by `migrate` from the models, and the same after each test."""


def _empty_tables(case: TransactionTestCase) -> None:
    """Delete all rows a test has left, in the tables that have any.

    In place of the flush of Django: it truncates every table (400 files on PostgreSQL) and makes all content
    types and permissions again: that took longer than most tests.
    """
    for alias in case._databases_names(include_mirrors=False):  # type: ignore[attr-defined]  # not in stubs
        database = connections[alias]
        tables = set(database.introspection.django_table_names(include_views=False)) - KEPT
        quoted = {name: database.ops.quote_name(name) for name in sorted(tables)}
        looks = (f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {table})" for name, table in quoted.items())
        with transaction.atomic(using=alias), database.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(looks))
            for (name,) in cursor.fetchall():
                cursor.execute(f"DELETE FROM {quoted[name]}")


TransactionTestCase._fixture_teardown = _empty_tables  # type: ignore[attr-defined]  # not in stubs


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_modify_db_settings_parallel_suffix: None,  # a database of its own for every runner
) -> None:
    """SQLite tests run on a file: threads and other processes of a test must see the same database."""
    database = settings.DATABASES["default"]
    test = database.setdefault("TEST", {})
    if database["ENGINE"] == "django.db.backends.sqlite3":
        folder: Path = tmp_path_factory.mktemp("database")
        test["NAME"] = str(folder / f"test-{os.getpid()}.sqlite3")
        if TEMPLATE:
            shutil.copyfile(TEMPLATE, test["NAME"])
    elif TEMPLATE:
        test["TEMPLATE"] = TEMPLATE


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest) -> bool:
    """Keep the copy that was made of a template; its folder goes with the run."""
    is_copy = bool(TEMPLATE) and settings.DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
    return is_copy or bool(request.config.getvalue("reuse_db"))
