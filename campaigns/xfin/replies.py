"""XFin's answers, read strictly.

Reading demands the fields we live on and ignores members we do not know; what cannot be read raises
`BadReply` with the place named. Shapes: awaaz-platform.md §1, tests/data/xfin.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from campaigns.xfin.config import XFinConfig
from campaigns.xfin.errors import BadReply, scrub
from campaigns.xfin.schemas import (
    REFERENCE_FIELD,
    TAG_FIELDS,
    CreatedMessage,
    Json,
    NewMessage,
    RemoteContent,
    RemoteId,
    RemoteMessage,
    RemoteTemplate,
    RemoteTemplateLanguage,
)
from campaigns.xfin.states import read_disposition, read_duration, read_send_on, read_state

T = TypeVar("T")

_DEEPEST_ERROR = 5
_NAMELESS = ("non_field_errors", "detail", "error")


class _Login(msgspec.Struct):
    token: str


class _Page(msgspec.Struct):
    results: list[Any]
    next: str | None = None


class _Created(msgspec.Struct):
    id: RemoteId | None = None
    status: str | int | None = None
    error: Any = None
    phone_number: str | int | None = None
    tags: list[Any] | None = None


class _Message(msgspec.Struct):
    id: RemoteId
    phone_number: str | int | None = None
    send_on: str | None = None
    state: str | int | float | None = None
    execution_state_reason_code: str | int | float | None = None
    duration: str | int | float | None = None
    tags: list[Any] | str | None = None
    values: list[Any] | str | None = None
    templatelanguage: Any = None


class _Option(msgspec.Struct):
    option: str
    value: Any = None


class _Template(msgspec.Struct):
    id: RemoteId
    name: str | None = None
    description: str | None = None
    medium: str | None = None
    advanced_options: list[_Option] | None = None


class _TemplateLanguage(msgspec.Struct):
    id: RemoteId
    template: Any = None
    language: str | None = None
    syntax: str | None = None
    content: list[Any] | None = None


class _Content(msgspec.Struct):
    id: RemoteId
    type: str | int | None = None
    name: str | None = None
    file: str | None = None


for _kind in (_Login, _Page, _Created, _Message, _Option, _Template, _TemplateLanguage, _Content):
    # Worked out before threads read: two at that at once end the process, see `calls.agents.registry`.
    msgspec.json.Decoder(_kind)


_PLACE = re.compile(r"(?P<problem>.*?) - at `(?P<path>[^`]*)`", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<name>[^`]*)`")


def convert(raw: object, kind: type[T], *, where: str = "") -> T:
    """Return `raw` as `kind`. Raises `BadReply` naming the field, its place prefixed with `where`."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        found = _PLACE.fullmatch(str(error))
        problem, path = (found["problem"], found["path"]) if found else (str(error), "$")
        missing = _MISSING.search(problem)
        place = where + path.removeprefix("$") + (f".{missing['name']}" if missing else "")
        raise BadReply(place.lstrip(".") or "the answer", scrub(problem)) from None


def read_token(raw: object) -> str:
    """Return the token of a login's answer. Raises `BadReply` if it is empty or not plain text."""
    token = convert(raw, _Login).token
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise BadReply("token", "it is empty or not plain text")
    return token


def read_page(raw: object) -> tuple[list[Any], str | None]:
    """Return one page's rows and the next page's address, None on the last; a bare list is one page.

    The rows are not looked at: each is read by itself.
    """
    if isinstance(raw, list):
        return raw, None
    page = convert(raw, _Page)
    return page.results, page.next or None


def read_message(raw: object, config: XFinConfig, *, where: str = "") -> RemoteMessage:
    """Return a message as the list and detail calls write it. Raises `BadReply` if it has no id."""
    message = convert(raw, _Message, where=where)
    whole = convert(raw, Json, where=where)
    named_tags = [_text(whole.get(name)) for name in TAG_FIELDS]
    return RemoteMessage(
        id=message.id,
        phone_number=_text(message.phone_number),
        send_on=read_send_on(message.send_on),
        state=read_state(message.state, codes=config.state_codes),
        raw_state=_text(message.state),
        disposition=read_disposition(message.execution_state_reason_code),
        raw_reason=_text(message.execution_state_reason_code),
        duration_s=read_duration(message.duration),
        tags=tuple(dict.fromkeys([*_texts(message.tags), *filter(None, named_tags)])),
        values=_texts(message.values),
        templatelanguage=_id_of(message.templatelanguage),
        raw=whole,
    )


def read_template(raw: object, *, where: str = "") -> RemoteTemplate:
    """Return a template with its options by name. Raises `BadReply` if it has no id."""
    template = convert(raw, _Template, where=where)
    return RemoteTemplate(
        id=template.id,
        name=_text(template.name),
        description=_text(template.description),
        medium=_text(template.medium),
        options={option.option: option.value for option in template.advanced_options or ()},
        raw=convert(raw, Json, where=where),
    )


def read_template_language(raw: object, *, where: str = "") -> RemoteTemplateLanguage:
    """Return a template language with the ids of its clips. Raises `BadReply` if it has no id."""
    form = convert(raw, _TemplateLanguage, where=where)
    clips = [_id_of(clip) for clip in form.content or ()]
    return RemoteTemplateLanguage(
        id=form.id,
        template=_id_of(form.template),
        language=_text(form.language),
        syntax=_text(form.syntax),
        content=tuple(clip for clip in clips if clip is not None),
        raw=convert(raw, Json, where=where),
    )


