"""A draft is talked to over real sockets: by its person, once, in time; and nothing of it counts."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from asgiref.sync import sync_to_async
from django.conf import settings
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from calls import queries
from calls.dialogues import past, publishing
from calls.models import Answer, Call, CallEvent
from calls.services import MOST_TRIES
from calls.studio.tickets import Ticket
from campaigns import clock
from campaigns.models import Dialogue, Suppression, User
from tests import cast
from tests.calls.agents.dialogue.samples import SURVEY, survey
from tests.calls.outside import OutsideCaller
from tests.calls.rows import closed_calls, kinds
from tests.calls.servers import DAPHNE, UVICORN, Server, serving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.system,
    pytest.mark.usefixtures("tidy_thread"),
]


@pytest.fixture
def asha() -> User:
    return cast.manager()


@pytest.fixture
def dialogue() -> Dialogue:
    return publishing.create("Survey", survey(), by=None)


@pytest.fixture
def server(tmp_path: Path, dialogue: Dialogue, asha: User) -> Iterator[Server]:
    with serving(tmp_path) as server:
        yield server


@pytest.fixture
def headers(asha: User, server: Server) -> dict[str, str]:
    """Asha's browser."""
    return headers_of(asha, server)


def headers_of(user: User, server: Server) -> dict[str, str]:
    session = cast.browser(user).cookies[settings.SESSION_COOKIE_NAME].value
    cookie = f"{settings.SESSION_COOKIE_NAME}={session}"
    return {"Cookie": cookie, "Origin": f"http://127.0.0.1:{server.port}"}


def ticket(user: User, dialogue: Dialogue, **changes: Any) -> Ticket:
    fields: dict[str, Any] = {
        "call": uuid4(),
        "user": user.pk,
        "dialogue": dialogue.pk,
        "revision": dialogue.revision,
        "language": "en",
        "values": {"name": "Gita"},
    }
    return Ticket(**(fields | changes))


def caller(server: Server, one: Ticket, headers: dict[str, str]) -> OutsideCaller:
    found = OutsideCaller(server.url(f"/talk/{one.signed()}/"))
    found.headers = headers
    return found


async def is_refused(url: str, headers: dict[str, str]) -> bool:
    try:
        async with connect(url, proxy=None, additional_headers=headers):
            return False
    except InvalidStatus as refusal:
        return refusal.response.status_code in (403, 503)


@pytest.mark.parametrize("command", [DAPHNE, UVICORN], ids=["daphne", "uvicorn"])
async def test_a_draft_is_talked_to_and_counts_nowhere(
    command: list[str], tmp_path: Path, dialogue: Dialogue, asha: User
) -> None:
    with serving(tmp_path, command) as server:
        headers = await sync_to_async(headers_of)(asha, server)
        one = ticket(asha, dialogue)
        async with caller(server, one, headers) as line:
            await line.start()
            await line.hears(500)
            assert await sync_to_async(queries.count_live_calls)() == 0
            for digit in "15":
                await line.press(digit)
            assert await line.closed(60) == 1000
        (call,) = await closed_calls(1)
    assert (call.pk, call.direction, call.number_id) == (one.call, "try", None)
    assert (call.outcome, call.language, call.agent_id) == ("happy", "en", dialogue.agent_id)
    assert "answer" in await kinds(call)
    said = [event.text async for event in CallEvent.objects.filter(call=call)]
    assert "“Hello” begins." in said, "the values are known, or its words could not be said"
    assert await Answer.objects.acount() == 0
    assert await sync_to_async(lambda: list(queries.calls_found()))() == []
    assert await sync_to_async(queries.outcomes_seen)() == []
    assert await sync_to_async(past.ids_of)(dialogue, 10) == []


async def test_nine_in_a_try_takes_no_person_off_the_lists(
    server: Server, headers: dict[str, str], asha: User, dialogue: Dialogue
) -> None:
    async with caller(server, ticket(asha, dialogue), headers) as line:
        await line.start()
        await line.hears(200)
        await line.press("9")
        assert await line.closed(60) == 1000
    (call,) = await closed_calls(1)
    assert "opt_out" in await kinds(call)
    assert await Suppression.objects.acount() == 0


async def test_a_ticket_is_good_once(
    server: Server, headers: dict[str, str], asha: User, dialogue: Dialogue
) -> None:
    one = ticket(asha, dialogue)
    async with caller(server, one, headers) as line:
        await line.start()
        assert await is_refused(line.url, headers)
        await line.stop()
        await line.closed()
    await closed_calls(1)
    assert await is_refused(line.url, headers)
    assert "the ticket was used before" in server.output


async def test_a_ticket_opens_nothing_late_for_others_or_for_another_draft(
    server: Server, headers: dict[str, str], asha: User, dialogue: Dialogue
) -> None:
    meera = await sync_to_async(cast.second_manager)()
    viewer = await sync_to_async(cast.viewer)()
    of_meera = await sync_to_async(headers_of)(meera, server)
    of_viewer = await sync_to_async(headers_of)(viewer, server)
    with time_machine.travel(clock.now() - timedelta(seconds=70)):
        late = ticket(asha, dialogue).signed()
    good = ticket(asha, dialogue).signed()
    changed = ticket(asha, dialogue, revision=7).signed()
    may_not = ticket(viewer, dialogue).signed()
    elsewhere = headers | {"Origin": "https://elsewhere.example"}
    for text, who in (
        (late, headers),
        (good, of_meera),
        (good, {"Origin": headers["Origin"]}),
        (good, elsewhere),
        (changed, headers),
        (may_not, of_viewer),
        (good[:-1] + ("A" if good[-1] != "A" else "B"), headers),
    ):
        assert await is_refused(server.url(f"/talk/{text}/"), who), (text, who)
    assert await Call.objects.acount() == 0
    assert not await is_refused(server.url(f"/talk/{good}/"), headers)  # it was good all the time


async def test_only_a_few_are_tried_at_once(
    server: Server, headers: dict[str, str], asha: User, dialogue: Dialogue
) -> None:
    lines = [caller(server, ticket(asha, dialogue), headers) for _ in range(MOST_TRIES)]
    for line in lines:
        await line.__aenter__()
        await line.start()
    last = server.url(f"/talk/{ticket(asha, dialogue).signed()}/")
    assert await is_refused(last, headers)
    await lines[0].stop()
    await lines[0].closed()
    await closed_calls(1)
    assert not await is_refused(last, headers)
    for line in lines:
        await line.__aexit__(None, None, None)
    await closed_calls(MOST_TRIES + 1, seconds=30)


async def test_services_get_everyday_answers_unless_really_asked(
    server: Server, headers: dict[str, str], asha: User
) -> None:
    kept, words = ("glad", "sad", "bye", "end"), SURVEY["words"]["en"]
    steps = {
        "hello": {"kind": "say", "title": "Hello", "exits": {"next": "ask"}},
        "ask": {"kind": "fetch", "service": "shop", "exits": {"next": "glad", "failed": "sad"}},
        **{name: SURVEY["steps"][name] for name in kept},
    }
    document = survey(steps=steps, words={"en": {name: words[name] for name in ("general", "hello", "bye")}})
    assert not document.problems()
    asking = await sync_to_async(publishing.create)("Asking", document, by=None)
    outcomes = []
    for number, really in enumerate((False, True), 1):
        async with caller(server, ticket(asha, asking, really_asks=really), headers) as line:
            await line.start()
            await line.closed(60)
        outcomes = [call.outcome for call in await closed_calls(number, seconds=20)]
    assert outcomes == ["happy", "unhappy"], "there is no service “shop”, so the real one fails"
