"""The portal's pages about campaigns. Reads through `queries`, changes of state through `lifecycle`."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from campaigns import clock
from campaigns.errors import NotAllowed
from campaigns.lifecycle import actions, approvals
from campaigns.lifecycle.approvals import ApprovalStatus
from campaigns.models import Campaign, User
from campaigns.permissions import current_user, staff_page
from campaigns.planning import preflight
from campaigns.portal.forms import CampaignForm
from campaigns.queries.campaign import (
    all_campaigns,
    campaign_counts,
    campaign_history,
    campaigns_in,
    overview,
    with_progress,
)
from campaigns.queries.preflight import latest_preflight
from campaigns.schedule import retries
from campaigns.tasks import enqueue_preflight

Row = TypeVar("Row", bound=Model)

PEOPLE_A_PAGE = 50
CAMPAIGNS_A_PAGE = 25

#: State after a launch -> what to say about it.
LAUNCHED: Mapping[str, str] = {
    Campaign.State.CHECKED: "Checked. A second person must approve it now, then it can be launched.",
    Campaign.State.SCHEDULED: "Scheduled. It starts by itself.",
    Campaign.State.RUNNING: "Launched. The first calls are planned within seconds.",
}
#: What can be asked of a campaign -> the function that does it, and what to say then.
VERBS: Mapping[str, tuple[Callable[[Campaign, User | None], None], str]] = {
    "launch": (actions.launch, ""),
    "approve": (actions.approve, "Approved as it is now."),
    "pause": (actions.pause, "Paused. Nothing more is sent, and what is at XFin is being withdrawn."),
    "resume": (actions.resume, "Running again, where it was."),
    "cancel": (actions.cancel, "Cancelled. What is at XFin is being withdrawn; everything known is kept."),
}


@staff_page
@require_safe
def campaign_list(request: HttpRequest) -> HttpResponse:
    """Show the campaigns, all or those in the state `state`, with how far each is."""
    state = request.GET.get("state", "")
    page = page_of(request, campaigns_in(state), CAMPAIGNS_A_PAGE)
    context = {
        "page": page,
        "rows": with_progress(page),
        "state": state,
        "states": Campaign.State.choices,
    }
    return render(request, "campaigns/list.html", context)


@staff_page
def new_campaign(request: HttpRequest) -> HttpResponseBase:
    """Show the form of a new draft; a valid one is stored, an invalid one returned with 422."""
    return _edit(request, Campaign(created_by=current_user(request)))


@staff_page
def edit_campaign(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show and store the form of a campaign that was not launched; others are only shown, with a warning.

    A change that matters takes a checked campaign back to draft.
    """
    campaign = get_object_or_404(all_campaigns(), pk=pk)
    if campaign.state not in actions.EDITABLE:
        words = "A campaign that was launched can't be edited any more."
        messages.add_message(request, messages.WARNING, words, extra_tags="warn")
        return redirect(campaign)
    return _edit(request, campaign)


def _edit(request: HttpRequest, campaign: Campaign) -> HttpResponseBase:
    form = CampaignForm(request.POST or None, instance=campaign)
    if request.method == "POST" and form.is_valid():
        try:
            if campaign.pk:
                actions.edit(form.instance, form.changed_fields, current_user(request))
            else:
                form.save()
        except NotAllowed as error:
            messages.add_message(request, messages.ERROR, error.reason, extra_tags="bad")
        return redirect(campaign)
    status = 422 if form.is_bound else 200
    return render(request, "campaigns/edit.html", {"form": form, "campaign": campaign}, status=status)


