"""Quotas of a campaign: set by staff, held while calls are planned and handed over, and let go again.

    place     people come into the cell of their values: when they are added, brought up to date, or answer a
              question whose name the quota has
    plan      a cell gets calls for `schedule.quotas.CALLS_FOR_ONE` times what it lacks
    hand over a cell that is full gets none
    settle    every tick: people of a full cell end as QUOTA_FULL, what is planned for them is withdrawn (what
              is at XFin by `delivery.withdraw`); those of a cell with room wait again

Who was interviewed is counted from the people's outcomes by query, in the transaction that asks: an answer
counts from its own transaction on.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns import clock, edges
from campaigns.bulk import among_keys
from campaigns.errors import NotAllowed
from campaigns.lifecycle import actions
from campaigns.locks import locked
from campaigns.models import Campaign, Message, QuotaCell, Recipient, User
from campaigns.queries import quotas as queries
from campaigns.schedule import quotas
from campaigns.schedule.quotas import Cell
from campaigns.transitions import callback
from campaigns.transitions.attempt import attempts_withdrawn, revert_attempt, settle_recipient
from campaigns.transitions.campaign import note

State = Recipient.State
ROOM_AGAIN = "There is room again in the quota of this person's cell."


# --- Set by staff ---------------------------------------------------------------------------------


def choose(
    campaign: Campaign,
    names: Sequence[str],
    *,
    each: int | None = None,
    cells: Iterable[Cell] = (),
    by: User | None,
) -> None:
    """Set by which values interviews are counted, and how many are wanted; no names: no quotas any more.

    `each` is the target of all cells that `cells` does not name, also of those that come with later people;
    not of people without a value. Cells that stay keep their targets where neither says another. Raise
    `NotAllowed` for a cancelled campaign, and for values that tell nearly every person from the others.
    """
    with transaction.atomic():
        stored = _locked(campaign)
        _choose(campaign, stored, names, each=each, cells=[*cells])
        _chosen(campaign, stored, by)
    settle_one(campaign.pk, now=clock.now())


def _choose(
    campaign: Campaign, stored: Campaign, names: Sequence[str], *, each: int | None, cells: Sequence[Cell]
) -> None:
    campaign.quota_values, campaign.quota_each = [*names], each if names else None
    kept = [] if stored.quota_values != campaign.quota_values else queries.cells_of(campaign)
    campaign.changed_at = clock.now()
    campaign.save(update_fields=["quota_values", "quota_each", "changed_at"])
    people = Recipient.objects.filter(campaign=campaign)
    if not kept:
        QuotaCell.objects.filter(campaign=campaign).delete()  # which takes their people out of them
    if names:
        for cell in cells:
            _cell(campaign, cell.first, cell.second)
        place(campaign, people)
        new = {cell.key: cell.target for cell in cells}
        for row in QuotaCell.objects.filter(campaign=campaign):
            key = Cell(row.first, row.second).key
            usual = each if _is_whole(campaign, row) and each is not None else row.target
            QuotaCell.objects.filter(pk=row.pk).update(target=new.get(key, usual))


def set_targets(campaign: Campaign, targets: Mapping[int, int | None], *, by: User | None) -> None:
    """Set how many interviews are wanted of single cells, by key; None: as many as come."""
    with transaction.atomic():
        stored = _locked(campaign)
        for row in QuotaCell.objects.filter(campaign=campaign, pk__in=targets):
            QuotaCell.objects.filter(pk=row.pk).update(target=targets[row.pk], changed_at=clock.now())
        _chosen(campaign, stored, by)
    settle_one(campaign.pk, now=clock.now())


def _locked(campaign: Campaign) -> Campaign:
    stored = locked(Campaign.objects.all()).get(pk=campaign.pk)
    if stored.state == Campaign.State.CANCELLED:
        raise NotAllowed("The campaign is cancelled; no person is called any more.")
    return stored


def _chosen(campaign: Campaign, stored: Campaign, by: User | None) -> None:
    """Note the quotas in the history; a completed campaign goes on where there is room for people now."""
    now, cells = clock.now(), queries.cells_of(campaign)
    targets = [cell.target for cell in cells if cell.target is not None]
    words = "There are no quotas any more."
    if campaign.quota_values:
        counted = f"{len(targets)} of {len(cells)} cells, {sum(targets)} interviews in all"
        words = f"Quotas by {quotas.part_of(campaign.quota_values)}: {counted}."
    note(campaign.pk, stored.state, stored.state, words, now=now, by=by, edited=True)
    campaign.refresh_from_db()
    if campaign.state == Campaign.State.COMPLETED and _with_room(campaign).exists():
        actions.change(campaign, "raise", by=by)


def _is_whole(campaign: Campaign, row: QuotaCell) -> bool:
    return all((row.first, row.second)[: len(campaign.quota_values)])


# --- Whom a cell holds ----------------------------------------------------------------------------


def place(campaign: Campaign, people: QuerySet[Recipient]) -> None:
    """Put people of a campaign with quotas into the cells of their values; the caller has locked its row.

    A cell that is new has the campaign's target for each. Raise `NotAllowed` if the first people have more
    than `MOST_CELLS` of them; who is added later beyond that comes into none.
    """
    if not (names := campaign.quota_values):
        return
    by_cell: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    spelt: dict[tuple[str, str], Cell] = {}
    for pk, variables in locked(people).values_list("pk", "variables"):
        first, second = [*(quotas.tidy(variables.get(name)) for name in names), ""][:2]
        cell = Cell(first, second)
        by_cell[spelt.setdefault(cell.key, cell).key].append(pk)
    there = QuotaCell.objects.filter(campaign=campaign).count()
    if not there and len(by_cell) > quotas.MOST_CELLS:
        raise NotAllowed(
            f"There are more than {quotas.MOST_CELLS} combinations of {quotas.part_of(names)}; choose values "
            "that many people share."
        )
    for key, pks in by_cell.items():
        row = _cell(campaign, spelt[key].first, spelt[key].second)
        Recipient.objects.filter(pk__in=among_keys(pks)).update(cell=row)


def _cell(campaign: Campaign, first: str, second: str) -> QuotaCell | None:
    """Return the cell of these values, new if there is none; None beyond `MOST_CELLS`."""
    rows = QuotaCell.objects.filter(campaign=campaign)
    same = {Cell(row.first, row.second).key: row for row in rows.filter(first__iexact=first)}
    if found := same.get(Cell(first, second).key):
        return found
    if rows.count() >= quotas.MOST_CELLS:
        return None
    target = campaign.quota_each if _is_whole(campaign, QuotaCell(first=first, second=second)) else None
    cell, _ = rows.get_or_create(
        first=first, second=second, defaults={"campaign": campaign, "target": target}
    )
    return cell


def answers_given(answers: Mapping[int, Mapping[str, str]]) -> None:
    """Move people into the cells of what they answered: answers by question, by the person's key.

    Where the list has a value of that name, the answer takes its place. The caller's transaction.
    """
    people = Recipient.objects.filter(pk__in=answers).exclude(campaign__quota_values=[])
    for person in locked(people.select_related("campaign", "cell")):
        names = person.campaign.quota_values
        said = {name: quotas.tidy(value) for name, value in answers[person.pk].items()}
        if not any(name in said for name in names):
            continue
        now_in = (person.cell.first, person.cell.second) if person.cell else ("", "")
        first, second = [*(said.get(name, old) for name, old in zip(names, now_in, strict=False)), ""][:2]
        Recipient.objects.filter(pk=person.pk).update(cell=_cell(person.campaign, first, second))


# --- While it runs --------------------------------------------------------------------------------


def leave(message: Message, reason: str, *, now: datetime) -> None:
    """End the person of an attempt that is not handed over, because their cell is full."""
    Message.objects.filter(pk=message.pk).update(
        state=Message.State.WITHDRAWN, batch=None, reason=reason, settled_at=now, changed_at=now
    )
    revert_attempt(Recipient.objects.filter(pk=message.recipient_id))
    settle_recipient(message.recipient_id, State.QUOTA_FULL, reason)


def settle(now: datetime) -> int:
    """End the people of full cells, and let those wait again whose cell has room. Return how many."""
    return edges.each(
        "counting quotas", queries.with_quotas(), lambda campaign: settle_one(campaign.pk, now=now)
    )


@transaction.atomic
def settle_one(campaign_id: int, *, now: datetime) -> int:
    """Do for one campaign what `settle` says; only a running one ends people. Return how many changed."""
    campaign = locked(Campaign.objects.all()).get(pk=campaign_id)
    full = queries.full_cells([campaign])
    runs = campaign.state == Campaign.State.RUNNING
    planned = Message.objects.filter(recipient__cell__in=full if runs else (), state=Message.State.PLANNED)
    of_whom = dict(locked(planned).values_list("pk", "recipient_id"))
    Message.objects.filter(pk__in=among_keys(of_whom)).update(
        state=Message.State.WITHDRAWN, reason="Its cell's quota is full.", settled_at=now, changed_at=now
    )
    left = Q(state=State.WAITING, cell__in=full if runs else ()) | Q(pk__in=among_keys(of_whom.values()))
    back = Q(state=State.QUOTA_FULL) & ~Q(cell__in=full)
    concerned = locked(Recipient.objects.filter(left | back, campaign=campaign))
    people = {pk: (cell, state) for pk, cell, state in concerned.values_list("pk", "cell_id", "state")}
    attempts_withdrawn(list(of_whom.values()), now=now)
    ended = 0
    for cell, reason in full.items():
        mine = [pk for pk, (cell_id, _) in people.items() if cell_id == cell]
        waiting = Recipient.objects.filter(pk__in=among_keys(mine), state=State.WAITING)
        ended += waiting.update(state=State.QUOTA_FULL, reason=reason, changed_at=now)
        callback.end_all(Recipient.objects.filter(pk__in=among_keys(mine), state=State.QUOTA_FULL), reason)
    keys = [pk for pk, (cell, state) in people.items() if state == State.QUOTA_FULL and cell not in full]
    again = Recipient.objects.filter(pk__in=among_keys(keys), state=State.QUOTA_FULL)
    return ended + again.update(state=State.WAITING, reason=ROOM_AGAIN, changed_at=now)


def _with_room(campaign: Campaign) -> QuerySet[Recipient]:
    ended = Recipient.objects.filter(campaign=campaign, state=State.QUOTA_FULL)
    return ended.exclude(cell__in=list(queries.full_cells([campaign])))
