"""The page on which a draft is talked to with the browser's microphone and keypad."""

from uuid import uuid4

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from calls.studio.drafts import Draft, draft_of
from calls.studio.samples import sample_values
from calls.studio.tickets import Ticket, TicketError
from campaigns.permissions import current_user, staff_page

MOST_CHARACTERS = 200
"""Of one value."""
FIELD = "value-"


@staff_page
@require_http_methods(["GET", "POST"])
def talk_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show the page; by POST make a ticket.

    The answer is JSON: `address` of the WebSocket and the `call`'s id, or 409 with `refused`, a sentence.
    """
    draft = draft_of(pk)
    problems = draft.document.problems()
    if request.method == "POST":
        if problems:
            return _refused("The draft can be tried when nothing is in the way any more.")
        return _ticket(request, draft)
    context = {
        "dialogue": draft.dialogue,
        "languages": [*draft.document.words],
        "language": draft.document.default_language,
        "values": sample_values(draft.document),
        "problems": problems,
        "keys": "123456789*0#",
    }
    return render(request, "studio/talk.html", context)


def _refused(why: str) -> JsonResponse:
    return JsonResponse({"refused": why}, status=409)


def _ticket(request: HttpRequest, draft: Draft) -> JsonResponse:
    """Return the ticket for the made-up person of a form."""
    given, document = request.POST, draft.document
    language = given.get("language", "")
    samples = sample_values(document)
    ticket = Ticket(
        call=uuid4(),
        user=current_user(request).pk,
        dialogue=draft.dialogue.pk,
        revision=draft.dialogue.revision,
        language=language if language in document.words else document.default_language,
        values={name: given.get(FIELD + name, text)[:MOST_CHARACTERS] for name, text in samples.items()},
        really_asks="really_asks" in given,
        record="record" in given,
    )
    try:
        return JsonResponse({"address": f"/talk/{ticket.signed()}/", "call": str(ticket.call)})
    except TicketError as error:
        return _refused(str(error))
