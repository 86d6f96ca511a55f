"""What every page of the portal shows: the time, how many calls are live, how far the clock is shifted."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from calls import queries
from campaigns import clock
from campaigns.formatting import own_offset


@dataclass(frozen=True, slots=True)
class Portal:
    """The frame of a page."""

    now: datetime
    live_calls: int
    shifted: str


def portal(request: HttpRequest) -> dict[str, Portal]:
    """Return `portal` for the frame of a page of staff; empty if it is another page. One query."""
    if not getattr(request, "user", None) or not request.user.is_staff or request.path.startswith("/admin/"):
        return {}
    live = queries.count_live_calls() if request.user.has_perm("calls.view_call") else 0
    shifted = own_offset(clock.offset()) if clock.is_shifted() else ""
    return {"portal": Portal(clock.now(), live, shifted)}
