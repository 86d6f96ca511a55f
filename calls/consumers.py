"""The WebSocket of a call, from the first byte to the closed row.

A Channels consumer, but for the frames: stock Channels makes tasks and a thread hop for each of them, which
costs more than everything else here together. So one loop of our own reads frames, gives each to the
`Conversation` and carries out the `Step` that comes back. Nothing in it waits: frames to send go to a queue
with its own task, entries to the journal, audio to the recorder, and what needs the world runs as a task
whose result is the next event. Control messages ("hang up", from the portal) take Channels' stock path.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any

from channels.consumer import AsyncConsumer
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import Error as DatabaseFailure
from redis.exceptions import RedisError

from calls import services
from calls.agents.recording_notice import RecordingNotice
from calls.audio.speech_detector import HearingSettings
from calls.conversation.conversation import Conversation
from calls.conversation.limits import CloseCode, ConversationLimits, Hearing
from calls.conversation.outputs import Close, Effect, Ending, Entry, Identify, LoadClip, Step, Synthesise
from calls.events.journal import journal, nothing
from calls.media import identification, prompt_audio
from calls.media.admission import Admitted, ConnectionRequest, Refused, admit_within
from calls.media.call_registry import Key, held
from calls.media.connection import CLOSING_SECONDS, MOST_MESSAGE_BYTES, SERVER_GOES, Connection
from calls.media.servers.asgi import find_server, refuse
from calls.media.servers.interface import Receive, Send
from calls.protocol.stream import AgentStream
from calls.recordings.recorder import Recorder, recording_writer
from calls.speech.vad_models import WebrtcGate, shared_vad

log = logging.getLogger(__name__)

ADMISSION_SECONDS = 8.0
"""Shorter than Daphne's `application_close_timeout` (10 s): what it has to kill it logs with the path."""
LAYER_PAUSE_SECONDS = 5.0
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
GOES_ON = "This connection went on with a call that was there already."
DEAD_PEER = "The platform took no audio from us for {:.0f} s; the line counts as lost."


def hearing() -> Hearing:
    """What a call listens with, as the settings have it."""
    figures = HearingSettings(
        min_speech_ms=settings.SPEECH_MIN_MS,
        hangover_ms=settings.SPEECH_HANGOVER_MS,
        start_probability=settings.SPEECH_START_PROBABILITY,
        stop_probability=settings.SPEECH_STOP_PROBABILITY,
        short_words_ms=settings.SPEECH_SHORT_WORDS_MS,
    )
    return Hearing(gate=WebrtcGate(), judged=True, settings=figures, tones=settings.DTMF_IN_BAND)


