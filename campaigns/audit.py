"""The audit log (who did what, when, from where, to what, before and after): django-auditlog and our entries.

Saving, deleting and relating are recorded by signals for what `watch` names. What services write with a
conditional UPDATE, what is handed out, and what concerns many rows at once is noted by hand, in the same
transaction. People of lists are not watched: a list is one entry. Numbers are masked, secrets never written;
a token of the API stands under a name of its own, with its user when it is made or deleted, and with whatever
is done by it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, signals

from campaigns import models, phones
from campaigns.pseudonyms import pseudonym

Changes = Mapping[str, tuple[str, str]]
Action = LogEntry.Action

#: Written by the program, not by staff.
OF_THE_SYSTEM = ["changed_at", "created_at"]
_MIRROR = ["remote_id", "remote", "sync_state", "sync_reason", "synced_at"]
_ACCOUNT = [
    *("token", "token_until", "logging_in_until", "credentials_version"),
    *("state", "reason", "failures", "retry_at"),
]
_PHONE = {"mask_fields": ["phone"], "mask_callable": "campaigns.audit.shown_number"}
HIDDEN = "campaigns.audit.hidden"

WATCHED: Mapping[type[Model], Mapping[str, Any]] = {
    models.User: {
        "exclude_fields": ["last_login"],
        "mask_fields": ["password"],
        "mask_callable": HIDDEN,
        "m2m_fields": {"groups", "user_permissions"},
    },
    Group: {"m2m_fields": {"permissions"}},
    models.Account: {
        "exclude_fields": [*_ACCOUNT, "synchronising_until"],
        "mask_fields": ["password", "cookies", "extra_headers"],
        "mask_callable": HIDDEN,
    },
    models.PhoneNumber: {
        "exclude_fields": ["stream_key"],
        "mask_fields": ["stream_secret", "previous_stream_secret", "stream_password"],
        "mask_callable": HIDDEN,
    },
    models.Template: {"exclude_fields": _MIRROR, "m2m_fields": {"numbers"}},
    models.TemplateLanguage: {"exclude_fields": _MIRROR, "m2m_fields": {"contents"}},
    models.Content: {"exclude_fields": _MIRROR},
    models.Agent: {},
    models.Pronunciation: {},
    models.Approval: {"exclude_fields": ["contents", "newest_recipient"]},
    models.Campaign: {"exclude_fields": ["state", "reason", "state_since"]},
    models.CampaignDeclaration: {},
    models.CallerDeclaration: {},
    models.Registration: {},
    models.ScrubRun: {},
    models.PollingDay: {},
    models.Holiday: {},
    models.ColumnMapping: {},
    models.Import: {"include_fields": ["campaign", "filename", "size", "sha256"]},
    models.StandingList: {},
    models.AllowedHost: {},
    models.HostedVoice: {"mask_fields": ["key"], "mask_callable": HIDDEN},
    models.OutsideService: {"mask_fields": ["secret"], "mask_callable": HIDDEN},
    models.Calendar: {},
    models.Programme: {"exclude_fields": ["settled_until", "reason"]},
    models.Suppression: dict(_PHONE),
    models.CallingBasis: {**_PHONE, "exclude_fields": ["proof"]},  # an erasure must find no copy here
    models.Complaint: {**_PHONE, "exclude_fields": ["text"]},
    models.LegalHold: dict(_PHONE),
    models.Erasure: dict(_PHONE),
}


def watch() -> None:
    """Connect the signals that record every change of what staff manage. Called once, when apps are ready."""
    signals.post_save.connect(_note_token, sender=models.ApiToken)
    signals.post_delete.connect(_note_token, sender=models.ApiToken)
    for model, how in WATCHED.items():
        # Keys, and what points at the thing: auditlog would write "campaigns.ScrubRun.None" for each.
        automatic = [field.name for field in model._meta.get_fields() if field.auto_created]
        excluded = [*OF_THE_SYSTEM, *automatic, *how.get("exclude_fields", ())]
        auditlog.register(model, **{**how, "exclude_fields": excluded})


def _note_token(instance: models.ApiToken, *, created: bool | None = None, **_: Any) -> None:
    """Record with its user that a token was made or deleted; `created` is None at its deletion."""
    if created is None:
        note(instance.user, {"API token": (instance.known_as, "deleted")})
    elif created:
        note(instance.user, {"API token": ("", instance.known_as)})


def hidden(value: str) -> str:
    """Return what is recorded of a secret: "(hidden)" if there is one, else empty."""
    return "" if value in ("", "None", "{}") else "(hidden)"


def shown_number(value: str) -> str:
    """Return what is recorded of a phone number: masked; empty if there is none."""
    return phones.mask(value) if value not in ("", "None") else ""


def note(thing: Model, changes: Changes) -> None:
    """Record that staff changed a thing in a way that no signal reports."""
    _enter(thing, str(thing.pk), str(thing), action=Action.UPDATE, changes=changes)


def handed_out(thing: Model, what: str) -> None:
    """Record that staff downloaded a file of a thing; `what` names the file."""
    _enter(thing, str(thing.pk), str(thing), action=Action.ACCESS, changes={"handed out": ("", what)})


def person_handed_out(phone: str) -> None:
    """Record that staff downloaded all data of one person; found again by the number's pseudonym."""
    changes = {"handed out": ("", "everything about one person")}
    _enter(models.Recipient, pseudonym(phone), phones.mask(phone), action=Action.ACCESS, changes=changes)


def list_entered(model: type[Model], shown: str) -> None:
    """Record that staff entered many rows at once, which `shown` describes."""
    _enter(model, "", shown, action=Action.CREATE, changes={})


def changed_by(user: models.User, things: Iterable[Model], *, since: datetime) -> bool:
    """Return whether this user made or changed one of these things since a moment."""
    mine = LogEntry.objects.filter(
        actor=user, timestamp__gte=since, action__in=(Action.CREATE, Action.UPDATE)
    )
    about = Q(pk__in=())
    for thing in things:
        about |= Q(content_type=ContentType.objects.get_for_model(thing), object_pk=str(thing.pk))
    return bool(mine.filter(about).exists())


def _enter(kind: Model | type[Model], key: str, shown: str, *, action: int, changes: Changes) -> None:
    LogEntry.objects.create(
        content_type=ContentType.objects.get_for_model(kind),
        object_pk=key,
        object_id=int(key) if key.isdecimal() else None,
        object_repr=shown,
        action=action,
        changes={name: list(pair) for name, pair in changes.items()},
    )
