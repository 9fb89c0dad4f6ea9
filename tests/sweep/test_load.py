"""Sweeps under load: a hundred million designs in bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dse.spec import load_space, load_technology
from dse.sweep import resized, scaling

GIB = 1 << 30

_LIMITED = """
import json, resource, sys
from pathlib import Path
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
from dse.spec import load_space, load_technology
from dse.sweep import resized, run_sweep
size, samples = json.loads(sys.argv[2])
space = load_space("phone_10b") if size is None else resized(load_space("phone_10b"), size)
result = run_sweep(space, load_technology().silicon, samples=samples, out=Path(sys.argv[3]))
print(json.dumps([space.size, result.evaluated, len(result.front_index)]))
"""


@pytest.mark.parametrize("size", [1, 10, 1_000, 100_000, 10**8, 10**9, 3 * 10**9])
def test_a_resized_space_has_about_the_size_asked_for(size):
    space = load_space("phone_10b")
    found = resized(space, size)
    assert size / 1.5 <= found.size <= 1.5 * size
    for axis, whole in zip(found.axes, space.axes, strict=True):
        assert len(set(axis.values)) == len(axis.values) == len(axis.texts)
        if axis.is_numeric:
            assert min(whole.values) <= min(axis.values)
            assert max(axis.values) <= max(whole.values)


def test_each_size_is_measured_in_a_process_of_its_own():
    space, silicon = load_space("phone_10b"), load_technology().silicon
    rows = scaling(space, silicon, [1000, 20_000])
    assert [row.designs for row in rows] == [resized(space, n).size for n in (1000, 20_000)]
    assert all(0 < row.peak_rss_bytes < GIB for row in rows)
    assert all(row.seconds > 0 for row in rows)


def limited(out: Path, size: int | None, samples: int | None) -> tuple[int, int, int]:
    """Sweep in a gibibyte of addresses for all of the process: code, stacks, arenas and arrays."""
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(GIB), json.dumps([size, samples]), str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    size, evaluated, front = json.loads(done.stdout)
    return size, evaluated, front


@pytest.mark.long
def test_a_hundred_million_designs_in_a_gibibyte_of_addresses(tmp_path):
    size, evaluated, front = limited(tmp_path / "run", 10**8, None)
    assert evaluated == size > 0.6 * 10**8
    assert front > 0


@pytest.mark.long
def test_a_sample_of_ten_million_in_a_gibibyte_of_addresses(tmp_path):
    size, evaluated, front = limited(tmp_path / "run", None, 10**7)
    assert 0.9 * 10**7 < evaluated <= 10**7 < size
    assert front > 0


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_memory_does_not_grow_with_the_grid():
    """Ten times the designs in a bounded process; how long it takes is for `dse bench`."""
    space, silicon = load_space("phone_10b"), load_technology().silicon
    small, large = scaling(space, silicon, [10**7, 10**8])
    assert max(row.peak_rss_bytes for row in (small, large)) < GIB
    assert large.peak_rss_bytes < 2.0 * small.peak_rss_bytes
