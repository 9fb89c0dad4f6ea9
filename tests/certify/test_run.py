"""Runs that are cut short, gone on with, and refused."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from dse.certify import proof as room
from dse.certify import run_certify
from dse.errors import CertifyError, CorruptRunError
from dse.space import Target
from dse.store import load_run


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch):
    monkeypatch.setattr(room, "_LEAF", 1)
    monkeypatch.setattr(room, "_BATCH", 16)
    monkeypatch.setattr(room, "_CLIMBS", 0)


def certify(toy, out=None, eps=0.0, **options):
    return run_certify(toy.make_space(), toy.SILICON, eps, samples=1, out=out, **options)


def stop_after(steps):
    seen = []

    def progress(_):
        seen.append(1)
        if len(seen) == steps:
            raise KeyboardInterrupt

    return progress


def test_the_certificate_states_what_was_proven(toy, tmp_path):
    result = certify(toy, tmp_path / "run")
    certificate = result.certificate
    assert certificate.complete
    assert (certificate.eps, certificate.eps_reached) == (0.0, 0.0)
    assert certificate.space_size == toy.make_space().size == 3200
    assert certificate.boxes > 0
    assert certificate.open_boxes == 0
    run = load_run(tmp_path / "run")
    assert run.is_complete
    told = {**run.summary["certificate"], "seconds": run.manifest.seconds}
    assert told == json.loads(json.dumps(certificate.to_json()))
    assert "seconds" not in run.summary["certificate"]
    assert len(run.tables["front"]["design"]) == len(result.front_index) > 0


def test_no_time_proves_nothing_yet_says_so(toy):
    result = certify(toy, timeout_s=0.0)
    assert not result.certificate.complete
    assert result.certificate.open_boxes > 0
    assert not result.is_exhaustive


@pytest.mark.parametrize("steps", [1, 5, 30])
def test_an_interrupted_run_goes_on_to_the_same_front(toy, tmp_path, steps):
    whole = certify(toy)
    first = certify(toy, tmp_path / "run", progress=stop_after(steps))
    assert first.is_interrupted
    assert not first.certificate.complete
    assert not load_run(tmp_path / "run").is_complete
    assert first.certificate.boxes < whole.certificate.boxes
    again = certify(toy, tmp_path / "run")
    assert again.certificate.complete
    assert again.resumed == first.certificate.open_boxes > 0
    assert again.certificate.seconds > first.certificate.seconds
    known = np.lexsort(whole.front_index.T)
    found = np.lexsort(again.front_index.T)
    np.testing.assert_allclose(
        again.front["tpot_s"][found], whole.front["tpot_s"][known], rtol=1e-12
    )


def test_a_finished_run_is_known(toy, tmp_path):
    first = certify(toy, tmp_path / "run")
    again = certify(toy, tmp_path / "run")
    assert again.certificate.complete
    assert again.certificate.boxes == first.certificate.boxes
    assert again.evaluated == first.evaluated
    np.testing.assert_array_equal(again.front_index, first.front_index)


def test_what_lies_in_the_folder_must_be_of_this_run(toy, tmp_path):
    certify(toy, tmp_path / "run", progress=stop_after(3))
    place = tmp_path / "run" / "boxes.npz"
    place.write_bytes(place.read_bytes()[:100])
    with pytest.raises(CorruptRunError, match=r"boxes\.npz"):
        certify(toy, tmp_path / "run")


def test_a_larger_eps_takes_fewer_boxes(toy):
    counts = [certify(toy, eps=eps).certificate.boxes for eps in (0.0, 0.05, 0.5)]
    assert counts[0] > counts[1] > counts[2]


def test_that_nothing_meets_the_targets_is_proven(toy):
    space = toy.make_space(targets=(Target("tpot_s", 1e-6, -1),))
    result = run_certify(space, toy.SILICON, 0.0, samples=1)
    assert result.certificate.complete
    assert result.feasible == 0
    assert len(result.front_index) == 0
    assert result.is_exhaustive


def test_what_has_no_bound_is_refused(toy):
    team = dataclasses.replace(toy.make_space(), unit="heterogeneous")
    with pytest.raises(CertifyError, match="several units"):
        run_certify(team, toy.SILICON, 0.0)
    with pytest.raises(ValueError, match="eps"):
        run_certify(toy.make_space(), toy.SILICON, -0.1)
