"""A change made here is to be brought to XFin: said on the row, where the next look of Celery finds it."""

from campaigns.models.templates import Mirrored


def mark_pending(thing: Mirrored) -> None:
    """Note on an unsaved change that XFin does not know it yet."""
    thing.sync_state = Mirrored.Sync.PENDING
    thing.sync_reason = "Changed here; it is uploaded to XFin within seconds."
