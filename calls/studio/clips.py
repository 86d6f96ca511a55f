"""Recorded clips for the words of a dialogue: sent in as a file, or recorded in the browser."""

from typing import Any

from django.contrib import messages
from django.core.files.base import ContentFile
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_POST

from calls.agents.dialogue import editing
from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.document import Clip, Prompt
from calls.agents.dialogue.wording import slots, texts
from calls.audio import wav
from calls.recordings import clip_process
from calls.studio.drafts import Draft, changed, draft_of
from campaigns.errors import NotAllowed
from campaigns.models import Account, Content
from campaigns.permissions import staff_page


@staff_page
@require_POST
def add_clip(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Store the clip that was sent, let the words of a step be said by it, and show the step.

    `place` names language and role, `part` the step. A file that is no clip changes nothing and is told why.
    """
    draft, part = draft_of(pk), request.POST.get("part", "")
    language, _, role = request.POST.get("place", "").partition(".")
    try:
        told = _add(request, draft, (part, language, role))
        messages.success(request, told)
    except NotAllowed as error:
        messages.error(request, error.reason)
    return redirect(f"{reverse('dialogue', args=[pk])}?step={part}")


@transaction.atomic
def _add(request: HttpRequest, draft: Draft, place: tuple[str, str, str]) -> str:
    """Return what became of a clip, as a sentence. Raises `NotAllowed`."""
    step_id, language, role = place
    prompt = draft.document.words.get(language, {}).get(step_id, {}).get(role)
    if prompt is None:
        raise NotAllowed("Write the words first: they are spoken where the clip is missing.")
    if any(slots(text) for text in texts(prompt)):
        raise NotAllowed(
            "These words have values in them, which a recording can't say. Put them in a step of their own."
        )
    file: Any = request.FILES.get("file")
    chosen, accounts = request.POST.get("account", ""), Account.objects.order_by("pk")
    if chosen.isdecimal() and len(chosen) < 10:
        accounts = accounts.filter(pk=int(chosen))
    account = accounts.first()
    if file is None or account is None:
        raise NotAllowed("Choose a file first." if file is None else "There is no account to keep clips for.")
    clip = clip_process.decode(file.read(clip_process.MOST_BYTES + 1))
    name = _free_name(account, f"{draft.dialogue} {step_id} {language} {role}")

    said_by_clip: Prompt = [Clip(name, " ".join(texts(prompt)).strip())]

    def said(document: DialogueConfiguration) -> DialogueConfiguration:
        return editing.set_words(document, language, step_id, role=role, prompt=said_by_clip)

    changed(request, draft, said)
    content = Content(account=account, name=name)
    content.file.save(f"{name}.wav", ContentFile(wav.wrap(clip.pcm)))
    return f"The recording is in: {clip.about.sentence()}"


def _free_name(account: Account, wanted: str) -> str:
    """Return a name that no clip of the account has: a clip that a version says is never replaced."""
    base = slugify(wanted)[:100] or "clip"
    taken = set(Content.objects.filter(account=account, name__startswith=base).values_list("name", flat=True))
    return next(name for n in range(1, len(taken) + 2) if (name := f"{base}-{n}") not in taken)
