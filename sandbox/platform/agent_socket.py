"""Open the WebSocket to an agent, and put into words why it could not be opened."""

import asyncio
import socket
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

CLOSE_S = 2.0
MOST_FRAME_BYTES = 4 * 2**20
SMALL_BUFFER_BYTES, SMALL_SEGMENT_BYTES = 4096, 536


class Unreachable(Exception):
    """The agent's WebSocket could not be opened; the text says why, without the address's secret."""


async def open_socket(url: str, *, handshake_s: float, small_buffer: bool = False) -> ClientConnection:
    """Return the open connection. Raises `Unreachable` if there is none in `handshake_s` seconds.

    With `small_buffer` the kernel takes next to nothing for us, so that the agent notices if we stop reading.
    """
    try:
        async with asyncio.timeout(handshake_s):
            return await connect(
                url,
                sock=await _small_buffer_socket(url) if small_buffer else None,
                compression=None,
                proxy=None,
                open_timeout=None,
                close_timeout=CLOSE_S,
                max_size=MOST_FRAME_BYTES,
                max_queue=4,
                user_agent_header="Awaaz sandbox",
            )
    except TimeoutError as error:
        raise Unreachable(
            f"The agent did not finish the WebSocket handshake in {handshake_s:g} seconds."
        ) from error
    except InvalidStatus as error:
        status = error.response.status_code
        raise Unreachable(f"The agent answered HTTP {status} instead of opening a WebSocket.") from error
    except InvalidURI as error:
        raise Unreachable("The stream address of the caller number is not a WebSocket address.") from error
    except InvalidHandshake as error:
        raise Unreachable("The agent's answer is not a WebSocket handshake.") from error
    except OSError as error:
        # gaierror carries the host name only in our own URL, so strerror is safe to show.
        raise Unreachable(f"The agent cannot be reached: {error.strerror or 'connection failed'}.") from error


async def _small_buffer_socket(url: str) -> socket.socket:
    loop, at = asyncio.get_running_loop(), urlsplit(url)
    port = at.port or (443 if at.scheme == "wss" else 80)
    [(family, kind, protocol, _, address), *_] = await loop.getaddrinfo(
        at.hostname, port, type=socket.SOCK_STREAM
    )
    connecting = socket.socket(family, kind, protocol)
    try:
        connecting.setblocking(False)
        connecting.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SMALL_SEGMENT_BYTES)
        await loop.sock_connect(connecting, address)
    except BaseException:
        connecting.close()
        raise
    return connecting
