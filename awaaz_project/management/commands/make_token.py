"""Make a token of the API and print it, once."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns import clock
from campaigns.models import ApiToken, User
from campaigns.models.tokens import LONGEST_DAYS, issue


class Command(BaseCommand):
    """`make_token USER --name PROGRAM --scope read|add|full --days 90`."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the user and what the token is for."""
        parser.add_argument("user")
        parser.add_argument("--name", required=True, help="which program has it")
        parser.add_argument("--scope", choices=ApiToken.Scope.values, default=ApiToken.Scope.READ)
        parser.add_argument("--days", type=int, default=90)

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the key. Raises `CommandError` for an unknown user or a time that is too long."""
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError("There is no active user of this name.")
        if not 1 <= options["days"] <= LONGEST_DAYS:
            raise CommandError(f"A token is good for 1 to {LONGEST_DAYS} days.")
        scope, days = options["scope"], options["days"]
        _, key = issue(user, name=options["name"], scope=scope, days=days, now=clock.now())
        self.stdout.write(key)
