#!/usr/bin/env python
"""Django's command line. Commands named `sandbox_…` run in the sandbox's own settings and database."""

import os
import sys

from django.core.management import execute_from_command_line


def choose_settings(command: str) -> None:
    """The sandbox is a separate world with settings of its own, whatever the environment says."""
    if command.startswith("sandbox_"):
        os.environ["DJANGO_SETTINGS_MODULE"] = "sandbox.settings"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")


if __name__ == "__main__":
    choose_settings(sys.argv[1] if len(sys.argv) > 1 else "")
    execute_from_command_line(sys.argv)
