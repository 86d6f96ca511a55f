"""Where an account's login token is kept between calls, threads and processes."""

import threading
from collections import defaultdict
from contextlib import AbstractContextManager
from typing import Protocol


class TokenStore(Protocol):
    """Keeps one token an account. `account` is `XFinConfig.account_key`, free of secrets."""

    def get(self, account: str) -> str | None:
        """The token last put, or `None`."""

    def put(self, account: str, token: str) -> None:
        """Keep `token` in place of whatever was there."""

    def clear(self, account: str) -> None:
        """Forget the account's token; harmless when there is none."""

    def lock(self, account: str) -> AbstractContextManager[object]:
        """Held during a login, so that of all who need a token only one logs in.

        Waiting for it must be bounded, and an implementation that is shared by processes must hold
        across them. Losing exclusivity costs one login too many and nothing else.
        """


class MemoryTokenStore:
    """Tokens of one process, for tests and scripts."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    def get(self, account: str) -> str | None:
        return self._tokens.get(account)

    def put(self, account: str, token: str) -> None:
        self._tokens[account] = token

    def clear(self, account: str) -> None:
        self._tokens.pop(account, None)

    def lock(self, account: str) -> AbstractContextManager[object]:
        with self._guard:
            return self._locks[account]
