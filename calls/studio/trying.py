"""The pages on which a draft is tried: a call by typing, and its kept tests."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from msgspec import structs

from calls.dialogues import replaying, testing
from calls.dialogues.past import NoTestError
from calls.models import Call
from calls.simulated.by_typing import NotTypedError, lines_of, read_line, transcript
from calls.simulated.kept_tests import KeptTest, brought, hold, read_test, written
from calls.simulated.script import Person
from calls.studio.drafts import Draft, draft_of
from calls.studio.samples import sample_values
from calls.tasks import enqueue_replay
from campaigns import clock
from campaigns.errors import NotAllowed
from campaigns.models import Dialogue
from campaigns.permissions import current_user, staff_page

MOST_LINES = 200


@staff_page
@require_http_methods(["GET", "POST"])
def try_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show a call of a made-up person as it stands after what was typed, or keep it as a test.

    All that was typed comes with each form, a line each; nothing is kept on the server between two of them.
    """
    draft = draft_of(pk)
    fields = request.POST if request.method == "POST" else request.GET
    language = fields.get("language", draft.document.default_language)
    typed, refused = _typed(fields)
    context: dict[str, Any] = {
        "dialogue": draft.dialogue,
        "languages": [*draft.document.words],
        "language": language,
        "typed": "\n".join(typed),
        "refused": refused,
        "problems": draft.document.problems(),
    }
    if not context["problems"]:
        inputs = [read_line(line) for line in typed]
        context["call"] = transcript(draft.document, _person(draft, language), inputs)
        if fields.get("do") == "keep" and request.method == "POST":
            return _keep(request, draft, KeptTest(person=_person(draft, language), inputs=inputs))
    return render(request, "studio/try.html", context, status=422 if refused else 200)


def _typed(fields: Mapping[str, str]) -> tuple[list[str], str]:
    """Return the lines that were typed so far and mean something, and why the newest does not."""
    lines = [line.strip() for line in fields.get("typed", "").splitlines() if line.strip()][:MOST_LINES]
    newest, refused = fields.get("line", "").strip(), ""
    known = []
    for line in [*lines, newest] if newest else lines:
        try:
            read_line(line)
            known.append(line)
        except NotTypedError as error:
            refused = str(error)
    return known, refused


def _person(draft: Draft, language: str) -> Person:
    values = {
        name: value for name, value in sample_values(draft.document).items() if name in draft.document.values
    }
    return Person(language=language, name="Asha Patel", values=values)


def _keep(request: HttpRequest, draft: Draft, test: KeptTest) -> HttpResponseBase:
    """Keep a call as a test that expects what came of it."""
    course, _ = hold(draft.document, test)
    kept = KeptTest(person=test.person, inputs=test.inputs, expect=brought(course))
    try:
        name = request.POST.get("name", "")
        testing.keep(draft.dialogue, name, kept, by=current_user(request))
    except NotAllowed as error:
        messages.error(request, error.reason)
        return redirect("dialogue-try", draft.dialogue.pk)
    return redirect("dialogue-tests", draft.dialogue.pk)


# --- Kept tests ----------------------------------------------------------------------------------------


@staff_page
@require_http_methods(["GET", "POST"])
def tests_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show the kept tests of a dialogue, run against its draft, and what they cover; change them.

    They take milliseconds, so they are run whenever the page is shown.
    """
    draft = draft_of(pk)
    problems = draft.document.problems()
    if request.method == "POST":
        _change(request, draft, can_run=not problems)
        return redirect(reverse("dialogue-tests", args=[pk]))
    found = None if problems else testing.run_all(draft.dialogue, draft.document)
    context: dict[str, Any] = {"dialogue": draft.dialogue, "problems": problems, "found": found}
    if found:
        chosen = request.GET.get("test", "")
        one = next((one for one in found.results if str(one.test.pk) == chosen), None)
        context |= {
            "results": sorted(found.results, key=_turn),
            "chosen": one,
            "lines": lines_of(one.verdict.course) if one and one.verdict else [],
            "covered": len(found.exits) - len(found.uncovered),
            "titles": {step_id: step.title or step_id for step_id, step in draft.document.all_steps()},
        } | _replay(request, draft)
    return render(request, "studio/tests.html", context)


def _turn(result: testing.Result) -> tuple[bool, int, str]:
    """Return a test's place in the list: those that differ first, then those of the machine by number."""
    number = result.test.name.partition(".")[0]
    return not result.difference, int(number) if number.isdecimal() else 0, result.test.name


