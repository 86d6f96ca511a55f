"""What staff must act on: accounts in trouble, stopped campaigns, people to be approved, unusable files."""

from dataclasses import dataclass

from django.db.models import Count, F, Min, Q

from campaigns.formatting import grouped, ist, ist_exact
from campaigns.models import (
    Account,
    Campaign,
    Import,
    Message,
    Notification,
    Recipient,
    StaffCallback,
    Template,
    Trouble,
    UploadBatch,
)
from campaigns.models.campaigns import CampaignState
from campaigns.models.people import ImportState
from campaigns.models.sending import UNKNOWN_STATE
from campaigns.rules.law import TWO_PEOPLE

#: Seconds by which XFin's clock must differ to be told to staff.
TELLING_SKEW = 30
REFUSED = Template.Sync.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that staff should look at."""

    tone: str
    title: str
    text: str
    campaign: Campaign | None = None
    account: Account | None = None


def notices() -> list[Notice]:
    """Return what staff must act on, the worst first. Twelve queries at most."""
    return [
        *account_notices(),
        *unclear_notices(),
        *untold_notices(),
        *unknown_states(),
        *own_failures(),
        *troubles(),
        *clock_notices(),
        *campaign_notices(),
        *approval_notices(),
        *file_notices(),
        *staff_callback_notices(),
    ]


def account_notices() -> list[Notice]:
    """Return a notice for each account that XFin refuses or does not serve. Two queries at most."""
    troubled = list(Account.objects.exclude(state=Account.State.READY).defer("password", "token", "cookies"))
    if not troubled:
        return []
    open_messages = dict(
        Message.objects.filter(
            state__in=Message.OPEN_STATES,
        )
        .order_by()
        .values_list("recipient__campaign__template__account_id")
        .annotate(waiting=Count("id"))
    )
    found = []
    for account in troubled:
        refused = account.state == Account.State.REFUSED
        what = "XFin refused the account" if refused else "XFin does not serve the account"
        waiting = open_messages.get(account.pk, 0)
        messages = {0: "No message is waiting.", 1: "1 message is waiting."}.get(
            waiting, f"{grouped(waiting)} messages are waiting."
        )
        after = "Nothing is lost and nothing is sent twice."
        found.append(
            Notice(
                tone="bad" if refused else "warn",
                title=f"{what} “{account.name}”.",
                text=f"{account.reason} {trials(account)} {messages} {after}".strip(),
                account=account,
            )
        )
    return found


def unclear_notices() -> list[Notice]:
    """Return a notice for each account that XFin does not prove to have, or to lack, messages of ours."""
    unclear = Message.objects.filter(
        state=Message.State.UNCONFIRMED, batch__state=UploadBatch.State.UNCLEAR
    ).order_by()
    counted = dict(unclear.values_list("batch__account").annotate(count=Count("id")))
    accounts = Account.objects.filter(pk__in=counted).defer("password", "token", "cookies") if counted else ()
    return [
        Notice(
            tone="warn",
            title=f"{grouped(counted[account.pk])} messages of “{account.name}” are unclear.",
            text="XFin's lists do not prove whether it has them, so they are not sent again. They are asked "
            "about until there is a proof; who knows can say it under Upload batches.",
            account=account,
        )
        for account in accounts
    ]


def unknown_states() -> list[Notice]:
    """Return notices of accounts whose XFin writes states that this program does not know."""
    unknown = Message.objects.filter(state__in=Message.AT_XFIN, reason=UNKNOWN_STATE).order_by()
    counted = unknown.values_list("batch__account__name", "remote_state").annotate(count=Count("id"))
    return [
        Notice(
            tone="warn",
            title=f"XFin writes “{word}”, a state that this program does not know (account “{name}”).",
            text=f"It is the state of {grouped(count)} calls, which stay open until XFin says more. If you "
            "know what it means, name it under the account's state codes.",
        )
        for name, word, count in counted[:5]
    ]


def own_failures() -> list[Notice]:
    """Return notices of accounts for which work of ours failed since their credentials were entered."""
    failed = Account.objects.exclude(own_failure="").defer("password", "token", "cookies")
    return [
        Notice(
            tone="bad",
            title=f"An error of this program in work for the account “{account.name}”.",
            text=f"{account.own_failure} ({account.own_failures} times so far). The log says where. "
            "Other accounts are not affected.",
            account=account,
        )
        for account in failed
    ]


def troubles(limit: int = 5) -> list[Notice]:
    """Return notices of periodic work that failed when it was last done, the oldest first. One query."""
    return [
        Notice(
            tone="bad",
            title=f"An error of this program: {row.what} failed for {grouped(row.failed)} of "
            f"{grouped(row.tried)}.",
            text=f"{row.reason} ({grouped(row.times)} times since {ist_exact(row.since)}.) It is tried again "
            "by itself, and this goes when it works. The log says where.",
        )
        for row in Trouble.objects.all()[:limit]
    ]


def clock_notices() -> list[Notice]:
    """Return notices of accounts whose XFin's clock differs so much that people are rung at other times."""
    told = Q(clock_skew__gte=TELLING_SKEW) | Q(clock_skew__lte=-TELLING_SKEW)
    return [
        Notice(
            tone="warn",
            title=f"XFin's clock is {abs(account.clock_skew or 0) / 60:.1f} minutes "
            f"{'ahead' if (account.clock_skew or 0) > 0 else 'behind'} (account “{account.name}”).",
            text="It rings people by its own clock. Calls near the edges of the hours are moved so that none "
            "rings outside them. If only this XFin differs, tell them; if all do, set ours.",
            account=account,
        )
        for account in Account.objects.filter(told).defer("password", "token", "cookies")
    ]


