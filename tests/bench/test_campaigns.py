import csv
from pathlib import Path

from bench.campaigns import figures_of, missed, write_list
from campaigns.phones import judge


def test_the_generated_list_has_the_faults_of_real_ones(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    write_list(path, 20_000)
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    numbers = [judge(row["Mobile No."]).e164 for row in rows]
    good = [number for number in numbers if number]
    assert len(rows) == 20_000
    assert 0.015 < 1 - len(good) / len(rows) < 0.025
    assert 0.007 < 1 - len(set(good)) / len(good) < 0.013


def test_a_figure_beyond_its_goal_is_missed() -> None:
    small = {"us_per_row": 40.0, "peak_mb": 150.0, "copy_ratio": 2.0}
    figures = figures_of(small, {"us_per_row": 50.0, "peak_mb": 310.0, "copy_ratio": 3.0})
    assert figures["growth_100k_to_1m"] == 1.25
    assert [sentence.split()[0] for sentence in missed(figures)] == ["import_peak_mb", "growth_100k_to_1m"]
