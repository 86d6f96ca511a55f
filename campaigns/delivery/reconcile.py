"""Find out what became of batches whose reply was not read; only what XFin does not have is sent again."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import httpx
from django.db import transaction

from campaigns.clock import Clock
from campaigns.delivery.account_client import xfin_client
from campaigns.delivery.batches import mark_unconfirmed, record_answer
from campaigns.delivery.circuit_breaker import record_failure, record_success, usable
from campaigns.models import Account, Message, UploadBatch
from campaigns.xfin.client import XFinClient
from campaigns.xfin.errors import XFinError
from campaigns.xfin.schemas import CreatedMessage, MessageFilter, RemoteMessage

log = logging.getLogger(__name__)

#: Around a batch's dialling times when XFin's tag filter is of no use and we list by time.
MARGIN = timedelta(minutes=2)


def abandon_dead_claims(now: datetime) -> int:
    """Mark batches as unconfirmed whose worker died while sending. Return how many."""
    dead = UploadBatch.objects.filter(state=UploadBatch.State.SENDING, claimed_until__lte=now)
    batches = list(dead)
    for batch in batches:
        with transaction.atomic():
            mark_unconfirmed(batch, "The worker that sent it stopped before it read the reply.", now=now)
    return len(batches)


def batches_to_look_up(now: datetime) -> list[int]:
    """Return the keys of unconfirmed batches whose time has come and whose account may be tried."""
    due = UploadBatch.objects.filter(state=UploadBatch.State.UNCONFIRMED, look_up_after__lte=now)
    accounts = Account.objects.filter(usable(now))
    return list(due.filter(account__in=accounts).order_by("look_up_after").values_list("pk", flat=True))


def reconcile(batch_id: int, *, clock: Clock, transport: httpx.BaseTransport | None = None) -> int | None:
    """Look one batch up at XFin. Return how many of its messages were there.

    None after a failure, or if another worker is at it: the one that moves `look_up_after` on first has the
    batch to itself for five minutes.
    """
    now = clock()
    batch = UploadBatch.objects.select_related("account").get(pk=batch_id)
    mine = UploadBatch.objects.filter(
        pk=batch_id, state=UploadBatch.State.UNCONFIRMED, look_up_after=batch.look_up_after
    ).update(look_up_after=now + timedelta(minutes=5))
    if not mine:
        return None
    messages = list(batch.messages.filter(state=Message.State.UNCONFIRMED).select_related("recipient"))
    try:
        with xfin_client(batch.account, transport=transport) as client:
            found = find_at_xfin(client, batch, messages)
    except XFinError as error:
        log.warning("looking up batch %s: %s", batch.reference, error.reason)
        record_failure(batch.account, error, now=clock())
        UploadBatch.objects.filter(pk=batch_id).update(look_up_after=clock() + timedelta(seconds=5))
        return None
    record_success(batch.account, now=clock())
    settle(batch, messages, found, now=clock())
    return len(found)


def find_at_xfin(
    client: XFinClient, batch: UploadBatch, messages: Sequence[Message]
) -> dict[str, RemoteMessage]:
    """Return those of the messages that XFin has, by reference.

    First by the batch's tag. If XFin ignores that filter, or its answers carry no tags, by the
    window of dialling times; a message found there without any tag counts by its phone number.
    """
    listed = list(client.iter_messages(MessageFilter(tag=batch.reference)))
    if listed and all(batch.reference in message.tags for message in listed):
        return _by_reference(listed, messages)
    times = [message.send_on for message in messages]
    if not times:
        return {}
    window = MessageFilter(send_on_after=min(times) - MARGIN, send_on_before=max(times) + MARGIN)
    return _by_reference([*listed, *client.iter_messages(window)], messages)


@transaction.atomic
def settle(
    batch: UploadBatch, messages: Sequence[Message], found: dict[str, RemoteMessage], *, now: datetime
) -> None:
    """Queue what XFin has; the rest is planned again under the same reference."""
    for message in messages:
        if remote := found.get(message.reference):
            answer = CreatedMessage(reference=message.reference, id=remote.id, status=remote.raw_state)
            record_answer(message, answer, now=now)
    Message.objects.filter(batch=batch, state=Message.State.UNCONFIRMED).update(
        state=Message.State.PLANNED,
        batch=None,
        reason="XFin does not have it; it is sent again.",
        changed_at=now,
    )
    UploadBatch.objects.filter(pk=batch.pk).update(
        state=UploadBatch.State.RECONCILED,
        reason=f"{batch.reason} Looked up at XFin: {len(found)} of {len(messages)} were there.",
        look_up_after=None,
        changed_at=now,
    )


def _by_reference(listed: Iterable[RemoteMessage], messages: Sequence[Message]) -> dict[str, RemoteMessage]:
    ours = {message.reference: message for message in messages}
    found: dict[str, RemoteMessage] = {}
    untagged: dict[str, RemoteMessage] = {}
    for remote in listed:
        if reference := remote.reference_among(ours):
            found[reference] = remote
        elif not remote.tags:
            untagged[remote.phone_number] = remote
    for reference, message in ours.items():
        if reference not in found and message.recipient.phone in untagged:
            found[reference] = untagged[message.recipient.phone]
    return found
