"""XFin's REST API as calls (awaaz-platform.md §1). Knows nothing of our tables.

Every call raises the tree of errors.py and nothing else, except ValueError for a mistake of ours
that is found before anything is sent.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx

from campaigns.xfin.config import MOST_INSTANT_MESSAGES, MOST_MESSAGES_A_REQUEST, XFinConfig
from campaigns.xfin.errors import BadReply, NotFound
from campaigns.xfin.replies import (
    read_content,
    read_created,
    read_created_one,
    read_message,
    read_page,
    read_template,
    read_template_language,
)
from campaigns.xfin.schemas import (
    CreatedMessage,
    Json,
    MessageFilter,
    NewMessage,
    NewTemplate,
    NewTemplateLanguage,
    RemoteContent,
    RemoteId,
    RemoteMessage,
    RemoteTemplate,
    RemoteTemplateLanguage,
)
from campaigns.xfin.session import Clock, Request, Session
from campaigns.xfin.tokens import TokenStore

T = TypeVar("T")

MESSAGES = "xact/message"
TEMPLATES = "xact/template"
TEMPLATE_LANGUAGES = "xact/templatelanguage"
CONTENTS = "content"

_MOST_PAGES = 100_000
_MOST_EMPTY_PAGES = 3


def _utc_now() -> datetime:
    return datetime.now(UTC)


class XFinClient:
    """One account's calls; a context manager, safe to share between threads.

    Logs in on first need, keeps the token in `tokens` and logs in again once after a 401. `clock`
    reads Retry-After dates.
    """

    def __init__(
        self,
        config: XFinConfig,
        *,
        tokens: TokenStore,
        transport: httpx.BaseTransport | None = None,
        clock: Clock = _utc_now,
    ) -> None:
        self.config = config
        self._session = Session(config, tokens, transport=transport, clock=clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the token stays in its store."""
        self._session.close()

    def login(self) -> None:
        """Log in now, whatever token is kept; shows whether the credentials are right."""
        self._session.login()

    def ensure_login(self) -> None:
        """Have a token: the kept one, or that of a login now. Asks XFin nothing when there is one."""
        self._session.ensure_token()

    def probe(self) -> None:
        """One cheap read that shows whether XFin serves this account."""
        next(self.iter_messages(MessageFilter(fields=("id",), page=1)), None)

    # Messages

    def chunks(
        self, messages: Sequence[NewMessage], *, instant: bool = False
    ) -> Iterator[Sequence[NewMessage]]:
        """`messages` in pieces that `create_bulk` takes, in order."""
        size = MOST_INSTANT_MESSAGES if instant else self.config.chunk_size
        for start in range(0, len(messages), size):
            yield messages[start : start + size]

    def create_bulk(self, messages: Sequence[NewMessage], *, instant: bool = False) -> list[CreatedMessage]:
        """Create one chunk of messages; the answers in the order of `messages`.

        Raises `Unconfirmed` whenever XFin may have created some of them.
        """
        self._check_bulk(messages, instant)
        body = {
            "transform_using_template": True,
            "data": [message.to_wire(self.config) for message in messages],
            "instant_message": instant,
        }
        call = Request(method="POST", path=f"{MESSAGES}/create_bulk", creating=True, json=body)
        return self._session.call(call, lambda raw: read_created(raw, messages, self.config))

    def create(
        self,
        *,
        templatelanguage: RemoteId,
        phone_number: str,
        reference: str,
        values: Sequence[str] = (),
        tags: Sequence[str] = (),
    ) -> CreatedMessage:
        """Create one message in the older dialect, whose tags are a list; ours stands last."""
        body = {
            "templatelanguage": templatelanguage,
            "phone_number": phone_number,
            "values": list(values),
            "tags": [*tags, reference],
        }
        call = Request(method="POST", path=MESSAGES, creating=True, json=body)
        return self._session.call(call, lambda raw: read_created_one(raw, reference=reference))

    def iter_messages(self, wanted: MessageFilter | None = None) -> Iterator[RemoteMessage]:
        """All messages that match, page by page as they are taken.

        An error ends the iteration: what came before it stands, what comes after is unknown.
        """
        params = (wanted or MessageFilter()).to_params()
        return self._pages(MESSAGES, self._read_message, params=params)

    def get_message(self, message_id: RemoteId) -> RemoteMessage:
        return self._one("GET", MESSAGES, message_id, self._read_message)

    def find_message(self, message_id: RemoteId) -> RemoteMessage | None:
        """The same, or None if XFin has none of that id (any more)."""
        try:
            return self.get_message(message_id)
        except NotFound:
            return None

    def update_message(self, message_id: RemoteId, message: Mapping[str, object]) -> RemoteMessage:
        """Replace a message (PUT)."""
        return self._one("PUT", MESSAGES, message_id, self._read_message, json=message)

    def patch_message(self, message_id: RemoteId, changes: Mapping[str, object]) -> RemoteMessage:
        return self._one("PATCH", MESSAGES, message_id, self._read_message, json=changes)

    def delete_message(self, message_id: RemoteId) -> None:
        self._delete(MESSAGES, message_id)

    def delete_messages(self, message_ids: Iterable[RemoteId]) -> None:
        """Delete many messages in one call; nothing is sent for none."""
        ids = list(message_ids)
        if ids:
            call = Request(method="DELETE", path=MESSAGES, json={"ids": ids})
            self._session.call(call, _ignore)

    def import_csv(self, data: bytes, *, filename: str = "messages.csv") -> object:
        """Create messages from a CSV file; XFin's answer as it came, its form is not documented.

        Columns: `phone_number,template,language,send_on,val1,val2…`.
        """
        files = {"file": (filename, data, "text/csv")}
        call = Request(method="POST", path=f"{MESSAGES}/import", creating=True, files=files)
        return self._session.call(call, _as_it_came)

    # Templates

    def iter_templates(self) -> Iterator[RemoteTemplate]:
        return self._pages(TEMPLATES, read_template)

    def get_template(self, template_id: RemoteId) -> RemoteTemplate:
        return self._one("GET", TEMPLATES, template_id, read_template)

    def create_template(self, template: NewTemplate) -> RemoteTemplate:
        return self._create(TEMPLATES, template.to_wire(), read_template)

    def update_template(self, template_id: RemoteId, template: NewTemplate) -> RemoteTemplate:
        """Replace a template (PUT)."""
        return self._one("PUT", TEMPLATES, template_id, read_template, json=template.to_wire())

    def patch_template(self, template_id: RemoteId, changes: Mapping[str, object]) -> RemoteTemplate:
        return self._one("PATCH", TEMPLATES, template_id, read_template, json=changes)

    def delete_template(self, template_id: RemoteId) -> None:
        self._delete(TEMPLATES, template_id)

    def template_reports(self, template_id: RemoteId) -> object:
        """The template's reports as they came; their form is not documented."""
        call = Request(method="GET", path=f"{TEMPLATES}/{_segment(template_id)}/reports")
        return self._session.call(call, _as_it_came)

    def template_statistics(self, template_id: RemoteId) -> object:
        """The template's statistics as they came; their form is not documented."""
        call = Request(method="GET", path=f"{TEMPLATES}/{_segment(template_id)}/statistics")
        return self._session.call(call, _as_it_came)

    # Template languages

    def iter_template_languages(self) -> Iterator[RemoteTemplateLanguage]:
        return self._pages(TEMPLATE_LANGUAGES, read_template_language)

    def get_template_language(self, form_id: RemoteId) -> RemoteTemplateLanguage:
        return self._one("GET", TEMPLATE_LANGUAGES, form_id, read_template_language)

    def create_template_language(self, form: NewTemplateLanguage) -> RemoteTemplateLanguage:
        return self._create(TEMPLATE_LANGUAGES, form.to_wire(), read_template_language)

    def update_template_language(
        self, form_id: RemoteId, form: NewTemplateLanguage
    ) -> RemoteTemplateLanguage:
        """Replace a template language (PUT)."""
        json = form.to_wire()
        return self._one("PUT", TEMPLATE_LANGUAGES, form_id, read_template_language, json=json)

    def patch_template_language(
        self, form_id: RemoteId, changes: Mapping[str, object]
    ) -> RemoteTemplateLanguage:
        return self._one("PATCH", TEMPLATE_LANGUAGES, form_id, read_template_language, json=changes)

    def delete_template_language(self, form_id: RemoteId) -> None:
        self._delete(TEMPLATE_LANGUAGES, form_id)

    # Contents

    def iter_contents(self) -> Iterator[RemoteContent]:
        return self._pages(CONTENTS, read_content)

    def get_content(self, content_id: RemoteId) -> RemoteContent:
        return self._one("GET", CONTENTS, content_id, read_content)

    def create_content(
        self, data: bytes, *, name: str, kind: str = "audio", filename: str = "clip.wav"
    ) -> RemoteContent:
        """Upload a recorded clip, a WAV file. `kind` is XFin's `type`."""
        call = Request(
            method="POST",
            path=CONTENTS,
            creating=True,
            form={"type": kind, "name": name},
            files={"file": (filename, data, "audio/wav")},
        )
        return self._session.call(call, read_content)

    def patch_content(self, content_id: RemoteId, changes: Mapping[str, object]) -> RemoteContent:
        return self._one("PATCH", CONTENTS, content_id, read_content, json=changes)

    def delete_content(self, content_id: RemoteId) -> None:
        self._delete(CONTENTS, content_id)

    # What the calls share

    def _check_bulk(self, messages: Sequence[NewMessage], instant: bool) -> None:
        most = MOST_INSTANT_MESSAGES if instant else MOST_MESSAGES_A_REQUEST
        if not 1 <= len(messages) <= most:
            raise ValueError(f"1 to {most} messages a request, not {len(messages)}")
        if len({message.reference for message in messages}) != len(messages):
            raise ValueError("references must be unique within a request")

    def _read_message(self, raw: object, *, where: str = "") -> RemoteMessage:
        return read_message(raw, self.config, where=where)

    def _create(self, collection: str, json: Json, read: Callable[[object], T]) -> T:
        return self._session.call(Request(method="POST", path=collection, creating=True, json=json), read)

    def _one(
        self,
        method: str,
        collection: str,
        item_id: RemoteId,
        read: Callable[[object], T],
        *,
        json: Mapping[str, object] | None = None,
    ) -> T:
        call = Request(method=method, path=f"{collection}/{_segment(item_id)}", json=json)
        return self._session.call(call, read)

    def _delete(self, collection: str, item_id: RemoteId) -> None:
        call = Request(method="DELETE", path=f"{collection}/{_segment(item_id)}")
        self._session.call(call, _ignore)

    def _pages(
        self,
        collection: str,
        read: Callable[..., T],
        *,
        params: Mapping[str, str] | None = None,
    ) -> Iterator[T]:
        call = Request(method="GET", path=collection, params=params)
        seen: set[str] = set()
        empty = 0
        while True:
            items, following = self._session.call(call, read_page)
            for position, raw in enumerate(items):
                yield read(raw, where=f"results[{position}]")
            if following is None:
                return
            empty = 0 if items else empty + 1
            if following in seen or len(seen) >= _MOST_PAGES or empty >= _MOST_EMPTY_PAGES:
                raise BadReply("next", "the list never ends")
            seen.add(following)
            call = Request(method="GET", path=collection, query=self._next_query(following))

    def _next_query(self, following: str) -> str:
        """The query of the next page, which is asked of our own base URL in any case.

        The token must not follow an address from outside, so another host is refused; http in place
        of https is common behind a proxy and harmless this way.
        """
        ours = urlsplit(self.config.origin)
        try:
            theirs = urlsplit(urljoin(self.config.origin, following))
        except ValueError:
            raise BadReply("next", "it is not an address") from None
        if theirs.hostname != ours.hostname or not theirs.query:
            raise BadReply("next", "it points somewhere else than the list")
        return theirs.query


def _segment(item_id: RemoteId) -> str:
    """An id as one path segment; ValueError for what would name another path."""
    text = str(item_id)
    if not text or not all(c.isalnum() or c in "-_" for c in text):
        raise ValueError("an id of letters, digits, '-' and '_' is needed")
    return text


def _as_it_came(raw: object) -> object:
    return raw


def _ignore(raw: object) -> None:
    """For calls whose answer says nothing beyond its status."""
