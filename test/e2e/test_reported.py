# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Small models after public reports: each is right, or refused with a reason."""

import re
from pathlib import Path

import numpy as np
import onnx
import pytest

FOLDER = Path(__file__).parent / "reported"

# Right, as ONNX Runtime is.
RIGHT = """
    average_ceil_k3_on_2 batch_by_value bn_5outs_only_op11 bn_5outs_only_op9 bn_spatial_op7
    clip_inf_bound clip_nan_bound const_inf_scalar constant_string dims_question
    double_const_arith empty_concat function_local if_const int32_const_wrap loss_scalar
    max_ceil_k3_on_2 mean_variadic names_long nan_conv_relu6 nan_first_min nan_max nan_min
    neg_inf_mask no_shape_input opset21 opset23 opset7 out_twice pad_reflect_zero
    pow_base_const pow_vec reciprocal shape_cast_float shape_cast_float_scalar shape_mod
    shape_nonzero shape_reduceprod shape_tile slice_empty sparse_init split_uneven18
    squeeze_empty_axes uint8_const_wrap unused_input_int where_inf_fill
""".split()

# The operators that the importer does not have, by model.
MISSING = {
    "argmax": "ArgMax", "celu": "Celu", "convt_same": "ConvTranspose",
    "depthtospace": "DepthToSpace", "dq_weights_only": "DequantizeLinear",
    "einsum": "Einsum", "elu": "Elu", "erf": "Erf", "floor": "Floor", "gelu": "Gelu",
    "globallppool": "GlobalLpPool", "groupnorm": "GroupNormalization", "hardmax": "Hardmax",
    "instancenorm": "InstanceNormalization", "layernorm": "LayerNormalization",
    "lpnorm": "LpNormalization", "lppool": "LpPool", "lrn": "LRN", "max_unpool": "MaxUnpool",
    "mish": "Mish", "mvn": "MeanVarianceNormalization", "prelu_c11": "PRelu",
    "qdq": "QuantizeLinear DequantizeLinear", "reducel1": "ReduceL1",
    "reducelogsumexp": "ReduceLogSumExp", "reducemin": "ReduceMin",
    "reduceprod": "ReduceProd", "reducesumsquare": "ReduceSumSquare",
    "resize_linear": "Resize", "selu": "Selu", "sign": "Sign", "softplus": "Softplus",
    "softsign": "Softsign", "spacetodepth": "SpaceToDepth",
    "thresholdedrelu": "ThresholdedRelu", "tile": "Tile", "topk": "TopK",
    "upsample9": "Upsample", "xor": "Xor",
}

MATRIX = "a right factor of shape .*; expected a matrix or a vector"
# Refused, and what the message has to say.
REFUSED = {
    "bool_input": "input 'm' has elements of type BOOL, expected FLOAT, because node 'Where_2'",
    "cast_noop_bool": r"attribute to=9 \(BOOL\) is not supported",
    "conv3d": "expected 1 or 2 spatial dimensions",
    "conv_bad_group": "node 'Conv_2' .*groups",
    # Which elements are dropped is random.
    "dropout_train_true": "training_mode=true is not supported with ratio 0.5",
    "f16_all": "input 'x' has elements of type FLOAT16, expected FLOAT",
    "gather_dyn_index": "input 'ids' has elements of type INT64, expected FLOAT",
    # All at once, also behind the first.
    "list_behind_refused": "operator Erf(.*\n)*.*operator MatMul(.*\n)*.*operator Cast",
    "matmul_1d3d": MATRIX, "matmul_2d3d1": MATRIX, "matmul_3d3d": MATRIX,
    "matmul_4d4d_bc": MATRIX,
    "pad_edge": "attribute mode=edge is not supported",
    "zero_size_input": "dimension 0 of input 'x' is '0'",
}

# Masks are FLOAT in programs, BOOL in ONNX.
FLOAT_MASKS = ["dropout_mask_out"]

OPTIONS = {
    "dims_question": ["--batch", "1", "--dim", "x:2=8", "--dim", "x:3=9"],
}


def load(name, kind):
    path = FOLDER / f"{name}.{kind}.npz"
    if not path.exists():
        return {}
    with np.load(path) as archive:
        return dict(archive)


def get_options(name):
    """What the model leaves open: sizes of dimensions, or a whole shape."""
    if name in OPTIONS:
        return OPTIONS[name]
    options = []
    for info in onnx.load(FOLDER / f"{name}.onnx").graph.input:
        tensor = info.type.tensor_type
        if not tensor.HasField("shape"):
            shape = load(name, "in")[info.name].shape
            options += ["--shape", f"{info.name}={','.join(map(str, shape))}"]
        elif any(dim.dim_param == "N" for dim in tensor.shape.dim):
            options = ["--batch", "2"]
    return options


def compile_model(name, cli, tmp_path):
    return cli.execute("photonic-compile", FOLDER / f"{name}.onnx", "--format=fp32",
                       *get_options(name), "-o", tmp_path / "m.phx", check=False)


@pytest.mark.parametrize("name", [*RIGHT, *FLOAT_MASKS])
def test_right(name, cli, tmp_path):
    done = compile_model(name, cli, tmp_path)
    assert done.returncode == 0, done.stderr
    outputs = cli.run(tmp_path / "m.phx", load(name, "in"), tmp_path / "run")
    expected = load(name, "out")
    assert len(outputs) == len(expected)
    for output, value in expected.items():
        # A name that is too long for a file is shortened there.
        found = outputs[output] if output in outputs else next(iter(outputs.values()))
        assert output in outputs or len(output) > 255
        assert found.shape == value.shape
        np.testing.assert_allclose(found, value, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", [*MISSING, *REFUSED])
def test_refused(name, cli, tmp_path):
    done = compile_model(name, cli, tmp_path)
    assert done.returncode == 1 and not (tmp_path / "m.phx").exists()
    if name in MISSING:
        for operator in MISSING[name].split():
            assert re.search(rf"operator {operator}, domain .*not supported", done.stderr), done.stderr
    else:
        assert re.search(REFUSED[name], done.stderr), done.stderr


def test_every_model_is_judged():
    names = {path.stem for path in FOLDER.glob("*.onnx")}
    assert names == {*RIGHT, *FLOAT_MASKS, *MISSING, *REFUSED}
