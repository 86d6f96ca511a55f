"""A small organisation for tests, and an XFin that lives in memory and can be nasty."""

import itertools
import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from campaigns.clock import Clock
from campaigns.delivery import reconcile
from campaigns.lifecycle import approvals
from campaigns.models import (
    Account,
    Agent,
    CallerDeclaration,
    Campaign,
    CampaignDeclaration,
    Message,
    PhoneNumber,
    Recipient,
    Registration,
    Template,
    UploadBatch,
    User,
)

#: 11:00 IST on Tuesday 24 November 2026: every category may call.
NOON = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)

Answer = Callable[["FakeXFin", httpx.Request], httpx.Response]


def at(instant: datetime) -> Clock:
    """A clock that stands still."""
    return lambda: instant


def make_campaign(*, people: int = 0, chunk_size: int = 5000, **fields: Any) -> Campaign:
    """A running collections campaign on a 1600 number, with so many people."""
    account = Account.objects.create(
        name="Saraswati Finance",
        base_url="http://127.0.0.1:9",
        tenant="saraswati",
        email="uploads@saraswati.example",
        password="not-a-real-one",
        chunk_size=chunk_size,
    )
    number = PhoneNumber.objects.create(account=account, e164="+911600110245", series="1600")
    make_registration(account, number)
    template = Template.objects.create(
        account=account, name="EMI reminder", remote_id="16", sync_state=Template.Sync.SYNCED
    )
    agent = Agent.objects.create(name="EMI reminder", kind=Agent.Kind.DIALOGUE)
    values: dict[str, Any] = {
        "name": "EMI reminder, November",
        "category": Campaign.Category.COLLECTIONS,
        "state": Campaign.State.RUNNING,
        "starts_at": NOON - timedelta(hours=1),
        "calls_per_minute": 600,
    }
    campaign = Campaign.objects.create(template=template, number=number, agent=agent, **(values | fields))
    CampaignDeclaration.objects.create(
        campaign=campaign,
        says_name=True,
        says_purpose=True,
        says_recorded=True,
        says_opt_out=True,
        voice_template="1107160000000000001",
    )
    add_people(campaign, people)
    return campaign


def make_registration(account: Account, number: PhoneNumber) -> Registration:
    """A regulated lender with everything on file, whose number is declared as A2P."""
    CallerDeclaration.objects.create(
        number=number, operator="Vodafone Idea", reference="A2P-1", declared_on=date(2026, 11, 1)
    )
    return Registration.objects.create(
        account=account,
        sector=Registration.Sector.REGULATED,
        principal_entity="1101000000000000001",
        telemarketer="1202000000000000001",
        valid_from=date(2026, 1, 1),
    )


def add_people(campaign: Campaign, count: int) -> list[Recipient]:
    """So many people with numbers of their own."""
    first = campaign.recipients.count()
    return Recipient.objects.bulk_create(
        Recipient(
            campaign=campaign,
            phone=f"+9198250{(first + number) * 7 % 100_000:05d}",
            name=f"Person {first + number}",
            language="hi",
            variables={"amount": "1,25,000"},
        )
        for number in range(count)
    )


def approve(campaign: Campaign) -> Campaign:
    """A second person approves the campaign as it stands in the database now."""
    second, _ = User.objects.get_or_create(username="second-person")
    campaign = Campaign.objects.get(pk=campaign.pk)
    approvals.keep(campaign, by=second, now=NOON)
    return campaign


def look_up_all(now: datetime, xfin: "FakeXFin", *, looks: int = 2) -> None:
    """Look up every batch whose reply was not read, as often as it takes; the waits between are let pass."""
    for _ in range(looks):
        to_look_up = UploadBatch.objects.filter(state__in=UploadBatch.TO_LOOK_UP)
        to_look_up.update(look_up_after=datetime(2001, 1, 1, tzinfo=UTC))
        for batch in reconcile.batches_to_look_up(now):
            reconcile.reconcile(batch, clock=at(now), transport=xfin)


def states(campaign: Campaign) -> Counter[str]:
    """How many of the campaign's messages are in which state."""
    return Counter(Message.objects.filter(recipient__campaign=campaign).values_list("state", flat=True))


EARLIER = {
    "id": 1000,
    "phone_number": "+919825099990",
    "send_on": "2026-10-24T11:00:00",
    "tags": ["b-last-month", "m-last-month"],
    "state": "done",
    "execution_state_reason_code": "ANSWERED",
    "duration": "00:00:31",
    "values": [],
    "templatelanguage": 1,
}


