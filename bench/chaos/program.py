"""What the suite needs of the program where earlier commits differ.

The same suite must run on the program before a mend, to show that it sees the fault: `bench/` and `sandbox/`
are laid over a clone of that commit.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from django.conf import settings

from campaigns import tasks
from campaigns.models import User

#: The clock of a run is up to thirteen months ahead.
LONG = 1000
PERIODIC = (
    *("synchronise_templates", "find_imports", "plan_campaigns", "upload_messages", "reconcile_batches"),
    *("try_broken_accounts", "recheck_messages", "withdraw_messages", "stop_campaigns", "pull_states"),
    "finish_campaigns",
)


def periodic_tasks() -> Sequence[Any]:
    """Return the tasks of the scheduler that take part, as far as this program has them."""
    return [getattr(tasks, name) for name in PERIODIC if hasattr(tasks, name)]


def queues() -> Sequence[str]:
    """Return the names of the queues; before they had work of their own there was one."""
    declared = getattr(settings, "CELERY_TASK_QUEUES", None)
    return [queue.name for queue in declared] if declared else [settings.CELERY_TASK_DEFAULT_QUEUE]


def token_of(user: User) -> str:
    """Return a new token of the API; before it was kept as a hash it was a row that could be read."""
    try:
        issue = import_module("campaigns.models.tokens").issue
    except ModuleNotFoundError:
        return str(import_module("rest_framework.authtoken.models").Token.objects.create(user=user).key)
    _, token = issue(user, name="chaos", scope="full", days=LONG, now=datetime.now(UTC))
    return str(token)