@staff_page
@require_safe
def campaign_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one campaign in figures that add up, with what the user can do and what was done before."""
    campaign = get_object_or_404(all_campaigns(), pk=pk)
    approval = approvals.status(campaign)
    context = overview(campaign, clock.now()) | {
        "campaign": campaign,
        "approval": approval,
        "beyond_approval": campaign.state in approvals.BEYOND_APPROVAL,
        "verbs": _verbs(campaign, current_user(request), approval),
        "history": campaign_history(pk),
        "editable": campaign.state in actions.EDITABLE,
        "retry_lines": retries.written(campaign.retry_rules).splitlines(),
        "preflight": latest_preflight(campaign),
    }
    return render(request, "campaigns/campaign.html", context)


@staff_page
@require_POST
def choose_goals(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Store the outcomes that count as the goal, in any state of the campaign, and go back to its page."""
    campaign = get_object_or_404(all_campaigns(), pk=pk)
    try:
        actions.choose_goals(campaign, request.POST.getlist("goal"), by=current_user(request))
        messages.add_message(request, messages.SUCCESS, "Saved what the goal is.", extra_tags="ok")
    except NotAllowed as error:
        messages.add_message(request, messages.ERROR, error.reason, extra_tags="bad")
    return redirect(campaign)


@staff_page
@require_safe
def preflight_card(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what a launch would do; while it is counted the card asks again every second."""
    campaign = get_object_or_404(all_campaigns(), pk=pk)
    context = {"campaign": campaign, "preflight": latest_preflight(campaign)}
    return render(request, "campaigns/preflight.html", context)


@staff_page
@require_POST
def ask_preflight(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Have the people counted, by a worker if they are many, and go back to the campaign."""
    campaign = get_object_or_404(all_campaigns(), pk=pk)
    row = preflight.ask(campaign, current_user(request), clock=clock.now)
    if row.state == row.State.WAITING:
        enqueue_preflight(row.pk)
    return redirect(campaign)


def _verbs(campaign: Campaign, user: User, approval: ApprovalStatus | None) -> set[str]:
    """Return what this person can ask the campaign to do in its state, as keys of `VERBS`."""
    verbs = {
        verb
        for verb in VERBS
        if verb in actions.TRANSITIONS and campaign.state in actions.TRANSITIONS[verb].sources
    }
    verbs.discard("approve")
    waits = approval is not None and campaign.state == Campaign.State.CHECKED
    if campaign.state in actions.LAUNCHABLE and not waits:
        verbs.add("launch")
    if approval and approval.lapse:
        verbs -= {"resume", *(["launch"] if campaign.state == Campaign.State.APPROVED else [])}
    beyond = approval is not None and campaign.state in approvals.BEYOND_APPROVAL and not approval.complete
    if (waits or beyond) and not actions.has_worked_on(campaign, user):
        verbs.add("approve")
    return verbs


@staff_page
@require_safe
def ask_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what cancelling would mean, before it is done: it can't be undone."""
    campaign = get_object_or_404(all_campaigns(), pk=pk)
    waiting = campaign_counts(campaign).progress.waiting
    return render(request, "campaigns/cancel.html", {"campaign": campaign, "waiting": waiting})


@staff_page
@require_POST
def change_state(request: HttpRequest, pk: int, verb: str) -> HttpResponseBase:
    """Launch, pause, resume or cancel; a refusal is shown with its reason. Raises 404 for any other verb."""
    if verb not in VERBS or verb == "approve":
        raise Http404
    return _ask(request, pk, verb)


@staff_page
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Approve the campaign as the second person; a refusal is shown with its reason."""
    return _ask(request, pk, "approve")


def _ask(request: HttpRequest, pk: int, verb: str) -> HttpResponseBase:
    campaign = get_object_or_404(all_campaigns(), pk=pk)
    do, done = VERBS[verb]
    try:
        do(campaign, current_user(request))
    except NotAllowed as error:
        messages.add_message(request, messages.ERROR, error.reason, extra_tags="bad")
    else:
        messages.add_message(request, messages.SUCCESS, done or LAUNCHED[campaign.state], extra_tags="ok")
    return redirect(campaign)


def page_of(request: HttpRequest, rows: QuerySet[Row], size: int) -> Page[Row]:
    """Return the page of `rows` that the query names, `size` rows long; the nearest for a bad number."""
    return Paginator(rows, size).get_page(request.GET.get("page"))
