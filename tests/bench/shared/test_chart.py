"""The chart is well-formed and in proportion."""

from xml.etree import ElementTree as ET

from bench.shared.chart import bars

SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_as_long_as_their_values() -> None:
    chart = ET.fromstring(bars({"stock": 100, "our consumer": 400}, title="Calls & cores"))
    _, stock, ours = chart.findall(f"{SVG}rect")
    assert int(ours.attrib["width"]) == 4 * int(stock.attrib["width"])


def test_names_and_numbers_are_written_out() -> None:
    chart = ET.fromstring(bars({"a < b": 7}, title="T"))
    assert [text.text for text in chart.findall(f"{SVG}text")] == ["T", "a < b", "7"]


def test_a_run_that_carried_nothing_still_has_a_chart() -> None:
    chart = ET.fromstring(bars({"nothing": 0}, title="T"))
    assert chart.findall(f"{SVG}rect")[1].attrib["width"] == "0"
