"""The most memory that a process held is its own, and not that of whoever started it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

from dse.sweep.bench import peak_rss_bytes


def test_a_small_process_of_a_large_one_is_small():
    ballast = np.ones(1 << 26)  # 512 MiB
    assert peak_rss_bytes() > ballast.nbytes
    program = "from dse.sweep.bench import peak_rss_bytes; print(peak_rss_bytes())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert 1e7 < float(done.stdout) < ballast.nbytes
