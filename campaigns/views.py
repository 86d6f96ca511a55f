"""The portal's pages about campaigns. Reads through `queries`, writes through `services`."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from campaigns import auditing, clock, preflights, queries, readings, refused, retries
from campaigns.access import person, staff_page
from campaigns.forms import CampaignForm, ColumnsForm, PeopleFilter, PeopleForm
from campaigns.models import Campaign, Import, User
from campaigns.models.people import ImportRowFate
from campaigns.services import approvals, importing, imports, lifecycle, mappings, preflight
from campaigns.services.approvals import Standing
from campaigns.tasks import nudge_import, nudge_preflight

TABLE = lifecycle.TRANSITIONS
Row = TypeVar("Row", bound=Model)

PEOPLE_A_PAGE = 50
CAMPAIGNS_A_PAGE = 25

#: How far a launch came, in words.
LAUNCHED: Mapping[str, str] = {
    Campaign.State.CHECKED: "Checked. A second person must approve it now, then it can be launched.",
    Campaign.State.SCHEDULED: "Scheduled. It starts by itself.",
    Campaign.State.RUNNING: "Launched. The first calls are planned within seconds.",
}
VERBS: Mapping[str, tuple[Callable[[Campaign, User | None], None], str]] = {
    "launch": (lifecycle.launch, ""),
    "approve": (lifecycle.approve, "Approved as it is now."),
    "pause": (lifecycle.pause, "Paused. Nothing more is sent, and what is at XFin is being withdrawn."),
    "resume": (lifecycle.resume, "Running again, where it was."),
    "cancel": (lifecycle.cancel, "Cancelled. What is at XFin is being withdrawn; everything known is kept."),
}


@staff_page()
@require_safe
def campaign_list(request: HttpRequest) -> HttpResponse:
    """Every campaign with how far it is."""
    state = request.GET.get("state", "")
    page = _page(request, queries.campaigns_in(state), CAMPAIGNS_A_PAGE)
    context = {
        "page": page,
        "rows": queries.with_progress(page),
        "state": state,
        "states": Campaign.State.choices,
    }
    return render(request, "campaigns/list.html", context)


@staff_page("campaigns.add_campaign")
def new_campaign(request: HttpRequest) -> HttpResponseBase:
    """The form for a new draft."""
    return _edit(request, Campaign(created_by=person(request)))


@staff_page("campaigns.change_campaign")
def edit_campaign(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The form until it runs; what matters takes a checked campaign back to draft."""
    campaign = get_object_or_404(queries.all_campaigns(), pk=pk)
    if campaign.state not in lifecycle.EDITABLE:
        words = "A campaign that was launched can't be edited any more."
        messages.add_message(request, messages.WARNING, words, extra_tags="warn")
        return redirect(campaign)
    return _edit(request, campaign)


def _edit(request: HttpRequest, campaign: Campaign) -> HttpResponseBase:
    form = CampaignForm(request.POST or None, instance=campaign)
    if request.method == "POST" and form.is_valid():
        try:
            _save(form, person(request))
        except lifecycle.NotAllowed as error:
            messages.add_message(request, messages.ERROR, error.reason, extra_tags="bad")
        return redirect(campaign)
    status = 422 if form.is_bound else 200
    return render(request, "campaigns/edit.html", {"form": form, "campaign": campaign}, status=status)


def _save(form: CampaignForm, by: User | None) -> None:
    if form.instance.pk:
        lifecycle.edit(form.instance, form.changed_data, by)
    else:
        form.save()


