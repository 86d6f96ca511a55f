"""The pages about the versions of a dialogue: what was published when, what is different, publishing."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calls.dialogues import publishing, testing
from calls.studio.drafts import draft_of
from campaigns.errors import NotAllowed
from campaigns.models import Campaign, Dialogue, DialogueVersion
from campaigns.permissions import current_user, staff_page
from campaigns.queries.dialogues import campaigns_of, versions_of

DRAFT = "draft"
OVERRIDES = "campaigns.override_dialogue_tests"
"""The permission to publish a dialogue whose tests end differently, with a reason."""


@staff_page
@require_safe
def versions_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the versions of a dialogue, what is different between two of them, and who calls with which.

    `before` and `after` in the query are numbers of versions, or `draft`.
    """
    draft = draft_of(pk)
    versions = versions_of(draft.dialogue)
    newest = str(versions[0].number) if versions else ""
    before, after = request.GET.get("before", newest), request.GET.get("after", DRAFT)
    by_number = {str(version.number): version for version in versions}
    old, chosen = by_number.get(before), by_number.get(after)
    new = chosen.configuration if chosen else None
    if after == DRAFT:
        new = draft.dialogue.draft
    context: dict[str, Any] = {
        "dialogue": draft.dialogue,
        "versions": versions,
        "before": before,
        "after": after,
        "sides": [*((str(v.number), f"Version {v.number}") for v in versions), (DRAFT, "The draft")],
        "told": None if old is None or new is None else publishing.differences(old, new),
        "newest": versions[0] if versions else None,
        "behind": [(c, _behind(c, versions)) for c in campaigns_of(draft.dialogue)],
    }
    return render(request, "studio/versions.html", context)


def _behind(campaign: Campaign, versions: list[DialogueVersion]) -> list[str] | None:
    """Return what the newest version changes for a campaign; None if it has that, or none yet."""
    mine = campaign.dialogue_version
    if mine is None or not versions or mine.pk == versions[0].pk:
        return None
    return publishing.differences(mine, versions[0].configuration)


@staff_page
@require_http_methods(["GET", "POST"])
def publish_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Ask, then publish the draft as the next version; 409 and why not if it has problems.

    The form names the revision of the draft that was shown: a draft that was changed since is not published.
    """
    draft = draft_of(pk)
    versions = versions_of(draft.dialogue)
    last = versions[0] if versions else None
    context: dict[str, Any] = {
        "dialogue": draft.dialogue,
        "next": (last.number if last else 0) + 1,
        "last": last,
        "told": publishing.differences(last, draft.dialogue.draft),
        "problems": draft.document.problems(),
        "campaigns": [c for c in campaigns_of(draft.dialogue) if c.dialogue_version_id],
    }
    context["different"] = (
        [] if context["problems"] else testing.run_all(draft.dialogue, draft.document).failed
    )
    if request.method == "POST":
        try:
            return _publish(request, draft.dialogue, different=bool(context["different"]))
        except NotAllowed as error:
            context["refused"] = error.reason
    return render(request, "studio/publish.html", context, status=409 if "refused" in context else 200)


def _publish(request: HttpRequest, dialogue: Dialogue, *, different: bool) -> HttpResponseBase:
    """Publish and show the versions. Raises `NotAllowed`.

    With tests that end differently it asks for a reason, and for the permission to give one.
    """
    override = request.POST.get("override", "").strip() if different else ""
    if different and not (override and request.user.has_perm(OVERRIDES)):
        raise NotAllowed(
            "Tests end differently with this draft. They must end as expected, or a reason be given."
        )
    if request.POST.get("revision") != str(dialogue.revision):
        raise NotAllowed("The draft was changed meanwhile. Look at what is published now, then publish it.")
    note = request.POST.get("note", "").strip()
    version = publishing.publish(dialogue, by=current_user(request), note=note, override=override)
    messages.success(request, f"Version {version.number} is published. New campaigns call with it.")
    return redirect("dialogue-versions", dialogue.pk)


@staff_page
@require_POST
def take_version(request: HttpRequest, pk: int, campaign: int, number: int) -> HttpResponseBase:
    """Let a campaign go on with another version of its dialogue, and show the versions."""
    dialogue = draft_of(pk).dialogue
    chosen = get_object_or_404(Campaign, pk=campaign)
    version = get_object_or_404(DialogueVersion, dialogue=dialogue, number=number)
    try:
        publishing.take_version(chosen, version, by=current_user(request))
        messages.success(request, f"“{chosen}” says version {number} from its next call on.")
    except NotAllowed as error:
        messages.error(request, error.reason)
    return redirect("dialogue-versions", pk)
