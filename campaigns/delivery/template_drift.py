"""Find templates that were changed at XFin itself, by comparing them every few minutes.

What XFin shows at the first comparison after an upload is kept beside ours; where a later one shows anything
else the template is DRIFTED. Caller numbers, redials and words may be other than what was checked and
approved, so nothing is called with it: its campaigns stop and say what changed.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime

import httpx
from django.db.models import Model, Q, QuerySet

from campaigns.clock import Clock
from campaigns.delivery.account_client import wire_id
from campaigns.delivery.circuit_breaker import usable
from campaigns.delivery.template_sync import SAME, alone_with_templates
from campaigns.models import Account, Campaign, Template, TemplateLanguage
from campaigns.queries.templates import Sync, drift_of
from campaigns.transitions.campaign import stop
from campaigns.xfin.errors import NotFound
from campaigns.xfin.schemas import RemoteId, RemoteTemplate, RemoteTemplateLanguage

#: What XFin shows of a template or language form, by name.
RemoteFields = dict[str, object]

GONE = "It is not at XFin any more."


def accounts_to_look_at(now: datetime) -> list[int]:
    """Return the keys of accounts that may be tried and have templates at XFin."""
    there = Template.objects.exclude(remote_id="").values("account")
    return list(Account.objects.filter(usable(now), pk__in=there).values_list("pk", flat=True))


def look(account_id: int, *, clock: Clock, transport: httpx.BaseTransport | None = None) -> int:
    """Compare the account's templates with XFin's. Return how many of its campaigns were stopped."""
    with alone_with_templates(account_id, clock=clock, transport=transport) as client:
        if client is None:
            return 0
        templates = {str(found.id): _template(found) for found in client.iter_templates()}
        forms = {str(found.id): _form(found) for found in client.iter_template_languages()}
        ours = Template.objects.filter(account=account_id)
        _compare(ours, templates, lambda remote_id: _template(client.get_template(remote_id)))
        theirs = TemplateLanguage.objects.filter(template__account=account_id)
        _compare(theirs, forms, lambda remote_id: _form(client.get_template_language(remote_id)))
    drifted: QuerySet[Model] = Template.objects.filter(
        Q(sync_state=Sync.DRIFTED) | Q(languages__sync_state=Sync.DRIFTED), account=account_id
    )
    running = Campaign.objects.filter(
        Q(template__in=drifted) | Q(retry_template__in=drifted), state=Campaign.State.RUNNING
    )
    now = clock()
    return sum(
        stop(campaign.pk, f"Stopped by itself: {drift_of(campaign)[:-1]}, then resume.", now=now)
        for campaign in running.distinct()
    )


def _template(found: RemoteTemplate) -> RemoteFields:
    options = {str(name): value for name, value in sorted(found.options.items())}
    return {"name": found.name, "description": found.description, **options}


def _form(found: RemoteTemplateLanguage) -> RemoteFields:
    return {"language": found.language, "words": found.syntax, "clips": [str(clip) for clip in found.content]}


def _compare(
    rows: "QuerySet[Template] | QuerySet[TemplateLanguage]",
    there: Mapping[str, RemoteFields],
    ask: Callable[[RemoteId], RemoteFields],
) -> None:
    for row in rows.filter(sync_state__in=(Sync.SYNCED, Sync.DRIFTED)).exclude(remote_id=""):
        found = there.get(row.remote_id)
        if not found:
            # A list may leave something out; only XFin's answer about the id itself says that it is gone.
            with suppress(NotFound):
                found = ask(wire_id(row.remote_id))
        # One that was changed here meanwhile goes up first.
        same = type(row)._default_manager.filter(pk=row.pk, changed_at=row.changed_at)
        if found and not row.remote:
            same.update(remote=found)
            continue
        why = f"Changed at XFin: {'; '.join(differences(row.remote, found))}." if found else GONE
        if found == row.remote:
            same.filter(sync_state=Sync.DRIFTED).update(sync_state=Sync.SYNCED, sync_reason=SAME)
        else:
            same.update(sync_state=Sync.DRIFTED, sync_reason=why)


def differences(before: Mapping[str, object], now: Mapping[str, object]) -> Iterable[str]:
    """Yield what changed, as "name: before → after". Pure."""
    for name in dict.fromkeys([*before, *now]):
        if before.get(name) != now.get(name):
            yield f"{name}: {before.get(name, 'none')} → {now.get(name, 'none')}"
