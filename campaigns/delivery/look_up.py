"""Ask XFin which of our messages it has, by each one's own reference, and know whether its answer is a proof.

That a message is shown proves that it is there. That it is not shown proves nothing by itself: a filter may
be ignored or compare letters of another case, a page may skip rows, lack its `next`, or be cut off. So every
question is asked together with one about a *control*, a message that XFin is known to have: only an answer
that shows the control, and no stranger, and nothing new, proves that the others are absent.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

import msgspec

from campaigns.xfin.client import XFinClient
from campaigns.xfin.schemas import MessageFilter, RemoteMessage

#: References asked for in one question; with them its address stays below 2,000 characters.
TOGETHER = 50
#: Rows of the whole list among which a control is looked for, and most rows that an answer can rightly have.
MOST_ROWS = 200
#: How far a row without any tag may lie from a message's time to be taken for it, by its phone number.
MARGIN = timedelta(minutes=2)

IGNORED = (
    "XFin's lists can't be relied on: asked by reference and by number, they leave out a message that it has."
)
EMPTY = "XFin's lists show no message of this account at all, not even one by which they could be checked."
ODD_ROWS = "XFin's lists hold rows that can't be read; one of them may be ours."


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A message to be looked up. `phone` is E.164."""

    reference: str
    phone: str
    send_on: datetime


class LookedUp(msgspec.Struct, frozen=True, kw_only=True):
    """What XFin has, by reference, and why its silence about the others proves nothing; "" where it does."""

    found: dict[str, RemoteMessage]
    unproved: str = ""


class _Untrusted(Exception):
    """This way of asking proves nothing here."""


def look_up(client: XFinClient, batch: str, wanted: Sequence[Wanted]) -> LookedUp:
    """Look messages up that were sent with the batch tag `batch`. Raises `XFinError`."""
    search = _Search(client, wanted)
    if wanted:
        # The cheapest question first: where the reply alone was lost it finds all of them.
        search.take(client.iter_messages(MessageFilter(tag=batch)))
    for way in (search.ask_in_groups, search.ask_by_reference, search.ask_by_phone):
        if not search.missing:
            return LookedUp(found=search.found)
        try:
            way()
        except _Untrusted:
            continue
        unproved = ODD_ROWS if search.missing and search.odd_rows else ""
        return LookedUp(found=search.found, unproved=unproved)
    unproved = EMPTY if search.is_empty() else IGNORED
    return LookedUp(found=search.found, unproved=unproved if search.missing else "")


class _Search:
    """What was found so far, what is missing, and the questions."""

    def __init__(self, client: XFinClient, wanted: Sequence[Wanted]) -> None:
        self._client = client
        self._ours = {message.reference: message for message in wanted}
        self._of_phone: defaultdict[str, list[Wanted]] = defaultdict(list)
        for message in wanted:
            self._of_phone[message.phone].append(message)
        self.missing = dict(self._ours)
        self.found: dict[str, RemoteMessage] = {}
        self.odd_rows = 0
        self._first: list[RemoteMessage] | None = None

    def take(
        self, rows: Iterable[RemoteMessage], *, allowed: Callable[[RemoteMessage], bool] | None = None
    ) -> int:
        """Note which of ours are among the rows; return how many are new.

        Rows end at the first stranger. If `allowed` is given, which says who else may be among them, a
        stranger raises `_Untrusted`.
        """
        new = 0
        for row in rows:
            reference = row.reference_among(self._ours) or self.of_phone_and_time(row)
            if not reference:
                if allowed is None:
                    break
                if not allowed(row):
                    raise _Untrusted
            elif reference in self.missing:
                self.found[reference] = row
                del self.missing[reference]
                new += 1
        return new

    def of_phone_and_time(self, row: RemoteMessage) -> str:
        """Return which of ours a row without any tag is, by its number and time; "" if none."""
        for message in () if row.tags else self._of_phone.get(row.phone_number, ()):
            if row.send_on is not None and abs(row.send_on - message.send_on) <= MARGIN:
                return message.reference
        return ""

    def is_empty(self) -> bool:
        """Return whether XFin's whole list shows nothing, which proves nothing: a list may lag or be cut."""
        return not self.found and not self._first_rows()

    def _first_rows(self) -> Sequence[RemoteMessage]:
        if self._first is None:
            self._first = list(islice(self._client.iter_messages(), MOST_ROWS))
            self.take(self._first, allowed=lambda _: True)
        return self._first

    def _control(self) -> tuple[RemoteMessage, str]:
        """Return a message that XFin has, and the reference it went up with. Raises `_Untrusted`."""
        for reference, row in self.found.items():
            if row.tags:
                return row, reference
        for row in self._first_rows():
            reference = next((tag.lower() for tag in row.tags if tag.lower().startswith("m-")), "")
            if reference:
                return row, reference
        raise _Untrusted

    def ask_in_groups(self) -> None:
        """Ask for many references in one question, the control's among them, until nothing new is shown."""
        control, name = self._control()
        left = list(self.missing)
        while left:
            group = left[:TOGETHER]
            rows = self._shown(MessageFilter(tag=",".join([name, *group])))
            _must_hold(rows, control)
            new = self.take(rows, allowed=lambda row: row.id == control.id)
            # A list that is cut off may have shown a part: it is asked again for the rest.
            left = [reference for reference in left if reference in self.missing] if new else left[TOGETHER:]

    def ask_by_reference(self) -> None:
        """Ask for each reference by itself, after the control by its own."""
        control, name = self._control()
        _must_hold(self._shown(MessageFilter(tag=name)), control)
        for reference in list(self.missing):
            self.take(self._shown(MessageFilter(tag=reference)), allowed=lambda _: False)

    def ask_by_phone(self) -> None:
        """Ask for each person's messages by the phone number, after the control by its own."""
        controls = [*self.found.values(), *self._first_rows()]
        if not controls:
            raise _Untrusted
        number = controls[0].phone_number
        _must_hold(self._shown(MessageFilter(recipient_phone_number=number)), controls[0])
        for phone in {message.phone for message in self.missing.values()}:
            rows = self._shown(MessageFilter(recipient_phone_number=phone))
            self.take(rows, allowed=partial(_is_other_call, phone))

    def _shown(self, asked: MessageFilter) -> Sequence[RemoteMessage]:
        """Return what this question shows; more rows than it can rightly have are not read."""
        before = self._client.set_aside
        rows = list(islice(self._client.iter_messages(asked), MOST_ROWS))
        self.odd_rows += self._client.set_aside - before
        return rows


def _must_hold(rows: Sequence[RemoteMessage], control: RemoteMessage) -> None:
    if not any(row.id == control.id for row in rows):
        raise _Untrusted


def _is_other_call(phone: str, row: RemoteMessage) -> bool:
    """Return whether a row is certainly another call to this number."""
    return row.phone_number == phone and bool(row.tags or row.send_on)