@staff_page()
@require_safe
def campaign_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One campaign in figures that add up."""
    campaign = get_object_or_404(queries.all_campaigns(), pk=pk)
    approval = approvals.standing(campaign)
    context = queries.overview(campaign, clock.now()) | {
        "campaign": campaign,
        "approval": approval,
        "beyond_approval": campaign.state in approvals.BEYOND_APPROVAL,
        "verbs": _verbs(campaign, person(request), approval),
        "history": queries.history(pk),
        "editable": campaign.state in lifecycle.EDITABLE,
        "retry_lines": retries.written(campaign.retry_rules).splitlines(),
        "preflight": preflights.of_campaign(campaign),
    }
    return render(request, "campaigns/campaign.html", context)


@staff_page()
@require_safe
def preflight_card(request: HttpRequest, pk: int) -> HttpResponse:
    """What a launch would do; while it is counted the card asks again every second."""
    campaign = get_object_or_404(queries.all_campaigns(), pk=pk)
    context = {"campaign": campaign, "preflight": preflights.of_campaign(campaign)}
    return render(request, "campaigns/preflight.html", context)


@staff_page("campaigns.change_campaign")
@require_POST
def ask_preflight(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Have the people counted: at once, or by a worker where they are many."""
    campaign = get_object_or_404(queries.all_campaigns(), pk=pk)
    row = preflight.ask(campaign, person(request), clock=clock.now)
    if row.state == row.State.WAITING:
        nudge_preflight(row.pk)
    return redirect(campaign)


def _verbs(campaign: Campaign, user: User, approval: Standing | None) -> set[str]:
    """What this person can ask the campaign to do in its state."""
    verbs = {verb for verb in VERBS if verb in TABLE and campaign.state in TABLE[verb].sources}
    verbs.discard("approve")
    waits = approval is not None and campaign.state == Campaign.State.CHECKED
    if campaign.state in lifecycle.LAUNCHABLE and not waits:
        verbs.add("launch")
    if approval and approval.lapse:
        verbs -= {"resume", *(["launch"] if campaign.state == Campaign.State.APPROVED else [])}
    beyond = approval is not None and campaign.state in approvals.BEYOND_APPROVAL and not approval.complete
    if (waits or beyond) and not lifecycle.has_worked_on(campaign, user):
        verbs.add("approve")
    return verbs


@staff_page()
@require_safe
def people_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The people of a campaign with state and reason."""
    campaign = get_object_or_404(queries.all_campaigns(), pk=pk)
    chosen = PeopleFilter(request.GET)
    wanted = chosen.cleaned_data if chosen.is_valid() else {}
    people = queries.recipients_of(pk, **wanted)
    context = {"campaign": campaign, "filter": chosen, "page": _page(request, people, PEOPLE_A_PAGE)}
    return render(request, "campaigns/people.html", context)


@staff_page()
def files_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The uploaded files of a campaign, and the form for one more."""
    campaign = get_object_or_404(queries.all_campaigns(), pk=pk)
    if request.method == "POST":
        return _upload(request, campaign)
    return _files(request, campaign, PeopleForm(), status=200)


@staff_page("campaigns.add_import")
def _upload(request: HttpRequest, campaign: Campaign) -> HttpResponseBase:
    form = PeopleForm(request.POST, request.FILES)
    if not form.is_valid():
        return _files(request, campaign, form, status=422)
    file = form.cleaned_data["file"]
    try:
        source = imports.receive(campaign, file, filename=file.name, by=person(request))
    except imports.UnreadableFile as error:
        context = {"campaign": campaign, "filename": file.name, "reason": error.reason}
        return render(request, "campaigns/unreadable.html", context, status=422)
    return redirect("import", pk=source.pk)


def _files(request: HttpRequest, campaign: Campaign, form: PeopleForm, *, status: int) -> HttpResponse:
    context = {"campaign": campaign, "form": form, "imports": queries.latest_imports(campaign.pk, 50)}
    return render(request, "campaigns/files.html", context, status=status)


@staff_page()
@require_safe
def import_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One file: its columns to be confirmed, then how far it is, then which row was not taken and why."""
    source = _import(pk)
    if source.state == Import.State.MAPPING:
        return _columns(request, source, _columns_form(source, chosen=request.GET.get("mapping", "")))
    fate = request.GET.get("fate", "")
    rows = queries.rows_not_accepted(source, fate=fate)
    context = {
        "source": source,
        "campaign": source.campaign,
        "page": _page(request, rows, PEOPLE_A_PAGE),
        "fate": fate,
        "fates": ImportRowFate.choices,
        "reading": readings.reading(source),
        "repaired": queries.people_repaired(source),
    }
    return render(request, "campaigns/import.html", context)


@staff_page("campaigns.add_import")
@require_POST
def choose_columns(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Confirm which column is what, and let the file be read."""
    source = _import(pk)
    form = _columns_form(source, data=request.POST)
    if not form.is_valid():
        return _columns(request, source, form, status=422)
    columns, name = form.cleaned_data["columns"], form.cleaned_data["remember_as"]
    try:
        imports.choose(source, columns, by=person(request), remember_as=name)
    except imports.UnreadableFile as error:
        form.add_error(None, error.reason)
        return _columns(request, source, form, status=422)
    nudge_import(source.pk)
    return redirect("import", pk=pk)


