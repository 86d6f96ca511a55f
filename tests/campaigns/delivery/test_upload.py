"""House rule 2: nobody is called twice for one attempt, nobody is missed."""

import dataclasses
import json
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.db import connections
from pytest_django import Settings

from awaaz_project.launch.processes import wait_until
from campaigns.delivery import batches, circuit_breaker, reconcile, upload
from campaigns.delivery.account_client import xfin_client
from campaigns.lifecycle import actions
from campaigns.models import (
    Account,
    Campaign,
    Evidence,
    Message,
    Recipient,
    Suppression,
    TemplateLanguage,
    UploadBatch,
)
from campaigns.planning import plan
from campaigns.queries import notices
from campaigns.xfin.errors import NotSent
from campaigns.xfin.schemas import CreatedMessage
from tests.campaigns.world import (
    NOON,
    Answer,
    FakeXFin,
    add_people,
    at,
    half_done,
    look_up_all,
    lost_after,
    lost_before,
    make_campaign,
    states,
    unreachable,
    wrong_length,
)

pytestmark = pytest.mark.django_db
#: Before any moment of the database's clock.
PAST = datetime(2001, 1, 1, tzinfo=UTC)
LATER = NOON + timedelta(minutes=10)


def upload_all(campaign: Campaign, xfin: FakeXFin, *, rounds: int = 12) -> None:
    """What the scheduler's nudges do, minute by minute."""
    for minute in range(rounds):
        now = NOON + timedelta(minutes=minute)
        plan.plan(campaign.pk, now=now)
        for account in upload.uploads_wanted(now):
            upload.upload(account, clock=at(now), transport=xfin)
        reconcile.abandon_dead_claims(now)
        make_due()
        for batch in reconcile.batches_to_look_up(now):
            reconcile.reconcile(batch, clock=at(now), transport=xfin)


def make_due() -> None:
    """Let settle times and back-offs pass; the first are by the database's clock."""
    UploadBatch.objects.filter(state__in=UploadBatch.TO_LOOK_UP).update(look_up_after=PAST)
    Account.objects.filter(state=Account.State.WAITING).update(retry_at=NOON)


def test_messages_go_up_in_chunks_and_come_back_with_ids() -> None:
    campaign, xfin = make_campaign(people=25, chunk_size=10), FakeXFin()
    upload_all(campaign, xfin, rounds=1)
    assert states(campaign) == {Message.State.QUEUED: 25}
    assert [size for (size,) in UploadBatch.objects.values_list("size").order_by("pk")] == [10, 10, 5]
    assert set(xfin.references().values()) == {1}
    message = Message.objects.select_related("recipient").first()
    assert message
    assert xfin.messages[int(message.remote_id)]["phone_number"] == message.recipient.phone
    assert xfin.messages[int(message.remote_id)]["reference"] == message.reference


@pytest.mark.parametrize("fault", [lost_before, lost_after, half_done, unreachable, wrong_length])
def test_whatever_happens_to_a_request_every_reference_is_created_exactly_once(fault: Answer) -> None:
    campaign, xfin = make_campaign(people=20, chunk_size=8), FakeXFin()
    xfin.faults.extend([fault, fault])
    upload_all(campaign, xfin)
    assert states(campaign) == {Message.State.QUEUED: 20}
    assert len(xfin.references()) == 20
    assert set(xfin.references().values()) == {1}


def test_a_first_batch_whose_reply_was_lost_waits_until_another_message_lets_the_lists_be_checked() -> None:
    campaign, xfin = make_campaign(people=3), FakeXFin(earlier=False)
    xfin.faults.append(lost_before)
    upload_all(campaign, xfin)
    assert states(campaign) == {Message.State.UNCONFIRMED: 3}
    assert UploadBatch.objects.get().state == UploadBatch.State.UNCLEAR
    assert "are unclear" in notices.unclear_notices()[0].title
    add_people(campaign, 1)
    upload_all(campaign, xfin)
    assert states(campaign) == {Message.State.QUEUED: 4}
    assert set(xfin.references().values()) == {1}


@pytest.mark.parametrize("fault", [lost_after, half_done])
def test_an_xfin_that_ignores_the_tag_filter_is_asked_by_number(fault: Answer) -> None:
    campaign, xfin = make_campaign(people=20), FakeXFin(filters_by_tag=False)
    xfin.faults.append(fault)
    upload_all(campaign, xfin)
    assert states(campaign) == {Message.State.QUEUED: 20}
    assert set(xfin.references().values()) == {1}


