"""The WebSocket of a call, from the first byte to the closed row.

A Channels consumer, but for the frames: stock Channels makes tasks and a thread hop for each of them, which
costs more than everything else here together. So one loop of our own reads frames, gives each to the
`Conversation` and carries out the `Step` that comes back. Nothing in it waits: frames to send go to a queue
with its own task, entries to the journal, audio to the recorder, and what needs the world runs as a task
whose result is the next event. Control messages ("hang up", from the portal) take Channels' stock path.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

from channels.consumer import AsyncConsumer
from channels.layers import get_channel_layer
from django.conf import settings
from redis.exceptions import RedisError

from calls import effects
from calls.admission import Admitted, Refused, admit_within
from calls.conversation import CloseCode, Conversation, ConversationLimits
from calls.journal import journal
from calls.protocol.stream import AgentStream
from calls.recording import Recorder, desk
from calls.sending import Receive, Send, deliver, send_within
from calls.steps import Close, Effect, Ending, Identify, LoadClip, Step, Synthesise

log = logging.getLogger(__name__)

ADMISSION_SECONDS = 8.0
"""Shorter than Daphne's `application_close_timeout` (10 s): what it has to kill it logs with the path."""
CLOSING_SECONDS = 2.0
LAYER_PAUSE_SECONDS = 5.0
EFFECTS_AT_ONCE = 4
MOST_UNSENT_FRAMES = 500
NOT_ALLOWED = 4003
SERVER_GOES = 1012
"""The code of `websocket.disconnect` when uvicorn shuts down ("service restart", RFC 6455 registry)."""
BINARY = "(binary)"
"""Stands for a binary frame: the stream is JSON text (awaaz-platform.md §2), so that is malformed too."""

STOPPED = "Our server was stopped during the call."
HUNG_UP_BY_STAFF = "A member of staff ended the call."
CLOSED_ELSEWHERE = "Our server was silent for so long that the call was closed for it."
OWN_ERROR = "An error in our own program ended the call."
DEAD_PEER = "The platform took no audio from us for {:.0f} s; the line counts as lost."


