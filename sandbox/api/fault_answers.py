"""PURE: answers of the XFin API that are well-formed and wrong."""

from collections.abc import Mapping
from typing import Any

from sandbox.api.fault_scripts import ApiFault

SHIFTED_ROWS = 3
REFERENCES = ("tag5", "reference", "tags")


def falsified(behaviour: ApiFault, body: Any, *, page: int = 1) -> Any:
    """Return an answer changed by a fault, one of another shape as it is. `page` of a list counts from 1."""
    match body:
        case [*results]:
            return _results(behaviour, results)
        case {"results": [*rows], "next": following}:
            return body | _listed(behaviour, rows, following, page)
    return body


def _results(behaviour: ApiFault, results: list[Any]) -> list[Any]:
    """Return the results of a creation, changed."""
    if behaviour is ApiFault.FEWER_RESULTS:
        return results[:-1]
    if behaviour is ApiFault.MORE_RESULTS:
        return results + results[-1:]
    if behaviour is ApiFault.ODD_RESULT:
        return [*results[:-1], None]
    match results:
        case [dict(first), dict(second), *others] if behaviour is ApiFault.SAME_IDS:
            return [first, second | _some(first, ("id",)), *others]
        case [dict(first), dict(second), *others] if behaviour is ApiFault.SWAPPED_REFERENCES:
            return [first | _some(second, REFERENCES), second | _some(first, REFERENCES), *others]
    return results


def _some(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names if name in row}


def _listed(behaviour: ApiFault, rows: list[Any], following: object, page: int) -> dict[str, Any]:
    """Return a page's rows and its next, changed."""
    match behaviour:
        case ApiFault.WITHOUT_NEXT:
            following = None
        case ApiFault.CUT_LIST:
            rows, following = rows[: (len(rows) + 1) // 2], None
        case ApiFault.SHIFTED_PAGES if page > 1:
            rows = rows[SHIFTED_ROWS:]
        case ApiFault.ODD_ROW:
            rows = [*rows, None]
        case ApiFault.CAPITALS:
            rows = [row | {"tags": [str(tag).upper() for tag in row.get("tags", ())]} for row in rows]
    return {"results": rows, "next": following}
