"""The interface of the store that keeps an account's login token between calls, threads and processes."""

from contextlib import AbstractContextManager
from typing import Protocol


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
        across them. Losing exclusivity costs one login too many and nothing else.
        """
