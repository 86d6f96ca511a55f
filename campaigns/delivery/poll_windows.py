"""Divide messages without news into what is asked of XFin at once: few requests, no rows of others. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

#: Dialling times further apart than `GAP` are asked for apart; no window is longer than `LONGEST`.
GAP, LONGEST = timedelta(seconds=10), timedelta(seconds=60)
#: A list is read for one page for so many messages, and `SPARE_PAGES` more; then each is asked for by its id.
MESSAGES_A_PAGE, SPARE_PAGES = 20, 2


class Timed(Protocol):
    """What has a dialling time."""

    @property
    def send_on(self) -> datetime:
        """Return when it is to be dialled."""


T = TypeVar("T", bound=Timed)


def windows(messages: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the messages, given in the order of their times, by windows close enough together to list."""
    begin = 0
    for place in range(1, len(messages) + 1):
        over = place == len(messages) or (
            abs(messages[place].send_on - messages[place - 1].send_on) > GAP  # back where `from_place` joined
            or messages[place].send_on - messages[begin].send_on > LONGEST
        )
        if over:
            yield messages[begin:place]
            begin = place


def most_pages(count: int) -> int:
    """Return how many pages may be read to find so many messages in a window."""
    return count // MESSAGES_A_PAGE + SPARE_PAGES


def from_place(messages: Sequence[T], place: datetime | None) -> Sequence[T]:
    """Return the messages, given in the order of their times, with those after `place` first."""
    if place is None:
        return messages
    later = [message for message in messages if message.send_on > place]
    return [*later, *(message for message in messages if message.send_on <= place)]
