"""The calls of XFin's REST API that the program makes (awaaz-platform.md §1). Knows nothing of our tables.

Every call raises `XFinError` and its subclasses (errors.py) and nothing else, except ValueError for a
mistake of ours that is found before anything is sent.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx

from campaigns.xfin.config import MOST_INSTANT_MESSAGES, MOST_MESSAGES_A_REQUEST, XFinConfig
from campaigns.xfin.errors import BadReply, NotFound
from campaigns.xfin.replies import (
    read_content,
    read_created,
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
from campaigns.xfin.session import Clock, Fence, Request, Session
from campaigns.xfin.tokens import TokenStore

T = TypeVar("T")

log = logging.getLogger(__name__)

MESSAGES = "xact/message"
TEMPLATES = "xact/template"
TEMPLATE_LANGUAGES = "xact/templatelanguage"
CONTENTS = "content"

_MOST_PAGES = 100_000
_MOST_EMPTY_PAGES = 3
_UTC_NOW: Clock = partial(datetime.now, UTC)


class XFinClient:
    """Make the calls of one account. A context manager, safe to share between threads.

    Logs in on first need, keeps the token in `tokens` and logs in again once after a 401. `clock`
    returns the present instant, aware: Retry-After dates are compared with it. `still_ours` is asked just
    before each request that changes something at XFin; if it says no, `TakenOver` is raised. `set_aside`
    counts the rows of lists of messages that could not be read.
    """

    def __init__(
        self,
        config: XFinConfig,
        *,
        tokens: TokenStore,
        transport: httpx.BaseTransport | None = None,
        clock: Clock = _UTC_NOW,
        still_ours: Fence | None = None,
    ) -> None:
        self.config = config
        self.set_aside = 0
        self._still_ours = still_ours
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

    @property
    def requests(self) -> int:
        """Return how many requests were sent so far, logins among them."""
        return self._session.requests

    @property
    def skew(self) -> float | None:
        """Return by how many seconds XFin's clock is ahead of ours, by its last reply; None before one."""
        return self._session.skew

    def ensure_login(self) -> None:
        """Log in unless a token is kept; then nothing is sent.

        Raises `AuthRefused` for wrong credentials.
        """
        self._session.ensure_token()

    def probe(self) -> None:
        """Read one message id. Raises `XFinError` if XFin does not serve this account."""
        next(self.iter_messages(MessageFilter(fields=("id",), page=1)), None)

    # Messages

    def create_bulk(
        self,
        messages: Sequence[NewMessage],
        *,
        instant: bool = False,
        still_ours: Fence | None = None,
    ) -> list[CreatedMessage]:
        """Create at most 10,000 messages (5 if `instant`); return the answers in the order of `messages`.

        `still_ours` takes the place of the client's own. Whatever is raised after it was asked, XFin may have
        created some of them, unless it is `NotSent` or `TakenOver`. Raises ValueError for too many or no
        messages, or for two with the same reference.
        """
        most = MOST_INSTANT_MESSAGES if instant else MOST_MESSAGES_A_REQUEST
        if not 1 <= len(messages) <= most:
            raise ValueError(f"1 to {most} messages a request, not {len(messages)}")
        if len({message.reference for message in messages}) != len(messages):
            raise ValueError("references must be unique within a request")
        body = {
            "transform_using_template": True,
            "data": [message.to_wire(self.config) for message in messages],
            "instant_message": instant,
        }
        call = Request(
            method="POST",
            path=f"{MESSAGES}/create_bulk",
            creating=True,
            json=body,
            still_ours=still_ours or self._still_ours,
        )
        return self._session.call(call, lambda raw: read_created(raw, messages, self.config))

    def iter_messages(self, wanted: MessageFilter | None = None) -> Iterator[RemoteMessage]:
        """Yield all messages that match, page by page as they are taken.

        A row that can't be read is left out and counted in `set_aside`: it hides none of the others. A raised
        error ends the iteration: what came before it stands, what comes after is unknown.
        """

        def message_or_nothing(raw: object, *, where: str) -> RemoteMessage | None:
            try:
                return self._read_message(raw, where=where)
            except BadReply as error:
                self.set_aside += 1
                log.warning("a row of XFin's list is set aside: %s", error.reason)
                return None

        params = (wanted or MessageFilter()).to_params()
        return self._pages(MESSAGES, message_or_nothing, params=params)

    def get_message(self, message_id: RemoteId) -> RemoteMessage:
        """Return one message. Raises `NotFound` if XFin has none of that id (any more)."""
        return self._one("GET", MESSAGES, message_id, self._read_message)

    def find_message(self, message_id: RemoteId) -> RemoteMessage | None:
        """Return one message, or None if XFin has none of that id (any more)."""
        try:
            return self.get_message(message_id)
        except NotFound:
            return None

    def delete_message(self, message_id: RemoteId) -> None:
        """Delete one message. Raises `NotFound` if XFin has none of that id."""
        path = f"{MESSAGES}/{_segment(message_id)}"
        self._session.call(Request(method="DELETE", path=path, still_ours=self._still_ours), _ignore)

    def delete_messages(self, message_ids: Iterable[RemoteId]) -> None:
        """Delete many messages in one call; nothing is sent if there are none."""
        ids = list(message_ids)
        if ids:
            call = Request(method="DELETE", path=MESSAGES, json={"ids": ids}, still_ours=self._still_ours)
            self._session.call(call, _ignore)

    # Templates

    def iter_templates(self) -> Iterator[RemoteTemplate]:
        """Yield the account's templates, page by page as they are taken."""
        return self._pages(TEMPLATES, read_template)

    def get_template(self, template_id: RemoteId) -> RemoteTemplate:
        """Return one template. Raises `NotFound` if XFin has none of that id."""
        return self._one("GET", TEMPLATES, template_id, read_template)

    def create_template(self, template: NewTemplate) -> RemoteTemplate:
        """Create a template; return XFin's. Raises `Unconfirmed` if XFin may have created it."""
        return self._create(TEMPLATES, template.to_wire(), read_template)

    def update_template(self, template_id: RemoteId, template: NewTemplate) -> RemoteTemplate:
        """Replace a template (PUT); return it as XFin holds it now."""
        return self._one("PUT", TEMPLATES, template_id, read_template, json=template.to_wire())

    # Template languages

    def iter_template_languages(self) -> Iterator[RemoteTemplateLanguage]:
        """Yield the account's template languages, page by page as they are taken."""
        return self._pages(TEMPLATE_LANGUAGES, read_template_language)

    def get_template_language(self, form_id: RemoteId) -> RemoteTemplateLanguage:
        """Return one template language. Raises `NotFound` if XFin has none of that id."""
        return self._one("GET", TEMPLATE_LANGUAGES, form_id, read_template_language)

    def create_template_language(self, form: NewTemplateLanguage) -> RemoteTemplateLanguage:
        """Create a template language; return XFin's. Raises `Unconfirmed` if XFin may have created it."""
        return self._create(TEMPLATE_LANGUAGES, form.to_wire(), read_template_language)

    def update_template_language(
        self, form_id: RemoteId, form: NewTemplateLanguage
    ) -> RemoteTemplateLanguage:
        """Replace a template language (PUT); return it as XFin holds it now."""
        json = form.to_wire()
        return self._one("PUT", TEMPLATE_LANGUAGES, form_id, read_template_language, json=json)

    # Contents

    def iter_contents(self) -> Iterator[RemoteContent]:
        """Yield the account's recorded clips, page by page as they are taken."""
        return self._pages(CONTENTS, read_content)

    def get_content(self, content_id: RemoteId) -> RemoteContent:
        """Return one recorded clip. Raises `NotFound` if XFin has none of that id."""
        return self._one("GET", CONTENTS, content_id, read_content)

    def create_content(
        self, data: bytes, *, name: str, kind: str = "audio", filename: str = "clip.wav"
    ) -> RemoteContent:
        """Upload a recorded clip, a WAV file; return it as XFin holds it. `kind` is XFin's `type`."""
        call = Request(
            method="POST",
            path=CONTENTS,
            creating=True,
            form={"type": kind, "name": name},
            files={"file": (filename, data, "audio/wav")},
            still_ours=self._still_ours,
        )
        return self._session.call(call, read_content)

    # What the calls share

    def _read_message(self, raw: object, *, where: str = "") -> RemoteMessage:
        return read_message(raw, self.config, where=where)

    def _create(self, collection: str, json: Json, read: Callable[[object], T]) -> T:
        call = Request(method="POST", path=collection, creating=True, json=json, still_ours=self._still_ours)
        return self._session.call(call, read)

    def _one(
        self,
        method: str,
        collection: str,
        item_id: RemoteId,
        read: Callable[[object], T],
        *,
        json: Mapping[str, object] | None = None,
    ) -> T:
        path = f"{collection}/{_segment(item_id)}"
        still_ours = self._still_ours if method != "GET" else None
        call = Request(method=method, path=path, json=json, still_ours=still_ours)
        return self._session.call(call, read)

    def _pages(
        self,
        collection: str,
        read: Callable[..., T | None],
        *,
        params: Mapping[str, str] | None = None,
    ) -> Iterator[T]:
        call = Request(method="GET", path=collection, params=params)
        seen: set[str] = set()
        empty = 0
        while True:
            items, following = self._session.call(call, read_page)
            for position, raw in enumerate(items):
                if (row := read(raw, where=f"results[{position}]")) is not None:
                    yield row
            if following is None:
                return
            empty = 0 if items else empty + 1
            if following in seen or len(seen) >= _MOST_PAGES or empty >= _MOST_EMPTY_PAGES:
                raise BadReply("next", "the list never ends")
            seen.add(following)
            call = Request(method="GET", path=collection, query=self._next_query(following))

    def _next_query(self, following: str) -> str:
        """Return the query of the next page, which is asked of our own base URL in any case.

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
    """Return an id as one path segment. Raises ValueError for what would name another path."""
    text = str(item_id)
    if not text or not all(c.isalnum() or c in "-_" for c in text):
        raise ValueError("an id of letters, digits, '-' and '_' is needed")
    return text


def _ignore(raw: object) -> None:
    """Read nothing: the answers of some calls say nothing beyond their status."""
