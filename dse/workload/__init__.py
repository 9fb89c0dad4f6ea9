"""What is run: a model, a scenario, and the operators they unroll to."""

from dse.workload.curve import BEST, PLAIN, REFERENCE_BITS, Curve
from dse.workload.layers import (
    AttentionLayer,
    Conv,
    Elementwise,
    Embedding,
    Layer,
    Linear,
    activation_layer,
    norm_layer,
    residual_layer,
)
from dse.workload.load import Load
from dse.workload.mix import Mix, mixes_text
from dse.workload.mixer import Mixer
from dse.workload.model import Model
from dse.workload.network import Network, Pipeline, Stage, StageTable, unroll_network
from dse.workload.ops import (
    Dim,
    Kind,
    Op,
    Operand,
    Part,
    Storage,
    Stream,
    Workload,
    mean,
)
from dse.workload.parts import Heads, Mla, Moe
from dse.workload.passes import expected_tokens, prefilled_tokens
from dse.workload.quality import (
    METHODS,
    Measured,
    Quality,
    activation_bits,
    is_grouped,
    parse_method,
    quality_of,
    stored_bits,
)
from dse.workload.scenario import Precision, Scenario, conflict
from dse.workload.side import SideInput
from dse.workload.span import Span
from dse.workload.transformer import matrix_ops, operand_elements, unroll
from dse.workload.unet import (
    UNet,
    VaeDecoder,
    controlnet_layers,
    unet_layers,
    vae_decoder_layers,
)

__all__ = [
    "BEST",
    "METHODS",
    "PLAIN",
    "REFERENCE_BITS",
    "AttentionLayer",
    "Conv",
    "Curve",
    "Dim",
    "Elementwise",
    "Embedding",
    "Heads",
    "Kind",
    "Layer",
    "Linear",
    "Load",
    "Measured",
    "Mix",
    "Mixer",
    "Mla",
    "Model",
    "Moe",
    "Network",
    "Op",
    "Operand",
    "Part",
    "Pipeline",
    "Precision",
    "Quality",
    "Scenario",
    "SideInput",
    "Span",
    "Stage",
    "StageTable",
    "Storage",
    "Stream",
    "UNet",
    "VaeDecoder",
    "Workload",
    "activation_bits",
    "activation_layer",
    "conflict",
    "controlnet_layers",
    "expected_tokens",
    "is_grouped",
    "matrix_ops",
    "mean",
    "mixes_text",
    "norm_layer",
    "operand_elements",
    "parse_method",
    "prefilled_tokens",
    "quality_of",
    "residual_layer",
    "stored_bits",
    "unet_layers",
    "unroll",
    "unroll_network",
    "vae_decoder_layers",
]
