"""PURE: how an XFin request can go wrong, and scripts of it: "ok, ok, timeout_after, 503".

*before* and *after* mean the commit of the work. After it, the client cannot know what became of its request,
which is the case DESIGN.md house rule 2 is about.
"""

from enum import StrEnum

OK = "ok"
MOST_TURNS = 1000


class ApiFault(StrEnum):
    ERROR_500 = "500"
    ERROR_502 = "502"
    ERROR_503 = "503"
    ERROR_504 = "504"
    REFUSED_401 = "401"
    THROTTLED = "429"
    THROTTLED_UNTIL = "429_date"
    TIMEOUT_BEFORE = "timeout_before"
    TIMEOUT_AFTER = "timeout_after"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"
    CUT_BODY = "cut_body"
    SHORT_BODY = "short_body"
    FEWER_RESULTS = "fewer_results"
    MORE_RESULTS = "more_results"
    DRIP = "drip"
    TOKEN_EXPIRES = "token_expires"
    REFUSED_400_AFTER = "400_after"
    REFUSED_401_AFTER = "401_after"
    REFUSED_403_AFTER = "403_after"
    REFUSED_404_AFTER = "404_after"
    REFUSED_409_AFTER = "409_after"
    REFUSED_413_AFTER = "413_after"
    THROTTLED_AFTER = "429_after"
    REFUSED_SLOWLY = "400_slow"
    SHOWN_LATE = "shown_late"
    SAME_IDS = "same_ids"
    SWAPPED_REFERENCES = "swapped_references"
    ODD_RESULT = "odd_result"
    ODD_ROW = "odd_row"
    SHIFTED_PAGES = "shifted_pages"
    WITHOUT_NEXT = "without_next"
    CUT_LIST = "cut_list"
    CAPITALS = "capitals"


STATUS_AFTER: dict[ApiFault, int] = {
    ApiFault.REFUSED_400_AFTER: 400,
    ApiFault.REFUSED_401_AFTER: 401,
    ApiFault.REFUSED_403_AFTER: 403,
    ApiFault.REFUSED_404_AFTER: 404,
    ApiFault.REFUSED_409_AFTER: 409,
    ApiFault.REFUSED_413_AFTER: 413,
    ApiFault.THROTTLED_AFTER: 429,
}
"""Faults that do the work and then refuse with this status."""
OF_LISTS = (
    ApiFault.ODD_ROW,
    ApiFault.SHIFTED_PAGES,
    ApiFault.WITHOUT_NEXT,
    ApiFault.CUT_LIST,
    ApiFault.CAPITALS,
)
"""Faults of the list of messages."""
OF_BULK = (
    *STATUS_AFTER,
    ApiFault.REFUSED_SLOWLY,
    ApiFault.SHOWN_LATE,
    ApiFault.SAME_IDS,
    ApiFault.SWAPPED_REFERENCES,
    ApiFault.ODD_RESULT,
)
"""Faults of the creation of many messages."""
OF_ONE_OPERATION: dict[ApiFault, frozenset[str]] = {
    **dict.fromkeys(OF_LISTS, frozenset({"list_messages"})),
    **dict.fromkeys(OF_BULK, frozenset({"create_bulk"})),
    ApiFault.FEWER_RESULTS: frozenset({"create_bulk", "import_messages"}),
    ApiFault.MORE_RESULTS: frozenset({"create_bulk", "import_messages"}),
    ApiFault.TOKEN_EXPIRES: frozenset({"login"}),
}
"""Faults that change an answer only these operations give."""


def check(fault: str, operation: str) -> str:
    """Return the fault's name. Raises ValueError, naming the faults, if the operation has no such fault."""
    if fault not in set(ApiFault):
        raise ValueError(f"There is no fault {fault[:40]!r}; there are {', '.join(ApiFault)}.")
    only = OF_ONE_OPERATION.get(ApiFault(fault))
    if only and operation not in only:
        raise ValueError(f"{fault} is a fault of {' and '.join(sorted(only))} only.")
    return fault


def read_script(text: str) -> list[str]:
    """Return what happens request after request, from words separated by commas.

    Raises ValueError for an empty word or more than 1000 words.
    """
    turns = [part.strip() for part in text.split(",")]
    if not all(turns) or len(turns) > MOST_TURNS:
        raise ValueError(f"1 to {MOST_TURNS} words separated by commas were expected: ok, ok, 503.")
    return turns


def nth(turn: int, behaviour: str) -> list[str]:
    """Return the script in which only request `turn` (1 to 1000, else ValueError is raised) goes wrong."""
    if not 1 <= turn <= MOST_TURNS:
        raise ValueError(f"A number from 1 to {MOST_TURNS} was expected.")
    return [OK] * (turn - 1) + [behaviour]
