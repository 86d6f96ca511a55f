"""Struct types that threads read are worked out at import: two threads at that at once crash the process.

Seen as a segmentation fault of a web process whose first eighty calls came together (msgspec 0.22).
"""

import subprocess
import sys

import msgspec
import pytest

from calls.agents import registry
from campaigns.xfin import replies

READ = """
import sys
import msgspec
{imports}
worked_out = []
sys.setprofile(lambda frame, event, _: event == "call" and worked_out.append(frame.f_code.co_name))
try:
    {read}
except {refused}:
    pass
sys.setprofile(None)
print(worked_out.count("get_class_annotations"))
"""
REGISTRY = "from calls.agents import registry"
REPLIES = "from campaigns.xfin import replies; from campaigns.xfin.errors import BadReply"
NOT_PREPARED = "Late = msgspec.defstruct('Late', [('name', str)])"


def times_worked_out(imports: str, read: str, refused: str) -> int:
    code = READ.format(imports=imports, read=read, refused=refused)
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return int(told.stdout)


def test_it_shows_in_a_profile() -> None:
    assert times_worked_out(NOT_PREPARED, "msgspec.convert({'name': 'x'}, Late)", "ValueError") == 1


@pytest.mark.parametrize("kind", sorted(registry.KINDS))
def test_the_configurations_of_agents(kind: str) -> None:
    assert times_worked_out(REGISTRY, f"registry.read({kind!r}, {{}})", "registry.ConfigurationError") == 0


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, kind in vars(replies).items()
        if getattr(kind, "__module__", "") == replies.__name__
        and isinstance(kind, type)
        and issubclass(kind, msgspec.Struct)
    ],
)
def test_the_replies_of_xfin(name: str) -> None:
    assert times_worked_out(REPLIES, f"replies.convert({{}}, replies.{name})", "BadReply") == 0