def _change(request: HttpRequest, draft: Draft, *, can_run: bool) -> None:
    """Do what was asked for with the tests; what runs them only if they `can_run`."""
    number = request.POST.get("test", "")
    match request.POST.get("do", ""):
        case "delete":
            key = int(number) if number.isdecimal() and len(number) < 18 else 0
            draft.dialogue.tests.filter(pk=key).delete()
        case "cover" if can_run:
            found = testing.keep_cover(draft.dialogue, draft.document, by=current_user(request))
            made = f"{len(found.tests)} tests were made; together they take every way that was found."
            messages.success(request, made)
        case "accept" if can_run:  # let a test expect what comes of it now
            for result in testing.run_all(draft.dialogue, draft.document).results:
                if str(result.test.pk) == number and result.verdict:
                    test = structs.replace(read_test(result.test.body), expect=brought(result.verdict.course))
                    draft.dialogue.tests.filter(pk=result.test.pk).update(body=written(test))


@staff_page
@require_POST
def keep_call(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Make a test of a past call and show the tests of its dialogue; a refusal is shown with the call.

    The person gets a made-up name, and made-up values where no condition asks for theirs.
    """
    call = get_object_or_404(Call, pk=pk)
    dialogue = Dialogue.objects.select_related("agent").filter(agent=call.agent_id or 0).first()
    try:
        if dialogue is None or call.state == Call.State.LIVE:
            raise NotAllowed("A test can be made of a call that is over and in which a dialogue spoke.")
        made_up = sample_values(draft_of(dialogue.pk).document)
        test = testing.keep_call(dialogue, pk, by=current_user(request), made_up=made_up)
    except (NotAllowed, NoTestError) as error:
        messages.error(request, str(error))
        return redirect(call)
    messages.success(request, f"The test “{test.name}” was made of the call.")
    return redirect(f"{reverse('dialogue-tests', args=[dialogue.pk])}?test={test.pk}")


# --- Past calls ----------------------------------------------------------------------------------------


@staff_page
@require_http_methods(["GET", "POST"])
def replay_card(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show the card about past calls, which asks again each second while they are replayed; begin that."""
    draft = draft_of(pk)
    if request.method == "POST":
        most = request.POST.get("most", "")
        wanted = int(most) if most.isdecimal() and len(most) < 10 else replaying.CHOICES[0]
        if draft.document.problems():
            messages.error(request, "Past calls can be replayed when nothing is in the way any more.")
        else:
            row = replaying.ask(draft.dialogue, wanted, by=current_user(request), clock=clock.now)
            if row.state == row.State.WAITING:
                enqueue_replay(row.pk)
        return redirect(f"{reverse('dialogue-tests', args=[pk])}#replay")
    context: dict[str, Any] = {"dialogue": draft.dialogue, **_replay(request, draft)}
    return render(request, "studio/replay.html", context)


def _replay(request: HttpRequest, draft: Draft) -> dict[str, Any]:
    """Return what is shown of past calls to those who may see calls."""
    if not request.user.has_perm("calls.view_call"):
        return {}
    found = replaying.shown(draft.dialogue, draft.document)
    most = found.row.most if found else replaying.CHOICES[1]
    return {"replay": found, "choices": replaying.CHOICES, "most": most}
