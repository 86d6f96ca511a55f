"""Find out which message, number and agent a call belongs to, while it lasts or after its end."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.conf import settings

from calls.agents import registry
from calls.agents.base import Agent, CallContext, ConfigurationError
from calls.conversation.outputs import Identify
from calls.models import Call
from calls.resuming import resume_of
from campaigns import call_results, clock
from campaigns.ist import ist_day
from campaigns.models import Agent as AgentRow
from campaigns.models import Message, PhoneNumber
from campaigns.planning import callbacks
from campaigns.pseudonyms import pseudonym
from campaigns.queries import inbound
from campaigns.queries.dialogues import latest_version
from campaigns.transitions.language import chosen

log = logging.getLogger(__name__)
DEFAULT_LANGUAGE = "hi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom a call belongs to, as keys of the tables; None where that is not known."""

    stream_sid: str = ""
    call_sid: str = ""
    language: str = ""
    inbound: bool = True
    agent_id: int | None = None
    version: int | None = None
    """The number of the published version of the dialogue that speaks."""
    campaign_id: int | None = None
    recipient_id: int | None = None
    caller: str = ""
    """The number of a caller who is no recipient, in E.164; empty if it is not known."""
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Asker:
    """The call whose agent asks something of the world (`calls.media.performers`)."""

    call_id: UUID
    number_id: int | None
    """None if a draft is tried."""
    identity: Identity


@dataclass(frozen=True, slots=True)
class Found:
    """Who is on the line, and the agent made for this call."""

    identity: Identity
    agent: Agent
    context: CallContext
    whose: str = ""
    """The person's pseudonym, under which their spoken pieces are kept; empty if the person is not known."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """A call that no agent can serve; `reason` is a sentence."""

    identity: Identity
    reason: str


# --- Who is on the line ---------------------------------------------------------------------------


def find(asked: Identify, number_id: int | None) -> Found | NotFound:
    """Return who is on the line, and the agent that answers: by the message's reference, else by what the
    start says of a person who calls us.

    Reads the database: to be run in a thread. Raises what the database raises.
    """
    related = ("account", "inbound_agent", "after_hours_agent")
    number = PhoneNumber.objects.select_related(*related).get(pk=number_id or 0)
    reference = asked.reference or asked.custom_parameters.get(number.account.reference_tag, "")
    message = (
        call_results.call_identified(reference, number_id=number.pk, now=clock.now()) if reference else None
    )
    if message is None:
        return _find_inbound(asked, number)
    if earlier := list(Call.objects.filter(message=message).values_list("pk", flat=True)):
        # The platform may ring twice for one message; the person on the line is served all the same.
        log.warning(
            "A message has a further call; the first was %s, of %d so far.", earlier[-1], len(earlier)
        )
    recipient, campaign = message.recipient, message.recipient.campaign
    identity = Identity(
        stream_sid=asked.stream_sid,
        call_sid=asked.call_sid,
        language=recipient.language,
        inbound=False,
        agent_id=campaign.agent_id,
        version=campaign.dialogue_version.number if campaign.dialogue_version else None,
        campaign_id=campaign.pk,
        recipient_id=recipient.pk,
        message_id=message.pk,
    )
    context, whose = context_of(message), pseudonym(recipient.phone)
    context = replace(context, recorded=number.record_calls)
    if campaign.goes_on and message.attempt > 1:
        context = replace(context, resume=resume_of(recipient))
    return _with_agent(identity, campaign.agent, context, whose, configuration=campaign.spoken)


def telling_who(parameters: Mapping[str, str], *, reference_tag: str) -> Mapping[str, str]:
    """Return those of the start's custom parameters that `find` reads; shortened, for they are stored."""
    names = {name.lower() for name in settings.CALLER_PARAMETERS} | {"language", reference_tag.lower()}
    return {name: text[:64] for name, text in parameters.items() if name.lower() in names}


def caller_numbers(parameters: Mapping[str, str]) -> list[str]:
    """Return what the start's custom parameters say of the caller's number, in the order of their names."""
    names = {name.lower() for name in settings.CALLER_PARAMETERS}
    return [text for name, text in sorted(parameters.items()) if name.lower() in names]


def context_of(message: Message) -> CallContext:
    """Return who is called and what may be spoken, for the agent of a message's call."""
    recipient = message.recipient
    return CallContext(
        language=recipient.language,
        variables={**spoken_values(recipient.name, recipient.variables), **_texts(message.fetched)},
        name=recipient.name,
        campaign=recipient.campaign.name,
        callback=callbacks.may_ask(recipient.pk),
        today=ist_day(clock.now()).isoformat(),
    )


def spoken_values(name: str, variables: Mapping[str, object]) -> dict[str, str]:
    """Return what may be spoken to a person: the name, unless there is a variable of that name, and the
    variables that have a value, as text."""
    return {"name": name, **_texts(variables)}


def _find_inbound(asked: Identify, number: PhoneNumber) -> Found | NotFound:
    """Return the campaign's agent for a person who rings back, else the number's for this hour. The latter is
    not given the caller's name: whose phone it is matters only if the caller asks us to stop."""
    given, now = _texts(asked.custom_parameters), clock.now()
    if last := inbound.ringing_back(call_results.phones_in(given), number, now=now):
        return _rings_back(asked, last, number)
    caller = call_results.caller_identified(given, account_id=number.account_id)
    phones = call_results.phones_in(given)
    own = next(iter(chosen(phones).values()), "")
    language = own or given.get("language", "")[:10] or DEFAULT_LANGUAGE
    row = inbound.answering(number, now=now)
    version = latest_version(row.pk) if row else None
    identity = Identity(
        stream_sid=asked.stream_sid,
        call_sid=asked.call_sid,
        language=language,
        agent_id=row.pk if row else None,
        version=version.number if version else None,
        recipient_id=caller.pk if caller else None,
        caller="" if caller else min(call_results.phones_in(given), default=""),
    )
    if row is None:
        return NotFound(identity, "The call names no message of ours, and this number has no inbound agent.")
    today = ist_day(now).isoformat()
    context = CallContext(
        language=language,
        variables=given,
        inbound=True,
        callback=False,
        recorded=number.record_calls,
        today=today,
    )
    whose = pseudonym(caller.phone) if caller else ""
    return _with_agent(identity, row, context, whose, configuration=row.configuration)


def _rings_back(asked: Identify, last: Message, number: PhoneNumber) -> Found | NotFound:
    """Return the agent of the campaign of which `last` was the person's last call: it goes on where that
    broke off."""
    person, campaign = last.recipient, last.recipient.campaign
    identity = Identity(
        stream_sid=asked.stream_sid,
        call_sid=asked.call_sid,
        language=person.language,
        agent_id=campaign.agent_id,
        version=campaign.dialogue_version.number if campaign.dialogue_version else None,
        campaign_id=campaign.pk,
        recipient_id=person.pk,
    )
    resume = resume_of(person)
    context = replace(context_of(last), inbound=True, resume=resume, recorded=number.record_calls)
    whose = pseudonym(person.phone)
    return _with_agent(identity, campaign.agent, context, whose, configuration=campaign.spoken)


def _with_agent(
    identity: Identity,
    row: AgentRow,
    context: CallContext,
    whose: str,
    *,
    configuration: Mapping[str, object],
) -> Found | NotFound:
    try:
        return Found(identity, registry.build(row.kind, configuration), context, whose)
    except ConfigurationError as error:
        return NotFound(identity, f"The agent “{row.name}” cannot be used: {error}")


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value is not None}
