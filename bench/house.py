"""`make house`: measure how the code reads, and fail where a bound is missed.

Prints one line of figures about the program (calls, campaigns, sandbox, awaaz_project; not tests, not bench):

    contract_docstrings_percent  of the public functions and methods: the docstring says what is returned,
                                 yielded or raised
    used_once_percent            of all functions: private, and named at one place besides its definition
    hidden_imports               imports inside functions
    cycles                       groups of modules that import each other in a circle
    longest_function             in lines, without docstring, comments and blank lines
    functions_p90                nine functions in ten are no longer than this, counted the same way
    broad_excepts                handlers of `Exception`, `BaseException` or of everything
    type_ignores                 comments that silence the type checker
    riddles                      docstrings and comments with a word of `VAGUE`: say person or people for
                                 people, and name the function, process or module that is meant for code

`--list NAME` prints what a figure counts: `python -m bench.house --list riddles`.
"""

import argparse
import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("awaaz_project", "calls", "campaigns", "sandbox")
VAGUE = re.compile(r"\b(nobody|somebody|whoever|anybody)\b", re.IGNORECASE)
CONTRACT = re.compile(
    r"\b(returns?|returned|raises?|raised|yields?)\b"
    r"|\b(True|False|None|0|empty)\b[^.]* (if|when|where|unless)\b"
    r"|`\w+(Error|Problem)`",
    re.IGNORECASE,
)
BROAD = {"Exception", "BaseException"}
BOUNDS = {
    "contract_docstrings_percent": ("at least", 40),
    "used_once_percent": ("at most", 10),
    "hidden_imports": ("at most", 0),
    "cycles": ("at most", 0),
    "longest_function": ("at most", 60),
    "functions_p90": ("at most", 25),
    "riddles": ("at most", 0),
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file of the program: its path below the root, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module


def modules() -> list[Module]:
    """Return every module of the program but migrations."""
    paths = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return [
        Module(str(path.relative_to(ROOT)), text := path.read_text("utf-8"), ast.parse(text))
        for path in paths
        if "migrations" not in path.parts
    ]


def functions(tree: ast.AST, *, owner: str = "") -> Iterator[tuple[str, Function]]:
    """Yield each function and method as (dotted name, node); functions inside functions are left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from functions(node, owner=f"{owner}{node.name}.")
        elif isinstance(node, Function):
            yield owner + node.name, node


def code_lines(function: Function, text: str) -> int:
    """Return how many lines of a function hold code; its docstring, comments and blank lines do not count."""
    body = function.body[1:] if ast.get_docstring(function) and len(function.body) > 1 else function.body
    lines = text.splitlines()
    first = min([function.lineno, *(node.lineno for node in function.decorator_list)])
    head = range(first, function.body[0].lineno)
    rest = range(body[0].lineno, (function.end_lineno or 0) + 1)
    numbers = {*head, *rest}
    return sum(1 for n in numbers if (line := lines[n - 1].strip()) and not line.startswith("#"))


def is_public(name: str) -> bool:
    """Whether no part of a dotted name begins with an underscore."""
    return not any(part.startswith("_") for part in name.split("."))


def promises(function: Function) -> bool:
    """Whether the docstring says what is returned, yielded or raised."""
    return bool(CONTRACT.search(ast.get_docstring(function) or ""))


def contract_gaps(found: Sequence[Module]) -> tuple[int, list[str]]:
    """Return how many public functions there are, and those whose docstring promises nothing."""
    public = [(m, name, f) for m in found for name, f in functions(m.tree) if is_public(name)]
    return len(public), [f"{m.path}:{f.lineno} {name}" for m, name, f in public if not promises(f)]


def used_once(found: Sequence[Module]) -> tuple[int, list[str]]:
    """Return how many functions there are, and the private ones that one place names besides `def`.

    A method counts by its name within its module, so that a name that several classes share counts once.
    """
    total, once = 0, []
    for module in found:
        named = Counter(
            node.id if isinstance(node, ast.Name) else node.attr
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Name | ast.Attribute)
        )
        for name, function in functions(module.tree):
            total += 1
            short = function.name
            if short.startswith("_") and not short.startswith("__") and named[short] == 1:
                once.append(f"{module.path}:{function.lineno} {name}")
    return total, once


def hidden_imports(found: Sequence[Module]) -> list[str]:
    """Return the imports that stand inside functions."""
    return sorted(
        {
            f"{module.path}:{node.lineno}"
            for module in found
            for function in ast.walk(module.tree)
            if isinstance(function, Function)
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
    )


def cycles(graph: Mapping[str, set[str]]) -> list[str]:
    """Return circles of imports, as many as must be cut until none is left. `graph`: module -> imported."""
    left = {module: set(imported) for module, imported in graph.items()}
    found = []
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            imported, importer, *_ = circle = error.args[1]
            found.append(" -> ".join(circle))
            left[importer].discard(imported)
        else:
            return found


def import_graph() -> dict[str, set[str]]:
    """Return which module of the program imports which."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    return {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def sizes(found: Sequence[Module]) -> list[tuple[int, str]]:
    """Return the length of every function with where it stands, longest first."""
    lengths = [
        (code_lines(f, m.text), f"{m.path}:{f.lineno} {name}") for m in found for name, f in functions(m.tree)
    ]
    return sorted(lengths, reverse=True)


def broad_excepts(found: Sequence[Module]) -> list[str]:
    """Return the handlers of every exception."""

    def is_broad(handler: ast.ExceptHandler) -> bool:
        return handler.type is None or (isinstance(handler.type, ast.Name) and handler.type.id in BROAD)

    return [
        f"{module.path}:{node.lineno}"
        for module in found
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler) and is_broad(node)
    ]