def test_an_unconfirmed_batch_is_never_sent_again_before_it_is_looked_up() -> None:
    campaign, xfin = make_campaign(people=5), FakeXFin()
    xfin.faults.append(lost_after)
    plan.plan(campaign.pk, now=NOON)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    assert states(campaign) == {Message.State.UNCONFIRMED: 5}
    Account.objects.update(retry_at=NOON)
    assert upload.uploads_wanted(LATER) == {}
    assert reconcile.batches_to_look_up(NOON) == []


def test_a_worker_that_died_while_sending_is_found_by_its_claim() -> None:
    campaign, xfin = make_campaign(people=5), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    claim = upload.claim_due(campaign.template.account, now=NOON)
    assert claim
    assert upload.claim_due(campaign.template.account, now=NOON) is None
    assert reconcile.abandon_dead_claims(NOON + timedelta(hours=1)) == 0  # a clock that leaps ends no claim
    UploadBatch.objects.update(claimed_until=PAST)
    assert reconcile.abandon_dead_claims(NOON) == 1
    assert states(campaign) == {Message.State.UNCONFIRMED: 5}
    upload_all(campaign, xfin)
    assert states(campaign) == {Message.State.QUEUED: 5}
    assert set(xfin.references().values()) == {1}


def test_while_xfin_reads_one_batch_the_next_is_judged_and_dead_workers_hold_up_nobody() -> None:
    campaign = make_campaign(people=8, chunk_size=2)
    plan.plan(campaign.pk, now=NOON)
    account, wanted = campaign.template.account, []
    for _ in range(4):
        wanted.append(upload.uploads_wanted(NOON).get(account.pk, 0))
        upload.claim_due(account, now=NOON)  # and no word of it any more
    assert wanted == [3, 2, 1, 1]
    assert upload.uploads_wanted(NOON) == {}


def test_no_more_uploads_are_begun_than_there_are_batches() -> None:
    campaign = make_campaign(people=3, chunk_size=2)
    plan.plan(campaign.pk, now=NOON)
    assert upload.uploads_wanted(NOON) == {campaign.template.account_id: 2}


def test_two_lookups_of_one_batch_do_not_run_side_by_side() -> None:
    campaign, xfin = make_campaign(people=3), FakeXFin()
    xfin.faults.append(lost_before)
    plan.plan(campaign.pk, now=NOON)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    make_due()
    batch = UploadBatch.objects.get()
    Account.objects.update(retry_at=NOON)
    assert reconcile.batches_to_look_up(NOON) == [batch.pk]
    seen: list[int | None] = []
    whole = xfin.list

    def another_begins(request: httpx.Request) -> httpx.Response:
        seen.append(reconcile.reconcile(batch.pk, clock=at(NOON), transport=FakeXFin()))
        return whole(request)

    xfin.list = another_begins  # type: ignore[method-assign]
    reconcile.reconcile(batch.pk, clock=at(NOON), transport=xfin)
    assert set(seen) == {None}
    assert UploadBatch.objects.get().looks == 1


def test_a_message_that_xfin_rejects_keeps_its_words_and_fails_only_that_person() -> None:
    campaign, xfin = make_campaign(people=3), FakeXFin()
    Recipient.objects.filter(pk=campaign.recipients.first().pk).update(phone="+9179261234567")  # type: ignore[union-attr]
    plan.plan(campaign.pk, now=NOON)
    Recipient.objects.filter(phone="+9179261234567").update(phone="0791234")
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    blocked = campaign.recipients.exclude(state=Recipient.State.UNDER_WAY).get()
    assert blocked.state in (Recipient.State.FAILED, Recipient.State.BLOCKED)
    assert blocked.reason
    assert states(campaign)[Message.State.QUEUED] == 2


def test_wrong_credentials_stop_the_campaign_and_say_so() -> None:
    campaign = make_campaign(people=3)
    plan.plan(campaign.pk, now=NOON)
    closed = httpx.MockTransport(lambda _: httpx.Response(401, json={"detail": "No such user."}))
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=closed)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.STOPPED
    assert "credentials" in campaign.reason
    assert states(campaign) == {Message.State.PLANNED: 3}
    assert Account.objects.get().state == Account.State.REFUSED


