"""Rows of images: what they resolve to, and that none of them is fitted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dse.validate import Subject, Unpredictable, phase_of, subject, validate_rows
from dse.validate.image import load_networks
from dse.workload import Network


@pytest.fixture(scope="module")
def images(rows):
    return [row for row in rows if row.metric == "image_s"]


@pytest.fixture(scope="module")
def by_id(images):
    return {row.id: row for row in images}


def test_every_image_row_is_predicted_or_listed(images, library):
    result = validate_rows(images, library)
    assert len(result.outcomes) + len(result.unpredictable) == len(images) == 36
    assert {phase_of(outcome) for outcome in result.outcomes} == {"image"}
    assert all(outcome.predicted > 0.0 for outcome in result.outcomes)
    assert not result.set_aside
    assert {each.reason for each in result.unpredictable} <= {
        "weight bits unknown",
        "no chip file, and no bandwidth in the row",
    }


def test_images_are_not_fitted(images, library):
    clean = [replace(row, is_clean=True) for row in images]
    free, left_out = (validate_rows(clean, library, is_left_out=flag) for flag in (False, True))
    assert not left_out.fits
    assert [o.predicted for o in free.outcomes] == [o.predicted for o in left_out.outcomes]


def test_steps_are_those_that_the_row_states(by_id, library):
    def steps(row):
        found = subject(row, library)
        assert isinstance(found, Subject)
        return found.scenario.steps

    assert steps(by_id["APPLESD-2064"]) == 20
    assert steps(by_id["NEURONSD-2290"]) == 50
    assert steps(by_id["MLENERGY-2470"]) == 28
    assert steps(replace(by_id["APPLESD-2064"], notes="")) is None


def test_a_component_is_one_run_of_its_stage(by_id, library):
    found = subject(by_id["QAISD-0881"], library)
    assert isinstance(found, Subject)
    assert isinstance(found.model, Network)
    assert [(stage.name, stage.each_step) for stage in found.model.stages] == [("unet", False)]


def test_twice_the_steps_take_nearly_twice_as_long(by_id, library):
    row = by_id["APPLESD-2073"]
    twice = replace(row, id="twice", notes="40 steps")
    first, second = (o.predicted for o in validate_rows([row, twice], library).outcomes)
    assert 1.8 * first < second < 2.0 * first


def test_a_text_of_a_diffusion_model_is_no_row(by_id, library):
    found = subject(replace(by_id["APPLESD-2064"], metric="decode_tok_s"), library)
    assert isinstance(found, Unpredictable)
    assert "not what this kind of model yields" in found.reason


def test_networks_are_loaded_whole_or_by_stage():
    found = load_networks(["resnet-50", "sdxl-base:unet", "llama-2-7b"])
    assert list(found) == ["resnet-50", "sdxl-base:unet"]
    assert found["sdxl-base:unet"].parameters() == 2_567_463_684
