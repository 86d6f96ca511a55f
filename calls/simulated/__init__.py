"""PURE: calls in virtual time: no voice, no line, no clock. Kept tests, coverage and replays run on them."""
