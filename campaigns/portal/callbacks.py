"""The portal's pages of call-backs: of one person in a campaign, and of those whom staff are to call."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns import clock
from campaigns.errors import NotAllowed
from campaigns.models import Callback, StaffCallback
from campaigns.permissions import current_user, sees_numbers, staff_page
from campaigns.planning import callbacks, staff_callbacks
from campaigns.planning.callbacks import CallbackRequest
from campaigns.portal.forms import CallbackForm
from campaigns.queries import people as queries
from campaigns.queries.people import people_with_callbacks

#: In these states the campaign calls no one any more.
OVER = ("completed", "cancelled")
#: Rows of the queue on a page.
A_PAGE = 50


@staff_page
@require_http_methods(["GET", "POST"])
def callbacks_page(request: HttpRequest, pk: int, recipient: int) -> HttpResponseBase:
    """Show what a person asked for and what came of it; enter one more, or answer 422 with the reason."""
    person = get_object_or_404(people_with_callbacks(pk), pk=recipient)
    form = CallbackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now, by = clock.now(), current_user(request)
        when = form.cleaned_data["asked_for"]
        asked = CallbackRequest(asked_for=when, asked_at=now, source=Callback.Source.STAFF, by=by)
        try:
            row = callbacks.enter(person.pk, asked, now=now)
        except NotAllowed as error:
            form.add_error("asked_for", error.reason)
        else:
            messages.add_message(request, messages.SUCCESS, row.reason, extra_tags="ok")
            return redirect("campaign-callbacks", pk=pk, recipient=recipient)
    campaign = person.campaign
    context = {"campaign": campaign, "person": person, "form": form, "over": campaign.state in OVER}
    return render(request, "campaigns/callbacks.html", context, status=422 if form.errors else 200)


@staff_page
@require_POST
def withdraw_callback(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Withdraw a call-back and go back to its person's page; a refusal is shown with its reason."""
    row = get_object_or_404(Callback.objects.select_related("recipient"), pk=pk)
    try:
        callbacks.withdraw(pk, by=current_user(request), now=clock.now())
    except NotAllowed as error:
        messages.add_message(request, messages.ERROR, error.reason, extra_tags="bad")
    else:
        done = "Withdrawn. The campaign's own rules go on for this person."
        messages.add_message(request, messages.SUCCESS, done, extra_tags="ok")
    return redirect("campaign-callbacks", pk=row.recipient.campaign_id, recipient=row.recipient_id)


@staff_page
@require_safe
def staff_callback_list(request: HttpRequest) -> HttpResponseBase:
    """Show whom staff are to call, by state (`state=`), with the whole number to those who may see it."""
    state = request.GET.get("state", "")
    chosen = state if state in StaffCallback.State.values else StaffCallback.State.WAITING.value
    page = Paginator(queries.staff_callbacks(chosen), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "chosen": chosen,
        "states": StaffCallback.State.choices,
        "sees_numbers": sees_numbers(request),
    }
    return render(request, "campaigns/staff_callbacks.html", context)


@staff_page
@require_POST
def change_staff_callback(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take a person of the queue, give them back, or finish (`do=`); a refusal is shown with its reason."""
    get_object_or_404(StaffCallback, pk=pk)
    by, now, back = current_user(request), clock.now(), StaffCallback.State.TAKEN.value
    try:
        match request.POST.get("do", ""):
            case "take":
                staff_callbacks.take(pk, by=by, now=now)
                done = "Taken. Call the person, then write down what came of it."
            case "give_back":
                staff_callbacks.give_back(pk, now=now)
                done, back = "Given back into the queue.", StaffCallback.State.WAITING.value
            case "finish":
                staff_callbacks.finish(pk, note=request.POST.get("note", ""), by=by, now=now)
                done = "Done."
            case _:
                raise NotAllowed("Choose what to do with the call-back.")
    except NotAllowed as error:
        messages.add_message(request, messages.ERROR, error.reason, extra_tags="bad")
    else:
        messages.add_message(request, messages.SUCCESS, done, extra_tags="ok")
    answer = redirect("staff-callbacks")
    answer["Location"] += f"?state={back}"
    return answer
