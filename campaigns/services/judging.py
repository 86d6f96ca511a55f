"""From rows to the pure rules, and from their findings to evidence rows."""

from collections.abc import Iterable
from datetime import datetime

from campaigns.models import Campaign, Evidence, Recipient, Suppression
from campaigns.phones import judge as judge_phone
from campaigns.rules import VERSION, Attempt, Judgement, evaluate


def suppression_reasons(phones: Iterable[str], category: str) -> dict[str, str]:
    """Which of these numbers must not be called about this category, and why."""
    live = Suppression.objects.filter(phone__in=list(phones), lifted_at__isnull=True)
    return {
        row.phone: row.reason
        for row in live
        if row.scope == Suppression.Scope.ORGANISATION or row.category == category
    }


def judge(campaign: Campaign, recipient: Recipient, *, at: datetime, suppressed: str) -> Judgement:
    """May this person be called for this campaign at `at`?"""
    phone = judge_phone(recipient.phone)
    attempt = Attempt(
        category=campaign.category,
        caller_series=campaign.number.series,
        own_window=(campaign.window_start, campaign.window_end),
        callee_problem="" if phone.e164 else phone.note,
        suppressed=suppressed,
    )
    return evaluate(attempt, at)


def evidence(
    recipient: Recipient,
    judgement: Judgement,
    *,
    stage: Evidence.Stage,
    at: datetime,
    now: datetime,
    reference: str = "",
) -> Evidence:
    """The row that keeps a judgement; not saved yet."""
    return Evidence(
        recipient=recipient,
        message_reference=reference,
        stage=stage,
        judged_at=now,
        planned_for=at,
        verdict=judgement.verdict,
        findings=[finding.as_evidence() for finding in judgement.findings],
        rules_version=VERSION,
    )