def test_xfin_down_makes_the_campaign_wait_with_a_reason_and_go_on_by_itself() -> None:
    campaign, xfin = make_campaign(people=3), FakeXFin()
    xfin.faults.append(unreachable)
    upload_all(campaign, xfin, rounds=1)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING
    assert campaign.reason.startswith("Waiting for XFin")
    upload_all(campaign, xfin)
    campaign.refresh_from_db()
    assert campaign.reason == "Running."
    assert states(campaign) == {Message.State.QUEUED: 3}


def test_an_opt_out_after_planning_stops_the_call_at_hand_over() -> None:
    campaign, xfin = make_campaign(people=2), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    stopped = campaign.recipients.first()
    assert stopped
    Suppression.objects.create(phone=stopped.phone, source="staff", reason="Asked by letter.")
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    stopped.refresh_from_db()
    assert (stopped.state, stopped.reason, stopped.attempts) == ("suppressed", "Asked by letter.", 0)
    assert states(campaign) == {Message.State.QUEUED: 1, Message.State.BLOCKED: 1}
    verdicts = Evidence.objects.filter(recipient=stopped).values_list("stage", "verdict").order_by("pk")
    assert list(verdicts) == [("planning", "OK"), ("hand_over", "BLOCK")]


def test_a_hand_over_after_hours_waits_for_the_morning() -> None:
    campaign, xfin = make_campaign(people=1), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    evening = NOON + timedelta(hours=8)
    upload.upload(campaign.template.account_id, clock=at(evening), transport=xfin)
    message = Message.objects.get()
    assert message.state == Message.State.PLANNED
    assert message.send_on == NOON + timedelta(hours=21)
    assert not xfin.messages


def test_a_paused_campaign_hands_nothing_over() -> None:
    campaign, xfin = make_campaign(people=2), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    Campaign.objects.update(state=Campaign.State.PAUSED)
    assert upload.uploads_wanted(NOON) == {}
    add_people(campaign, 1)
    assert plan.plan(campaign.pk, now=NOON) == 0
    assert not xfin.messages


def test_nothing_goes_up_before_every_language_of_the_template_is_there() -> None:
    campaign = make_campaign(people=2)
    form = TemplateLanguage.objects.create(template=campaign.template, language="ta")
    plan.plan(campaign.pk, now=NOON)
    assert upload.uploads_wanted(NOON) == {}
    TemplateLanguage.objects.filter(pk=form.pk).update(sync_state=TemplateLanguage.Sync.SYNCED)
    assert upload.uploads_wanted(NOON) == {campaign.template.account_id: 1}


def test_a_slow_worker_whose_batch_was_given_up_does_not_strand_its_people() -> None:
    campaign, xfin = make_campaign(people=3), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    claim = upload.claim_due(campaign.template.account, now=NOON)
    assert claim
    UploadBatch.objects.update(claimed_until=PAST)
    reconcile.abandon_dead_claims(NOON)
    batches.settle_failure(claim.batch, NotSent("No connection."), sent=False, now=LATER)
    assert UploadBatch.objects.get().state == UploadBatch.State.UNCONFIRMED
    upload_all(campaign, xfin)
    assert states(campaign) == {Message.State.QUEUED: 3}
    assert set(xfin.references().values()) == {1}


def test_one_row_that_spoils_its_batch_is_found_in_ever_smaller_parts_and_keeps_xfins_words() -> None:
    campaign, xfin = make_campaign(people=20, max_attempts=1), FakeXFin()
    bad = campaign.recipients.order_by("pk")[13]
    xfin.poison = {bad.phone}
    upload_all(campaign, xfin)
    assert states(campaign) == {Message.State.QUEUED: 19, Message.State.REJECTED: 1}
    assert set(xfin.references().values()) == {1}
    bad.refresh_from_db()
    assert (bad.state, bad.reason) == (
        "failed",
        "XFin rejected it: data: The variable amount is too long.",
    )
    requests = [path for _, path in xfin.requests if path.endswith("create_bulk")]
    assert len(requests) <= 13
    assert Account.objects.get().state == Account.State.READY


def test_a_refusal_of_every_row_stops_the_campaign_before_everybody_has_failed() -> None:
    campaign, xfin = make_campaign(people=200), FakeXFin()
    xfin.poison = set(campaign.recipients.values_list("phone", flat=True))
    upload_all(campaign, xfin)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.STOPPED
    assert campaign.reason.startswith("Stopped: XFin refuses every message.")
    assert "The variable amount is too long" in campaign.reason
    assert states(campaign) == {Message.State.PLANNED: 200}


