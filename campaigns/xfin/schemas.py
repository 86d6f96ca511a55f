"""What we send to XFin and what we read from it, field by field.

Sources: awaaz-platform.md §1 and the exchanges in tests/data/xfin. Writing is strict: a mistake of
ours raises ValueError before anything is sent. How answers are read stands in replies.py.
"""

from collections.abc import Container
from datetime import datetime
from typing import Any

import msgspec

from campaigns.xfin.config import XFinConfig
from campaigns.xfin.states import Disposition, RemoteState, write_send_on

Json = dict[str, Any]
RemoteId = int | str

TAG_FIELDS = ("tag1", "tag2", "tag3", "tag4", "tag5")
REFERENCE_FIELD = "reference"
RESERVED_FIELDS = frozenset(
    {
        *("id", "phone_number", "language", "template", "templatelanguage", "send_on", "values", "tags"),
        *("status", "state", "error", "errors", "duration", "execution_state_reason_code"),
        *("instant_message", REFERENCE_FIELD, *TAG_FIELDS),
    }
)
"""Names a template's own variable may not have, because XFin or we give them a meaning."""


class NewMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message to create. `phone_number` is E.164, `send_on` aware or `None` for at once.

    `reference` goes out as the account's reference tag and again as a field of its own, `batch` as
    the account's batch tag; `tags` holds the other tags, `variables` the template's own fields.
    """

    phone_number: str
    language: str
    template: str
    reference: str
    batch: str = ""
    send_on: datetime | None = None
    tags: dict[str, str] = {}
    variables: dict[str, str] = {}

    def to_wire(self, config: XFinConfig) -> dict[str, str]:
        """Return the message's JSON object.

        Raises ValueError without a reference, and for a tag or variable with a reserved name.
        """
        if not self.reference:
            raise ValueError("a message needs a reference")
        if not RESERVED_FIELDS.isdisjoint(self.variables):
            reserved = sorted(RESERVED_FIELDS.intersection(self.variables))
            raise ValueError(f"reserved names used as variables: {', '.join(reserved)}")
        if self.tags:
            allowed = set(TAG_FIELDS) - {config.reference_tag, config.batch_tag}
            if not self.tags.keys() <= allowed:
                raise ValueError(f"tags must be among {', '.join(sorted(allowed))}")
        message = {
            "phone_number": self.phone_number,
            "language": self.language,
            "template": self.template,
            "send_on": write_send_on(self.send_on),
            **self.tags,
            config.reference_tag: self.reference,
            REFERENCE_FIELD: self.reference,
            **self.variables,
        }
        if self.batch:
            message[config.batch_tag] = self.batch
        return message


class CreatedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what became of one message of a creating call: an `id`, or XFin's `error` in words.

    `doubt` says why neither can be believed; the message has to be looked up.
    """

    reference: str
    id: RemoteId | None = None
    status: str = ""
    error: str = ""
    doubt: str = ""

    @property
    def created(self) -> bool:
        """Return whether XFin certainly holds the message now."""
        return self.id is not None and not self.doubt


class RemoteMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message read back. Members that were not asked for (`fields`) or not sent are empty.

    `tags` are the values of the list `tags` and of `tag1`…`tag5`; `raw` is the object as it came.
    """

    id: RemoteId
    phone_number: str
    send_on: datetime | None
    state: RemoteState
    raw_state: str
    disposition: Disposition
    raw_reason: str
    duration_s: int | None
    tags: tuple[str, ...]
    values: tuple[str, ...]
    templatelanguage: RemoteId | None
    raw: Json

    def reference_among(self, known: Container[str]) -> str:
        """Return which of the `known` references the message carries, in whatever place; "" if none.

        The older dialect's tags have no names, so that every tag and the field of its own are looked at. Ours
        are in lower case; XFin may write them in another.
        """
        carried = (*self.tags, str(self.raw.get(REFERENCE_FIELD) or ""))
        return next((text for text in map(str.lower, carried) if text in known), "")


class MessageFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages to list; `None` and empty leave a filter out. Times are aware, both exclusive."""

    state: str | int | None = None
    send_on_after: datetime | None = None
    send_on_before: datetime | None = None
    tag: str = ""
    templatelanguage: RemoteId | None = None
    recipient_phone_number: str = ""
    fields: tuple[str, ...] = ()
    page: int | None = None

    def to_params(self) -> dict[str, str]:
        """Return the query of the list call; filters left out are not in it."""
        params = {
            "state": self.state,
            "send_on__gt": write_send_on(self.send_on_after),
            "send_on__lt": write_send_on(self.send_on_before),
            "tags": self.tag,
            "templatelanguage": self.templatelanguage,
            "recipient_phone_number": self.recipient_phone_number,
            "fields": ",".join(self.fields),
            "page": self.page,
        }
        return {name: str(value) for name, value in params.items() if value not in (None, "")}


class NewTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A template to create or replace; options seen are named in awaaz-platform.md §1."""

    name: str
    description: str = ""
    medium: str = "voice"
    options: dict[str, str | int] = {}

    def to_wire(self) -> Json:
        """Return the template's JSON object, its options as a list of name and value."""
        options = [{"option": name, "value": value} for name, value in self.options.items()]
        return {
            "name": self.name,
            "description": self.description,
            "medium": self.medium,
            "advanced_options": options,
        }


class RemoteTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A template as XFin holds it; `options` maps option to value."""

    id: RemoteId
    name: str
    description: str
    medium: str
    options: Json
    raw: Json


class NewTemplateLanguage(msgspec.Struct, frozen=True, kw_only=True):
    """A template's form in one language: fixed words with `_N_` and `_W_` slots, recorded clips."""

    template: RemoteId
    language: str
    syntax: str
    content: tuple[RemoteId, ...] = ()

    def to_wire(self) -> Json:
        """Return the form's JSON object; template and clips are named by id."""
        return {
            "template": {"id": self.template},
            "language": self.language,
            "syntax": self.syntax,
            "content": [{"id": clip} for clip in self.content],
        }


class RemoteTemplateLanguage(msgspec.Struct, frozen=True, kw_only=True):
    """A template language as XFin holds it."""

    id: RemoteId
    template: RemoteId | None
    language: str
    syntax: str
    content: tuple[RemoteId, ...]
    raw: Json


class RemoteContent(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded clip at XFin; `file` is whatever XFin names it by, often an address."""

    id: RemoteId
    type: str
    name: str
    file: str
    raw: Json
