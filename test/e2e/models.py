# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Networks with random, seeded weights, exported to ONNX on first use."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parents[2]

# Part of the file names: change it when the recipe changes.
RECIPE = 1


def get_directory():
    directory = Path(
        os.environ.get("PHOTONIC_TEST_MODELS", ROOT / "build" / "models")
    )
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@dataclass(frozen=True)
class Recipe:
    make: Callable
    shape: tuple
    # Keeps BatchNormalization in the file instead of letting the exporter fold
    # it.
    keep_norm: bool = False
    dynamo: bool = False


def _lenet(torch):
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )


def _lenet_tanh(torch):
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(),
        nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )


def _vision(name):
    def make(torch):
        return getattr(_get_torchvision(torch), name)(weights=None)

    return make


_library = None


def _get_torchvision(torch):
    """Model definitions load without the compiled part of torchvision as long
    as the operators exist that its import refers to."""
    global _library
    if _library is None:
        _library = torch.library.Library("torchvision", "DEF")
        for op in ("nms", "qnms"):
            _library.define(
                op + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            )
    import torchvision.models

    return torchvision.models


IMAGE = (3, 224, 224)
NETWORKS = {
    "lenet5": Recipe(_lenet, (1, 28, 28)),
    "lenet5_tanh": Recipe(_lenet_tanh, (1, 32, 32), dynamo=True),
    "alexnet": Recipe(_vision("alexnet"), IMAGE),
    "vgg16": Recipe(_vision("vgg16"), IMAGE),
    "resnet18": Recipe(_vision("resnet18"), IMAGE, keep_norm=True),
    "resnet34": Recipe(_vision("resnet34"), IMAGE),
    "resnet50": Recipe(_vision("resnet50"), IMAGE, keep_norm=True),
}


def get_network(name):
    """The path of the ONNX file, made if it does not exist yet."""
    path = get_directory() / f"{name}.{RECIPE}.onnx"
    if not path.exists():
        unfinished = path.with_suffix(f".{os.getpid()}.tmp")
        export(name, unfinished)
        os.replace(unfinished, path)
    return path


def export(name, path):
    import torch

    recipe = NETWORKS[name]
    torch.manual_seed(0)
    module = recipe.make(torch).eval()
    generator = torch.Generator().manual_seed(1)
    for part in module.modules():
        if isinstance(part, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(part.weight, generator=generator)
        if isinstance(part, torch.nn.Linear):
            torch.nn.init.kaiming_uniform_(part.weight, generator=generator)
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.1, generator=generator)
            part.running_var.uniform_(0.5, 1.5, generator=generator)
            part.weight.data.uniform_(0.5, 1.0, generator=generator)
            part.bias.data.normal_(0, 0.1, generator=generator)
    names = {"input_names": ["input"], "output_names": ["output"]}
    with torch.no_grad():
        if recipe.dynamo:
            torch.onnx.export(
                module, (torch.randn(2, *recipe.shape),), str(path),
                dynamo=True, external_data=False, verbose=False,
                dynamic_shapes=({0: torch.export.Dim("batch")},), **names,
            )
            return
        mode = torch.onnx.TrainingMode
        torch.onnx.export(
            module, torch.randn(1, *recipe.shape), str(path), dynamo=False,
            opset_version=17,
            training=mode.PRESERVE if recipe.keep_norm else mode.EVAL,
            dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}},
            **names,
        )


