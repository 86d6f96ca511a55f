"""The ASGI application with the bench's agent in the place of the echo: the database knows no other kind."""

from typing import cast

from awaaz_project.asgi import application
from bench.slots import clerk
from calls.agents import registry
from calls.agents.base import Kind

__all__ = ["application"]

cast("dict[str, Kind]", registry.KINDS)["echo"] = clerk.KIND
