"""Rows not accepted go out, are corrected, and come back as what they were."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from pytest_django import Settings

from campaigns import clock
from campaigns.imports import upload
from campaigns.imports.reader import columns_of, read_import
from campaigns.models import Campaign, Import
from campaigns.portal import rejected_rows
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db
LIST = """Name,Mobile,Amount,Remark
Asha,9825012401,500,first
=cmd(),12345,700,@home; =1+1
+Ravi; Sita,98250 1240,"1,25,000",-plot 5
"O'Neil",NA,900,'=quoted
"""


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def load(campaign: Campaign, data: bytes) -> Import:
    source = upload.receive(campaign, ContentFile(data), filename="list.csv", by=None)
    upload.choose(source, columns_of(source), by=None)
    read_import(source.pk, clock=clock.now)
    source.refresh_from_db()
    return source


def sent_out(source: Import) -> bytes:
    return bytes(rejected_rows.as_file(source).getvalue())


def corrected(file: bytes) -> bytes:
    for wrong, right in (
        (b",12345,", b",9825012402,"),
        (b"98250 1240,", b"9825012403,"),
        (b",NA,", b",9825012404,"),
    ):
        assert wrong in file
        file = file.replace(wrong, right)
    return file


def test_exported_corrected_and_imported_is_a_round_trip() -> None:
    campaign = make_campaign()
    first = load(campaign, LIST.encode())
    assert (first.accepted, first.rejected) == (1, 3)
    file = sent_out(first)
    assert b"'=cmd()" in file
    assert b"'@home;' =1+1" in file
    again = load(campaign, corrected(file))
    assert (again.accepted, again.rejected) == (3, 0)
    people = {p.name: p.variables for p in campaign.recipients.all()}
    assert people == {
        "Asha": {"amount": "500", "remark": "first"},
        "=cmd()": {"amount": "700", "remark": "@home; =1+1"},
        "+Ravi; Sita": {"amount": "1,25,000", "remark": "-plot 5"},
        "O'Neil": {"amount": "900", "remark": "=quoted"},  # a spreadsheet's own mark for a text
    }


def test_sent_back_as_it_was_it_comes_out_as_it_was_but_for_the_row_numbers() -> None:
    campaign = make_campaign()
    file = sent_out(load(campaign, LIST.encode()))
    again = sent_out(load(campaign, file))
    lines, before = again.decode("utf-8-sig").splitlines(), file.decode("utf-8-sig").splitlines()
    assert lines[0] == before[0] == "Name,Mobile,Amount,Remark,row,result,reason"
    assert [line.split(",Rejected")[0].rsplit(",", 1)[0] for line in lines] == [
        line.split(",Rejected")[0].rsplit(",", 1)[0] for line in before
    ]


def test_an_offices_own_column_of_reasons_is_spoken_as_before() -> None:
    source = load(make_campaign(), b"Mobile,Result,Reason\n9825012401,due,EMI\n")
    assert source.recipients.get().variables == {"result": "due", "reason": "EMI"}
