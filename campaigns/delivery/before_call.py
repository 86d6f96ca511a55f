"""Ask a service outside about people just before they are handed over: call, leave, or put off.

A campaign may name a service (`Campaign.asks`). Its messages are claimed apart from others, few at a time:

    ask:    some at once, in no transaction; what is not answered when the time is over was not asked
    settle: call     -> stays in the batch, with the values that came back (for this call alone)
            skip     -> its person ends as SKIPPED, with the service's reason
            put off  -> PLANNED again, for that time; after `MOST_PUT_OFFS` its person ends as FAILED
            not asked -> PLANNED again, and asked with the next batch

Where the service does not answer, the campaign says what follows (`Campaign.when_silent`). A worker that
dies, or is too late for its claim, has written nothing: the batch is looked up at XFin, as any other, and its
people are asked about again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import uuid4

from django.db import transaction
from django.db.models.functions import Now

from campaigns import edges
from campaigns.clock import Clock
from campaigns.delivery.batches import Claim
from campaigns.ist import IST
from campaigns.locks import locked
from campaigns.models import Callback, Campaign, Message, Recipient, UploadBatch
from campaigns.models.campaigns import WhenSilent
from campaigns.outside import client, registry
from campaigns.outside.errors import NoAnswer
from campaigns.outside.registry import Known
from campaigns.outside.replies import Answer, Decision, decision_of
from campaigns.transitions import callback
from campaigns.transitions.attempt import revert_attempt, settle_recipient

AT_ONCE: Final = 20
#: So many are claimed together, and asking about them ends after so many seconds: well within `CHECK_HOLDS`.
MOST_TOGETHER: Final = 200
LONGEST_SECONDS: Final = 30.0
MOST_PUT_OFFS: Final = 20
SILENT_PAUSE: Final = timedelta(minutes=30)
NOT_ASKED = "The service that is asked before the call had no time yet; it is asked next."

#: By a message's key.
Decisions = Mapping[int, Decision]
_CALLED: Final = Decision(answer=Answer.CALL, values={})


def asking_campaigns() -> list[int]:
    """Return the campaigns that ask a service before they call. One query."""
    return list(Campaign.objects.filter(asks__isnull=False).values_list("pk", flat=True))


def ask(claim: Claim, *, clock: Clock) -> Claim | None:
    """Return the claim with those who are to be called; None if there are none, or the claim has ended.

    A claim whose campaigns ask no service comes back as it is.
    """
    campaigns = {message.recipient.campaign_id: message.recipient.campaign for message in claim.messages}
    if not any(campaign.asks_id for campaign in campaigns.values()):
        return claim
    services: dict[int, Known | NoAnswer] = {}
    for pk, campaign in campaigns.items():
        if campaign.asks:
            try:
                services[pk] = registry.usable(campaign.asks)
            except NoAnswer as error:
                services[pk] = error
    decisions = asyncio.run(ask_all(claim.messages, services, now=clock()))
    return edges.retried("an answer before calls", partial(settle, claim, decisions, now=clock()))


async def ask_all(
    messages: Sequence[Message], services: Mapping[int, Known | NoAnswer], *, now: datetime
) -> Decisions:
    """Return what is decided about each message; those for which there was no time are left out.

    `services`, or why they can't be asked, by campaign.
    """
    places = asyncio.Semaphore(AT_ONCE)

    async def one(message: Message) -> Decision:
        service = services.get(message.recipient.campaign_id)
        if service is None:
            return _CALLED
        try:
            if isinstance(service, NoAnswer):
                raise service
            async with places:
                return await ask_about(message, service, now)
        except NoAnswer as error:
            return without_answer(message.recipient.campaign, error.reason, now)

    asked = {message.pk: asyncio.create_task(one(message)) for message in messages}
    _, late = await asyncio.wait(asked.values(), timeout=LONGEST_SECONDS)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return {pk: task.result() for pk, task in asked.items() if task not in late}


async def ask_about(message: Message, service: Known, now: datetime) -> Decision:
    """Return what a service decides about one person. Raises `NoAnswer`."""
    person = message.recipient
    known = {**person.variables, "name": person.name, "phone": person.phone}
    content = {
        "event": "before_call",
        "reference": message.reference,
        "campaign": person.campaign.name,
        "values": {name: known[name] for name in service.sends if name in known},
    }
    decision = decision_of(await client.post(service, content, key=uuid4()), service.returns, now=now)
    said = decision.reason.rstrip(".") or "no reason given"
    return replace(decision, reason=f"The service says: {said}.")


def without_answer(campaign: Campaign, reason: str, now: datetime) -> Decision:
    """Return what the campaign says about a person of whom the service said nothing."""
    answer = {
        WhenSilent.CALL: Answer.CALL,
        WhenSilent.SKIP: Answer.SKIP,
        WhenSilent.PUT_OFF: Answer.PUT_OFF,
    }[WhenSilent(campaign.when_silent)]
    until = now + SILENT_PAUSE if answer is Answer.PUT_OFF else None
    return Decision(answer=answer, reason=reason, until=until, values={})


@transaction.atomic
def settle(claim: Claim, decisions: Decisions, *, now: datetime) -> Claim | None:
    """Write down what was decided. Return the claim with those to be called; None as `ask` does.

    Everything that may be changed is locked first, in the order of `campaigns.locks`.
    """
    ours = UploadBatch.objects.filter(
        pk=claim.batch.pk, state=UploadBatch.State.SENDING, claimed_until__gt=Now()
    )
    if not locked(ours).first():
        return None
    changed = [each for each in claim.messages if decisions.get(each.pk, _CALLED).answer is not Answer.CALL]
    people = [message.recipient_id for message in changed]
    list(locked(Message.objects.filter(batch=claim.batch)).values_list("pk"))
    list(locked(Recipient.objects.filter(pk__in=people)).values_list("pk"))
    list(locked(Callback.objects.filter(recipient__in=people)).values_list("pk"))
    to_call = [
        message for message in claim.messages if not _left_out(message, decisions.get(message.pk), now)
    ]
    if not to_call:
        claim.batch.delete()
        return None
    claim.batch.size = len(to_call)
    ours.update(size=len(to_call))
    return replace(claim, messages=to_call)


def _left_out(message: Message, decision: Decision | None, now: datetime) -> bool:
    """Write down what was decided about a message. Return whether it is not handed over now."""
    if decision is None:
        _plan_again(message, NOT_ASKED, now)
    elif decision.answer is Answer.CALL:
        if dict(decision.values) != message.fetched:  # nothing of an earlier question stays
            message.fetched = dict(decision.values)
            Message.objects.filter(pk=message.pk).update(fetched=message.fetched)
        return False
    elif decision.answer is Answer.SKIP:
        _end(message, Recipient.State.SKIPPED, f"Not called. {decision.reason}", now)
    elif message.put_offs >= MOST_PUT_OFFS:
        _end(message, Recipient.State.FAILED, f"Put off {MOST_PUT_OFFS} times. {decision.reason}", now)
    else:
        until = decision.until or now + SILENT_PAUSE
        reason = f"Put off until {until.astimezone(IST):%d/%m/%Y %H:%M}. {decision.reason}"
        _plan_again(message, reason, now, send_on=until, put_offs=message.put_offs + 1)
        callback.attempt_put_off(message.pk, until, reason)
    return True


def _plan_again(message: Message, reason: str, now: datetime, **fields: object) -> None:
    planned = {"state": Message.State.PLANNED, "batch": None, "reason": reason, "changed_at": now}
    Message.objects.filter(pk=message.pk).update(**planned, **fields)


def _end(message: Message, state: Recipient.State, reason: str, now: datetime) -> None:
    """End the person's part in the campaign. The attempt was never made."""
    Message.objects.filter(pk=message.pk).update(
        state=Message.State.WITHDRAWN, batch=None, reason=reason, settled_at=now, changed_at=now
    )
    revert_attempt(Recipient.objects.filter(pk=message.recipient_id))
    settle_recipient(message.recipient_id, state, reason)
