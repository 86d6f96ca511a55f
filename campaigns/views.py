"""The portal's pages about campaigns. Reads through `queries`, writes through `services`."""

import csv
from collections.abc import Callable, Mapping
from typing import TypeVar

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from campaigns import clock, queries
from campaigns.access import person, staff_page
from campaigns.forms import CampaignForm, PeopleFilter, PeopleForm
from campaigns.models import Campaign, Import, ImportRow, User
from campaigns.models.people import ImportRowFate
from campaigns.services import imports, lifecycle

Row = TypeVar("Row", bound=Model)

PEOPLE_A_PAGE = 50
CAMPAIGNS_A_PAGE = 25

VERBS: Mapping[str, tuple[Callable[[Campaign, User | None], None], str]] = {
    "launch": (lifecycle.launch, "Launched. The first calls are planned within seconds."),
    "pause": (lifecycle.pause, "Paused. What is already at XFin may still ring; nothing more is sent."),
    "resume": (lifecycle.resume, "Running again, where it was."),
    "cancel": (lifecycle.cancel, "Cancelled. Nobody more is called; everything known is kept."),
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
    """The form for a draft; a campaign that was launched is not edited any more."""
    campaign = get_object_or_404(queries.all_campaigns(), pk=pk)
    if campaign.state != Campaign.State.DRAFT:
        messages.add_message(request, messages.WARNING, "Only a draft can be edited.", extra_tags="warn")
        return redirect(campaign)
    return _edit(request, campaign)


def _edit(request: HttpRequest, campaign: Campaign) -> HttpResponseBase:
    form = CampaignForm(request.POST or None, instance=campaign)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect(campaign)
    status = 422 if form.is_bound else 200
    return render(request, "campaigns/edit.html", {"form": form, "campaign": campaign}, status=status)


@staff_page()
@require_safe
def campaign_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One campaign in figures that add up."""
    campaign = get_object_or_404(queries.all_campaigns(), pk=pk)
    context = queries.overview(campaign, clock.now()) | {"campaign": campaign, "verbs": _verbs(campaign)}
    return render(request, "campaigns/campaign.html", context)


def _verbs(campaign: Campaign) -> set[str]:
    """What the campaign can be asked to do in its state."""
    return {verb for verb in VERBS if campaign.state in lifecycle.TRANSITIONS[verb].sources}


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
        source = imports.import_people(campaign, data=file.read(), filename=file.name, by=person(request))
    except (imports.UnreadableFile, lifecycle.NotAllowed) as error:
        context = {"campaign": campaign, "filename": file.name, "reason": error.reason}
        return render(request, "campaigns/unreadable.html", context, status=422)
    return redirect("import", pk=source.pk)


def _files(request: HttpRequest, campaign: Campaign, form: PeopleForm, *, status: int) -> HttpResponse:
    context = {"campaign": campaign, "form": form, "imports": queries.latest_imports(campaign.pk, 50)}
    return render(request, "campaigns/files.html", context, status=status)


@staff_page()
@require_safe
def import_page(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of one file: which row was not taken, and why."""
    source = get_object_or_404(Import.objects.select_related("campaign", "created_by"), pk=pk)
    fate = request.GET.get("fate", "")
    rows = queries.rows_not_accepted(source, fate=fate)
    context = {
        "source": source,
        "campaign": source.campaign,
        "page": _page(request, rows, PEOPLE_A_PAGE),
        "fate": fate,
        "fates": ImportRowFate.choices,
        "repaired": queries.people_repaired(source),
    }
    return render(request, "campaigns/import.html", context)


@staff_page("campaigns.view_importrow")
@require_safe
def rows_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows that were not accepted, as they came, with the reason: to be corrected and sent again."""
    source = get_object_or_404(Import, pk=pk)
    response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    name = "".join(ch if ch.isalnum() or ch in "-_." else "-" for ch in source.filename.rsplit(".", 1)[0])
    response["Content-Disposition"] = (
        f'attachment; filename="{name.encode("ascii", "ignore").decode()}-not-accepted.csv"'
    )
    writer = csv.writer(response)
    rows = list(source.rows.all())
    width = max((len(row.cells) for row in rows), default=0)
    writer.writerow(["row", "result", "reason", *queries.column_headings(source, width)])
    for row in rows:
        writer.writerow([row.row_number, row.get_fate_display(), row.reason, *_harmless(row)])
    return response


def _harmless(row: ImportRow) -> list[str]:
    """The cells, with what a spreadsheet would run as a formula made plain text; a number keeps its plus."""
    cells = [str(cell) for cell in row.cells]
    return [f"'{cell}" if cell[:1] in "=@\t\r" or _formula(cell) else cell for cell in cells]


def _formula(cell: str) -> bool:
    return cell[:1] in "+-" and not all(ch.isdigit() or ch in "+-(). " for ch in cell)


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
    if verb not in VERBS:
        raise Http404
    campaign = get_object_or_404(queries.all_campaigns(), pk=pk)
    do, done = VERBS[verb]
    try:
        do(campaign, person(request))
    except lifecycle.NotAllowed as error:
        messages.add_message(request, messages.ERROR, error.reason, extra_tags="bad")
    else:
        messages.add_message(request, messages.SUCCESS, done, extra_tags="ok")
    return redirect(campaign)


def _page(request: HttpRequest, rows: QuerySet[Row], size: int) -> Page[Row]:
    return Paginator(rows, size).get_page(request.GET.get("page"))
