"""The WebSocket of a call, from the first byte to the closed row.

A Channels consumer, but for the frames: stock Channels makes tasks and a thread hop for each of them, which
costs more than everything else here together. So the connection gives each frame to `on_frame`, the
`Conversation` answers with a `Step`, and `apply` carries it out. Nothing there waits: frames to send go to a
queue with its own task, entries to the journal, audio to the recorder, and effects (who is called, speech,
clips) run as tasks whose result is the next event. Commands from the portal take Channels' stock path.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from channels.consumer import AsyncConsumer
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import Error as DatabaseFailure
from redis.exceptions import RedisError

from calls import services
from calls.agents.requests import Failed, Request
from calls.audio.speech_detector import HearingSettings
from calls.conversation.conversation import Conversation
from calls.conversation.limits import CloseCode, ConversationLimits, Hearing
from calls.conversation.outputs import Carry, Close, Effect, Ending, Entry, EntryKind, Identify, Step
from calls.events.journal import journal, nothing
from calls.identification import Asker, Found, Identity, NotFound, caller_numbers, telling_who
from calls.media import identification, performers, prompt_audio
from calls.media.admission import Admitted, ConnectionRequest, Refused
from calls.media.admission_desk import admission_desk
from calls.media.background_tasks import BackgroundTasks
from calls.media.call_recording import CallRecording
from calls.media.call_registry import Key, call_registry
from calls.media.connection import CLOSING_SECONDS, MOST_MESSAGE_BYTES, SERVER_GOES, Connection
from calls.media.database_threads import lookups
from calls.media.servers.asgi import find_server, refuse
from calls.media.servers.interface import Receive, Send
from calls.media.timer import Timer
from calls.protocol.stream import AgentStream
from calls.speech.vad_models import WebrtcGate, shared_vad

log = logging.getLogger(__name__)

LAYER_PAUSE_SECONDS = 5.0
MOST_UNTIL_FIRST_WORD_S = 2.0
"""An agent that has said nothing by then waits for the caller, and no other caller waits for it."""
EFFECTS_AT_ONCE = 4
MOST_EFFECTS = 50
"""At work or waiting for their turn."""
ENDED_WELL = 1000

STOPPED = "Our server was stopped during the call."
HUNG_UP_BY_STAFF = "A member of staff ended the call."
CLOSED_ELSEWHERE = "Our server was silent for so long that the call was closed for it."
BY_OUR_ERROR = Close(
    code=CloseCode.GOING_AWAY,
    ended_by=Ending.SERVER,
    reason="An error in our own program ended the call.",
)
ENDS_BY_OUR_ERROR = "Call %s ends by an error of our own."
TOO_MANY_EFFECTS = "Too much was asked for at once."
ONLY_TO_GO_ON = "All lines are busy; this one was kept for a call whose connection broke."
SAME_SID = "Call %s has the call_sid of another call on the line that is not its own; both are served apart."
GOES_ON = "This connection went on with a call that was there already."
DEAD_PEER = "The platform took no audio from us for {:.0f} s; the line counts as lost."


def hearing() -> Hearing:
    """Return what a call listens with, as the settings have it."""
    figures = HearingSettings(
        min_speech_ms=settings.SPEECH_MIN_MS,
        hangover_ms=settings.SPEECH_HANGOVER_MS,
        start_probability=settings.SPEECH_START_PROBABILITY,
        stop_probability=settings.SPEECH_STOP_PROBABILITY,
        short_words_ms=settings.SPEECH_SHORT_WORDS_MS,
    )
    return Hearing(gate=WebrtcGate(), judged=True, settings=figures, tones=settings.DTMF_IN_BAND)


class CallConsumer(AsyncConsumer):
    """One call. Made for a connection, gone with it.

    No object that it holds may hold it in turn once it has ended: left to the garbage collector, hundreds of
    ended calls would wait in memory for a full collection (see `FastPath.end`). Hence `release` and `detach`.
    """

    performs: Mapping[type[Request], performers.Performer] = performers.PERFORMERS
    """What carries out the requests of the agent."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve a connection from its request to its end: admit or refuse it, run it, close it."""
        self.scope = scope
        server = find_server(send)
        server.limit_message_size(MOST_MESSAGE_BYTES)
        server.break_reference_cycles()
        await receive()
        admitted = await self.admit(scope)
        if isinstance(admitted, Refused):
            log.warning(admitted.reason)
            await refuse(scope, server, busy=admitted.busy)
            return
        self.begin(admitted)
        connection = Connection(self, receive, server)
        call_registry.add_connection(connection)
        try:
            await self.run(connection)
            await connection.finish()
            if self.close:  # the call is over with its connection: its tasks end too
                await self.tasks.wait(CLOSING_SECONDS)
        finally:
            call_registry.discard_connection(connection)
            connection.call.detach(connection)

    async def admit(self, scope: Mapping[str, Any]) -> Admitted | Refused:
        """Return the opened call of a connection, or why it gets none."""
        return await admission_desk.admit(ConnectionRequest.of(scope), journal=journal)

    def begin(self, admitted: Admitted) -> None:
        """Make all that a call needs, before its first frame."""
        self.call = admitted
        self.loop = asyncio.get_running_loop()
        self.begun_at = self.loop.time()
        self.journal = journal.of(admitted.call_id)
        self.journal.on_closed_elsewhere = self.on_closed_elsewhere
        self.unlogged_entries: list[Entry] | None = []
        """Not in the journal: this may be the second connection of an earlier call. None once it is clear."""
        self.recording = CallRecording(admitted)
        self.effect_slots = asyncio.Semaphore(EFFECTS_AT_ONCE)
        self.tasks = BackgroundTasks()
        self.timer = Timer(self.loop)
        self.connection: Connection | None = None
        self.key: Key | None = None
        self.asked: Identify | None = None
        """Who calls, by the start message; None before it, and once it is known or handed to the journal."""
        self.identity = Identity()
        """Whom the call belongs to, once that is known."""
        self.whose = ""
        """The person's pseudonym, once it is known."""
        self.close: Close | None = None
        self.is_admission_done = False
        """The caller has heard the agent or is gone: another may be let in."""
        self.vad = shared_vad().for_call(self.on_vad_result, self.loop)
        self.stream = AgentStream(container=admitted.container)
        self.conversation = Conversation(
            self.stream,
            limits=ConversationLimits(call_s=settings.MAX_CALL_SECONDS, resume_s=settings.RESUME_SECONDS),
            hearing=hearing(),
            now=self.begun_at,
        )

    async def run(self, connection: Connection) -> None:
        """Accept, then let frames, effects, commands and time drive the call until the connection is over.

        If the connection broke, or another came, the call itself goes on.
        """
        self.connection = connection
        try:
            await connection.open()
            connection.listen()
            self.tasks.start(self.listen_for_commands(), self.on_error)
            self.advance(self.conversation.wake)
            await connection.over.wait()
        except asyncio.CancelledError:
            # Daphne shuts down. Everything that must be kept is in the journal before the next `await`;
            # returning, not raising, lets Daphne wait for the other calls.
            connection.call.on_disconnect(connection, SERVER_GOES)
        except OSError:  # gone before it was accepted
            self.advance(self.conversation.closed)
        finally:
            if not connection.over.is_set():
                self.end(BY_OUR_ERROR)

    # --- The media loop -----------------------------------------------------------------------------

    def on_frame(self, text: str) -> None:
        """Give a frame of the platform to the conversation. Most change nothing: `advance`, with as little in
        it as can be. Raises nothing, either."""
        if self.close:
            self.take_late_key(text)
            return
        try:
            step = self.conversation.receive(text, self.loop.time())
            if step is not self.conversation.still:
                self.apply(step)
        except Exception as error:  # noqa: BLE001 - the edge of the call
            self.on_error(error)

    def take_late_key(self, text: str) -> None:
        """Log a key that was pressed before the platform read our close, and what it brought."""
        try:
            step = self.conversation.receive(text, self.loop.time())
        except Exception:
            log.exception("A key at the end of call %s was lost by an error of our own.", self.call.call_id)
        else:
            self.journal.log(step.entries)

    def on_disconnect(self, connection: Connection, code: int) -> None:
        """Stop the call if our server shuts down, close it after a good end, else let it wait for another
        connection."""
        if connection is self.connection:
            if code == SERVER_GOES:
                self.advance(self.conversation.stop, STOPPED)
            elif code == ENDED_WELL:
                self.advance(self.conversation.closed)
            else:
                self.advance(self.conversation.broken)
                self.connection = None
        connection.end(None)

    def on_stall(self, connection: Connection) -> None:
        """End the call: the platform holds the connection but reads nothing."""
        if connection is self.connection:
            self.advance(self.conversation.lost, DEAD_PEER.format(settings.SEND_SECONDS))

    def on_timer(self) -> None:
        """Wake the conversation."""
        self.advance(self.conversation.wake)

    def on_vad_result(self, utterance: int, probabilities: Sequence[float] | None) -> None:
        """Give the probabilities of speech in an utterance to the conversation; None: no model answers."""
        self.advance(self.conversation.speech, utterance, probabilities)

    def advance(self, event: Callable[..., Step], *args: object) -> None:
        """Give one event to the conversation and apply what follows. Raises nothing: an error of our own ends
        the call."""
        if self.close:
            return
        try:
            self.apply(event(*args, self.loop.time()))
        except Exception as error:  # noqa: BLE001 - the edge of the call
            self.on_error(error)

    def apply(self, step: Step) -> None:
        """Hand every part of a step to what carries it out. Nothing here waits."""
        if step.entries:
            self.log_entries(step.entries)
        if step.frames and self.connection:
            self.send_frames(step.frames, self.connection)
        for effect in step.effects:
            self.begin_effect(effect)
        self.route_audio(step)
        if step.entries or step.frames:
            self.journal.doing(self.conversation.doing)
        if step.wake_at != self.timer.at and not self.close:
            self.timer.set(step.wake_at, self.on_timer)
        if step.close:
            self.end(step.close)

    def send_frames(self, frames: Sequence[str], connection: Connection) -> None:
        """Queue frames on the connection. With the agent's first another caller may be let in."""
        for frame in frames:
            connection.put(frame)
        self.conversation.note_queue(connection.depth)
        if self.asked is None:
            self.finish_admission()

    def log_entries(self, entries: list[Entry]) -> None:
        """Write to the journal; before the start message, to memory only."""
        if self.unlogged_entries is None:
            self.journal.log(entries)
        else:
            self.unlogged_entries += entries

    def route_audio(self, step: Step) -> None:
        """Give what was heard and said to the recording, and what may be speech to the VAD model."""
        self.recording.add(step.recording)
        if trouble := self.recording.take_trouble():
            at_ms = round((self.loop.time() - self.begun_at) * 1000)
            self.log_entries([Entry(kind=EntryKind.PROBLEM, at_ms=at_ms, text=trouble)])
        if step.vad_audio:
            self.vad.submit(step.vad_audio)

    def log_early_entries(self) -> None:
        """Write what happened so far to the journal; what comes goes there at once."""
        unlogged, self.unlogged_entries = self.unlogged_entries or [], None
        self.journal.log(unlogged)

    # --- The end --------------------------------------------------------------------------------------

    def end(self, close: Close) -> None:
        """End the call: its row is closed from here on, whatever fails later. The first end counts."""
        if self.close:
            return
        self.close = close
        self.log_early_entries()
        summary = self.conversation.summary(self.loop.time())
        self.journal.closed(close, replace(summary, disposition=summary.disposition or "dropped"))
        self.recording.finish()
        if self.key:
            call_registry.discard(self.key, self)
        if self.connection:
            self.connection.end(close.code, keys_count=True)
        if self.connection is None or close.ended_by is Ending.SERVER:
            self.hand_over_unserved()
        self.release()

    def hand_over_unserved(self) -> None:
        """Have the journal find out who it was, if no agent was given the call, and what its keys meant."""
        asked, self.asked = self.asked, None
        if asked:
            self.journal.unserved(asked, self.conversation.unserved_keys)

    def release(self) -> None:
        """Stop and forget all that would call this consumer again."""
        self.finish_admission()
        self.timer.set(None, self.on_timer)
        self.vad.close()
        self.journal.on_closed_elsewhere = nothing
        self.tasks.cancel()

    def finish_admission(self) -> None:
        """Let another caller in, once."""
        if not self.is_admission_done:
            self.is_admission_done = True
            admission_desk.release()

    def detach(self, connection: Connection) -> None:
        """Forget a connection that is closed. With that of an ended call no further key can come."""
        if connection is self.connection:
            self.connection = None
            if self.close:
                self.hand_over_unserved()

    def on_error(self, error: BaseException) -> None:
        """End the call by an error of our own. What had happened is written first, as far as the conversation
        still can."""
        log.error(ENDS_BY_OUR_ERROR, self.call.call_id, exc_info=error)
        if self.close:
            return
        try:
            self.apply(self.conversation.stop(BY_OUR_ERROR.reason, self.loop.time()))
        except Exception:
            log.exception(ENDS_BY_OUR_ERROR, self.call.call_id)
        self.end(BY_OUR_ERROR)

    # --- A second connection -------------------------------------------------------------------------

    @property
    def awaits_resume(self) -> bool:
        """Return whether the connection broke and the call waits for another."""
        return self.connection is None and self.close is None

    @property
    def number_id(self) -> int | None:
        """Return the id of the number's row."""
        return self.call.number_id

    def start_or_resume(self, asked: Identify) -> None:
        """Begin the call of a start message; if this process has that call, give it the connection."""
        stored = self.as_stored(asked)
        caller = "|".join(caller_numbers(stored.custom_parameters))
        key = Key(self.call.number_id, asked.call_sid, stored.reference, caller)
        earlier = call_registry.find(key) if asked.call_sid else None
        if isinstance(earlier, CallConsumer) and earlier is not self and self.connection:
            self.transfer_connection(self.connection, earlier)
        elif self.call.reserved_for_resume:
            self.end(Close(code=CloseCode.POLICY, ended_by=Ending.LIMIT, reason=ONLY_TO_GO_ON))
        else:
            if asked.call_sid and call_registry.has_other(key):
                log.warning(SAME_SID, self.call.call_id)
            self.begin_call(asked, stored, key)

    def begin_call(self, asked: Identify, stored: Identify, key: Key) -> None:
        """Begin a call of its own: into the journal as the start gave it, then who it is."""
        self.log_early_entries()
        self.asked = stored
        self.journal.started(stored)
        if asked.call_sid:
            self.key = key
            call_registry.add(key, self)
        self.tasks.start(self.perform(asked), self.on_error)

    def as_stored(self, asked: Identify) -> Identify:
        """Return who calls, by the start message, without what only an agent needs."""
        tag = self.call.reference_tag
        reference = asked.reference or asked.custom_parameters.get(tag, "")
        return replace(
            asked,
            reference=reference,
            custom_parameters=telling_who(asked.custom_parameters, reference_tag=tag),
        )

    def transfer_connection(self, connection: Connection, earlier: "CallConsumer") -> None:
        """Give the connection to an earlier call. This one was none: its row is withdrawn."""
        self.close = Close(code=None, ended_by=Ending.CONNECTION, reason=GOES_ON)
        self.connection = None
        self.release()
        self.tasks.start(self.withdraw(), self.on_error)
        earlier.resume(connection, self.stream)

    def resume(self, connection: Connection, stream: AgentStream) -> None:
        """Go on with another connection. If the first is still open, it is closed: the newer one counts."""
        if self.connection:
            self.connection.end(ENDED_WELL)
        self.connection, connection.call = connection, self
        self.advance(self.conversation.resumed, stream)

    async def withdraw(self) -> None:
        """Delete the unused row. Where the database fails, the journal closes it in its own time."""
        try:
            await lookups.run(lambda: services.withdraw_call(self.call.call_id))
        except DatabaseFailure as error:
            log.warning("The row of call %s stays (%s).", self.call.call_id, type(error).__name__)
            self.journal.closed(Close(code=None, ended_by=Ending.CONNECTION, reason=GOES_ON), None)
        else:
            journal.forget(self.call.call_id)

    # --- Effects --------------------------------------------------------------------------------------

    def begin_effect(self, effect: Effect) -> None:
        """Start what the conversation asks of the world, if not too much is under way already."""
        if isinstance(effect, Identify):
            self.start_or_resume(effect)
        elif len(self.tasks) < MOST_EFFECTS:
            self.tasks.start(self.perform(effect), self.on_error)
        elif isinstance(effect, Carry):
            reply = Failed(TOO_MANY_EFFECTS)
            self.loop.call_soon(self.advance, self.conversation.performed, effect.key, reply)
        else:
            self.loop.call_soon(self.advance, self.conversation.audio_failed, effect.prompt, TOO_MANY_EFFECTS)

    async def perform(self, effect: Effect) -> None:
        """Carry out an effect, a few at a time, and give its result to the conversation."""
        async with self.effect_slots:
            if isinstance(effect, Identify):
                await self.identify(effect)
                return
            if isinstance(effect, Carry):
                asker = Asker(self.call.call_id, self.call.number_id, self.identity)
                reply = await performers.perform(effect.request, asker, performers=self.performs)
                self.advance(self.conversation.performed, effect.key, reply)
                return
            try:
                pcm = await prompt_audio.audio(effect, self.call.number_id, whose=self.whose)
            except prompt_audio.AudioError as error:
                self.advance(self.conversation.audio_failed, effect.prompt, str(error))
            else:
                self.advance(self.conversation.audio_ready, effect.prompt, pcm)

    async def find(self, asked: Identify) -> Found | NotFound | identification.Unknown:
        """Return who is on the line and the agent that answers."""
        return await identification.identify(asked, self.call.number_id)

    async def identify(self, asked: Identify) -> None:
        """Find who is on the line: into the row, and to the conversation."""
        found = await self.find(asked)
        self.loop.call_later(MOST_UNTIL_FIRST_WORD_S, self.finish_admission)
        if isinstance(found, identification.Unknown):
            self.advance(self.conversation.unidentified, found.reason)
            return
        self.identity = found.identity
        self.journal.identified(found.identity)
        if isinstance(found, Found):
            self.asked = None
            self.whose = found.whose
            agent = self.recording.announce(found.agent)
            self.advance(self.conversation.identified, agent, found.context)
        else:
            if not self.conversation.unserved_keys:
                self.asked = None
            self.advance(self.conversation.unidentified, found.reason)

    # --- Commands -------------------------------------------------------------------------------------

    async def listen_for_commands(self) -> None:
        """Receive commands for this call; never returns. A channel layer that is away costs it nothing."""
        while True:
            try:
                await self.receive_commands()
            except (RedisError, OSError) as error:
                log.warning("Call %s: no channel layer (%s).", self.call.call_id, type(error).__name__)
                await asyncio.sleep(LAYER_PAUSE_SECONDS)

    async def receive_commands(self) -> None:
        """Dispatch the messages to the group `call.<id>`, each to the method of its type, as Channels does.
        Raises what the channel layer raises."""
        layer = get_channel_layer()
        channel = await layer.new_channel()
        group = f"call.{self.call.call_id}"
        await layer.group_add(group, channel)
        try:
            while True:
                await self.dispatch(await layer.receive(channel))
        finally:
            await layer.group_discard(group, channel)

    async def call_hang_up(self, message: Mapping[str, Any]) -> None:
        """`{"type": "call.hang_up"}` from the portal."""
        self.advance(self.conversation.hang_up, HUNG_UP_BY_STAFF)

    def on_closed_elsewhere(self) -> None:
        """End the line: the row was closed by another process. Called in the journal's thread."""
        self.loop.call_soon_threadsafe(self.advance, self.conversation.stop, CLOSED_ELSEWHERE)
