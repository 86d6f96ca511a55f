"""The pages that list dialogues, begin one, take one out of a file or into one, and delete one."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_safe

from calls.agents.dialogue import editing
from calls.agents.dialogue.changes import changes
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.files import write_file
from calls.dialogues import publishing
from calls.studio.drafts import (
    changed,
    draft_of,
    read_file,
    read_upload,
    ready_dialogues,
)
from campaigns.errors import NotAllowed
from campaigns.formatting import LANGUAGES, words
from campaigns.models import Dialogue
from campaigns.permissions import current_user, staff_page
from campaigns.queries.dialogues import all_dialogues, campaigns_by_agent, campaigns_of

BLANK, FILE = "blank", "file"


class NewDialogueForm(forms.Form):
    """Ask what a new dialogue is called and what it begins with."""

    name = forms.CharField(
        max_length=80, label="Name", help_text="For staff; people who are called don’t hear it."
    )
    begin = forms.ChoiceField(label="Begin with", widget=forms.RadioSelect)
    languages = forms.MultipleChoiceField(
        choices=[*LANGUAGES.items()],
        initial=["hi", "en"],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="For a blank one: the languages it speaks. The first is for those whose own has no words.",
    )
    file = forms.FileField(required=False, label="File")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        begin = self.fields["begin"]
        begin.initial = BLANK
        begin.choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (BLANK, "A blank one: hello, a question, goodbye"),
            *(
                (f"ready:{name}", f"Ready made: {words(name.replace('-', '_'))}")
                for name in ready_dialogues()
            ),
            *((f"copy:{one.pk}", f"A copy of {one}") for one in all_dialogues()),
            (FILE, "A file of a dialogue"),
        ]

    def document(self, request: HttpRequest) -> DialogueConfiguration:
        """Return the dialogue that was chosen. Raises `NotAllowed` with what is wrong with a file."""
        kind, _, which = self.cleaned_data["begin"].partition(":")
        if kind == FILE:
            return read_upload(request)
        if kind == "ready":
            return ready_dialogues()[which]
        if kind == "copy":
            return draft_of(int(which)).document
        return editing.blank(DialogueConfiguration, self.cleaned_data["languages"] or ["hi"])


@staff_page
@require_safe
def dialogue_list(request: HttpRequest) -> HttpResponse:
    """Show the dialogues: their state, their version, who changed the draft, which campaigns use them."""
    users = campaigns_by_agent()
    rows = [(dialogue, _state(dialogue), users.get(dialogue.agent_id, [])) for dialogue in all_dialogues()]
    return render(request, "studio/list.html", {"rows": rows})


def _state(dialogue: Dialogue) -> tuple[str, str]:
    """Return the tone and the words of a dialogue's state."""
    number = getattr(dialogue, "newest", None)
    if number is None:
        return "calm", "Draft only"
    if dialogue.draft != dialogue.agent.configuration:
        return "warn", f"Version {number}, draft changed"
    return "ok", f"Version {number}"


@staff_page
@require_http_methods(["GET", "POST"])
def new_dialogue(request: HttpRequest) -> HttpResponseBase:
    """Show the form of a new dialogue; make it and show its studio, or answer 422 with what is wrong."""
    form = NewDialogueForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            document = form.document(request)
            dialogue = publishing.create(form.cleaned_data["name"], document, by=current_user(request))
            return redirect(dialogue)
        except NotAllowed as error:
            form.add_error("name" if "named" in error.reason else "begin", error.reason)
    return render(request, "studio/new.html", {"form": form}, status=422 if form.errors else 200)


@staff_page
@require_http_methods(["GET", "POST"])
def delete_dialogue(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Ask, then delete a dialogue; 409 and why not if calls are or were held with it."""
    draft = draft_of(pk)
    context: dict[str, Any] = {"dialogue": draft.dialogue, "campaigns": campaigns_of(draft.dialogue)}
    if request.method == "POST":
        try:
            publishing.delete(draft.dialogue)
            messages.success(request, f"“{draft.dialogue}” is deleted.")
            return redirect("dialogues")
        except NotAllowed as error:
            context["refused"] = error.reason
    return render(request, "studio/delete.html", context, status=409 if "refused" in context else 200)


@staff_page
@require_safe
def export_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the draft of a dialogue as a file."""
    draft = draft_of(pk)
    response = HttpResponse(write_file(draft.document), content_type="application/json; charset=utf-8")
    name = slugify(str(draft.dialogue)) or f"dialogue-{pk}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return response


@staff_page
@require_http_methods(["GET", "POST"])
def import_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take a file into the draft; show first what it changes. A refused file (422) changes nothing."""
    draft, key = draft_of(pk), f"dialogue-file-{pk}"
    context: dict[str, Any] = {"dialogue": draft.dialogue}
    try:
        if request.POST.get("do") == "take" and key in request.session:
            taken = read_file(request.session.pop(key).encode())
            changed(request, draft, lambda _: taken)
            messages.success(request, "The file is the draft now.")
            return redirect(draft.dialogue)
        if request.method == "POST":
            read = read_upload(request)
            request.session[key] = write_file(read)
            problems = read.problems()
            context |= {"told": changes(draft.document, read), "problems": problems, "shown": True}
    except NotAllowed as error:
        context["refused"] = error.reason
    return render(request, "studio/import.html", context, status=422 if "refused" in context else 200)