def _columns_form(source: Import, *, data: Any = None, chosen: str = "") -> ColumnsForm:
    """The form, filled with the guess or with the named mapping that was chosen."""
    headings, columns = source.columns["headings"], importing.columns_of(source)
    for mapping in mappings.offered(source.campaign, headings):
        if str(mapping.pk) == chosen:
            columns = mappings.columns_in(mapping, headings)
    return ColumnsForm(data, headings=headings, columns=columns)


def _columns(request: HttpRequest, source: Import, form: ColumnsForm, *, status: int = 200) -> HttpResponse:
    context = {
        "source": source,
        "campaign": source.campaign,
        "form": form,
        "rows": imports.preview(source),
        "offered": mappings.offered(source.campaign, form.headings),
        "wanted": readings.wanted_variables(source.campaign),
    }
    return render(request, "campaigns/columns.html", context, status=status)


@staff_page()
@require_safe
def import_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the reading is; the page asks again every second, and is loaded anew when it is over."""
    source = _import(pk)
    context = {"source": source, "reading": readings.reading(source)}
    response = render(request, "campaigns/reading.html", context)
    if not source.is_open:
        response["HX-Refresh"] = "true"
    return response


@staff_page("campaigns.add_import")
@require_POST
def cancel_import(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Read no further; people who were taken stay."""
    if not imports.cancel(_import(pk), person(request)):
        messages.add_message(request, messages.WARNING, "It was over already.", extra_tags="warn")
    return redirect("import", pk=pk)


def _import(pk: int) -> Import:
    return get_object_or_404(
        Import.objects.select_related("campaign__agent", "campaign__template", "created_by"), pk=pk
    )


@staff_page("campaigns.view_importrow")
@require_safe
def rows_not_accepted(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The rows that were not accepted, as they came, with the reason: to be corrected and sent again."""
    source = get_object_or_404(Import, pk=pk)
    auditing.handed_out(source, "rows not accepted")
    return refused.as_file(source)


@staff_page("campaigns.change_campaign")
@require_safe
def ask_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """What cancelling would mean, before it is done: it can't be undone."""
    campaign = get_object_or_404(queries.all_campaigns(), pk=pk)
    waiting = queries.campaign_counts(pk).progress.waiting
    return render(request, "campaigns/cancel.html", {"campaign": campaign, "waiting": waiting})


@staff_page("campaigns.change_campaign")
@require_POST
def change_state(request: HttpRequest, pk: int, verb: str) -> HttpResponseBase:
    """Launch, pause, resume or cancel; a refusal is shown with its reason."""
    if verb not in VERBS or verb == "approve":
        raise Http404
    return _ask(request, pk, verb)


@staff_page("campaigns.approve_campaign")
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The second person's word."""
    return _ask(request, pk, "approve")


def _ask(request: HttpRequest, pk: int, verb: str) -> HttpResponseBase:
    campaign = get_object_or_404(queries.all_campaigns(), pk=pk)
    do, done = VERBS[verb]
    try:
        do(campaign, person(request))
    except lifecycle.NotAllowed as error:
        messages.add_message(request, messages.ERROR, error.reason, extra_tags="bad")
    else:
        messages.add_message(request, messages.SUCCESS, done or LAUNCHED[campaign.state], extra_tags="ok")
    return redirect(campaign)


def _page(request: HttpRequest, rows: QuerySet[Row], size: int) -> Page[Row]:
    return Paginator(rows, size).get_page(request.GET.get("page"))