def trials(account: Account) -> str:
    """Return when XFin is tried again, and how; empty for an account that is served or refused."""
    if account.state == Account.State.WAITING:
        return f"It is tried again at {ist_exact(account.retry_at)}."
    if account.state == Account.State.BROKEN:
        return (
            f"{grouped(account.failures)} failures in a row: nothing is sent until a trial request succeeds, "
            f"the next at {ist_exact(account.retry_at)}."
        )
    return ""


def untold_notices(limit: int = 5) -> list[Notice]:
    """Return notices of what services outside were to be told and never took, by service."""
    given_up = Notification.objects.filter(state=Notification.State.GIVEN_UP).order_by()
    counted = given_up.values_list("service_name").annotate(rows=Count("pk")).order_by("-rows")[:limit]
    return [
        Notice(
            tone="bad",
            title=f"“{name}” was not told {grouped(rows)} {'thing' if rows == 1 else 'things'}.",
            text="The admin shows why, under Notifications. They can be tried again there.",
        )
        for name, rows in counted
    ]


def campaign_notices(limit: int = 5) -> list[Notice]:
    """Return notices of stopped campaigns, and of running ones with a template that XFin does not take."""
    refused = Q(template__sync_state=REFUSED) | Q(retry_template__sync_state=REFUSED)
    halted = Q(state=CampaignState.STOPPED) | (Q(state=CampaignState.RUNNING) & refused)
    found = Campaign.objects.filter(halted).select_related("template", "retry_template")
    notes = []
    for campaign in found.order_by("-state_since")[:limit]:
        title, text = f"The campaign “{campaign}” stopped.", campaign.reason
        if campaign.state != CampaignState.STOPPED:
            templates = (campaign.template, campaign.retry_template)
            template = next(one for one in templates if one and one.sync_state == REFUSED)
            title = f"“{campaign}” calls nobody: XFin refuses the template “{template}”."
            text = f"{template.sync_reason} Correct and save it; the campaign goes on by itself."
        notes.append(Notice(tone="bad", title=title, text=text, campaign=campaign))
    return notes


def approval_notices(limit: int = 5) -> list[Notice]:
    """Return notices of running campaigns with people whom no second person has approved yet."""
    asked = Q(campaign__category__in=TWO_PEOPLE) | Q(campaign__template__account__second_person=True)
    held = Recipient.objects.filter(
        asked,
        state=Recipient.State.WAITING,
        campaign__state=CampaignState.RUNNING,
        pk__gt=F("campaign__approval__newest_recipient"),
    )
    waiting = dict(held.order_by().values_list("campaign").annotate(people=Count("pk"))[:limit])
    return [
        Notice(
            tone="warn",
            title=f"{waiting[campaign.pk]} added to “{campaign}” after its approval.",
            text="They are not called until a second person approves them on the campaign's page.",
            campaign=campaign,
        )
        for campaign in Campaign.objects.filter(pk__in=waiting)
    ]


def file_notices(limit: int = 3) -> list[Notice]:
    """Return notices of the files of campaigns in draft that could not be used."""
    unusable = Import.objects.filter(
        state=ImportState.FAILED, campaign__state=CampaignState.DRAFT
    ).select_related("campaign")[:limit]
    return [
        Notice(
            tone="warn",
            title=f"The file “{source.filename}” could not be used.",
            text=source.reason,
            campaign=source.campaign,
        )
        for source in unusable
    ]


def staff_callback_notices() -> list[Notice]:
    """Return a notice of how many people wait to be called by staff; empty if none does. One query."""
    waiting = StaffCallback.objects.filter(state=StaffCallback.State.WAITING)
    queue = waiting.aggregate(count=Count("pk"), first=Min("asked_at"))
    if not queue["count"]:
        return []
    who = "1 person waits" if queue["count"] == 1 else f"{grouped(queue['count'])} people wait"
    text = f"The first since {ist(queue['first'])}. Their list is under Call-backs."
    return [Notice(tone="warn", title=f"{who} for a call by staff.", text=text)]
