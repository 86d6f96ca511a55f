"""Poll the states of messages at XFin that have had no news, by windows of their dialling times or by id."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from campaigns import edges
from campaigns.clock import Clock
from campaigns.delivery.account_client import xfin_client
from campaigns.delivery.circuit_breaker import record_failure, record_success, usable
from campaigns.delivery.poll_windows import from_place, most_pages, windows
from campaigns.delivery.turns import HeldTurn, turn
from campaigns.models import Account, Message
from campaigns.models.sending import UNKNOWN_STATE
from campaigns.transitions.attempt import ENDED, ended_unknown, settle_message, settle_messages
from campaigns.xfin.client import XFinClient
from campaigns.xfin.errors import XFinError
from campaigns.xfin.schemas import MessageFilter, RemoteMessage
from campaigns.xfin.states import RemoteState

log = logging.getLogger(__name__)

#: XFin writes whole seconds and its filters exclude the ends.
MARGIN = timedelta(seconds=2)
#: Messages whose ends are written in one transaction, and overdue ones that are looked up in one go.
CHUNK = 200
#: Requests of one pull, and those of them that are kept for messages without news for longer than `RECENT`:
#: calls end within minutes, so these never keep the news of the others waiting.
PULL_REQUESTS, OLD_REQUESTS = 60, 20
RECENT = timedelta(minutes=15)
#: XFin has them, or may have, and has not said how they ended.
NOT_ENDED = (Message.State.UNCONFIRMED, *Message.AT_XFIN)


def accounts_with_news(now: datetime) -> list[int]:
    """Return the keys of accounts that may be tried and have messages at XFin whose time has come."""
    open_at_xfin = _at_xfin(now).values("batch__account")
    return list(Account.objects.filter(usable(now), pk__in=open_at_xfin).values_list("pk", flat=True))


def pull_states(account_id: int, *, clock: Clock, transport: httpx.BaseTransport | None = None) -> int:
    """Ask XFin for the states of the account's open messages. Return how many ended.

    One pull of an account at a time, of `PULL_REQUESTS` requests; the next goes on where this one stopped.
    A failure ends it and is recorded on the account; what was read before it counts.
    """
    account = Account.objects.get(pk=account_id)
    with turn("pull", account_id) as held:
        if held is None:
            return 0
        pull = _Pull(account, held, clock=clock)
        try:
            with xfin_client(account, transport=transport) as client:
                pull.run(client)
        except XFinError as error:
            log.warning("pulling states of account %s: %s", account.pk, error.reason)
            record_failure(account, error, now=clock())
            return pull.ended
    if pull.asked:
        record_success(account, now=clock())
    return pull.ended


class _Pull:
    """One pull: first what was dialled lately, then what has had no news for long, each with its share."""

    def __init__(self, account: Account, held: HeldTurn, *, clock: Clock) -> None:
        self._account, self._held, self._clock = account, held, clock
        self.asked = self.ended = 0

    def run(self, client: XFinClient) -> None:
        """Ask for both shares. Raises `XFinError`."""
        now = self._clock()
        mine = _at_xfin(now).filter(batch__account=self._account).order_by("send_on", "pk")
        lately = now - RECENT
        self._share(client, "recent", mine.filter(send_on__gt=lately), PULL_REQUESTS - OLD_REQUESTS)
        rest = max(OLD_REQUESTS, PULL_REQUESTS - client.requests)
        self._share(client, "old", mine.filter(send_on__lte=lately), client.requests + rest)

    def _share(self, client: XFinClient, name: str, mine: QuerySet[Message], until: int) -> None:
        """Ask window by window, from where the last pull stopped, until so many requests were sent in all."""
        place = datetime.fromisoformat(self._held.places[name]) if name in self._held.places else None
        first = from_place(list(mine), place)
        for window in windows(first):
            if client.requests >= until or not self._held.renew():
                return
            self._held.places[name] = self.ask_for(client, window, until).isoformat()
        self._held.places.pop(name, None)  # the next begins with the oldest again

    def ask_for(self, client: XFinClient, window: Sequence[Message], until: int) -> datetime:
        """Ask for the messages of a window by a list, or by id what a list would cost too many pages for.

        Return the dialling time up to which all were asked for.
        """
        self.asked += len(window)
        last = max(message.send_on for message in window)
        unseen = self.list_window(client, window) if len(window) > 1 else window
        for message in unseen:
            if client.requests >= until:
                return message.send_on
            if remote := client.find_message(message.remote_id):
                self._settle([(message, remote)])
        return last

    def list_window(self, client: XFinClient, window: Sequence[Message]) -> Sequence[Message]:
        """List a window; return the messages that were not seen when it took too many pages, else none."""
        unseen = {message.remote_id: message for message in window}
        most = client.requests + most_pages(len(window))
        times = [message.send_on for message in window]
        asked = MessageFilter(send_on_after=min(times) - MARGIN, send_on_before=max(times) + MARGIN)

        def listed() -> Iterator[RemoteMessage]:
            for remote in client.iter_messages(asked):
                yield remote
                if client.requests > most:
                    return

        rows = listed()
        while chunk := list(islice(rows, CHUNK)):
            seen = [(unseen.pop(str(remote.id), None), remote) for remote in chunk]
            self._settle((message, remote) for message, remote in seen if message)
        return list(unseen.values()) if client.requests > most else ()

    def _settle(self, reported: Iterable[tuple[Message, RemoteMessage]]) -> None:
        pairs = list(reported)
        if over := [(message, remote) for message, remote in pairs if remote.state in ENDED]:
            self.ended += settle_messages(over, now=self._clock())
        for message, remote in pairs:
            word = remote.raw_state[:60]
            if remote.state == RemoteState.UNKNOWN and (message.remote_state, message.reason) != (
                word,
                UNKNOWN_STATE,
            ):
                still = Message.objects.filter(pk=message.pk, state__in=Message.AT_XFIN)
                still.update(remote_state=word, reason=UNKNOWN_STATE, changed_at=self._clock())


def accounts_with_overdue(now: datetime) -> list[int]:
    """Return the keys of accounts that may be tried and have messages past `STATE_BOUND_HOURS`."""
    overdue = _overdue(now).values("batch__account")
    return list(Account.objects.filter(usable(now), pk__in=overdue).values_list("pk", flat=True))


def look_up_overdue(account_id: int, *, clock: Clock, transport: httpx.BaseTransport | None = None) -> int:
    """Ask once more for each overdue message by its id; it ends as XFin says, else `unknown`.

    One look-up of an account at a time. Return how many were looked up; 0 after a failure.
    """
    account = Account.objects.get(pk=account_id)
    with turn("overdue", account_id) as held:
        if held is None:
            return 0
        overdue = list(_overdue(clock()).filter(batch__account=account).order_by("send_on")[:CHUNK])
        try:
            with xfin_client(account, transport=transport) as client:
                for message in overdue:
                    remote = client.find_message(message.remote_id)
                    if remote is not None and remote.state in ENDED:
                        settle_message(message, remote, now=clock())
                        continue
                    said = (
                        f"XFin still said “{remote.raw_state}”" if remote else "XFin did not have it any more"
                    )
                    hours = f"{settings.STATE_BOUND_HOURS:g} hours after its time"
                    _unknown(message, f"{said} {hours}; how it ended is not known.", now=clock())
        except XFinError as error:
            log.warning("looking up messages of account %s: %s", account.pk, error.reason)
            record_failure(account, error, now=clock())
            return 0
    record_success(account, now=clock())
    return len(overdue)


def give_up_waiting(now: datetime) -> int:
    """End messages as `unknown` that could not be looked up for twice the bound. Return how many.

    Also those of which it is not known whether XFin has them: an account that XFin refuses for good would
    keep them, and their campaign, open for ever.
    """
    hours = 2 * settings.STATE_BOUND_HOURS
    stale = Message.objects.filter(state__in=NOT_ENDED, send_on__lt=now - timedelta(hours=hours))

    def give_up(message: Message) -> bool:
        reason = f"XFin did not say how it ended, and could not be asked within {hours:g} hours."
        if message.state == Message.State.UNCONFIRMED:
            reason = f"Whether XFin has it could not be found out within {hours:g} hours."
        return _unknown(message, reason, now=now)

    return edges.each("giving up", stale, give_up)


def _overdue(now: datetime) -> QuerySet[Message]:
    bound = now - timedelta(hours=settings.STATE_BOUND_HOURS)
    return Message.objects.filter(state__in=Message.AT_XFIN, send_on__lt=bound)


@transaction.atomic
def _unknown(message: Message, reason: str, *, now: datetime) -> bool:
    changed = Message.objects.filter(pk=message.pk, state__in=NOT_ENDED).update(
        state=Message.State.UNKNOWN, reason=reason, withdraw_at=None, settled_at=now, changed_at=now
    )
    if changed:
        ended_unknown(message.recipient_id, reason)
    return bool(changed)


def _at_xfin(now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(state__in=Message.AT_XFIN, send_on__lte=now)
