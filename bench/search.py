"""PURE: the search for the highest number of calls that one core carries."""

from math import sqrt


class Search:
    """Ask `next_calls`, try so many calls, tell whether they were carried; until `next_calls` is None.

    Doubles from `start` until a try fails; after a `hint` it goes there and then in steps of `stride`. Then
    it halves what is between the highest that passed and the lowest that failed, down to `tolerance`.
    """

    def __init__(self, start: int, *, most_tries: int, tolerance: float = 1.06, stride: float = 1.25) -> None:
        self.passed, self.failed = 0, 0
        self._next = start
        self._tries_left = most_tries
        self._tolerance, self._stride = tolerance, stride
        self._growth = 2.0

    def hint(self, calls: int) -> None:
        """A guess, e.g. from the CPU that few calls took. Counts if nothing contradicts it."""
        self._growth = self._stride
        if calls > self.passed and not self.failed:
            self._next = calls

    @property
    def next_calls(self) -> int | None:
        """How many calls to try now; None when the answer is known well enough."""
        if self._tries_left <= 0 or self._next in (self.passed, self.failed):
            return None
        close = self.passed and self.failed and self.failed <= self.passed * self._tolerance
        return None if close else self._next

    def tell(self, calls: int, *, carried: bool) -> None:
        """What came of a try. A later result replaces an earlier one that contradicts it."""
        self._tries_left -= 1
        if carried:
            self.passed = calls
            self.failed = 0 if self.failed <= calls else self.failed
        else:
            self.failed = calls
            self.passed = 0 if self.passed >= calls else self.passed
        self._next = self._choose()

    def _choose(self) -> int:
        if not self.failed:
            return round(self.passed * self._growth)
        lowest = self.failed / (self._stride if self._growth == self._stride else 2)
        return max(1, round(max(sqrt(self.passed * self.failed), lowest)))
