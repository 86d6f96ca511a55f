"""The pages of uploaded lists: upload, columns, progress, rows not accepted."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from campaigns import audit, clock
from campaigns.errors import UnreadableFile
from campaigns.imports import mappings, reader, update, upload
from campaigns.models import Campaign, Import
from campaigns.models.people import ImportRowFate
from campaigns.permissions import current_user, staff_page
from campaigns.portal import rejected_rows
from campaigns.portal.campaigns import PEOPLE_A_PAGE, page_of
from campaigns.portal.forms import ColumnsForm, PeopleForm
from campaigns.queries import imports
from campaigns.queries.campaign import all_campaigns
from campaigns.tasks import enqueue_import


@staff_page
def files_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show the uploaded files of a campaign and the form for one more; take one that is sent.

    A file that can't be read is answered with 422 and the reason.
    """
    campaign = get_object_or_404(all_campaigns(), pk=pk)
    if request.method != "POST":
        return _files(request, campaign, PeopleForm(), status=200)
    form = PeopleForm(request.POST, request.FILES)
    if not form.is_valid():
        return _files(request, campaign, form, status=422)
    file = form.cleaned_data["file"]
    try:
        source = upload.receive(campaign, file, filename=file.name, by=current_user(request))
    except UnreadableFile as error:
        context = {"campaign": campaign, "filename": file.name, "reason": error.reason}
        return render(request, "campaigns/unreadable.html", context, status=422)
    return redirect("import", pk=source.pk)


def _files(request: HttpRequest, campaign: Campaign, form: PeopleForm, *, status: int) -> HttpResponse:
    context = {"campaign": campaign, "form": form, "imports": imports.latest_imports(campaign.pk, 50)}
    return render(request, "campaigns/files.html", context, status=status)


@staff_page
def import_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show one file: its columns to be confirmed, then how far it is, then the rows not taken and why.

    A choice of columns that is sent has the file read; a wrong one is answered with 422.
    """
    source = _import(pk)
    if request.method == "POST":
        return _choose_columns(request, source)
    if source.state == Import.State.MAPPING:
        return _columns(request, source, _columns_form(source, chosen=request.GET.get("mapping", "")))
    fate = request.GET.get("fate", "")
    rows = imports.rows_not_accepted(source, fate=fate)
    context = {
        "source": source,
        "campaign": source.campaign,
        "page": page_of(request, rows, PEOPLE_A_PAGE),
        "fate": fate,
        "fates": ImportRowFate.choices,
        "reading": imports.import_progress(source),
        "repaired": imports.people_repaired(source),
    }
    return render(request, "campaigns/import.html", context)


def _choose_columns(request: HttpRequest, source: Import) -> HttpResponse:
    form = _columns_form(source, data=request.POST)
    if not form.is_valid():
        return _columns(request, source, form, status=422)
    columns, name = form.cleaned_data["columns"], form.cleaned_data["remember_as"]
    try:
        upload.choose(source, columns, by=current_user(request), remember_as=name)
    except UnreadableFile as error:
        form.add_error(None, error.reason)
        return _columns(request, source, form, status=422)
    enqueue_import(source.pk)
    return redirect("import", pk=source.pk)


def _columns_form(source: Import, *, data: Any = None, chosen: str = "") -> ColumnsForm:
    """Return the form, filled with the guess or with the mapping whose key was chosen."""
    headings, columns = source.columns["headings"], reader.columns_of(source)
    for mapping in mappings.offered(source.campaign, headings):
        if str(mapping.pk) == chosen:
            columns = mappings.columns_in(mapping, headings)
    return ColumnsForm(data, headings=headings, columns=columns)


def _columns(request: HttpRequest, source: Import, form: ColumnsForm, *, status: int = 200) -> HttpResponse:
    """Show the columns with their first cells. A file that is gone is said, and has no cells."""
    gone, rows = "", []
    try:
        rows = upload.preview(source)
    except UnreadableFile as error:
        gone = error.reason
    context = {
        "source": source,
        "campaign": source.campaign,
        "form": form,
        "columns": form.columns(rows),
        "gone": gone,
        "offered": mappings.offered(source.campaign, form.headings),
        "wanted": imports.wanted_variables(source.campaign),
    }
    return render(request, "campaigns/columns.html", context, status=status)


@staff_page
@require_safe
def import_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far the reading is. The page asks every second; `HX-Refresh` has it loaded anew at the end."""
    source = _import(pk)
    context = {"source": source, "reading": imports.import_progress(source)}
    response = render(request, "campaigns/reading.html", context)
    if not source.is_open:
        response["HX-Refresh"] = "true"
    return response


@staff_page
@require_POST
def cancel_import(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Stop reading and go back to the file; people who were taken stay."""
    if not upload.cancel(_import(pk), current_user(request)):
        messages.add_message(request, messages.WARNING, "It was over already.", extra_tags="warn")
    return redirect("import", pk=pk)


@staff_page
@require_POST
def update_those_who_wait(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Bring people up to date who were in the campaign already, and go back to the file with how many."""
    try:
        count = update.update_those_who_wait(_import(pk), now=clock.now())
    except UnreadableFile as error:
        messages.add_message(request, messages.WARNING, error.reason, extra_tags="warn")
    else:
        messages.add_message(request, messages.SUCCESS, f"Brought up to date: {count:,}.", extra_tags="good")
    return redirect("import", pk=pk)


def _import(pk: int) -> Import:
    return get_object_or_404(
        Import.objects.select_related("campaign__agent", "campaign__template", "created_by"), pk=pk
    )


@staff_page
@require_safe
def rows_not_accepted(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Return a file of the rows not accepted, as they came, with the reasons: to correct and send again."""
    source = get_object_or_404(Import, pk=pk)
    audit.handed_out(source, "rows not accepted")
    return rejected_rows.as_file(source)