def comments(module: Module) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of every comment."""
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def docstrings(module: Module) -> Iterator[tuple[int, str]]:
    """Yield (line, text) of every string that stands alone: docstrings, and those under a constant."""
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            yield node.lineno, node.value.value


def riddles(found: Sequence[Module]) -> list[str]:
    """Return the docstrings and comments with a word of `VAGUE`."""
    return [
        f"{module.path}:{line} {' '.join(text.split())[:100]}"
        for module in found
        for line, text in (*docstrings(module), *comments(module))
        if VAGUE.search(text)
    ]


def type_ignores(found: Sequence[Module]) -> list[str]:
    """Return the comments that silence the type checker."""
    return [
        f"{module.path}:{line}"
        for module in found
        for line, text in comments(module)
        if "type: ignore" in text
    ]


def measure() -> tuple[dict[str, float], dict[str, list[str]]]:
    """Return the figures by name, and what each counts."""
    found = modules()
    public, without = contract_gaps(found)
    total, once = used_once(found)
    lengths = sizes(found)
    counted = {
        "hidden_imports": hidden_imports(found),
        "cycles": cycles(import_graph()),
        "broad_excepts": broad_excepts(found),
        "type_ignores": type_ignores(found),
        "riddles": riddles(found),
    }
    figures = {
        "contract_docstrings_percent": round(100 * (public - len(without)) / public, 1),
        "used_once_percent": round(100 * len(once) / total, 1),
        "hidden_imports": len(counted["hidden_imports"]),
        "cycles": len(counted["cycles"]),
        "longest_function": lengths[0][0],
        "functions_p90": lengths[len(lengths) // 10][0],
        "broad_excepts": len(counted["broad_excepts"]),
        "type_ignores": len(counted["type_ignores"]),
        "riddles": len(counted["riddles"]),
    }
    counted |= {
        "contract_docstrings_percent": without,
        "used_once_percent": once,
        "longest_function": [f"{size} {place}" for size, place in lengths[:40]],
    }
    return figures, counted


def missed(figures: Mapping[str, float]) -> list[str]:
    """Return a sentence for every bound that a figure misses."""
    return [
        f"{name} is {figures[name]:g}, {side} {bound} is asked for."
        for name, (side, bound) in BOUNDS.items()
        if (figures[name] < bound if side == "at least" else figures[name] > bound)
    ]


def main() -> int:
    """Print the figures; return 1 if a bound is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.house")
    parser.add_argument("--list", metavar="NAME", help="print what a figure counts, one a line")
    wanted = parser.parse_args().list
    figures, counted = measure()
    if wanted:
        print(*counted[wanted], sep="\n")
    problems = missed(figures)
    print(*problems, sep="\n", end="\n" if problems else "")
    print(" ".join(f"{name}={value:g}" for name, value in figures.items()))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
