"""The page on which one dialogue is made: its steps, its picture, the form of the chosen step, problems."""

from collections import defaultdict
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from calls.agents.base import ClipPiece
from calls.agents.dialogue import editing, parts, validation
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.diagram import diagram
from calls.agents.dialogue.editing import CannotEditError
from calls.agents.dialogue.outline import outline, way
from calls.agents.dialogue.wording import MissingValueError, Wording
from calls.audio import wav
from calls.dialogues import publishing
from calls.media.prompt_audio import AudioError, AudioLater, listen
from calls.studio.drafts import Draft, changed, draft_of, sent_fields
from calls.studio.samples import sample_values
from calls.studio.step_form import KINDS, Sent, read_step, step_form
from calls.studio.whole_form import read_whole, whole_form
from campaigns.errors import NotAllowed
from campaigns.models import Account, Agent, Calendar
from campaigns.permissions import staff_page
from campaigns.queries.dialogues import campaigns_of, versions_of

WHOLE: Final = "whole"
"""Stands in the address for what belongs to the dialogue as a whole."""
PART: Final = "part:"
"""Stands in the address before the name of a fragment, which staff know as a part of the dialogue."""


@staff_page
@require_http_methods(["GET", "POST"])
def dialogue_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show the studio of a dialogue, or store what was changed on it.

    What htmx sends is answered with the parts that have changed, a plain form with the page; 409 if another
    person changed the draft meanwhile or the change is not possible.
    """
    draft = draft_of(pk)
    part = request.POST.get("part") or request.GET.get("step") or draft.document.start
    if request.method != "POST":
        return _page(request, draft, part)
    shape, refused = _shape(draft.document, part), ""
    try:
        draft, part = _changed(request, draft, part)
    except NotAllowed as error:
        refused = error.reason
    if request.headers.get("HX-Request"):
        # The form is drawn again only if its fields are others.
        redrawn = not refused and _shape(draft.document, part) != shape
        context = _context(draft, part) | {"oob": True, "refused": refused, "redrawn": redrawn}
        return render(request, "studio/parts.html", context)
    if not refused:
        return redirect(f"{reverse('dialogue', args=[pk])}?step={part}")
    messages.error(request, refused)
    return _page(request, draft, part, status=409)


# --- Changes -------------------------------------------------------------------------------------------


def _changed(request: HttpRequest, draft: Draft, part: str) -> tuple[Draft, str]:
    """Store what was asked for; return the draft and the part to show. Raises `NotAllowed`."""
    sent, shown = sent_fields(request), [part]
    if sent.get("do") != "name":
        return changed(request, draft, lambda document: _change(document, sent, shown)), shown[0]
    name, agent = sent.get("name", "").strip()[:80], draft.dialogue.agent
    if not name or Agent.objects.filter(name=name).exclude(pk=agent.pk).exists():
        raise NotAllowed(
            f"There is a dialogue named “{name}” already." if name else "A dialogue needs a name."
        )
    agent.name = name
    agent.save(update_fields=["name"])
    return draft, part


def _keep(document: DialogueConfiguration, sent: Sent, shown: list[str]) -> DialogueConfiguration:
    """Return the dialogue with the fields of the sent form."""
    return read_whole(document, sent) if shown[0] == WHOLE else read_step(document, shown[0], sent)


def _change(document: DialogueConfiguration, sent: Sent, shown: list[str]) -> DialogueConfiguration:
    """Return the dialogue with what `do` of the sent form asks for; `shown` gets the step to show then."""
    after, _, exit_name = sent.get("place", "").partition("|")
    kind, language, do = sent.get("kind", ""), sent.get("language", ""), sent.get("do", "")
    if do == "part" or (shown[0].startswith(PART) and do not in ("add", "move")):
        return _change_part(document, sent, shown)
    match do:
        case "add":
            title = sent.get("title", "").strip()[:80]
            document, shown[0] = editing.add(document, kind, after=after, exit_name=exit_name, title=title)
            return document
        case "delete":
            document = editing.delete(document, shown[0])
            shown[0] = document.start
            return document
        case "move":
            return editing.move(document, shown[0], after=after, exit_name=exit_name)
        case "kind":
            return editing.change_kind(_keep(document, sent, shown), shown[0], kind)
        case "speak":
            return editing.add_language(document, language)
        case "silence":
            return editing.drop_language(document, language)
    return _keep(document, sent, shown)


def _change_part(document: DialogueConfiguration, sent: Sent, shown: list[str]) -> DialogueConfiguration:
    """Return the dialogue with a part made, renamed, deleted, or beginning with the step that was sent."""
    name, title = shown[0].removeprefix(PART), sent.get("title", "")
    match sent.get("do", ""):
        case "part":
            document, name = parts.make(document, title)
        case "rename":
            document, name = parts.rename(document, name, title)
        case "delete":
            document = parts.delete(document, name)
            shown[0] = document.start
            return document
        case _:
            return parts.begin(document, name, sent.get("start", ""))
    shown[0] = f"{PART}{name}"
    return document


# --- What is shown -------------------------------------------------------------------------------------


def _page(request: HttpRequest, draft: Draft, part: str, *, status: int = 200) -> HttpResponse:
    context = _context(draft, part)
    return render(request, "studio/page.html", context, status=status)


def _shape(document: DialogueConfiguration, part: str) -> str:
    try:
        if part != WHOLE and not part.startswith(PART):
            return step_form(document, part).shape
    except CannotEditError:
        return ""
    if part != WHOLE:
        return part
    return "|".join([*document.values, *document.words])


def _context(draft: Draft, part: str) -> dict[str, Any]:
    """Return what the page shows of a draft. Raises `Http404` if it has no such part."""
    document, dialogue = draft.document, draft.dialogue
    problems = validation.check(document)
    wrong: dict[str, list[str]] = defaultdict(list)
    tones: dict[str, str] = {}
    for problem in problems:
        tone = "warn" if problem.is_advice else "bad"
        tones[problem.step] = min(tones.get(problem.step, tone), tone)
        if problem.step == part and not problem.is_advice:
            wrong[problem.language].append(problem.text)
    calendars = Calendar.objects.order_by("name").values_list("name", flat=True)
    fragment = part.removeprefix(PART) if part.startswith(PART) else part.rpartition(".")[0]
    try:
        own = part == WHOLE or part.startswith(PART)
        step = None if own else step_form(document, part, wrong, calendars=calendars)
        drawn = editing.inside(document, fragment) if fragment else document
    except CannotEditError as error:
        raise Http404(str(error)) from error
    ends_part = ["return"] if fragment else []
    versions, before = versions_of(dialogue), f"{fragment}." if fragment else ""
    rows = [(row, tones.get(row.step_id, "")) for row in outline(document)]
    return {
        "dialogue": dialogue,
        "part": part,
        "step": step,
        "whole": whole_form(document) if part == WHOLE else None,
        "wrong": [(language, wrong.get(language, [])) for language in ("", *document.words)],
        "rows": [one for one in rows if "." not in one[0].step_id],
        "fragments": [
            (name, [one for one in rows if one[0].step_id.startswith(f"{name}.")])
            for name in document.fragments
        ],
        "fragment": fragment,
        "fragment_form": _fragment_form(document, fragment) if part.startswith(PART) else None,
        "picture": diagram(drawn),
        "before": before,
        "problems": [p for p in problems if not p.is_advice],
        "advice": [p for p in problems if p.is_advice],
        "bad": {p.step for p in problems if not p.is_advice},
        "addable": [(kind, KINDS.get(kind, way(kind))) for kind in [*editing.addable(), *ends_part]],
        "runs": [(f"{editing.RUNS}{name}", name) for name in document.fragments if name != fragment],
        "places": (places := [*_places(drawn, before)]),
        "behind": next((value for value, _ in places if value.startswith(f"{part}|")), ""),
        "values": [*sample_values(document)],
        "languages": [*document.words],
        "last": versions[0] if versions else None,
        "next": (versions[0].number if versions else 0) + 1,
        "is_changed": not versions or versions[0].digest != publishing.digest(document),
        "campaigns": campaigns_of(dialogue),
        "accounts": [*Account.objects.order_by("pk")],
    }


def _fragment_form(document: DialogueConfiguration, name: str) -> dict[str, Any]:
    """Return what is shown of a fragment itself."""
    fragment = document.fragments[name]
    return {
        "start": fragment.start,
        "steps": [(step_id, step.title or step_id) for step_id, step in fragment.steps.items()],
        "users": [(step_id, step.title or step_id) for step_id, step in parts.users(document, name)],
        "returns": [way(one) for one in editing.returns(document, name)],
    }


def _places(drawn: DialogueConfiguration, before: str) -> Any:
    """Yield each place where a step can stand among those drawn: `step|way out` and its words.

    `before`: what stands before the ids of the steps.
    """
    for row in outline(drawn):
        if row.step_id not in drawn.steps:
            continue
        names, step_id = row.step.exit_names(), f"{before}{row.step_id}"
        if not names:
            yield f"{step_id}|", f"before {row.title}"
        for name in names:
            yield f"{step_id}|{name}", f"after {row.title}" + (f", {way(name)}" if len(names) > 1 else "")


@staff_page
@require_safe
def words_audio(request: HttpRequest, pk: int) -> HttpResponse:
    """Send what a step of the draft says for a role in a language, as WAV, with made-up values.

    422 with a sentence if it can't be spoken, 503 if it may be later. Raises `Http404` if there are no words.
    """
    document = draft_of(pk).document
    query: QueryDict = request.GET
    wording = Wording(document, query.get("language", ""))
    wording.know(sample_values(document))
    prompt = wording.prompt(query.get("step", ""), query.get("role", ""))
    if prompt is None:
        raise Http404("There are no words.")
    try:
        texts = [p.text for p in wording.fill(prompt) if isinstance(p, ClipPiece) or p.text.strip()]
        sound = listen(texts, wording.language)
    except (AudioError, MissingValueError) as error:
        status = 503 if isinstance(error, AudioLater) else 422
        return HttpResponse(str(error), status=status, content_type="text/plain; charset=utf-8")
    response = HttpResponse(wav.wrap(sound), content_type="audio/wav")
    response.headers["Cache-Control"] = "private, no-store"
    return response