class CallConsumer(AsyncConsumer):
    """One call. Made for a connection, gone with it."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """The whole life of a connection: admitted or refused, held, finished."""
        self.scope = scope
        await receive()
        admitted = await admit_within(ADMISSION_SECONDS, scope["path"], journal=journal)
        if isinstance(admitted, Refused):
            log.warning(admitted.reason)
            await send({"type": "websocket.close", "code": NOT_ALLOWED})
            return
        self.begin(admitted)
        try:
            await self.hold(receive, send)
        except asyncio.CancelledError:
            # Daphne's way to say that it is going down. Everything that must be kept is taken down
            # before the next `await`; returning, not raising, lets Daphne wait for the other calls.
            self.move(self.conversation.stop, STOPPED)
        except OSError:  # gone before it was accepted
            self.move(self.conversation.closed)
        finally:
            self.end(Close(code=CloseCode.GOING_AWAY, ended_by=Ending.SERVER, reason=OWN_ERROR))
        await self.finish(send)

    def begin(self, admitted: Admitted) -> None:
        """What a call needs, all of it ready before the first frame."""
        self.call = admitted
        self.loop = asyncio.get_running_loop()
        self.page = journal.page(admitted.call_id)
        self.page.on_closed_elsewhere = self.tell_closed_elsewhere
        self.recorder = Recorder(desk, admitted.call_id) if admitted.record else None
        self.outbox: asyncio.Queue[str | None] = asyncio.Queue(MOST_UNSENT_FRAMES)
        self.effect_slots = asyncio.Semaphore(EFFECTS_AT_ONCE)
        self.tasks: set[asyncio.Task[None]] = set()
        self.writer: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.over = asyncio.Event()
        self.close: Close | None = None
        self.conversation = Conversation(
            AgentStream(container=admitted.container),
            limits=ConversationLimits(call_s=settings.MAX_CALL_SECONDS),
            now=self.loop.time(),
        )

    async def hold(self, receive: Receive, send: Send) -> None:
        """Accept, then let frames, effects, control messages and time drive the call until it is over."""
        await deliver(send, {"type": "websocket.accept"})
        self.writer = self.start(self.write_frames(send))
        self.start(self.read_frames(receive))
        self.start(self.obey())
        self.move(self.conversation.wake)
        await self.over.wait()

    # --- The media loop -----------------------------------------------------------------------------

    async def read_frames(self, receive: Receive) -> None:
        """Every frame of the platform, one after the other. It waits for the next frame only."""
        while not self.over.is_set():
            message = await receive()
            if message["type"] == "websocket.receive":
                self.move(self.conversation.receive, message.get("text") or BINARY)
            elif message.get("code") == SERVER_GOES:
                self.move(self.conversation.stop, STOPPED)
            else:
                self.move(self.conversation.closed)

    def move(self, event: Callable[..., Step], *args: object) -> None:
        """One event to the conversation, and what follows from it. Our own mistake ends the call."""
        if self.close:
            return
        try:
            self.carry_out(event(*args, self.loop.time()))
        except Exception:
            log.exception("Call %s ends by an error of our own.", self.call.call_id)
            self.end(Close(code=CloseCode.GOING_AWAY, ended_by=Ending.SERVER, reason=OWN_ERROR))

    def carry_out(self, step: Step) -> None:
        """Hand every part of a step to those who do it. Nothing here waits."""
        self.page.log(step.entries)
        for frame in step.frames:
            self.queue(frame)
        for effect in step.effects:
            self.start(self.perform(effect))
        if self.recorder and step.recording:
            self.recorder.add(step.recording)
        if step.entries or step.frames:
            self.page.doing(self.conversation.doing)
        self.wake_at(step.wake_at)
        if step.close:
            self.end(step.close)

    def wake_at(self, when: float | None) -> None:
        """One timer a call. One that rings too early is left: the conversation then says when to wake."""
        if self.timer and (when is None or when < self.timer.when()):
            self.timer.cancel()
            self.timer = None
        if when is not None and self.timer is None:
            self.timer = self.loop.call_at(when, self.wake)

    def wake(self) -> None:
        """The timer rang."""
        self.timer = None
        self.move(self.conversation.wake)

    def end(self, close: Close) -> None:
        """The call is over: its row is closed from here on, come what may. The first end counts."""
        if self.close:
            return
        self.close = close
        summary = self.conversation.summary(self.loop.time())
        self.page.closed(close, replace(summary, disposition=summary.disposition or "dropped"))
        if self.recorder:
            self.recorder.finish()
        self.over.set()

    # --- Sending ------------------------------------------------------------------------------------

    def queue(self, frame: str) -> None:
        """Frames leave in the order of the conversation, whatever made it speak."""
        try:
            self.outbox.put_nowait(frame)
        except asyncio.QueueFull:
            self.lose_peer()

    async def write_frames(self, send: Send) -> None:
        """Send what is queued, each frame within a bounded time, until the queue says None."""
        while (frame := await self.outbox.get()) is not None:
            try:
                await send_within(settings.SEND_SECONDS, send, {"type": "websocket.send", "text": frame})
            except TimeoutError:
                self.lose_peer()
                return
            except OSError:  # gone between two frames; `receive` says so too
                return

    def lose_peer(self) -> None:
        """The other side holds the connection but reads nothing."""
        reason = DEAD_PEER.format(settings.SEND_SECONDS)
        self.end(Close(code=CloseCode.POLICY, ended_by=Ending.CONNECTION, reason=reason))

    async def finish(self, send: Send) -> None:
        """Send what is left, close the socket and end the tasks; bounded, and nobody needs its success."""
        self.wake_at(None)
        if self.writer and not self.outbox.full():
            self.outbox.put_nowait(None)
            await asyncio.wait({self.writer}, timeout=CLOSING_SECONDS)
        if self.close and self.close.code:
            await self.close_socket(send, self.close.code)
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=CLOSING_SECONDS)

    async def close_socket(self, send: Send, code: int) -> None:
        """Say good-bye; who does not listen is left."""
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await deliver(send, {"type": "websocket.close", "code": code})
        except (TimeoutError, OSError) as error:
            log.info("Call %s: the close frame was not sent (%s).", self.call.call_id, type(error).__name__)

    # --- Tasks ----------------------------------------------------------------------------------------

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something beside the media loop; an error in it ends the call."""
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.task_done)
        return task

    def task_done(self, task: asyncio.Task[None]) -> None:
        """Forget a task, but not its error."""
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("Call %s ends by an error of our own.", self.call.call_id, exc_info=error)
            self.end(Close(code=CloseCode.GOING_AWAY, ended_by=Ending.SERVER, reason=OWN_ERROR))

    # --- Effects --------------------------------------------------------------------------------------

    async def perform(self, effect: Effect) -> None:
        """Do what the conversation asked for, and tell it what came of it."""
        async with self.effect_slots:
            if isinstance(effect, Identify):
                await self.identify(effect)
            else:
                await self.make_audio(effect)

    async def identify(self, asked: Identify) -> None:
        """Who is on the line: into the row, and to the conversation."""
        found = await effects.identify(asked, self.call.number_id)
        self.page.identified(found.identity)
        if isinstance(found, effects.Found):
            self.move(self.conversation.identified, found.agent, found.context)
        else:
            self.move(self.conversation.unidentified, found.reason)

    async def make_audio(self, asked: Synthesise | LoadClip) -> None:
        """Speech or a clip."""
        try:
            pcm = await effects.audio(asked, self.call.number_id)
        except effects.AudioError as error:
            self.move(self.conversation.audio_failed, asked.prompt, str(error))
        else:
            self.move(self.conversation.audio_ready, asked.prompt, pcm)

    # --- Control --------------------------------------------------------------------------------------

    async def obey(self) -> None:
        """Take orders for this call from the channel layer. A layer that is away costs the call nothing."""
        while True:
            try:
                await self.take_orders()
            except (RedisError, OSError) as error:
                log.warning("Call %s: no channel layer (%s).", self.call.call_id, type(error).__name__)
                await asyncio.sleep(LAYER_PAUSE_SECONDS)

    async def take_orders(self) -> None:
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
        self.move(self.conversation.stop, HUNG_UP_BY_STAFF)

    def tell_closed_elsewhere(self) -> None:
        """From the journal's thread: the row was closed by somebody else, so the line must close too."""
        self.loop.call_soon_threadsafe(self.move, self.conversation.stop, CLOSED_ELSEWHERE)
