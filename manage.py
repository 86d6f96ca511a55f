#!/usr/bin/env python
"""Django's command line. Commands named `sandbox_…` run in the sandbox's own settings and database."""

import os
import sys

from django.core.management import execute_from_command_line


def settings_for(arguments: list[str]) -> str:
    """The settings module a command line needs: the sandbox is a separate world with its own."""
    command = arguments[1] if len(arguments) > 1 else ""
    return "sandbox.settings" if command.startswith("sandbox_") else "awaaz_project.settings"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings_for(sys.argv))
    execute_from_command_line(sys.argv)
