"""The WebSocket on which the browser of a person of staff talks to a draft: the stream of a real call.

The same consumer as the platform's, but for three things: a ticket admits it (`calls.studio.tickets`), the
draft answers, and services outside are asked only where the ticket says so. Its row is marked as a try and
counts nowhere; what it brought (answers, opt-outs, bookings) is in its log and is not acted on.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from django.db import Error as DatabaseFailure

from calls import services
from calls.agents import registry
from calls.agents.base import CallContext
from calls.agents.requests import Failed, Reply, Request
from calls.consumers import CallConsumer
from calls.conversation.outputs import Identify
from calls.dialogues import publishing
from calls.events.journal import Journal, journal
from calls.identification import Asker, Found, Identity
from calls.media.admission import Admitted, Refused
from calls.media.call_registry import call_registry
from calls.media.database_threads import admissions
from calls.media.performers import PERFORMERS
from calls.media.servers.interface import Receive, Send
from calls.recordings.recorder import recording_writer
from calls.simulated.worlds import KeptWorld
from calls.studio.tickets import Ticket, TicketError
from campaigns import clock
from campaigns.ist import ist_day
from campaigns.models import Dialogue, User
from campaigns.permissions import may_watch

ROUTE: Final = "talk/<str:ticket>/"
_SEND: Final = "stream_send"
_FULL: Final = {
    services.Full.TRIES: f"{services.MOST_TRIES} drafts are tried here already",
    services.Full.USED: "the ticket was used before",
}


async def everyday(request: Request, asker: Asker) -> Reply:
    """Return what comes of a request on an ordinary day. Nothing outside is asked."""
    reply = KeptWorld().reply("", request)
    return reply or Failed("There is no everyday reply.")


@dataclass(frozen=True, slots=True)
class Try:
    """A try whose call is open."""

    ticket: Ticket
    admitted: Admitted
    dialogue: Dialogue


def open_try(text: str, user: object, *, journal: Journal) -> Try | Refused:
    """Open the call of a ticket, or return why it is refused. Reads and writes the database: for a thread."""
    try:
        ticket = Ticket.read(text)
    except TicketError as error:
        return Refused(f"A try was refused: {error}")
    if not isinstance(user, User) or user.pk != ticket.user or not may_watch(user, ROUTE):
        return Refused("A try was refused: the ticket is of another person, or they may not try drafts.")
    dialogue = Dialogue.objects.filter(pk=ticket.dialogue, revision=ticket.revision).first()
    if dialogue is None:
        return Refused("A try was refused: the draft was changed or deleted meanwhile.")
    if call_registry.draining:
        return Refused("A try was refused: this server is about to stop.", busy=True)
    journal.register()
    opened = services.open_try(
        ticket.call, process_id=journal.process_id, now=clock.now(), ended=journal.ended
    )
    if isinstance(opened, services.Full):
        return Refused(f"A try was refused: {_FULL[opened]}.", busy=opened is services.Full.TRIES)
    journal.open(opened.call_id)
    if ticket.record:
        recording_writer.start()
    admitted = Admitted(
        call_id=opened.call_id,
        number_id=None,
        container="raw",
        reference_tag="",
        record=ticket.record,
        announce=False,
    )
    return Try(ticket, admitted, dialogue)


class TalkConsumer(CallConsumer):
    """One try of a draft."""

    tried: Try

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve the connection on the server's own `send`: the session's wraps it and hides the server."""
        await super().__call__(scope, receive, scope[_SEND])

    async def admit(self, scope: Mapping[str, Any]) -> Admitted | Refused:
        """Return the opened call of the ticket in the address, or why there is none."""
        text = scope["url_route"]["kwargs"]["ticket"]
        try:
            found = await admissions.run(partial(open_try, text, scope.get("user"), journal=journal))
        except DatabaseFailure as error:
            return Refused(f"A try was refused: the database failed ({type(error).__name__}).", busy=True)
        if isinstance(found, Refused):
            return found
        self.tried = found
        if not found.ticket.really_asks:
            self.performs = dict.fromkeys(PERFORMERS, everyday)
        return found.admitted

    def finish_admission(self) -> None:
        """Do nothing: a try took no place among the callers who wait."""

    def start_or_resume(self, asked: Identify) -> None:
        """Begin the call. What the start names is not looked at: a try goes on with no other call."""
        super().start_or_resume(replace(asked, call_sid="", reference="", custom_parameters={}))

    async def find(self, asked: Identify) -> Found:
        """Return the draft as the agent, and the made-up person."""
        ticket, dialogue = self.tried.ticket, self.tried.dialogue
        identity = Identity(stream_sid=asked.stream_sid, language=ticket.language, agent_id=dialogue.agent_id)
        context = CallContext(
            language=ticket.language,
            variables=ticket.values,
            name=ticket.values.get("name", ""),
            today=ist_day(clock.now()).isoformat(),
        )
        return Found(identity, registry.build(publishing.KIND, dialogue.draft), context)


Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


def keeping_send(application: Application) -> Application:
    """Return the application with the server's own `send` in its scope."""

    async def serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await application({**scope, _SEND: send}, receive, send)

    return serve
