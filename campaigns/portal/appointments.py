"""The portal's pages about calendars: their slots, what was booked in calls, and whom to call back."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import clock, edges
from campaigns.appointments import bookings, stock
from campaigns.errors import NotAllowed
from campaigns.models import Appointment, Calendar, Slot
from campaigns.permissions import current_user, staff_page
from campaigns.portal.calendar_forms import CalendarForm, CancelForm, EnterForm, SlotFileForm, TableForm
from campaigns.queries import appointments as queries

#: Slots or appointments on a page, and rows of a file that were not taken.
A_PAGE, SHOWN = 50, 500


@staff_page
@require_http_methods(["GET", "POST"])
def calendar_list(request: HttpRequest) -> HttpResponseBase:
    """Show every calendar and make a new one; 422 with the form if it can't be made."""
    form = CalendarForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect(form.save())
    context = {"calendars": queries.calendars(clock.now()), "form": form}
    return render(request, "campaigns/calendars.html", context, status=422 if form.errors else 200)


@staff_page
@require_http_methods(["GET", "POST"])
def calendar_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show a calendar's slots or appointments (`show=appointments`). Store its settings, or answer 422."""
    calendar = get_object_or_404(Calendar, pk=pk)
    form = CalendarForm(request.POST or None, instance=calendar)
    if request.method == "POST" and form.is_valid():
        return redirect(form.save())
    return _page(request, get_object_or_404(Calendar, pk=pk), settings=form)


@staff_page
@require_POST
def add_table(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Enter the slots of a table, and show what became of them; 422 with the form if it can't be read."""
    calendar, form = get_object_or_404(Calendar, pk=pk), TableForm(request.POST)
    if form.is_valid():
        try:
            result = stock.enter_rows(calendar, form.table().rows())
        except NotAllowed as error:
            form.add_error(None, error.reason)
        else:
            return _page(request, calendar, result=result, entered="The table")
    return _page(request, calendar, table=form)


@staff_page
@require_POST
def add_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Enter the slots of a file, and show what became of each row; 422 with the form if it can't be read."""
    calendar, form = get_object_or_404(Calendar, pk=pk), SlotFileForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            result = stock.enter_file(calendar, file.file, file.name)
        except NotAllowed as error:
            form.add_error("file", error.reason)
        else:
            return _page(request, calendar, result=result, entered=file.name)
    return _page(request, calendar, file=form)


@staff_page
@require_POST
def remove_slot(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Remove a slot and go back to its calendar; a refusal is shown with its reason."""
    slot = get_object_or_404(Slot, pk=pk)
    try:
        stock.remove(pk)
    except NotAllowed as error:
        messages.add_message(request, messages.ERROR, error.reason, extra_tags="bad")
    return redirect("calendar", pk=slot.calendar_id)


@staff_page
@require_POST
def enter(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Book a slot for a person who did not take it in a call, and go back to its calendar.

    A refusal is shown with its reason.
    """
    slot, form = get_object_or_404(Slot, pk=pk), EnterForm(request.POST)
    try:
        if not form.is_valid():
            raise NotAllowed(" ".join(str(error) for errors in form.errors.values() for error in errors))
        person, by = form.cleaned_data, current_user(request)
        edges.retried("a booking by staff", lambda: bookings.enter(pk, **person, by=by, now=clock.now()))
    except NotAllowed as error:
        messages.add_message(request, messages.ERROR, error.reason, extra_tags="bad")
    else:
        messages.add_message(request, messages.SUCCESS, f"Booked: {slot}.", extra_tags="ok")
    return redirect("calendar", pk=slot.calendar_id)


@staff_page
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Cancel an appointment and go back to its calendar; a refusal is shown with its reason."""
    row, form = get_object_or_404(Appointment, pk=pk), CancelForm(request.POST)
    try:
        if not form.is_valid():
            raise NotAllowed("Write down why it is cancelled.")
        by, reason = current_user(request), f"Cancelled by staff: {form.cleaned_data['reason']}"
        bookings.cancel(pk, by=by, reason=reason, now=clock.now())
    except NotAllowed as error:
        messages.add_message(request, messages.ERROR, error.reason, extra_tags="bad")
    else:
        done = "Cancelled; its place is free again. The person has not been told."
        messages.add_message(request, messages.SUCCESS, done, extra_tags="ok")
    back = redirect("calendar", pk=row.calendar_id)
    back["Location"] += "?show=appointments"
    return back


def _page(request: HttpRequest, calendar: Calendar, **shown: Any) -> HttpResponse:
    """Return a calendar's page, with the forms that were sent; 422 if one of them has errors."""
    now = clock.now()
    forms = {
        "settings": shown.pop("settings", None) or CalendarForm(instance=calendar),
        "table": shown.pop("table", None) or TableForm(),
        "file": shown.pop("file", None) or SlotFileForm(),
    }
    of_people = request.GET.get("show") == "appointments"
    rows = queries.appointments(calendar) if of_people else queries.slots(calendar, now=now)
    context: dict[str, Any] = {
        "calendar": calendar,
        "of_people": of_people,
        "page": Paginator(rows, A_PAGE).get_page(request.GET.get("page")),
        "to_call_back": queries.to_call_back(calendar, now=now),
        "refusals": shown["result"].refusals[:SHOWN] if "result" in shown else [],
        "now": now,
    }
    status = 422 if any(form.is_bound and form.errors for form in forms.values()) else 200
    return render(request, "campaigns/calendar.html", context | forms | shown, status=status)
