"""What Daphne leaves of a WebSocket when it is closed, made such that it is freed at once.

Two circles of objects a connection, some 60 objects and with what hangs on them about 25 KB:

1. Twisted's HTTP channel keeps the request that became a WebSocket in its queue of requests to be answered,
   and the request knows its channel. The transport holds the channel as its producer until it is lost.
2. autobahn's `is_closed` is a Deferred whose result is the protocol that holds it.

Left to the garbage collector they wait for thousands of ended calls, because collections are made rare
(`awaaz_project.startup`), and what is allocated meanwhile lies behind them.
"""

from functools import partial
from typing import Any

from calls.sending import Send


def open_circles(send: Send) -> None:
    """To be called once for a connection, when it has begun. Other servers leave none.

    `send` is `partial(Server.handle_reply, protocol)` under Daphne.
    """
    protocol: Any = send.args[0] if isinstance(send, partial) and send.args else None
    forget_request(getattr(protocol, "transport", None))
    closed: Any = getattr(protocol, "is_closed", None)
    if hasattr(closed, "addCallback"):
        closed.addCallback(_nothing)


def forget_request(transport: object) -> None:
    """The request that became this WebSocket waits for no answer of HTTP any more."""
    requests = getattr(getattr(transport, "producer", None), "requests", None)
    if isinstance(requests, list):
        requests.clear()


def _nothing(_: object) -> None:
    """A Deferred's result from now on."""
