"""House rule 2: nobody is called twice for one attempt, nobody is missed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from django.db import connections
from pytest_django import Settings

from awaaz_project.launch.processes import wait_until
from campaigns.delivery import batches, reconcile, upload
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
from campaigns.xfin.errors import NotSent
from tests.campaigns.world import (
    NOON,
    Answer,
    FakeXFin,
    add_people,
    at,
    half_done,
    lost_after,
    lost_before,
    make_campaign,
    refused,
    states,
    unreachable,
    wrong_length,
)

pytestmark = pytest.mark.django_db
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
    """Let settle times and back-offs pass; they are set from the wall clock."""
    UploadBatch.objects.filter(state=UploadBatch.State.UNCONFIRMED).update(look_up_after=NOON)
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


@pytest.mark.parametrize("fault", [lost_after, half_done])
def test_an_xfin_that_ignores_the_tag_filter_is_looked_up_by_time(fault: Answer) -> None:
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
    assert reconcile.abandon_dead_claims(NOON) == 0
    assert reconcile.abandon_dead_claims(NOON + timedelta(hours=1)) == 1
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
    taken = UploadBatch.objects.filter(pk=batch.pk).update(look_up_after=LATER)
    assert taken == 1
    assert reconcile.batches_to_look_up(NOON) == []


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
    campaign, xfin = make_campaign(people=3), FakeXFin()
    xfin.faults.extend([refused, refused])
    plan.plan(campaign.pk, now=NOON)
    upload.upload(campaign.template.account_id, clock=at(NOON), transport=xfin)
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
    reconcile.abandon_dead_claims(NOON + timedelta(hours=1))
    batches.settle_failure(claim.batch, NotSent("No connection."), now=LATER)
    assert UploadBatch.objects.get().state == UploadBatch.State.UNCONFIRMED
    upload_all(campaign, xfin)
    assert states(campaign) == {Message.State.QUEUED: 3}
    assert set(xfin.references().values()) == {1}


def test_one_row_that_spoils_its_batch_is_found_by_halving_and_keeps_xfins_words() -> None:
    campaign, xfin = make_campaign(people=20, max_attempts=1), FakeXFin()
    bad = campaign.recipients.order_by("pk")[13]
    xfin.poison = {bad.phone}
    upload_all(campaign, xfin, rounds=1)
    assert states(campaign) == {Message.State.QUEUED: 19, Message.State.REJECTED: 1}
    assert set(xfin.references().values()) == {1}
    bad.refresh_from_db()
    assert (bad.state, bad.reason) == (
        "failed",
        "XFin rejected it: data: The variable amount is too long.",
    )
    requests = [path for _, path in xfin.requests if path.endswith("create_bulk")]
    assert len(requests) <= 11
    assert Account.objects.get().state == Account.State.READY


def test_a_refusal_of_every_row_stops_the_campaign_before_everybody_has_failed() -> None:
    campaign, xfin = make_campaign(people=200), FakeXFin()
    xfin.poison = set(campaign.recipients.values_list("phone", flat=True))
    upload_all(campaign, xfin)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.STOPPED
    assert campaign.reason.startswith("Stopped: XFin refuses every message.")
    assert states(campaign) == {Message.State.PLANNED: 195, Message.State.REJECTED: 5}


def test_an_address_that_xfin_does_not_know_fails_nobody() -> None:
    campaign, xfin = make_campaign(people=8), FakeXFin()
    xfin.faults.append(lambda _xfin, _request: httpx.Response(404, json={"detail": "Not found."}))
    upload_all(campaign, xfin, rounds=1)
    assert states(campaign) == {Message.State.PLANNED: 8}
    assert Account.objects.get().state == Account.State.WAITING
    upload_all(campaign, xfin)
    assert states(campaign) == {Message.State.QUEUED: 8}


@pytest.mark.parametrize("fault", [lost_after, unreachable])
def test_trouble_in_the_midst_of_halving_neither_strands_nor_repeats_anybody(fault: Answer) -> None:
    campaign, xfin = make_campaign(people=16), FakeXFin()
    xfin.poison = {campaign.recipients.order_by("pk")[11].phone}
    xfin.faults.extend([FakeXFin.create, FakeXFin.create, fault])
    upload_all(campaign, xfin)
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
    settings.CLAIM_SECONDS = 0.3
    campaign = make_campaign(people=2)
    plan.plan(campaign.pk, now=NOON)
    claim = upload.claim_due(campaign.template.account, now=NOON)
    assert claim
    later = NOON + timedelta(minutes=1)

    def renewed() -> bool:
        return UploadBatch.objects.filter(claimed_until__gt=later).exists()

    with batches.keep_claim_alive(claim.batch, clock=at(later)):
        assert wait_until(renewed, timeout=10)
    assert reconcile.abandon_dead_claims(later) == 0


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