def test_an_address_that_xfin_does_not_know_fails_nobody() -> None:
    campaign, xfin = make_campaign(people=8), FakeXFin()
    xfin.faults.append(lambda _xfin, _request: httpx.Response(404, json={"detail": "Not found."}))
    upload_all(campaign, xfin, rounds=1)
    assert states(campaign) == {Message.State.UNCONFIRMED: 8}
    upload_all(campaign, xfin)
    assert states(campaign) == {Message.State.QUEUED: 8}


@pytest.mark.parametrize("fault", [lost_after, unreachable])
def test_trouble_in_the_midst_of_the_search_neither_strands_nor_repeats_anybody(fault: Answer) -> None:
    campaign, xfin = make_campaign(people=16), FakeXFin()
    xfin.poison = {campaign.recipients.order_by("pk")[11].phone}
    xfin.faults.extend([FakeXFin.create, FakeXFin.create, fault])
    upload_all(campaign, xfin, rounds=20)
    assert states(campaign) == {Message.State.QUEUED: 15, Message.State.REJECTED: 1}
    assert set(xfin.references().values()) == {1}


def test_login_comes_before_anything_is_claimed() -> None:
    campaign, xfin = make_campaign(people=2), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    claimed_at_login: list[int] = []

    class Watched(FakeXFin):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("account/login/"):
                claimed_at_login.append(UploadBatch.objects.count())
            return super().handle_request(request)

    xfin = Watched()
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    assert claimed_at_login == [0]
    assert states(campaign) == {Message.State.QUEUED: 2}


def test_a_login_that_fails_claims_nothing() -> None:
    campaign = make_campaign(people=2)
    plan.plan(campaign.pk, now=NOON)
    down = httpx.MockTransport(lambda _: httpx.Response(503))
    assert upload.upload(campaign.template.account_id, clock=at(NOON), transport=down) == 0
    assert not UploadBatch.objects.exists()
    assert Account.objects.get().state == Account.State.WAITING


@pytest.mark.django_db(transaction=True)
def test_a_claim_is_renewed_while_a_slow_send_is_under_way(settings: Settings) -> None:
    settings.CLAIM_SECONDS = 5.0
    campaign = make_campaign(people=2)
    plan.plan(campaign.pk, now=NOON)
    claim = upload.claim_due(campaign.template.account, now=NOON)
    assert claim
    first = UploadBatch.objects.get().claimed_until

    def renewed() -> bool:
        return UploadBatch.objects.filter(claimed_until__gt=first).exists()

    with batches.keep_alive(lambda: batches.still_sending(claim.batch), name="a-test"):
        assert wait_until(renewed, timeout=30)


def frozen(campaign: Campaign, xfin: FakeXFin, during: Callable[[], object]) -> None:
    """A worker is frozen between its claim and its request, while `during` happens, and goes on then."""
    original = batches.still_sending
    thawed: list[bool] = []

    class Frozen(FakeXFin):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return xfin.handle_request(request)

    def freeze(batch: UploadBatch) -> bool:
        if not thawed:
            thawed.append(True)
            during()
        return original(batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upload, "still_sending", freeze)
        upload.upload(campaign.template.account_id, clock=at(NOON), transport=Frozen())


def test_a_worker_frozen_between_claim_and_request_sends_nothing_that_another_has_sent() -> None:
    campaign, xfin = make_campaign(people=5), FakeXFin()
    plan.plan(campaign.pk, now=NOON)

    def others_go_on() -> None:
        UploadBatch.objects.update(claimed_until=PAST)
        upload_all(campaign, xfin)

    frozen(campaign, xfin, others_go_on)
    assert set(xfin.references().values()) == {1}
    assert states(campaign) == {Message.State.QUEUED: 5}


def test_a_claim_that_ran_out_sends_nothing_even_if_no_other_worker_noticed() -> None:
    campaign, xfin = make_campaign(people=5), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    frozen(campaign, xfin, lambda: UploadBatch.objects.update(claimed_until=PAST))
    assert not xfin.messages
    assert states(campaign) == {Message.State.PLANNED: 5}
    assert UploadBatch.objects.get().state == UploadBatch.State.NOT_SENT


def test_a_batch_that_waited_long_after_its_check_is_checked_again_before_it_is_sent() -> None:
    campaign, xfin = make_campaign(people=5), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    claim = upload.claim_due(campaign.template.account, now=NOON)
    assert claim
    account = campaign.template.account
    late = at(NOON + timedelta(minutes=2))
    with xfin_client(account, transport=xfin) as client:
        assert upload.send(claim, client, account, clock=late) is None
    assert not xfin.messages
    assert states(campaign) == {Message.State.PLANNED: 5}


