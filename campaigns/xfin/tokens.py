"""The store that keeps an account's login token between calls, threads and processes; a token's life."""

import base64
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec


class _Claims(msgspec.Struct):
    iat: float
    exp: float


def life_of(token: str) -> float | None:
    """Return for how many seconds a JWT is issued, by its own word; None if it does not say.

    Its beginning and end are both by XFin's clock, so that ours does not matter.
    """
    payload = token.split(".")[1:2]
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(payload[0] + "==="), type=_Claims)
    except (IndexError, ValueError, msgspec.MsgspecError):
        return None
    return claims.exp - claims.iat


class TokenStore(Protocol):
    """Keep one token an account. `account` is `XFinConfig.account_key`, free of secrets."""

    def get(self, account: str) -> str | None:
        """Return the token last put; None if there is none."""

    def put(self, account: str, token: str) -> None:
        """Keep `token` in place of an earlier one."""

    def clear(self, account: str) -> None:
        """Forget the account's token; harmless when there is none."""

    def lock(self, account: str) -> AbstractContextManager[object]:
        """Return a lock that is held during a login, so that of all threads in need of a token one logs in.

        Waiting for it must be bounded, and an implementation that is shared by processes must hold
        across them.
        """

    def may_log_in(self, account: str) -> bool:
        """Return whether the lock is still ours. Asked immediately before the login's request."""
