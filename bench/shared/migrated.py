"""A database with all migrations applied, for the processes of a bench."""

import os
import shutil
import sqlite3
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.management import call_command

TEMPLATE: Final = os.environ.get("DATABASE_TEMPLATE", "")
"""A migrated database that may be copied (`tests.run` makes one): migrating takes 18 s of a core. SQLite: a
path; PostgreSQL: a name."""


def migrate() -> None:
    """Apply all migrations to the database of the settings, to be called before anything is asked of it."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3") and not Path(database["NAME"]).exists():
        copy_template(Path(database["NAME"]))
    call_command("migrate", verbosity=0)


def copy_template(path: Path) -> bool:
    """Make a migrated database of SQLite at `path` and return True; return False if there is no template."""
    if not TEMPLATE:
        return False
    shutil.copyfile(TEMPLATE, path)
    with sqlite3.connect(path) as copied:
        copied.execute("DELETE FROM campaigns_keymark")  # it is used with the keys of another folder
    copied.close()
    return True
