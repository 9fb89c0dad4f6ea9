"""Every network of the zoo loads, and counts the parameters and operations that were published."""

from __future__ import annotations

import pytest

from dse.spec import list_specs, load_network
from dse.workload import Network


def stages(name):
    return {stage.name: stage for stage in load_network(name).stages}


# Exact counts of the published weights, typed here so that no file can agree with itself.
PARAMETERS = {
    ("stable-diffusion-1.5", "unet"): 859_520_964,
    ("stable-diffusion-1.5", "text_encoder"): 123_060_480,
    ("stable-diffusion-1.5", "vae_decoder"): 49_490_199,
    ("stable-diffusion-1.5-controlnet", "controlnet"): 361_279_120,
    ("stable-diffusion-2.1", "unet"): 865_910_724,
    ("stable-diffusion-2.1", "text_encoder"): 340_387_840,
    ("stable-diffusion-2.1-768", "unet"): 865_910_724,
    ("sdxl-base", "unet"): 2_567_463_684,
    ("sdxl-base", "text_encoder_2"): 694_659_840,
    ("sdxl-base-768", "unet"): 2_567_463_684,
    ("flux.1-dev", "transformer"): 11_901_408_320,
    ("flux.1-dev", "text_encoder_2"): 4_762_310_656,
}


@pytest.mark.parametrize(("place", "count"), PARAMETERS.items(), ids=map(":".join, PARAMETERS))
def test_parameters_are_the_published_ones(place, count):
    name, stage = place
    assert stages(name)[stage].parameters() == count


# Multiply-accumulates of one run on one input without attention's own products, which the
# counters used do not see. BK-SDM: github.com/Nota-NetsPresso/BK-SDM, issue 53 (thop counts norms,
# too: 0.1 %); diffusers: Hugging Face data set diffusers/benchmarks, flops / 2.
MACS = {
    ("stable-diffusion-1.5", "text_encoder"): 6_545_882_112,
    ("stable-diffusion-1.5", "unet"): 338_749_194_240,
    ("stable-diffusion-1.5", "vae_decoder"): 1_240_079_532_032,
    ("sdxl-base", "unet"): 5_979.1e9 / 2,
    ("flux.1-dev", "transformer"): 59_523.04e9 / 2,
}


@pytest.mark.parametrize(("place", "macs"), MACS.items(), ids=map(":".join, MACS))
def test_operations_are_the_published_ones(place, macs):
    name, stage = place
    assert stages(name)[stage].layer_macs() == pytest.approx(macs, rel=2e-3)


def test_attention_adds_to_what_layers_count():
    unet = stages("stable-diffusion-1.5")["unet"]
    own = 8 * 4096 * (4096 + 77) * 2 * 40 * 5  # the finest level, which has five transformers
    assert own < unet.macs() - unet.layer_macs() < 1.2 * own


def test_resnet_50_has_its_published_size():
    resnet = load_network("resnet-50")
    batch_norms = 26_560  # biases of the convolutions stand for weight and bias of each
    assert resnet.parameters() + batch_norms == 25_557_032  # torchvision
    assert resnet.stages[0].macs() == pytest.approx(4.09e9, rel=1e-3)  # torchvision: 4.09 GFLOPS


def test_a_controlnet_costs_about_a_third_of_the_unet():
    parts = stages("stable-diffusion-1.5-controlnet")
    assert 0.3 < parts["controlnet"].macs() / parts["unet"].macs() < 0.4


@pytest.mark.parametrize("name", list_specs("network"))
def test_the_file_s_own_count_is_met(name):
    network = load_network(name)
    assert isinstance(network, Network)
    assert network.name == name
    if network.published_parameters is not None:
        assert network.parameters() == network.published_parameters


def test_a_larger_image_has_the_same_weights_and_more_work():
    small, large = load_network("stable-diffusion-2.1"), load_network("stable-diffusion-2.1-768")
    assert small.parameters() == large.parameters()
    ratio = large.stages[1].layer_macs() / small.stages[1].layer_macs()
    assert ratio == pytest.approx(2.25, rel=0.01)
    assert large.stages[1].macs() / small.stages[1].macs() > 2.25
