"""An ended call is gone at once: nothing of it waits for the garbage collector."""

import asyncio
import gc
from collections import Counter
from pathlib import Path

import httpx
import pytest
import uvicorn
from websockets.exceptions import InvalidStatus

from awaaz_project.asgi import application
from calls.consumers import CallConsumer
from calls.conversation.conversation import Conversation
from calls.events.journal import CallJournal, journal
from calls.media.background_tasks import BackgroundTasks
from calls.media.call_recording import CallRecording
from calls.media.connection import Connection
from calls.media.servers.fast_path import FastPath
from calls.media.servers.uvicorn import Uvicorn
from calls.media.timer import Timer
from calls.recordings.recorder import recording_writer
from calls.speech.vad_models import CallVad
from campaigns.models import PhoneNumber
from tests.calls.outside import OutsideCaller
from tests.calls.rows import closed_calls
from tests.calls.servers import serving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.system,
    pytest.mark.usefixtures("tidy_thread", "folders"),
]
COUNTING_DAPHNE = ["-m", "daphne", "-b", "127.0.0.1", "-p", "0", "tests.calls.remains:application"]
OF_A_CALL = (
    *(CallConsumer, Connection, Conversation, CallVad, CallJournal),
    *(BackgroundTasks, CallRecording, FastPath, Timer, Uvicorn),
)


def alive() -> Counter[str]:
    """What there is of calls, reachable or not."""
    return Counter(type(one).__name__ for one in gc.get_objects() if type(one) in OF_A_CALL)


async def test_an_ended_call_leaves_nothing_to_collect(number: PhoneNumber) -> None:
    config = uvicorn.Config(application, port=0, ws="websockets-sansio", log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    gc.collect()
    before = alive()  # of other tests in this process
    gc.disable()
    try:
        async with OutsideCaller(f"ws://127.0.0.1:{port}{number.stream_path}") as caller:
            await caller.start()
            await caller.speak(0.5)
            assert (alive() - before)["CallConsumer"] == 1
            await caller.stop()
            await caller.closed()
        await closed_calls(1)
        for _ in range(50):  # what closes the connection has still to end
            await asyncio.sleep(0.1)
            if not (left := alive() - before):
                break
    finally:
        gc.enable()
        server.should_exit = True
        await serving
        await asyncio.to_thread(journal.stop)
        await asyncio.to_thread(recording_writer.stop)
    assert not left


async def test_daphne_keeps_nothing_of_a_connection_that_is_closed(
    number: PhoneNumber, tmp_path: Path
) -> None:
    with serving(tmp_path, COUNTING_DAPHNE) as server:
        url = server.url(number.stream_path)
        async with OutsideCaller(url) as hangs_up, OutsideCaller(url, sid="MZ2") as drops:
            for caller in (hangs_up, drops):
                await caller.start()
                await caller.speak(0.2)
            assert (await remains(server.port))["WebSocketProtocol"] == 2
            drops.line.transport.abort()
            await hangs_up.stop()
            await hangs_up.closed()
        with pytest.raises(InvalidStatus):
            await OutsideCaller(server.url("/stream/unknown")).__aenter__()
        await closed_calls(2)
        for _ in range(50):  # Daphne forgets a connection a second or two after its end
            await asyncio.sleep(0.1)
            if not (left := await remains(server.port)):
                break
    assert left == {}


async def remains(port: int) -> dict[str, int]:
    """What is there of WebSockets in the server."""
    async with httpx.AsyncClient() as client:
        found: dict[str, int] = (await client.get(f"http://127.0.0.1:{port}/")).json()
    return found