def read_content(raw: object, *, where: str = "") -> RemoteContent:
    """Return a recorded clip. Raises `BadReply` if it has no id."""
    content = convert(raw, _Content, where=where)
    return RemoteContent(
        id=content.id,
        type=_text(content.type),
        name=_text(content.name),
        file=_text(content.file),
        raw=convert(raw, Json, where=where),
    )


def read_created(raw: object, sent: Sequence[NewMessage], config: XFinConfig) -> list[CreatedMessage]:
    """Return the answers to `create_bulk` in the order of `sent`: an id, XFin's error in words, or a doubt.

    Each row is judged by itself. It is matched by our reference; where it carries none, by its position, and
    then only if the phone number agrees. A row that is no object, names another person's number, repeats an
    id or is about nothing we sent is not believed, and what it may have been about is in doubt. Raises
    `BadReply` for any other length.
    """
    rows = convert(raw, list[Any])
    if len(rows) != len(sent):
        raise BadReply("the answer", f"{len(rows)} objects for {len(sent)} messages")
    places = {message.reference: place for place, message in enumerate(sent)}
    found: dict[int, CreatedMessage] = {}
    for position, row in enumerate(rows):
        place = _place_of(row, places, sent[position], config, position) if isinstance(row, dict) else None
        if place is None:
            continue
        answer = _created(row, sent[place])
        twice = place in found
        found[place] = _doubtful(sent[place], "two rows of XFin's answer are about it") if twice else answer
    times = Counter(str(answer.id) for answer in found.values() if answer.id is not None)
    for place, message in enumerate(sent):
        if place not in found:
            found[place] = _doubtful(message, "no row of XFin's answer is about it")
        elif found[place].id is not None and times[str(found[place].id)] > 1:
            found[place] = _doubtful(message, "XFin's answer names one id for several messages")
    return [found[place] for place in range(len(sent))]


def _doubtful(sent: NewMessage, why: str) -> CreatedMessage:
    return CreatedMessage(reference=sent.reference, doubt=why)


def _created(row: Json, sent: NewMessage) -> CreatedMessage:
    """Return one row's id or error, or why it is not believed; XFin writes errors in many shapes."""
    try:
        answer = convert(row, _Created)
    except BadReply as error:
        return _doubtful(sent, f"its row of XFin's answer can't be read ({error.field})")
    if answer.phone_number is not None and not _same_phone(answer.phone_number, sent.phone_number):
        return _doubtful(sent, "its row of XFin's answer has another number")
    words = scrub(plain_text(answer.error)) if answer.error is not None else ""
    refused = bool(words) or _text(answer.status).casefold() == "error"
    has_id = answer.id is not None and answer.id != ""
    if has_id == refused:
        both = "an id and an error" if refused else "neither an id nor an error"
        return _doubtful(sent, f"its row of XFin's answer has {both}")
    if refused:
        words = words or "XFin refused this message without saying why"
        return CreatedMessage(reference=sent.reference, status=_text(answer.status), error=words)
    return CreatedMessage(reference=sent.reference, id=answer.id, status=_text(answer.status))


def _place_of(
    answer: Json,
    places: Mapping[str, int],
    sent_there: NewMessage,
    config: XFinConfig,
    position: int,
) -> int | None:
    """Return the place in our request that the answer at `position` is about; None if it names none."""
    if answer.get(config.reference_tag) == sent_there.reference:
        return position  # nearly always, so that this comes first
    echoed = [_text(answer.get(name)).lower() for name in (config.reference_tag, REFERENCE_FIELD)]
    if any(echoed):
        return next((places[text] for text in echoed if text in places), None)
    tagged = next((places[tag] for tag in map(str.lower, _texts(answer.get("tags"))) if tag in places), None)
    if tagged is not None:
        return tagged
    return position if _same_phone(answer.get("phone_number"), sent_there.phone_number) else None


def _same_phone(echoed: object, sent: str) -> bool:
    """Whether both are one number, with or without country code and signs."""
    theirs, ours = (re.sub(r"\D", "", _text(text))[-10:] for text in (echoed, sent))
    return bool(ours) and theirs == ours


def plain_text(value: object, *, depth: int = 0) -> str:
    """Return the words of an error in any JSON shape: `{"phone_number": ["Bad."]}` → `phone_number: Bad.`

    What lies more than five levels deep is left out.
    """
    if depth > _DEEPEST_ERROR:
        return ""
    if isinstance(value, Mapping):
        named = {name: plain_text(inner, depth=depth + 1) for name, inner in value.items()}
        parts = [text if name in _NAMELESS else f"{name}: {text}" for name, text in named.items()]
        return "; ".join(parts)
    if isinstance(value, list):
        return "; ".join(filter(None, (plain_text(item, depth=depth + 1) for item in value)))
    return _text(value)


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(filter(None, map(_text, value)))
    return tuple(part.strip() for part in _text(value).split(",") if part.strip())


def _id_of(value: object) -> RemoteId | None:
    """Return the id of a reference, which XFin writes as a bare id or as `{"id": …}`."""
    inner = value.get("id") if isinstance(value, dict) else value
    return inner if isinstance(inner, int | str) and not isinstance(inner, bool) else None
