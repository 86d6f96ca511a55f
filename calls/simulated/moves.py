"""PURE: what a person may do at a step, so that each of its exits is taken: the moves of the search."""

from collections.abc import Iterator, Sequence

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.asking import answers, read_pressed
from calls.agents.dialogue.document import Document, Meaning
from calls.simulated.script import Do, Input

Move = tuple[Input, ...]
WAIT = Input(do=Do.WAIT)
HANG_UP = Input(do=Do.HANG_UP)
_ALL_KEYS = "0123456789*#"
_EXAMPLES = {
    Meaning.DATE: ("1508", "150827", "15082027"),
    Meaning.TIME: ("1030", "1730"),
    Meaning.PIN: ("560001",),
    Meaning.PHONE: ("9876543210",),
}
_UNREADABLE = ("0", "00", "000", "0000", "8888", "000000", "88888888", "1111111111")


def press(keys: str) -> Input:
    """Return the input that presses keys when all has been heard."""
    return Input(do=Do.PRESS, keys=keys)


def moves(document: Document, step_id: str, compared: Sequence[str]) -> Iterator[Move]:
    """Yield what leads out of a step that waits. `compared`: what its value is compared with."""
    step = dict(document.all_steps())[step_id]
    match step:
        case doc.Ask():
            yield from ((press(key),) for key in answers(step))
            any_moment = [key for key in (document.keys.repeat, document.keys.person) if key]
            taken = {*answers(step), *any_moment, doc.OPT_OUT_KEY}
            if wrong := next((key for key in _ALL_KEYS if key not in taken), ""):
                yield (press(wrong),) * step.wrong_keys
            yield from ((press(key),) for key in any_moment)
            yield (WAIT,) * step.asked
            yield (press(doc.OPT_OUT_KEY),)
        case doc.Digits():
            yield from _digits(step, compared)
        case doc.Record():
            yield (Input(do=Do.SAY, speech_ms=1500), WAIT)
            yield (WAIT,) * step.asked
            yield (press(doc.OPT_OUT_KEY),)
        case _:
            yield from ((press(key),) for key in _ALL_KEYS)
            yield (WAIT,)
            yield Input(do=Do.SAY, speech_ms=1500), WAIT
    yield (HANG_UP,)


def _digits(step: doc.Digits, compared: Sequence[str]) -> Iterator[Move]:
    readable = [pool for pool in _pool(step, compared) if read_pressed(step, pool) is not None]
    good = [pool for pool in readable if len(pool) >= step.least]
    wrong = [pool for pool in _pool(step, compared) if pool not in good]
    for digits in good:
        yield (*_enter(step, digits), *([press("1")] if step.confirm else []))
    if step.confirm and good:
        yield (*_enter(step, good[0]), press("2")) * step.attempts
        yield (*_enter(step, good[0]), *[press("7")] * 3)
    for digits in wrong[:1]:
        yield _enter(step, digits) * step.attempts
    yield (WAIT,) * step.attempts
    yield _enter(step, doc.OPT_OUT_KEY)


def _enter(step: doc.Digits, digits: str) -> Move:
    """Return how digits are entered so that they count as soon as may be."""
    if len(digits) == step.most:
        return (press(digits),)
    return (press(digits + step.terminator),) if step.terminator else (press(digits), WAIT)


def _pool(step: doc.Digits, compared: Sequence[str]) -> list[str]:
    """Return digits to try: by their meaning, at the bounds, round what they are compared with."""
    numbers = [int(text) for text in compared if text.isdecimal()]
    bounds = [bound for bound in (step.lowest, step.highest) if bound is not None]
    near = [str(n + by) for n in (*numbers, *bounds) for by in (0, -1, 1) if n + by >= 0]
    counted = ["1234567890123456789012"[:count] for count in (step.least, step.most)]
    pool = [*compared, *near, *_EXAMPLES.get(step.means, counted), *counted, *_UNREADABLE]
    fitting = (text for text in pool if text.isdecimal() and len(text) <= step.most)
    return [text for text in dict.fromkeys(fitting) if text != doc.OPT_OUT_KEY]