@dataclass
class FakeXFin(httpx.BaseTransport):
    """Keeps what it is given, as reference §1 says. `faults` are used up, one a bulk request.

    `earlier`: its lists show a call of ours of last month, without which they could not be checked.
    """

    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    faults: deque[Answer] = field(default_factory=deque)
    requests: list[tuple[str, str]] = field(default_factory=list)
    filters_by_tag: bool = True
    filters_by_phone: bool = True
    in_capitals: bool = False
    hidden: set[int] = field(default_factory=set)
    most_listed: int = 100_000
    page_size: int = 100_000
    poison: set[str] = field(default_factory=set)
    refuses_rows: str = ""
    refused_phones: set[str] = field(default_factory=set)
    earlier: bool = True
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1001))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        request.read()
        path = request.url.path.removeprefix("/saraswati/v1/").strip("/")
        self.requests.append((request.method, path))
        if path == "account/login":
            return httpx.Response(200, json={"token": "a-token", "user": {"email": "x"}})
        if path == "xact/message/create_bulk":
            return self.faults.popleft()(self, request) if self.faults else self.create(request)
        if path == "xact/message" and request.method == "GET":
            return self.list(request)
        if path == "xact/message" and request.method == "DELETE":
            return self.faults.popleft()(self, request) if self.faults else self.delete(request)
        if path.startswith("xact/message/"):
            return self.one(request, int(path.rpartition("/")[2]))
        return httpx.Response(404, json={"detail": "Not found."})

    def delete(self, request: httpx.Request) -> httpx.Response:
        """Messages by their ids; one that is being dialled stays."""
        for number in json.loads(request.content)["ids"]:
            if self.messages.get(number, {}).get("state") == "scheduled":
                del self.messages[number]
        return httpx.Response(204)

    def one(self, request: httpx.Request, number: int) -> httpx.Response:
        """One message, to be read or deleted."""
        found = self.messages.get(number)
        if found is None:
            return httpx.Response(404, json={"detail": "Not found."})
        if request.method == "GET":
            return httpx.Response(200, json=found)
        return self.delete(httpx.Request("DELETE", request.url, json={"ids": [number]}))

    def create(self, request: httpx.Request) -> httpx.Response:
        """Take every message with an Indian number; one in `poison` spoils its whole request."""
        if self.poison & {message["phone_number"] for message in json.loads(request.content)["data"]}:
            return httpx.Response(400, json={"data": ["The variable amount is too long."]})
        return httpx.Response(200, json=[self._one(data) for data in json.loads(request.content)["data"]])

    def list(self, request: httpx.Request) -> httpx.Response:
        """Messages by any of some tags, by number and by the window of `send_on`, in pages.

        Not those in `hidden`, and of all others `most_listed`, as if the list were cut off.
        """
        asked = request.url.params
        tags = set(asked["tags"].split(",")) if self.filters_by_tag and "tags" in asked else None
        phone = asked.get("recipient_phone_number") if self.filters_by_phone else None
        found = [
            message
            for number, message in [*([(1000, EARLIER)] if self.earlier else []), *self.messages.items()]
            if (tags is None or tags.intersection(message["tags"]))
            and phone in (None, message["phone_number"])
            and asked.get("send_on__gt", "") < message["send_on"] < asked.get("send_on__lt", "9")
            and number not in self.hidden
        ][: self.most_listed]
        first = int(asked.get("page", "1")) - 1
        rest = found[first * self.page_size :]
        more = len(rest) > self.page_size
        after = str(request.url.copy_merge_params({"page": str(first + 2)})) if more else None
        return httpx.Response(200, json={"results": rest[: self.page_size], "next": after})

    def references(self) -> Counter[str]:
        """How often each of our references was created."""
        return Counter(message["tag5"].lower() for message in self.messages.values())

    def end(self, *, state: str = "done", reason: str | None = None) -> None:
        """Every message ends like this."""
        for message in self.messages.values():
            message |= {"state": state, "execution_state_reason_code": reason, "duration": "00:00:31"}

    def _one(self, data: dict[str, Any]) -> dict[str, Any]:
        phone = data["phone_number"]
        if self.refuses_rows or phone in self.refused_phones or not phone.startswith("+91"):
            return {**data, "status": "error", "error": self.refuses_rows or "The number is not valid."}
        number = next(self.ids)
        tags = [data[tag] for tag in ("tag4", "tag5") if tag in data]
        data = dict(data)
        if self.in_capitals:
            tags = [tag.upper() for tag in tags]
            data |= {name: data[name].upper() for name in ("tag4", "tag5", "reference") if name in data}
        kept = {**data, "id": number, "state": "scheduled", "tags": tags, "execution_state_reason_code": None}
        self.messages[number] = {**kept, "duration": None, "values": [], "templatelanguage": 1}
        return {**data, "id": number, "status": "created"}


def lost_before(xfin: FakeXFin, request: httpx.Request) -> httpx.Response:
    """The request never came through to XFin's database, and no answer came back."""
    raise httpx.ReadTimeout("no answer", request=request)


def lost_after(xfin: FakeXFin, request: httpx.Request) -> httpx.Response:
    """XFin did it all, and the answer was lost."""
    xfin.create(request)
    raise httpx.ReadTimeout("no answer", request=request)


def half_done(xfin: FakeXFin, request: httpx.Request) -> httpx.Response:
    """XFin did the first half and broke down."""
    body = json.loads(request.content)
    body["data"] = body["data"][: len(body["data"]) // 2]
    xfin.create(httpx.Request("POST", request.url, json=body))
    return httpx.Response(502, text="<html>Bad Gateway</html>")


def unreachable(xfin: FakeXFin, request: httpx.Request) -> httpx.Response:
    """Nobody listens there."""
    raise httpx.ConnectError("refused", request=request)


def wrong_length(xfin: FakeXFin, request: httpx.Request) -> httpx.Response:
    """All done, but the answer is one short."""
    return httpx.Response(200, json=json.loads(xfin.create(request).content)[:-1])


def refused(xfin: FakeXFin, request: httpx.Request) -> httpx.Response:
    """The credentials are no good any more."""
    return httpx.Response(401, json={"detail": "Invalid token."})
