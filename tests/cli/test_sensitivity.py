"""``dse sensitivity``: what it prints and writes."""

from __future__ import annotations


def test_the_tables_and_the_picture(run, small_space, tmp_path):
    path = tmp_path / "tornado.png"
    done = run("sensitivity", small_space, "--samples", 64, "--plot", path)
    assert done.code == 0, done.err
    assert "where the variance of the objectives comes from (384 designs)" in done.out
    assert "channels (" in done.out
    assert path.read_bytes()[:4] == b"\x89PNG"


def test_the_document_follows_its_schema(run, small_space):
    done = run("sensitivity", small_space, "--samples", 64, "--at", "0", "--json")
    document = done.document("sensitivity")
    assert document["design"]["design"] == 0
    assert len(document["indices"]) == 3 * 4
    step = next(s for s in document["steps"] if s["axis"] == "chip.dram.bus_width")
    assert step["sentence"].startswith("4 more 16-bit channels (64 bit to 128 bit) buys -")
    assert run("sensitivity", small_space, "--samples", 64, "--at", "0", "--json").out == done.out


def test_a_design_that_does_not_exist(run, small_space):
    done = run("sensitivity", small_space, "--at", "999")
    assert done.code == 2
    assert "must be knee, chip or a number below 24" in done.err


def test_a_picture_of_another_kind(run, small_space):
    assert run("sensitivity", small_space, "--plot", "x.pdf").code == 2
