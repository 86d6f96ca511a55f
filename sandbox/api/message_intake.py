"""Uploaded messages become rows: both dialects of awaaz-platform.md §1, refused one by one with a text.

Newer dialect: `template` (name or id), `language`, `tag1`…`tag5`, the template's variables as members.
Older dialect: `templatelanguage` (id), `values` (list), `tags` (list).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from sandbox import clock, phones
from sandbox.models import Message, Template, TemplateLanguage, Tenant

TAGS = ("tag1", "tag2", "tag3", "tag4", "tag5")
STANDARD = frozenset(
    {"id", "phone_number", "language", "template", "templatelanguage", "send_on", "values", "tags", *TAGS}
)
TEXT_LIMIT = 1000
TAG_LIMIT = 200
VARIABLES_LIMIT = 100


class Refused(Exception):
    """This one message is not taken; the text says why. The others of the request still are."""


@dataclass(frozen=True)
class Intake:
    """The result of one uploaded message: a row or an error text, beside the fields as given."""

    given: dict[str, Any]
    message: Message | None = None
    error: str = ""

    def echo(self) -> dict[str, Any]:
        """Return the fields as given plus `id` and `status` (awaaz-platform.md §1, create_bulk's reply)."""
        if self.message is None:
            return {**self.given, "status": "error", "error": self.error}
        return {**self.given, "id": self.message.pk, "status": "created"}


@dataclass
class TemplateBook:
    """The tenant's templates and their languages, read once for a whole request."""

    tenant: Tenant
    by_key: dict[str, Template] = field(default_factory=dict)
    languages: dict[tuple[int, str], TemplateLanguage] = field(default_factory=dict)
    language_by_id: dict[int, TemplateLanguage] = field(default_factory=dict)

    def __post_init__(self) -> None:
        templates = list(self.tenant.templates.all())
        self.by_key = {str(t.pk): t for t in templates} | {t.name: t for t in templates}
        forms = TemplateLanguage.objects.filter(template__tenant=self.tenant).select_related("template")
        for form in forms:
            self.languages[form.template_id, form.language.lower()] = form
            self.language_by_id[form.pk] = form

    def find(self, given: dict[str, Any]) -> TemplateLanguage:
        """Return the template language a message asks for, in either dialect. Raises `Refused`."""
        if (wanted := given.get("templatelanguage")) not in (None, ""):
            text = str(wanted.get("id") if isinstance(wanted, dict) else wanted)
            form = self.language_by_id.get(int(text)) if text.isdecimal() and len(text) < 19 else None
            if form is None:
                raise Refused("templatelanguage: there is no template language of this id.")
            return form
        template = self.by_key.get(_text(given, "template", required=True))
        if template is None:
            raise Refused("template: there is no template of this name or id.")
        language = _text(given, "language", required=True)
        form = self.languages.get((template.pk, language.lower()))
        if form is None:
            raise Refused(f"language: the template has no form in '{language[:20]}'.")
        return form


def receive(tenant: Tenant, batch: list[Any]) -> list[Intake]:
    """Store the messages that can be read, in one transaction. Returns a result for each, in their order."""
    book, now = TemplateBook(tenant), clock.now()
    taken = []
    for given in batch:
        if not isinstance(given, dict):
            taken.append(Intake({}, error="Each message must be a JSON object."))
            continue
        try:
            taken.append(Intake(given, build(book, given, now)))
        except Refused as refusal:
            taken.append(Intake(given, error=str(refusal)))
    with transaction.atomic():
        Message.objects.bulk_create([i.message for i in taken if i.message is not None], batch_size=500)
    return taken


def build(book: TemplateBook, given: dict[str, Any], now: datetime) -> Message:
    """Return an unsaved Message made of the uploaded fields. Raises `Refused`."""
    form, extra = book.find(given), variables(given)
    message = Message(tenant=book.tenant, template_id=form.template_id, templatelanguage=form)
    message.phone_number, message.send_on = phone(given), send_on(given, now)
    message.due_at = max(message.send_on, now)
    message.values, message.fields, message.requested_at = value_list(given), extra, now
    for name, tag in tag_fields(given).items():
        setattr(message, name, tag)
    message.reference = str(extra.get("reference") or message.tag5)[:TAG_LIMIT]
    return message


def apply_changes(message: Message, book: TemplateBook, given: dict[str, Any], now: datetime) -> None:
    """Change a scheduled message by the members that were sent, without saving it. Raises `Refused`."""
    if {"template", "templatelanguage", "language"} & given.keys():
        current = {
            "template": message.template_id,
            "language": message.templatelanguage.language,
        }
        message.templatelanguage = form = book.find({**current, **given})
        message.template_id = form.template_id
    if "phone_number" in given:
        message.phone_number = phone(given)
    if "send_on" in given:
        message.send_on = send_on(given, now)
        message.due_at = max(message.send_on, now)
    if "values" in given:
        message.values = value_list(given)
    for name, tag in tag_fields(given).items():
        setattr(message, name, tag)
    message.fields = {**message.fields, **variables(given)}


def phone(given: dict[str, Any]) -> str:
    """Return the phone number, with +. Raises `Refused`."""
    number = phones.canonical(given.get("phone_number"))
    if number is None:
        raise Refused("phone_number: not a phone number in international format (+91…).")
    return number


def send_on(given: dict[str, Any], now: datetime) -> datetime:
    """Return when to dial: `YYYY-MM-DDTHH:MM:SS` in IST, or `now` if empty (awaaz-platform.md §1).

    Raises `Refused`.
    """
    text = _text(given, "send_on")
    if not text:
        return now.replace(microsecond=0)
    try:
        return clock.from_wire(text)
    except ValueError as error:
        raise Refused("send_on: expected YYYY-MM-DDTHH:MM:SS or nothing.") from error


def value_list(given: dict[str, Any]) -> list[str]:
    """Return `values` of the older dialect; in the newer one, the variables in the order given.

    Raises `Refused`.
    """
    values = given.get("values")
    if values is None:
        return [str(value) for name, value in variables(given).items() if name != "reference"]
    if not isinstance(values, list) or len(values) > VARIABLES_LIMIT:
        raise Refused(f"values: expected a list of at most {VARIABLES_LIMIT} texts.")
    return [_plain("values", value) for value in values]


def tag_fields(given: dict[str, Any]) -> dict[str, str]:
    """Return `tag1`…`tag5`, from those members or from the older dialect's `tags` list. Raises `Refused`."""
    tags = given.get("tags")
    if tags is None:
        return {name: _text(given, name, limit=TAG_LIMIT) for name in TAGS if name in given}
    if not isinstance(tags, list) or len(tags) > len(TAGS):
        raise Refused(f"tags: expected a list of at most {len(TAGS)} texts.")
    plain = [_plain("tags", tag, limit=TAG_LIMIT) for tag in tags]
    return dict(zip(TAGS, [*plain, *[""] * len(TAGS)], strict=False))


def variables(given: dict[str, Any]) -> dict[str, str]:
    """Return the members that are not the platform's own, as text: they go to the agent. Raises `Refused`."""
    extra = {
        name[:TAG_LIMIT]: _plain(name, value)
        for name, value in given.items()
        if name not in STANDARD and value is not None
    }
    if len(extra) > VARIABLES_LIMIT:
        raise Refused(f"At most {VARIABLES_LIMIT} extra fields are taken.")
    return extra


def _text(given: dict[str, Any], name: str, *, required: bool = False, limit: int = TEXT_LIMIT) -> str:
    value = given.get(name)
    if value is None or value == "":
        if required:
            raise Refused(f"{name}: this field is required.")
        return ""
    return _plain(name, value, limit=limit)


def _plain(name: str, value: Any, *, limit: int = TEXT_LIMIT) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Refused(f"{name[:40]}: expected a text.")
    text = str(value)
    if len(text) > limit:
        raise Refused(f"{name[:40]}: at most {limit} characters are taken.")
    return text
