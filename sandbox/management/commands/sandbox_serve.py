"""`manage.py sandbox_serve`: the whole stand-in platform in one process."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from sandbox import serve
from sandbox.clock import ClockConflict


class Command(BaseCommand):
    help = "Run the sandbox: XFin API, scheduler and dialer. Stops cleanly on SIGTERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=9000)

    def handle(self, *_args: Any, host: str, port: int, **_options: Any) -> None:
        try:
            listener = serve.listening_socket(host, port)
        except OSError as error:
            raise CommandError(f"Port {port} on {host} cannot be opened: {error.strerror}.") from error
        call_command("migrate", verbosity=0, interactive=False)
        try:
            serve.choose_clock()
        except ClockConflict as conflict:
            raise CommandError(str(conflict)) from conflict
        serve.run(listener)
