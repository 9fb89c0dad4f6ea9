"""Serving options of ``dse evaluate``: reuse, chunks, beams, drafts, and flash."""

from __future__ import annotations

import pytest

CHIP, MODEL = "snapdragon-8-gen-3", "llama-3.1-8b"
INT4 = ("--weights", "int4-g32")
DRAFT = ("--draft", "llama-3.2-1b", "--acceptance", "0.75")


def document(run, *options, model=MODEL):
    done = run("evaluate", CHIP, model, *INT4, *options, "--json")
    assert done.code == 0, done.err
    return done.document("evaluate")


def test_a_plain_request_says_nothing_of_serving(run):
    plain = document(run)
    assert "beams" not in plain["scenario"]
    assert "resident_fraction" not in plain


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        (("--cached-prompt", 512), {"cached_prompt_tokens": 512}),
        (("--prefill-chunk", 128), {"prefill_chunk_tokens": 128}),
        (("--beams", 4), {"beams": 4}),
        (DRAFT, {"draft": "llama-3.2-1b", "draft_tokens": 4, "acceptance": 0.75}),
        (("--active-fraction", 0.5), {"active_fraction": 0.5}),
        (("--offload", "kv", "--no-load-ahead"), {"offload": "kv", "load_ahead": False}),
        (
            ("--offload", "experts", "--popularity-skew", 0.5),
            {"offload": "experts", "popularity_skew": 0.5},
        ),
    ],
)
def test_every_option_is_told_and_written(run, options, fields):
    plain = document(run)["scenario"]
    asked = document(run, *options)["scenario"]
    assert {key: asked[key] for key in asked if key not in plain} == fields
    assert asked["name"] == "custom"


def test_a_cached_prompt_and_a_draft_are_faster(run):
    plain, cached, drafted = (
        document(run, *options)["metrics"] for options in ((), ("--cached-prompt", 900), DRAFT)
    )
    assert cached["ttft_s"] < plain["ttft_s"] / 4
    assert cached["tpot_s"] == plain["tpot_s"]
    assert drafted["tpot_s"] < plain["tpot_s"] / 1.5
    assert drafted["ttft_s"] > plain["ttft_s"]


def test_the_table_says_what_is_resident(run):
    done = run("evaluate", CHIP, "mixtral-8x7b", *INT4, "--offload", "experts")
    assert done.code == 0
    assert "offload experts" in done.out
    assert "% of the experts are resident" in done.out
    assert "waits for flash" in done.out
    assert "does not fit" not in done.err
    share = document(run, "--offload", "experts", model="mixtral-8x7b")["resident_fraction"]
    assert 0.4 < share < 0.5


def test_without_offload_it_is_evaluated_as_if_it_fitted_and_flagged(run):
    done = run("evaluate", CHIP, "mixtral-8x7b", *INT4)
    assert "does not fit" in done.err
    assert "DOES NOT FIT" in done.out


def test_the_table_names_the_draft(run):
    done = run("evaluate", CHIP, MODEL, *INT4, *DRAFT, "--explain")
    assert "draft llama-3.2-1b x 4, acceptance 0.75" in done.out
    assert "draft_qkv_proj" in done.out


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (("--draft", "llama-3.2-1b"), "must be given beside a draft"),
        ((*DRAFT, "--beams", 2), "must be 1 beside a draft"),
        (("--draft", "llama-3.2-1c", "--acceptance", 0.5), 'did you mean "llama-3.2-1b"'),
        (("--acceptance", 1.5), "0.0<=x<=1.0"),
        (("--acceptance", 0.5), "give --draft"),
        ((*DRAFT[:2], "--acceptance", "nan"), "0.0<=x<=1.0"),
        (("--offload", "experts", "--popularity-skew", "nan"), "0.0<=x<=0.99"),
        (("--active-fraction", 0), "0.0<x<=1.0"),
        (("--offload", "head"), "'none', 'weights', 'experts', 'kv'"),
    ],
)
def test_options_that_do_not_go_together_are_refused(run, options, rule):
    done = run("evaluate", CHIP, MODEL, *options)
    assert done.code in (1, 2)
    assert rule in done.err


def test_an_image_has_no_beams(run):
    done = run("evaluate", "apple-m4", "stable-diffusion-1.5-controlnet", "--beams", 2)
    assert done.code == 2
    assert "network of layers" in done.err


def test_the_help_page_has_sections(run):
    page = run("evaluate", "--help").out
    places = [page.index(title) for title in ("Options:", "Serving:", "Memory that does not fit:")]
    assert places == sorted(places)
    assert places[1] < page.rindex("--beams") < places[2]
    assert page.rindex("--offload") > places[2]
    assert "--help" in page[places[0] : places[1]]


def test_a_scenario_file_may_say_it_all(run):
    done = run("evaluate", CHIP, "mixtral-8x7b", "--scenario", "sparse-from-flash", "--json")
    scenario = done.document("evaluate")["scenario"]
    assert scenario["name"] == "sparse-from-flash"
    assert (scenario["offload"], scenario["active_fraction"]) == ("weights", 0.15)


def test_it_is_said_where_nothing_can_stream(run):
    dense = run("evaluate", CHIP, MODEL, *INT4, "--offload", "experts")
    assert "nothing comes from flash: Llama-3.1-8B has no experts" in dense.err
    assert "resident" not in dense.out
    board = run("evaluate", "nvidia-h100-sxm", MODEL, "--offload", "weights")
    assert "has no storage" in board.err
