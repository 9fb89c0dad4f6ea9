"""``dse runtime``, ``dse split`` and ``dse cloud``."""

from __future__ import annotations

import pytest

CHIP, MODEL = "snapdragon-8-elite", "llama-3.2-1b"


def test_runtime_shows_both_policies(run):
    done = run("runtime", CHIP, MODEL, "--threads", 4, "--switch", "50us")
    assert done.code == 0
    assert done.err == ""
    heads = done.out.splitlines()[3].split()
    assert heads == ["alone", "fair", "priority"]
    assert "background 30.0 % by 4 threads" in done.out


def test_runtime_document(run):
    done = run("runtime", CHIP, MODEL, "--policy", "priority", "--background", 0.5, "--json")
    document = done.document("runtime")
    (policy,) = document["policies"]
    assert policy["policy"] == "priority"
    assert policy["tpot_s"] == document["alone"]["tpot_s"]
    assert policy["ttft_s"] == pytest.approx(document["alone"]["ttft_s"] + policy["delay_s"])
    assert document["background"]["threads"] is None


def test_runtime_says_when_it_never_ends(run):
    assert "unlimited" in run("runtime", CHIP, MODEL, "--background", 0.99).out
    done = run("runtime", CHIP, MODEL, "--background", 0.99, "--switch", "1ms", "--json")
    assert "never ends" in done.err
    fair, priority = done.document("runtime")["policies"]
    assert fair["latency_s"] is None
    assert priority["latency_s"] > 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--background", "1.5"), "give --threads"),
        (("--background", "1.5", "--threads", "1"), "must be <= 1, the most that"),
        (("--background", "nan"), "nan is not in the range"),
        (("--switch", "0us"), "must be > 0"),
        (("--slice", "1e-300s"), "must be >= 1 ps"),
        (("--task", "1e300s"), "must be <= 1e9 s"),
    ],
)
def test_runtime_refuses(run, options, message):
    done = run("runtime", CHIP, MODEL, *options)
    assert done.code == 2
    assert message in done.err


def test_split_document(run):
    done = run("split", CHIP, MODEL, "--chips", 4, "--chips", 2, "--link", "ucie-s", "--json")
    splits = done.document("split")["splits"]
    assert [each["chips"] for each in splits] == [1, 2, 4]
    times = [each["tpot_s"] for each in splits]
    assert times == sorted(times, reverse=True)
    assert splits[0]["link_j"] == splits[0]["step_link_s"] == 0.0


def test_split_marks_what_does_not_fit(run):
    done = run("split", CHIP, "llama-3.1-70b", "--weights", "int4-g32", "--link", "ucie-s")
    assert done.code == 0
    assert "! does not fit" in done.out


def test_split_knows_its_links(run):
    done = run("split", CHIP, MODEL, "--link", "ucie")
    assert done.code == 1
    assert 'did you mean "ucie-s"' in done.err


def test_cloud_document(run):
    done = run("cloud", CHIP, MODEL, "--scenario", "phone-chat", "--batch", 8, "--json")
    document = done.document("cloud")
    assert document["phone"]["scenario"]["batch_size"] == 1
    assert document["cloud"]["scenario"]["batch_size"] == 8
    assert document["phone"]["rent_usd"] == 0.0 < document["cloud"]["rent_usd"]
    for aim, side in document["winners"].items():
        other = {"phone": "cloud", "cloud": "phone"}[side]
        assert document[side][aim] <= document[other][aim]


def test_cloud_targets_decide(run):
    done = run("cloud", CHIP, MODEL, "--ttft", "1us", "--json")
    assert set(done.document("cloud")["winners"].values()) == {None}
    done = run("cloud", CHIP, MODEL, "--tpot", "10ms")
    assert "TPOT <= 10.0 ms, in memory:" in done.out


def test_cloud_refuses_what_is_no_share_of_time(run):
    done = run("cloud", CHIP, MODEL, "--occupancy", "nan")
    assert done.code == 2
    assert "nan is not in the range" in done.err


def test_cloud_needs_a_rent(run):
    done = run("cloud", CHIP, MODEL, "--cloud", "nvidia-b200")
    assert done.code == 2
    assert "give --gpu-hour" in done.err
    done = run("cloud", CHIP, MODEL, "--cloud", "nvidia-b200", "--gpu-hour", "5 USD")
    assert done.code == 0


def test_cloud_warns_of_what_does_not_fit(run):
    done = run("cloud", CHIP, "llama-3.1-70b", "--weights", "int4-g32", "--batch", 1)
    assert "on the phone the model does not fit" in done.err
    assert "phone" not in [line.split()[-2] for line in done.out.splitlines() if "soonest" in line]
