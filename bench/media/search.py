"""PURE: the search for the highest number of calls that one core carries."""

from math import ceil, floor, sqrt


class Search:
    """Ask `next_calls`, try so many calls, tell whether they were carried; until `next_calls` is None.

    Goes from `start` in steps of `stride`, or further up where a `hint` says so, until one try was carried
    and one was not. Then it halves what is between them, down to `tolerance`.
    """

    def __init__(self, start: int, *, most_tries: int, tolerance: float = 1.05, stride: float = 1.2) -> None:
        self.passed, self.failed = 0, 0
        self._next = start
        self._tries_left = most_tries
        self._tolerance, self._stride = tolerance, stride

    def hint(self, calls: int) -> None:
        """Take a guess, e.g. from the CPU that fewer calls took. It counts if it saves steps."""
        if not self.failed:
            self._next = max(self._next, calls)

    @property
    def next_calls(self) -> int | None:
        """Return how many calls to try now; None if the answer is known well enough."""
        if self._tries_left <= 0 or self._next in (self.passed, self.failed):
            return None
        close = self.passed and self.failed and self.failed <= self.passed * self._tolerance
        return None if close else self._next

    def tell(self, calls: int, *, carried: bool) -> None:
        """Take the result of a try. A later result replaces an earlier one that contradicts it."""
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
            return max(self.passed + 1, floor(self.passed * self._stride))
        lower = max(ceil(self.failed / self._stride), round(sqrt(self.passed * self.failed)))
        return max(1, min(lower, self.failed - 1))