class Builder:
    """Puts small graphs together."""

    def __init__(self, seed=0):
        self.rng = np.random.default_rng(seed)
        self.nodes, self.inputs, self.outputs, self.constants = [], [], [], []

    def input(self, name, shape, dtype=TensorProto.FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def constant(self, name, array):
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def random(self, name, *shape, scale=None):
        scale = scale or 1 / np.sqrt(max(1, np.prod(shape[1:])))
        values = self.rng.standard_normal(shape) * scale
        return self.constant(name, values.astype(np.float32))

    def node(self, op, inputs, output, **attributes):
        name = attributes.pop("name", output + "_node")
        self.nodes.append(
            helper.make_node(op, list(inputs), [output], name=name, **attributes)
        )
        return output

    def output(self, name, shape=None):
        self.outputs.append(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        )
        return name

    def build(self, path=None, opset=17):
        graph = helper.make_graph(
            self.nodes, "graph", self.inputs, self.outputs, self.constants
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8
        )
        if path is not None:
            onnx.save(model, str(path))
        return model


def make_linear(m, k, n, path=None, bias=False, seed=0):
    """A lone fully connected layer: `y` [n, m] of `x` [n, k]."""
    b = Builder(seed)
    b.input("x", [n, k])
    operands = ["x", b.random("w", m, k)]
    if bias:
        operands.append(b.random("bias", m))
    b.node("Gemm", operands, "y", transB=1, name="fc")
    b.output("y", [n, m])
    return b.build(path)


def make_conv(x_shape, m, kernel, strides, path=None, seed=0):
    """A lone convolution without padding, groups and bias."""
    b = Builder(seed)
    b.input("x", x_shape)
    b.random("w", m, x_shape[1], *kernel)
    b.node("Conv", ["x", "w"], "y", strides=strides, name="conv")
    b.output("y")
    return b.build(path)


def make_all_ops(path=None, batch=2, seed=0):
    """A network with every operation that the supported CNNs contain and
    others: folded and lone BatchNormalization, groups, a shortcut, both pools
    with padding, activations, shape arithmetic."""
    b = Builder(seed)
    b.input("x", [batch, 5, 17, 15])

    def norm(source, channels, output):
        names = [f"{output}_{i}" for i in range(4)]
        b.constant(names[0], b.rng.uniform(0.5, 1.5, channels).astype("f4"))
        b.constant(names[1], b.rng.normal(0, 0.1, channels).astype("f4"))
        b.constant(names[2], b.rng.normal(0, 0.1, channels).astype("f4"))
        b.constant(names[3], b.rng.uniform(0.5, 1.5, channels).astype("f4"))
        return b.node("BatchNormalization", [source, *names], output, epsilon=1e-5)

    def conv(source, shape, output, bias=False, **attributes):
        operands = [source, b.random(output + "_w", *shape)]
        if bias:
            operands.append(b.random(output + "_b", shape[0], scale=0.1))
        return b.node("Conv", operands, output, **attributes)

    h = norm("x", 5, "lone_norm")
    h = conv(h, (24, 5, 3, 3), "stem", pads=[1, 1, 1, 1])
    h = b.node("Relu", [norm(h, 24, "stem_norm")], "stem_relu")
    h = b.node("MaxPool", [h], "pool", kernel_shape=[3, 3], strides=[2, 2],
               pads=[1, 1, 1, 1])
    short = conv(h, (32, 24, 1, 1), "short", bias=True)
    h = conv(h, (32, 12, 3, 3), "grouped", bias=True, group=2,
             pads=[1, 0, 1, 2])
    h = b.node("LeakyRelu", [h], "leaky", alpha=0.1)
    h = conv(h, (32, 1, 3, 3), "depthwise", group=32, pads=[1, 1, 1, 1])
    h = b.node("Add", [h, short], "sum")
    h = b.node("Clip", [h, b.constant("low", np.float32(-1)),
                        b.constant("high", np.float32(2))], "clip")
    h = b.node("AveragePool", [h], "average", kernel_shape=[3, 2],
               strides=[2, 2], pads=[1, 0, 1, 0], count_include_pad=0)
    left = b.node("Sigmoid", [h], "sigmoid")
    right = b.node("Tanh", [h], "tanh")
    h = b.node("Concat", [left, right], "concat", axis=1)
    h = conv(h, (20, 64, 3, 2), "dilated", dilations=[2, 1], pads=[2, 0, 1, 1],
             bias=True)
    h = b.node("GlobalAveragePool", [h], "global")
    h = b.node("Flatten", [h], "flat")
    h = b.node("Gemm", [h, b.random("fc_w", 20, 11), b.random("fc_b", 11)], "fc")
    b.node("Softmax", [h], "y", axis=1)
    b.output("y", [batch, 11])
    return b.build(path)
