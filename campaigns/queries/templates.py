"""How a template here differs from the one at XFin."""

from campaigns.models import Campaign, Template, TemplateLanguage
from campaigns.models.templates import Mirrored

Sync = Mirrored.Sync
REMEDY = "Save it here to put ours back"


def drift_of(campaign: Campaign) -> str:
    """Return what was changed at XFin of a campaign's templates, and what to do; empty if nothing was."""
    templates = [pk for pk in (campaign.template_id, campaign.retry_template_id) if pk]
    rows: list[Mirrored] = [*Template.objects.filter(pk__in=templates, sync_state=Sync.DRIFTED)]
    rows += TemplateLanguage.objects.filter(template__in=templates, sync_state=Sync.DRIFTED)
    said = " ".join(f"The template “{row}”: {row.sync_reason}" for row in rows)
    return f"{said} {REMEDY}." if said else ""
