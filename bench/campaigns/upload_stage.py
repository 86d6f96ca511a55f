"""The child of `bench.campaigns` for the upload: ours and a bare httpx loop, in turns, to the same server."""

import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from statistics import median

import httpx
from django.db import connections

from bench.campaigns.world import (
    MILLION,
    NOON,
    add_messages,
    add_people,
    cores,
    empty_database,
    like_a_worker,
    peak_mb,
    running,
)
from bench.shared.servers import Server, uvicorn
from bench.virtual.sandbox_process import Sandbox, furnish
from campaigns.bulk import add_campaigns
from campaigns.delivery import upload
from campaigns.delivery.account_client import config_for
from campaigns.delivery.upload import as_new_message
from campaigns.models import Account, Evidence, Message, Recipient, UploadBatch

IdOf = Callable[[Message], str]

ROUNDS = 3
"""Of each, in turns. The messages of a round become due an hour after those of the one before."""


def main(against: str, messages: int, folder: Path) -> None:
    """Print the figures as JSON."""
    with SERVERS[against](folder) as (address, id_of), empty_database():
        print(json.dumps(measured(address, id_of, messages)))


@contextmanager
def quick(folder: Path) -> Iterator[tuple[str, IdOf]]:
    """Yield the server that answers at once, on a core of its own: its address, and a message's right id."""
    core, log = (cores() or [0])[0], folder / "server.log"
    server = Server(uvicorn("bench.campaigns.fake_xfin:application"), {}, log=log, core=core)
    try:
        yield f"http://127.0.0.1:{server.wait_for_port()}", lambda sent: sent.recipient.phone[3:]
    finally:
        server.stop()


@contextmanager
def own_sandbox(folder: Path) -> Iterator[tuple[str, IdOf]]:
    """Yield the same of the project's sandbox, which stores what it is given; its clock stands still."""
    sandbox = Sandbox(folder / "sandbox", round_messages=1000)
    sandbox.folder.mkdir(exist_ok=True)
    try:
        sandbox.start()
        furnish(sandbox)
        sandbox.post("/sandbox/clock", {"rate": 0})
        stored = cache(partial(_stored, sandbox.database))
        yield str(sandbox.http.base_url).rstrip("/"), lambda sent: _id_of(sent, stored)
    finally:
        sandbox.kill()


def _id_of(sent: Message, stored: Callable[[], Mapping[str, str]]) -> str:
    """Return the message's own id if the sandbox has it under that id; else the reference it has there."""
    reference = stored().get(sent.remote_id, "nothing")
    return sent.remote_id if reference == sent.reference else reference


def _stored(database: Path) -> dict[str, str]:
    """Return what the sandbox has, reference by id; the bare loop has sent the same references once more."""
    with closing(sqlite3.connect(database)) as rows:
        found = rows.execute("SELECT id, reference FROM sandbox_message")
        return {str(key): reference for key, reference in found}


SERVERS = {"quick": quick, "sandbox": own_sandbox}


def measured(address: str, id_of: IdOf, messages: int) -> dict[str, float]:
    """Return the figures of all rounds."""
    campaign = running(address)
    like_a_worker(alone=False)
    add_people(campaign, messages * ROUNDS)
    plan(messages)
    account = campaign.template.account
    ours, bare, peak = [], [], 0
    for number in range(ROUNDS):
        now = NOON + timedelta(hours=number)
        ours.append(timed_upload(account, now))
        peak = peak or peak_mb()  # before the bench itself holds messages
        bare.append(timed_bare(account, prepared(account, now)))
    check(messages * ROUNDS, id_of)
    return {
        "upload_us_per_message": round(median(ours) / messages * MILLION, 1),
        "bare_us_per_message": round(median(bare) / messages * MILLION, 1),
        "upload_vs_bare": round(median(bare) / median(ours), 3),
        "peak_mb": peak,
    }


def plan(messages: int) -> None:
    """Make a message for each person, each round's within the horizon of its hour."""
    message = Message(attempt=1, send_on=NOON)
    hours = f"(r.id - (SELECT min(id) FROM {Recipient._meta.db_table})) / {messages}"
    within = f"mod(r.id, {messages}) * interval '14 minutes' / {messages}"
    send_on = f"timestamptz '{NOON.isoformat()}' + {hours} * interval '1 hour' + {within}"
    Recipient.objects.update(state=Recipient.State.UNDER_WAY, attempts=1, reason="Call 1 is planned.")
    add_messages(message, "true", send_on)


def prepared(account: Account, now: datetime) -> list[bytes]:
    """Return what ours has sent at this hour, as bodies that only have to be posted."""
    sent = Message.objects.filter(send_on__gte=now, send_on__lt=now + timedelta(hours=1))
    rows = list(sent.select_related("recipient", "batch").order_by("send_on", "id"))
    add_campaigns([message.recipient for message in rows])
    config, size = config_for(account), account.chunk_size
    wire = [as_new_message(message, message.batch).to_wire(config) for message in rows if message.batch]
    return [_body(wire[first : first + size]) for first in range(0, len(wire), size)]


def _body(data: list[dict[str, str]]) -> bytes:
    body = {"transform_using_template": True, "data": data, "instant_message": False}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def timed_upload(account: Account, now: datetime) -> float:
    """Do what a worker's threads do when their task comes; return the seconds."""
    began = time.perf_counter()
    [(account_id, uploads)] = upload.uploads_wanted(now).items()
    with ThreadPoolExecutor(uploads) as threads:
        for thread in [threads.submit(_upload, account_id, now) for _ in range(uploads)]:
            thread.result()
    return time.perf_counter() - began


def _upload(account_id: int, now: datetime) -> None:
    try:
        upload.upload(account_id, clock=lambda: now)
    finally:
        connections.close_all()  # those of this thread


def timed_bare(account: Account, chunks: list[bytes]) -> float:
    """Post the prepared bodies, one after the other on one connection; return the seconds."""
    account.refresh_from_db()  # its token
    url = config_for(account).url("xact/message/create_bulk")
    headers = {"content-type": "application/json", "authorization": f"Bearer {account.token}"}
    began = time.perf_counter()
    with httpx.Client(headers=headers) as client:
        for chunk in chunks:
            client.post(url, content=chunk).raise_for_status()
    return time.perf_counter() - began


def check(messages: int, id_of: IdOf) -> None:
    """Raise unless every message went up once and has the id that the server gave it."""
    account = Account.objects.get()
    assert account.state == Account.State.READY, account.reason
    sent = Message.objects.filter(state=Message.State.QUEUED).select_related("recipient")
    assert sent.count() == messages, (sent.count(), messages)
    assert all(message.remote_id == id_of(message) for message in sent.iterator())
    batches = UploadBatch.objects.filter(state=UploadBatch.State.CONFIRMED)
    assert sum(batches.values_list("size", flat=True)) == messages
    assert Evidence.objects.filter(stage=Evidence.Stage.HAND_OVER, verdict="OK").count() == messages


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
