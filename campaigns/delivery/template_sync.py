"""Bring templates, their languages and clips to XFin.

Nothing at XFin tells two creations apart, so each thing is looked up first and created only if it is not
there: by its id where XFin once gave it one, else by its name, so that a creation whose reply was lost is
found by the next run.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

import httpx
from django.conf import settings
from django.db.models import Q, QuerySet

from campaigns.clock import Clock
from campaigns.delivery.account_client import wire_id, xfin_client
from campaigns.delivery.circuit_breaker import record_failure, record_success, usable
from campaigns.delivery.claims import AccountHold
from campaigns.models import Account, Content, Template, TemplateLanguage
from campaigns.models.templates import Mirrored
from campaigns.xfin.client import XFinClient
from campaigns.xfin.errors import AuthRefused, BadReply, NotFound, Refused, TakenOver, XFinError
from campaigns.xfin.schemas import NewTemplate, NewTemplateLanguage, RemoteId

log = logging.getLogger(__name__)

PENDING = Mirrored.Sync.PENDING
SAME = "The same here and at XFin."


class _Remote(Protocol):
    @property
    def id(self) -> RemoteId: ...


Ours = TypeVar("Ours", bound=Mirrored)
Theirs = TypeVar("Theirs", bound=_Remote)


def accounts_to_synchronise(now: datetime) -> list[int]:
    """Return the keys of accounts that may be tried and have something that XFin does not have yet."""
    pending = (
        Q(templates__sync_state=PENDING)
        | Q(contents__sync_state=PENDING)
        | Q(templates__languages__sync_state=PENDING)
    )
    return list(Account.objects.filter(usable(now) & pending).values_list("pk", flat=True).distinct())


def synchronise(account_id: int, *, clock: Clock, transport: httpx.BaseTransport | None = None) -> None:
    """Bring an account's clips, templates and template languages to XFin, in the order they need.

    A failure ends it and is recorded on the account.
    """
    with alone_with_templates(account_id, clock=clock, transport=transport) as client:
        if client:
            account = Account.objects.get(pk=account_id)
            push_contents(client, account, clock())
            push_templates(client, account, clock())
            push_languages(client, account, clock())


@contextmanager
def alone_with_templates(
    account_id: int, *, clock: Clock, transport: httpx.BaseTransport | None
) -> Iterator[XFinClient | None]:
    """Yield a client for an account's templates; None if another worker has one.

    One at a time: two would create everything twice, and `template_drift` must not see half of a change.
    The hold of a worker that died runs out; of one that was only slow it is renewed before each change, and
    where that fails nothing is sent. An `XFinError` in the block is recorded on the account and not raised.
    """
    account = Account.objects.get(pk=account_id)
    hold = AccountHold(account_id, "synchronising_until", seconds=settings.CLAIM_SECONDS)
    if not hold.take():
        yield None
        return
    try:
        with xfin_client(account, transport=transport, still_ours=hold.renew) as client:
            yield client
    except TakenOver as error:
        log.warning("templates of account %s: %s", account.pk, error.reason)
    except XFinError as error:
        log.warning("templates of account %s: %s", account.pk, error.reason)
        record_failure(account, error, now=clock())
    else:
        record_success(account, now=clock())
    finally:
        hold.release()


def push_contents(client: XFinClient, account: Account, now: datetime) -> None:
    """Upload the recorded clips that XFin does not have."""
    contents = Content.objects.filter(account=account)
    pending = list(contents.filter(sync_state=PENDING))
    there = found_at_xfin(
        pending, contents, client.get_content, client.iter_contents, lambda ours, it: ours.name == it.name
    )
    for content in pending:
        if remote := there.get(content.pk):
            _push(content, now, partial(client.get_content, remote.id))
            continue
        with content.file.open("rb") as clip:
            _push(content, now, partial(client.create_content, clip.read(), name=content.name))


def push_templates(client: XFinClient, account: Account, now: datetime) -> None:
    """Create or replace the templates, with their caller numbers as the option `phone_numbers`."""
    templates = Template.objects.filter(account=account)
    pending = list(templates.filter(sync_state=PENDING).prefetch_related("numbers"))
    there = found_at_xfin(
        pending, templates, client.get_template, client.iter_templates, lambda ours, it: ours.name == it.name
    )
    for template in pending:
        remote = there.get(template.pk)
        wanted = NewTemplate(
            name=template.name,
            description=template.description,
            options={
                "phone_numbers": ",".join(number.e164 for number in template.numbers.all()),
                "response_type": template.response_type,
                "num_backups": 0,  # a redial of XFin's would be judged by no rule
                "max_touchtone_retries": template.max_touchtone_retries,
            },
        )
        replace = partial(client.update_template, remote.id, wanted) if remote else None
        _push(template, now, replace or partial(client.create_template, wanted))


def push_languages(client: XFinClient, account: Account, now: datetime) -> None:
    """Create or replace the language forms of templates that are at XFin."""
    forms = TemplateLanguage.objects.filter(template__account=account)
    pending = forms.filter(sync_state=PENDING).exclude(template__remote_id="")
    ready = list(pending.select_related("template"))
    there = found_at_xfin(
        ready,
        forms,
        client.get_template_language,
        client.iter_template_languages,
        lambda ours, it: (ours.template.remote_id, ours.language) == (str(it.template), it.language),
    )
    for form in ready:
        clips = list(form.contents.all())
        if any(not clip.remote_id for clip in clips):
            continue  # its clips come first; the next run takes it
        remote = there.get(form.pk)
        wanted = NewTemplateLanguage(
            template=wire_id(form.template.remote_id),
            language=form.language,
            syntax=form.syntax,
            content=tuple(wire_id(clip.remote_id) for clip in clips),
        )
        replace = partial(client.update_template_language, remote.id, wanted) if remote else None
        _push(form, now, replace or partial(client.create_template_language, wanted))


def found_at_xfin(
    wanted: Sequence[Ours],
    all_ours: "QuerySet[Ours]",
    ask: Callable[[RemoteId], Theirs],
    listed: Callable[[], Iterable[Theirs]],
    is_same: Callable[[Ours, Theirs], bool],
) -> dict[int, Theirs]:
    """Return what XFin has of the wanted things, by our key. Raises `XFinError`.

    What has an id is asked for by it: only XFin's answer about the id says that it is gone. What has none is
    looked for in the list, and a list that leaves out any of `all_ours` that XFin has proves no absence: it
    raises `BadReply`, and the next run asks again.
    """
    found: dict[int, Theirs] = {}
    for thing in wanted:
        if thing.remote_id:
            with suppress(NotFound):
                found[thing.pk] = ask(wire_id(thing.remote_id))
    missing = [thing for thing in wanted if thing.pk not in found]
    rows = list(listed()) if missing else []
    for thing in missing:
        found.update((thing.pk, row) for row in rows if is_same(thing, row))
    if len(found) < len(wanted):
        shown = {str(row.id) for row in rows}
        known = all_ours.exclude(remote_id="").exclude(pk__in=[thing.pk for thing in missing])
        for remote_id in set(known.values_list("remote_id", flat=True)) - shown:
            with suppress(NotFound):
                ask(wire_id(remote_id))
                raise BadReply("the list", "it leaves out what XFin has")
    return found


def _push(thing: Mirrored, now: datetime, request: Callable[[], _Remote]) -> None:
    """Send the request and write down that the thing is at XFin, or that XFin refused it and why."""
    rows = type(thing)._default_manager.filter(pk=thing.pk)
    try:
        found = request()
    except AuthRefused:
        raise
    except Refused as error:
        rows.update(sync_state=Mirrored.Sync.FAILED, sync_reason=error.reason, changed_at=now)
        return
    rows.update(remote_id=str(found.id), remote={})  # `template_drift` reads anew what XFin made of it
    # What was changed here while it went up stays PENDING and goes up once more.
    rows.filter(changed_at=thing.changed_at).update(
        sync_state=Mirrored.Sync.SYNCED, sync_reason=SAME, synced_at=now
    )
