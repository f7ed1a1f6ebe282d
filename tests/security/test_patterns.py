"""A quadratic pattern lets one message block a process. `make bench` measures all; this checks that none is missing."""

import ast

from tests.bench import pattern_sites, patterns
from tests.bench.worst_inputs import READERS, WORST


def test_the_bench_includes_each_pattern_of_the_source() -> None:
    found = pattern_sites.sites()
    unknown = [f"{site.name} (line {site.line})" for site in found if site.name not in WORST]
    assert not unknown, f"Give each of these its worst inputs in WORST of tests/bench/worst_inputs.py: {unknown}"
    gone = set(WORST) - {site.name for site in found}
    assert not gone, f"These are in WORST of tests/bench/worst_inputs.py, but no longer in the source: {gone}"


def test_each_pattern_handles_its_worst_inputs_as_the_product_uses_it() -> None:
    found = list(patterns.cases())
    assert {case.name for case in found} == {*WORST, *READERS}
    for case in found:
        case.use(case.text(64))


def test_a_pattern_is_found_wherever_it_is_written() -> None:
    source = """
import re
from re import compile as made
TOP = re.compile("a")
class Form:
    Field = Annotated[str, StringConstraints(pattern="b")]
    def clean(self, text):
        return re.sub("c", "", text), rows.filter(raw__regex="d"), RegexValidator("e")
"""
    places = [place for place, node in pattern_sites._walk(ast.parse(source), "") if pattern_sites._is_pattern(node)]
    assert places == ["", "TOP", "Form.Field", "Form.clean", "Form.clean", "Form.clean"]
