"""An ended call is gone at once: nothing of it waits for the garbage collector."""

import asyncio
import gc
from collections import Counter

import pytest
import uvicorn

from awaaz_project.asgi import application
from calls.connection import Connection
from calls.consumers import CallConsumer
from calls.conversation import Conversation
from calls.journal import CallLog, journal
from calls.recording import desk
from calls.shortway import ShortWay
from calls.speech.vad import CallJudge
from campaigns.models import PhoneNumber
from tests.calls.outside import OutsideCaller
from tests.calls.rows import closed_calls

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.system,
    pytest.mark.usefixtures("tidy_thread", "folders"),
]
OF_A_CALL = (CallConsumer, Connection, Conversation, CallJudge, CallLog, ShortWay)


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
        await asyncio.to_thread(desk.stop)
    assert not left
