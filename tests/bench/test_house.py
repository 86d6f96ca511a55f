"""What `make house` counts, on small sources; the program itself is measured by `make check`."""

import ast
from textwrap import dedent

import pytest

from bench.house import (
    BOUNDS,
    Module,
    broad_excepts,
    code_lines,
    contract_gaps,
    cycles,
    functions,
    hidden_imports,
    missed,
    riddles,
    type_ignores,
    used_once,
)


def module(source: str, path: str = "calls/some.py") -> Module:
    text = dedent(source)
    return Module(path, text, ast.parse(text))


@pytest.mark.parametrize(
    ("docstring", "promises"),
    [
        ("Return the length in seconds.", True),
        ("Read a frame; raise `ValueError` if it is cut short.", True),
        ("The answer's text, None if there is none.", True),
        ("Look the message up. `LookupError` when XFin does not know it.", True),
        ("The answer, as it were.", False),
        ("", False),
    ],
)
def test_a_docstring_promises_when_it_says_what_comes_back_or_is_raised(
    docstring: str, promises: bool
) -> None:
    total, without = contract_gaps([module(f'def answer() -> str:\n    """{docstring}"""\n    return ""\n')])
    assert (total, without == []) == (1, promises)


def test_private_functions_and_those_of_private_classes_owe_no_docstring() -> None:
    source = """
        def _own(): ...
        class _Own:
            def method(self): ...
        class Shared:
            def method(self): ...
            def _own(self): ...
    """
    assert contract_gaps([module(source)]) == (1, ["calls/some.py:6 Shared.method"])


def test_a_private_function_named_at_one_place_is_used_once() -> None:
    source = """
        def _once(): ...
        def _twice(): ...
        def public():
            return _once(), _twice(), _twice()
        class Thing:
            def __init__(self):
                self._started = self._start
            def _start(self): ...
    """
    assert used_once([module(source)]) == (5, ["calls/some.py:2 _once", "calls/some.py:9 Thing._start"])


def test_imports_inside_functions_are_hidden_however_deep() -> None:
    source = """
        import os
        def outer():
            def inner():
                from json import loads
                return loads
            return inner
    """
    assert hidden_imports([module(source)]) == ["calls/some.py:5"]


def test_circles_of_imports_are_counted_each_once() -> None:
    line = {"a": {"b"}, "b": {"c"}, "c": set()}
    assert cycles(line) == []
    assert len(cycles({**line, "c": {"a"}})) == 1
    assert len(cycles({"a": {"b"}, "b": {"a"}, "c": {"d"}, "d": {"c"}})) == 2


def test_docstring_comments_and_blank_lines_are_no_code() -> None:
    source = module('''
        @property
        def length(
            self,
        ) -> int:
            """First.

            More.
            """
            # a reason
            value = 1

            return value
    ''')
    [(name, function)] = functions(source.tree)
    assert (name, code_lines(function, source.text)) == ("length", 6)


def test_handlers_of_everything_are_broad() -> None:
    source = """
        try: ...
        except ValueError: ...
        except Exception: ...
        try: ...
        except: ...
    """
    assert broad_excepts([module(source)]) == ["calls/some.py:4", "calls/some.py:6"]


def test_vague_words_are_found_in_docstrings_and_comments_and_not_in_texts_for_people() -> None:
    source = '''
        """Whoever calls this."""
        LIMIT = 3
        """As many as somebody may open."""
        REASON = "Nobody answered."  # nobody knows
    '''
    assert [line.split()[0] for line in riddles([module(source)])] == [
        "calls/some.py:2",
        "calls/some.py:4",
        "calls/some.py:5",
    ]


def test_silenced_types_are_counted() -> None:
    assert type_ignores([module("x = 1  # type: ignore[assignment]\ny = 'type: ignore'\n")]) == [
        "calls/some.py:1"
    ]


def test_a_figure_beyond_its_bound_is_missed_with_a_sentence() -> None:
    exact = {name: float(bound) for name, (_, bound) in BOUNDS.items()}
    assert missed(exact) == []
    assert missed(exact | {"contract_docstrings_percent": 39.9, "cycles": 1}) == [
        "contract_docstrings_percent is 39.9, at least 40 is asked for.",
        "cycles is 1, at most 0 is asked for.",
    ]
