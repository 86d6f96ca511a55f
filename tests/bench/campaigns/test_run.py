import csv
from pathlib import Path
from urllib.parse import parse_qs

import msgspec

from bench.campaigns.fake_xfin import FIRST_NUMBER, PAGE, created, listed
from bench.campaigns.run import figures_of, missed
from bench.shared.people_lists import write_list
from campaigns.phones import parse_number
from campaigns.xfin.config import XFinConfig
from campaigns.xfin.replies import read_message, read_page


def test_the_generated_list_has_the_faults_of_real_ones(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    write_list(path, 20_000)
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    numbers = [parse_number(row["Mobile No."]).e164 for row in rows]
    good = [number for number in numbers if number]
    assert len(rows) == 20_000
    assert 0.015 < 1 - len(good) / len(rows) < 0.025
    assert 0.007 < 1 - len(set(good)) / len(good) < 0.013


def test_a_figure_beyond_its_goal_is_missed() -> None:
    small = {"us_per_row": 40.0, "peak_mb": 150.0, "copy_ratio": 2.0}
    large = {"us_per_row": 50.0, "peak_mb": 310.0, "copy_ratio": 3.0}
    figures = figures_of(small, large, {"upload_vs_bare": 0.5})
    assert figures["growth_100k_to_1m"] == 1.25
    names = [sentence.split()[0] for sentence in missed(figures)]
    assert names == ["import_peak_mb", "growth_100k_to_1m", "upload_vs_bare"]
    fine = figures | {"import_peak_mb": 300, "growth_100k_to_1m": 1.2, "upload_vs_bare": 0.8}
    assert missed(fine) == []


def test_the_server_names_each_message_by_its_number_and_refuses_what_is_none() -> None:
    data = [{"phone_number": "+919600000007", "tag5": "m-a"}, {"phone_number": "0791234", "tag5": "m-b"}]
    taken, refused = msgspec.json.decode(created(msgspec.json.encode({"data": data})))
    assert taken == {**data[0], "id": 9_600_000_007, "status": "created"}
    assert (refused["status"], refused["tag5"], "id" in refused) == ("error", "m-b", False)


def test_the_server_lists_every_message_once_page_after_page() -> None:
    config = XFinConfig(base_url="http://127.0.0.1:9", tenant="bench", email="a@example.org", password="none")
    query, ids = {"send_on__gt": ["2026-11-24T11:00:00"]}, list[object]()
    while query:
        rows, following = read_page(msgspec.json.decode(listed(query, messages=2 * PAGE + 1)))
        messages = [read_message(row, config) for row in rows]
        assert {(m.state, m.disposition, m.duration_s) for m in messages} == {("done", "answered", 31)}
        ids += [message.id for message in messages]
        query = parse_qs(following.removeprefix("?")) if following else {}
    assert ids == [FIRST_NUMBER + number for number in range(2 * PAGE + 1)]
