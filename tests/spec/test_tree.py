"""The tree of nodes: finding, merging, and reading back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dse.spec.fault import fault_at, shown
from dse.spec.text import parse_text
from dse.spec.tree import dotted, find, nearest, overlay, plain, walk

TREE = parse_text("a: 1\nb:\n  c: [2, {d: 3}]\n  e: null\n", "f.yaml")


def test_walk_yields_scalars_in_file_order() -> None:
    found = [(dotted(path), leaf.text) for path, leaf in walk(TREE)]
    assert found == [("a", "1"), ("b.c[0]", "2"), ("b.c[1].d", "3"), ("b.e", "null")]


def test_find() -> None:
    node = find(TREE, ("b", "c", 1, "d"))
    assert node is not None
    assert (node.value, node.place.line, node.place.column) == (3, 3, 14)
    assert find(TREE, ("b", "x")) is None
    assert find(TREE, ("a", "x")) is None
    assert find(TREE, ("b", "c", 2)) is None


def test_nearest_counts_the_steps_that_lead_there() -> None:
    node, depth = nearest(TREE, ("b", "c", 7, "d"))
    assert (depth, node.place.line) == (2, 3)


def test_faults_point_to_the_value_or_to_the_section_that_lacks_it() -> None:
    assert str(fault_at(TREE, ("b", "c", 0), "s", "rule", got=True)) == (
        'f.yaml:3:7: b.c[0]: rule, but got "2" [s]'
    )
    assert str(fault_at(TREE, ("b", "x"), "s", "rule", got=True)) == "f.yaml:2:1: b.x: rule [s]"
    assert str(fault_at(TREE, ("b", "c"), "s", "rule", at_key=True, hint="!")) == (
        "f.yaml:3:3: b.c: rule! [s]"
    )


def test_shown() -> None:
    assert shown(TREE) == "a mapping"
    long = parse_text(f"a: {'x' * 99}", "f.yaml").value["a"]
    assert shown(long) == f'"{"x" * 60}..."'


_KEYS = st.sampled_from("abcd")
_DATA = st.dictionaries(
    _KEYS, st.recursive(st.integers(0, 9), lambda inner: st.dictionaries(_KEYS, inner)), min_size=1
)


def merged(base: object, top: object) -> object:
    """Merge plain data, the slow and simple way."""
    if not (isinstance(base, dict) and isinstance(top, dict)):
        return top
    both = {key: merged(base[key], top[key]) for key in base.keys() & top.keys()}
    return {**base, **top, **both}


@given(_DATA, _DATA)
def test_overlay_equals_its_definition(base: dict[str, object], top: dict[str, object]) -> None:
    one, other = parse_text(str(base), "base.yaml"), parse_text(str(top), "top.yaml")
    result = overlay(one, other)
    assert plain(result) == merged(base, top)
    assert (plain(one), plain(other)) == (base, top)
    for path, leaf in walk(result):
        is_top = find(other, path) is not None
        assert leaf.place.file == ("top.yaml" if is_top else "base.yaml")