class CallConsumer(AsyncConsumer):
    """One call. Made for a connection, gone with it."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """The whole life of a connection: admitted or refused, held, finished."""
        self.scope = scope
        server = find_server(send)
        server.limit_message_size(MOST_MESSAGE_BYTES)
        server.break_reference_cycles()
        await receive()
        admitted = await admit_within(ADMISSION_SECONDS, ConnectionRequest.of(scope), journal=journal)
        if isinstance(admitted, Refused):
            log.warning(admitted.reason)
            await refuse(scope, send, busy=admitted.busy)
            return
        self.begin(admitted)
        connection = Connection(self, receive, server)
        held.enter(connection)
        try:
            await self.hold(connection)
            await self.finish(connection)
        finally:
            held.leave(connection)
            connection.call.detach(connection)

    def begin(self, admitted: Admitted) -> None:
        """What a call needs, all of it ready before the first frame."""
        self.call = admitted
        self.loop = asyncio.get_running_loop()
        self.page = journal.of(admitted.call_id)
        self.page.on_closed_elsewhere = self.tell_closed_elsewhere
        self.unlogged_entries: list[Entry] | None = []
        """Not in the journal yet: the call may turn out to be one that is there already."""
        self.recorder = Recorder(recording_writer, admitted.call_id) if admitted.record else None
        self.announced: RecordingNotice | None = None
        self.records = self.may_record()
        self.effect_slots = asyncio.Semaphore(EFFECTS_AT_ONCE)
        self.tasks: set[asyncio.Task[None]] = set()
        self.timer: asyncio.Handle | None = None
        self.timer_at = 0.0
        """Ours to remember: uvloop's handle of a time that has passed does not know it."""
        self.connection: Connection | None = None
        self.key: Key | None = None
        self.close: Close | None = None
        self.judge = shared_vad().for_call(self.take_verdict, self.loop)
        self.stream = AgentStream(container=admitted.container)
        self.conversation = Conversation(
            self.stream,
            limits=ConversationLimits(call_s=settings.MAX_CALL_SECONDS, resume_s=settings.RESUME_SECONDS),
            hearing=hearing(),
            now=self.loop.time(),
        )

    async def hold(self, connection: Connection) -> None:
        """Accept, then let frames, effects, control messages and time drive the call until it is over.

        It ends with the connection. If that broke, or another came, the call itself goes on.
        """
        self.connection = connection
        try:
            await connection.open()
            connection.listen()
            self.start(self.listen_for_commands())
            self.advance(self.conversation.wake)
            await connection.over.wait()
        except asyncio.CancelledError:
            # Daphne's way to say that it is going down. Everything that must be kept is taken down
            # before the next `await`; returning, not raising, lets Daphne wait for the other calls.
            connection.call.on_disconnect(connection, SERVER_GOES)
        except OSError:  # gone before it was accepted
            self.advance(self.conversation.closed)
        finally:
            if not connection.over.is_set():
                self.end(BY_OUR_ERROR)

    async def finish(self, connection: Connection) -> None:
        """Close the socket; when the call is over with it, wait for its tasks too. Bounded."""
        await connection.finish()
        if self.close and self.tasks:
            await asyncio.wait(self.tasks, timeout=CLOSING_SECONDS)

    def detach(self, connection: Connection) -> None:
        """The connection is closed. Nothing may hold an ended call in a circle, see `FastPath.end`."""
        if connection is self.connection:
            self.connection = None

    # --- The media loop -----------------------------------------------------------------------------

    def on_frame(self, text: str) -> None:
        """A frame of the platform. Most change nothing: a `advance` with as little in it as can be."""
        if self.close:
            return
        try:
            step = self.conversation.receive(text, self.loop.time())
            if step is not self.conversation.still:
                self.apply(step)
        except Exception as error:  # noqa: BLE001 - the edge of the call
            self.fail(error)

    def on_disconnect(self, connection: Connection, code: int) -> None:
        """The connection is gone: by our server's end, by a good end of theirs, or it broke."""
        if connection is self.connection:
            if code == SERVER_GOES:
                self.advance(self.conversation.stop, STOPPED)
            elif code == ENDED_WELL:
                self.advance(self.conversation.closed)
            else:
                self.advance(self.conversation.broken)
                self.connection = None
        connection.end(None)

    def advance(self, event: Callable[..., Step], *args: object) -> None:
        """One event to the conversation, and what follows from it. Our own mistake ends the call."""
        if self.close:
            return
        try:
            self.apply(event(*args, self.loop.time()))
        except Exception as error:  # noqa: BLE001 - the edge of the call
            self.fail(error)

    def break_off(self) -> None:
        """End by our own error. What had happened is told first, as far as the conversation still can."""
        if self.close:
            return
        try:
            self.apply(self.conversation.stop(BY_OUR_ERROR.reason, self.loop.time()))
        except Exception:
            log.exception(ENDS_BY_OUR_ERROR, self.call.call_id)
        self.end(BY_OUR_ERROR)

    def apply(self, step: Step) -> None:
        """Hand every part of a step to those who do it. Nothing here waits."""
        if step.entries:
            self.log_entries(step.entries)
        if step.frames and self.connection:
            for frame in step.frames:
                self.connection.put(frame)
            self.conversation.note_queue(self.connection.depth)
        for effect in step.effects:
            self.begin_effect(effect)
        self.route_audio(step)
        if step.entries or step.frames:
            self.page.doing(self.conversation.doing)
        if not self.close and (self.timer is None or step.wake_at != self.timer_at):
            self.wake_at(step.wake_at)
        if step.close:
            self.end(step.close)

    def log_entries(self, entries: list[Entry]) -> None:
        """Into the journal; before the start message only into our memory."""
        if self.unlogged_entries is None:
            self.page.log(entries)
        else:
            self.unlogged_entries += entries

    def route_audio(self, step: Step) -> None:
        """To the recorder what was heard, to the judge of speech what may be some.

        The step in which the notice has been heard brings what was said up to then: not to be kept.
        """
        if self.recorder and step.recording and self.records:
            self.recorder.add(step.recording)
        self.records = self.may_record()
        if step.vad_audio:
            self.judge.submit(step.vad_audio)

    def may_record(self) -> bool:
        """Where it must be announced: once the notice has been heard."""
        return not self.call.announce or (self.announced is not None and self.announced.may_record)

    def wake_at(self, when: float | None) -> None:
        """One timer a call. One that rings too early is left: the conversation then says when to wake."""
        if self.timer and (when is None or when < self.timer_at):
            self.timer.cancel()
            self.timer = None
        if when is not None and self.timer is None:
            self.timer, self.timer_at = self.loop.call_at(when, self.wake), when

    def wake(self) -> None:
        """The timer rang."""
        self.timer = None
        self.advance(self.conversation.wake)

    def end(self, close: Close) -> None:
        """The call is over: its row is closed from here on, come what may. The first end counts."""
        if self.close:
            return
        self.close = close
        self.wake_at(None)
        self.write_early()
        summary = self.conversation.summary(self.loop.time())
        self.page.closed(close, replace(summary, disposition=summary.disposition or "dropped"))
        self.judge.close()
        self.page.on_closed_elsewhere = nothing
        if self.recorder:
            self.recorder.finish()
        if self.key:
            held.discard(self.key, self)
        if self.connection:
            self.connection.end(close.code)
        self.cancel_tasks()

    def take_verdict(self, utterance: int, probabilities: Sequence[float] | None) -> None:
        """Of the judge: does the person speak? It comes in this call's loop."""
        self.advance(self.conversation.speech, utterance, probabilities)

    def lose_peer(self, connection: Connection) -> None:
        """The other side holds the connection but reads nothing."""
        if connection is self.connection:
            self.advance(self.conversation.lost, DEAD_PEER.format(settings.SEND_SECONDS))

    def fail(self, error: BaseException) -> None:
        """An error of our own ends the call."""
        log.error(ENDS_BY_OUR_ERROR, self.call.call_id, exc_info=error)
        self.break_off()

    # --- A second connection -------------------------------------------------------------------------

    @property
    def is_away(self) -> bool:
        """The connection broke, and the call waits for another."""
        return self.connection is None and self.close is None

    @property
    def number_id(self) -> int:
        """The row of the call's number."""
        return self.call.number_id

    def start_or_resume(self, asked: Identify) -> None:
        """The start message is here. If it names a call this process holds, the connection becomes its."""
        key = (self.call.number_id, asked.call_sid)
        earlier = held.find(key) if asked.call_sid else None
        if isinstance(earlier, CallConsumer) and earlier is not self and self.connection:
            self.transfer_connection(self.connection, earlier)
        elif self.call.reserved_for_resume:
            self.end(Close(code=CloseCode.POLICY, ended_by=Ending.LIMIT, reason=ONLY_TO_GO_ON))
        else:
            self.write_early()
            if asked.call_sid:
                self.key = key
                held.add(key, self)
            self.start(self.perform(asked))

    def transfer_connection(self, connection: Connection, earlier: "CallConsumer") -> None:
        """This call was none: its row is withdrawn, its connection goes on with the earlier call."""
        self.close = Close(code=None, ended_by=Ending.CONNECTION, reason=GOES_ON)
        self.wake_at(None)
        self.connection = None
        self.judge.close()
        self.page.on_closed_elsewhere = nothing
        self.cancel_tasks()
        self.start(self.withdraw())
        earlier.resume(connection, self.stream)

    def resume(self, connection: Connection, stream: AgentStream) -> None:
        """Go on with another connection. If the first is still open, it is closed: the newer one counts."""
        if self.connection:
            self.connection.end(ENDED_WELL)
        self.connection, connection.call = connection, self
        self.advance(self.conversation.resumed, stream)

    async def withdraw(self) -> None:
        """Take the unused row back. Where the database fails, the journal closes it in its own time."""
        try:
            await database_sync_to_async(services.withdraw_call, thread_sensitive=False)(self.call.call_id)
        except DatabaseFailure as error:
            log.warning("The row of call %s stays (%s).", self.call.call_id, type(error).__name__)
            self.page.closed(Close(code=None, ended_by=Ending.CONNECTION, reason=GOES_ON), None)
        else:
            journal.forget(self.call.call_id)

    def write_early(self) -> None:
        """From now on what happens goes to the journal at once."""
        unlogged_entries, self.unlogged_entries = self.unlogged_entries or [], None
        self.page.log(unlogged_entries)

    # --- Tasks ----------------------------------------------------------------------------------------

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something beside the media loop; an error in it ends the call."""
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.task_done)
        return task

    def cancel_tasks(self) -> None:
        """Nothing more is wanted of them."""
        for task in self.tasks:
            task.cancel()

    def task_done(self, task: asyncio.Task[None]) -> None:
        """Forget a task, but not its error."""
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.fail(error)

    # --- Effects --------------------------------------------------------------------------------------

    def begin_effect(self, effect: Effect) -> None:
        """Have it done, if not too much is under way already."""
        if isinstance(effect, Identify):
            self.start_or_resume(effect)
        elif len(self.tasks) >= MOST_EFFECTS:
            self.loop.call_soon(self.advance, self.conversation.audio_failed, effect.prompt, TOO_MANY_EFFECTS)
        else:
            self.start(self.perform(effect))

    async def perform(self, effect: Effect) -> None:
        """Do what the conversation asked for, and tell it what came of it."""
        async with self.effect_slots:
            if isinstance(effect, Identify):
                await self.identify(effect)
            else:
                await self.make_audio(effect)

    async def identify(self, asked: Identify) -> None:
        """Who is on the line: into the row, and to the conversation."""
        found = await identification.identify(asked, self.call.number_id)
        self.page.identified(found.identity)
        if isinstance(found, identification.Found):
            agent = found.agent
            if self.call.announce:
                agent = self.announced = RecordingNotice(agent)
            self.advance(self.conversation.identified, agent, found.context)
        else:
            self.advance(self.conversation.unidentified, found.reason)

    async def make_audio(self, asked: Synthesise | LoadClip) -> None:
        """Speech or a clip."""
        try:
            pcm = await prompt_audio.audio(asked, self.call.number_id)
        except prompt_audio.AudioError as error:
            self.advance(self.conversation.audio_failed, asked.prompt, str(error))
        else:
            self.advance(self.conversation.audio_ready, asked.prompt, pcm)

    # --- Control --------------------------------------------------------------------------------------

    async def listen_for_commands(self) -> None:
        """Take orders for this call from the channel layer. A layer that is away costs the call nothing."""
        while True:
            try:
                await self.receive_commands()
            except (RedisError, OSError) as error:
                log.warning("Call %s: no channel layer (%s).", self.call.call_id, type(error).__name__)
                await asyncio.sleep(LAYER_PAUSE_SECONDS)

    async def receive_commands(self) -> None:
        """Messages to the group `call.<id>`, each by the method of its type: Channels' stock path."""
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

    def tell_closed_elsewhere(self) -> None:
        """From the journal's thread: the row was closed by somebody else, so the line must close too."""
        self.loop.call_soon_threadsafe(self.advance, self.conversation.stop, CLOSED_ELSEWHERE)