def test_a_reply_that_comes_late_changes_no_row_of_another_batch() -> None:
    campaign, xfin = make_campaign(people=3), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    claim = upload.claim_due(campaign.template.account, now=NOON)
    assert claim
    UploadBatch.objects.update(claimed_until=PAST)
    upload_all(campaign, xfin)
    before = set(Message.objects.values_list("remote_id", flat=True))
    late = [CreatedMessage(reference=m.reference, id=7000 + m.pk, status="created") for m in claim.messages]
    assert batches.settle_reply(claim, late, now=LATER) == 3
    errors = [CreatedMessage(reference=m.reference, error="No.") for m in claim.messages]
    batches.settle_reply(claim, errors, now=LATER)
    assert set(Message.objects.values_list("remote_id", flat=True)) == before
    assert states(campaign) == {Message.State.QUEUED: 3}


def and_yet(status: int, *, half: bool = False) -> Answer:
    """XFin creates the messages, or half of them, and answers that it did not."""

    def answer(xfin: FakeXFin, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        body["data"] = body["data"][: len(body["data"]) // (2 if half else 1)]
        xfin.create(httpx.Request("POST", request.url, json=body))
        return httpx.Response(status, json={"detail": "No."})

    return answer


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("status", [202, 400, 401, 403, 404, 409, 413, 422, 429, 500])
def test_no_status_proves_that_nothing_was_created(status: int, half: bool) -> None:
    campaign, xfin = make_campaign(people=20), FakeXFin()
    xfin.faults.append(and_yet(status, half=half))
    for _ in range(2):
        upload_all(campaign, xfin, rounds=6)
        circuit_breaker.credentials_changed(campaign.template.account)  # staff's answer to a 403
        Campaign.objects.update(state=Campaign.State.RUNNING)
    assert set(xfin.references().values()) == {1}
    assert len(xfin.references()) == 20
    assert states(campaign) == {Message.State.QUEUED: 20}


@pytest.mark.parametrize("fault", [lost_after, and_yet(400), and_yet(429), and_yet(202)])
def test_what_shows_only_after_the_first_look_is_not_sent_again(fault: Answer) -> None:
    campaign, xfin = make_campaign(people=20), FakeXFin()
    add_other_messages(xfin)
    xfin.faults.append(fault)
    plan.plan(campaign.pk, now=NOON)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    xfin.hidden = set(xfin.messages) - {1001, 1002}
    look_up_all(NOON, xfin, looks=1)
    assert states(campaign) == {Message.State.UNCONFIRMED: 20}
    xfin.hidden = set()
    upload_all(campaign, xfin)
    assert len(xfin.messages) == 22
    assert states(campaign) == {Message.State.QUEUED: 20}


def add_other_messages(xfin: FakeXFin) -> None:
    """Two older messages of the account, for a look-up to be compared with."""
    day = {"send_on": "2026-11-23T11:00:00", "tag4": "b-old"}
    data = [{"phone_number": f"+9198250999{n}", "tag5": f"m-old{n}", **day} for n in (98, 99)]
    xfin.create(httpx.Request("POST", "http://x/", json={"data": data}))


def test_an_xfin_that_proves_nothing_leaves_the_messages_unclear_and_unsent_until_it_does() -> None:
    campaign, xfin = make_campaign(people=20), FakeXFin(filters_by_tag=False, filters_by_phone=False)
    add_other_messages(xfin)
    xfin.faults.append(lost_before)
    upload_all(campaign, xfin)
    assert states(campaign) == {Message.State.UNCONFIRMED: 20}
    batch = UploadBatch.objects.get()
    assert batch.state == UploadBatch.State.UNCLEAR
    assert "can't be relied on" in batch.reason
    assert "Unclear" in Message.objects.all()[0].reason
    assert any("20 messages" in notice.title and "unclear" in notice.title for notice in notices.notices())
    assert len(xfin.messages) == 2
    xfin.filters_by_phone = True
    upload_all(campaign, xfin)
    assert states(campaign) == {Message.State.QUEUED: 20}
    assert set(xfin.references().values()) == {1}


@pytest.mark.parametrize(("at_xfin", "end"), [(True, Message.State.UNKNOWN), (False, Message.State.QUEUED)])
def test_staff_can_settle_what_is_unclear(at_xfin: bool, end: Message.State) -> None:
    campaign, xfin = make_campaign(people=3), FakeXFin(filters_by_tag=False, filters_by_phone=False)
    add_other_messages(xfin)
    xfin.faults.append(lost_before)
    upload_all(campaign, xfin, rounds=2)
    assert reconcile.resolve(UploadBatch.objects.get(), at_xfin=at_xfin, now=NOON) == 3
    assert reconcile.resolve(UploadBatch.objects.get(), at_xfin=at_xfin, now=NOON) == 0
    upload_all(campaign, xfin)
    assert states(campaign) == {end: 3}


@pytest.mark.parametrize(
    "xfin",
    [
        FakeXFin(in_capitals=True),
        FakeXFin(most_listed=5),
        FakeXFin(filters_by_tag=False),
        FakeXFin(page_size=7),
    ],
    ids=["capitals", "cut off", "no tags", "pages"],
)
@pytest.mark.parametrize("fault", [lost_after, half_done, lost_before])
def test_whatever_its_lists_are_like_nobody_is_sent_twice(xfin: FakeXFin, fault: Answer) -> None:
    xfin = dataclasses.replace(xfin, messages={}, faults=deque([fault]))
    campaign = make_campaign(people=60)
    upload_all(campaign, xfin)
    assert set(xfin.references().values()) == {1}
    assert states(campaign) == {Message.State.QUEUED: 60}


def test_a_list_that_shows_nothing_is_not_believed_while_xfin_has_a_message_of_ours() -> None:
    campaign, xfin = make_campaign(people=10, chunk_size=5), FakeXFin()
    xfin.faults.extend([FakeXFin.create, lost_after])
    plan.plan(campaign.pk, now=NOON)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    xfin.most_listed = 0
    upload_all(campaign, xfin)
    assert states(campaign) == {Message.State.QUEUED: 5, Message.State.UNCONFIRMED: 5}
    assert set(xfin.references().values()) == {1}


def test_rows_of_a_reply_that_are_not_to_be_believed_are_looked_up_and_the_others_stand() -> None:
    campaign, xfin = make_campaign(people=6), FakeXFin()

    def muddled(xfin: FakeXFin, request: httpx.Request) -> httpx.Response:
        rows = json.loads(xfin.create(request).content)
        rows[0]["tag5"], rows[1]["tag5"] = rows[1]["tag5"], rows[0]["tag5"]
        rows[0]["reference"], rows[1]["reference"] = rows[1]["reference"], rows[0]["reference"]
        rows[2]["id"] = rows[3]["id"]
        rows[4] = None
        return httpx.Response(200, json=rows)

    xfin.faults.append(muddled)
    plan.plan(campaign.pk, now=NOON)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
    assert states(campaign) == {Message.State.UNCONFIRMED: 5, Message.State.QUEUED: 1}
    upload_all(campaign, xfin)
    assert states(campaign) == {Message.State.QUEUED: 6}
    for message in Message.objects.select_related("recipient"):
        assert xfin.messages[int(message.remote_id)]["tag5"] == message.reference


@pytest.mark.parametrize("chunk_size", [5000, 1])
def test_an_xfin_that_refuses_every_row_stops_the_campaign_and_its_people_can_be_called_later(
    chunk_size: int,
) -> None:
    campaign = make_campaign(people=120, chunk_size=chunk_size, state_since=NOON - timedelta(hours=1))
    xfin = FakeXFin()
    xfin.refuses_rows = "No balance."
    upload_all(campaign, xfin, rounds=6)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.STOPPED
    assert "No balance" in campaign.reason
    assert "stream address" not in campaign.reason
    actions.withdraw_stragglers(NOON)
    assert set(campaign.recipients.values_list("state", "attempts")) == {(Recipient.State.WAITING, 0)}
    xfin.refuses_rows = ""
    actions.resume(campaign, None)
    upload_all(campaign, xfin)
    assert states(campaign)[Message.State.QUEUED] == 120
    assert set(xfin.references().values()) == {1}


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_once_send_every_message_once() -> None:
    campaign, xfin = make_campaign(people=40, chunk_size=4), FakeXFin()
    plan.plan(campaign.pk, now=NOON)
    account = campaign.template.account_id

    def work() -> int:
        try:
            return upload.upload(account, clock=at(NOON), transport=xfin)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        sent = [worker.result() for worker in [pool.submit(work) for _ in range(4)]]
    assert sum(sent) == 40
    assert states(campaign) == {Message.State.QUEUED: 40}
    assert set(xfin.references().values()) == {1}
