"""The portal's page of one person's call-backs in a campaign: entered and withdrawn by staff."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from campaigns import clock
from campaigns.errors import NotAllowed
from campaigns.models import Callback, Recipient
from campaigns.permissions import current_user, staff_page
from campaigns.planning import callbacks
from campaigns.planning.callbacks import CallbackRequest
from campaigns.portal.forms import CallbackForm
from campaigns.queries import people


@staff_page()
@require_http_methods(["GET", "POST"])
def callbacks_page(request: HttpRequest, pk: int, recipient: int) -> HttpResponseBase:
    """What was asked for and what came of it; the form for one more."""
    whom = get_object_or_404(people.people_with_callbacks(pk), pk=recipient)
    form = CallbackForm(request.POST or None)
    if request.method == "POST":
        if not request.user.has_perm("campaigns.add_callback"):
            raise PermissionDenied
        if form.is_valid() and _entered(request, whom, form):
            return redirect("campaign-callbacks", pk=pk, recipient=recipient)
    context = {"campaign": whom.campaign, "person": whom, "form": form, "over": whom.campaign.state in OVER}
    return render(request, "campaigns/callbacks.html", context, status=422 if form.errors else 200)


#: Nobody is called in these any more.
OVER = ("completed", "cancelled")


def _entered(request: HttpRequest, whom: Recipient, form: CallbackForm) -> bool:
    """Whether it could be done; if not the form says why."""
    now, asked_for = clock.now(), form.cleaned_data["asked_for"]
    wish = CallbackRequest(
        asked_for=asked_for, asked_at=now, source=Callback.Source.STAFF, by=current_user(request)
    )
    try:
        row = callbacks.enter(whom.pk, wish, now=now)
    except NotAllowed as error:
        form.add_error("asked_for", error.reason)
        return False
    messages.add_message(request, messages.SUCCESS, row.reason, extra_tags="ok")
    return True


@staff_page("campaigns.change_callback")
@require_POST
def withdraw_callback(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take one back; a refusal is shown with its reason."""
    row = get_object_or_404(Callback.objects.select_related("recipient"), pk=pk)
    try:
        callbacks.withdraw(pk, by=current_user(request), now=clock.now())
    except NotAllowed as error:
        messages.add_message(request, messages.ERROR, error.reason, extra_tags="bad")
    else:
        done = "Withdrawn. The campaign's own rules go on for this person."
        messages.add_message(request, messages.SUCCESS, done, extra_tags="ok")
    return redirect("campaign-callbacks", pk=row.recipient.campaign_id, recipient=row.recipient_id)
