"""The end of a server that tells its application about it (ASGI lifespan; uvicorn does, Daphne does not).

uvicorn ends by raising the signal again, so `atexit` functions do not run under it.
"""

import asyncio
from typing import Any

from calls.drain import drain
from calls.journal import journal
from calls.recording import desk
from calls.sending import Receive, Send


async def lifespan(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """At the start stand before the server's handler of SIGTERM; at the end store and file what is waiting.

    The end is bounded by the patience of those who store.
    """
    await receive()
    drain.install()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await asyncio.gather(asyncio.to_thread(journal.stop), asyncio.to_thread(desk.stop))
    await send({"type": "lifespan.shutdown.complete"})
