# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""BatchNormalization folded into the layer in front of it, or computed by itself."""

import numpy as np
import pytest

import photonic

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

EPSILON = 1e-5
RNG = np.random.default_rng(7)
WEIGHTS = {
    "w": RNG.normal(0, 0.5, (4, 2, 3, 3)),
    "scale": RNG.uniform(0.5, 1.5, 4),
    "bias": RNG.normal(0, 0.5, 4),
    "mean": RNG.normal(0, 0.5, 4),
    "var": RNG.uniform(0.5, 1.5, 4),
}
WEIGHTS = {name: value.astype(np.float32) for name, value in WEIGHTS.items()}
X = RNG.normal(0, 1, (2, 2, 6, 6)).astype(np.float32)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A convolution, which is an output or not, and its normalisation."""

    def make(outputs):
        path = tmp_path_factory.mktemp("fold") / "m.onnx"
        graph = helper.make_graph(
            [helper.make_node("Conv", ["x", "w"], ["c"], name="conv"),
             helper.make_node("BatchNormalization", ["c", "scale", "bias", "mean", "var"],
                              ["y"], name="norm", epsilon=EPSILON)],
            "graph", [helper.make_tensor_value_info("x", TensorProto.FLOAT, X.shape)],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
             for name in outputs],
            [numpy_helper.from_array(array, name) for name, array in WEIGHTS.items()])
        onnx.save(helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
        return path

    return make


def normalise(c):
    """In binary32, with scale and shift of each channel computed in binary64."""
    wide = {name: value.astype(np.float64) for name, value in WEIGHTS.items()}
    scale = wide["scale"] / np.sqrt(wide["var"] + float(np.float32(EPSILON)))
    shift = wide["bias"] - wide["mean"] * scale
    scale, shift = (part.astype(np.float32).reshape(4, 1, 1) for part in (scale, shift))
    return c * scale + shift


@pytest.mark.parametrize("memory", ["ideal", "hierarchy"])
def test_both_agree_within_rounding(model, memory):
    options = {"format": "fp32", "memory": memory}
    folded = photonic.compile(model(["y"]), **options).run(X)["y"]
    kept = photonic.compile(model(["y"]), no_fold_batch_norm=True, **options).run(X)["y"]
    np.testing.assert_allclose(kept, folded, rtol=1e-5, atol=1e-5)
    # They round in different places.
    assert not np.array_equal(kept, folded)


def test_what_is_not_folded_is_computed_element_by_element(model):
    outputs = photonic.compile(model(["c", "y"]), format="fp32").run(X)
    assert np.array_equal(outputs["y"], normalise(outputs["c"]))
    alone = photonic.compile(model(["y"]), format="fp32", no_fold_batch_norm=True).run(X)
    assert np.array_equal(alone["y"], outputs["y"])


def test_the_format_of_products_decides_about_weights(model):
    """In the machine's own format the weights of the file are converted, not others."""
    exe = photonic.compile(model(["y"]), no_fold_batch_norm=True)
    both = photonic.compile(model(["c", "y"])).run(X)
    assert np.array_equal(exe.run(X)["y"], both["y"])
