"""The rows the outage needs, in the database of `DATABASE_URL`; prints the address of its calls.

A process of its own, because settings are read once.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "awaaz_project.settings")
django.setup()

from bench.shared import migrated  # noqa: E402 - after the set-up
from campaigns.models import Account, Agent, PhoneNumber  # noqa: E402


def main() -> None:
    """Make one number that answers with an echo and takes as many calls as argv says."""
    migrated.migrate()
    account = Account.objects.create(
        name="Outage",
        base_url="http://127.0.0.1:9",
        tenant="outage",
        email="a@b.in",
        password="-",
    )
    echo = Agent.objects.create(name="Echo", kind=Agent.Kind.ECHO, configuration={})
    number = PhoneNumber.objects.create(
        account=account, e164="+917961344199", inbound_agent=echo, max_calls=int(sys.argv[1])
    )
    print(number.stream_path)


if __name__ == "__main__":
    main()
