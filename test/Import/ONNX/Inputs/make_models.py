#!/usr/bin/env python3
"""Writes the models of the importer's lit tests beside this file.

Needs the Python package `onnx`. The models are small and checked in, so that
the tests do not need it.
"""

import pathlib

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).parent


def floats(name, shape):
    """An initialiser with the numbers 1, 2, 3, ..., divided by 8."""
    values = (np.arange(np.prod(shape)) + 1).astype(np.float32) / 8
    return numpy_helper.from_array(values.reshape(shape), name)


def integers(name, values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def save(name, nodes, inputs, outputs, initializers=(), opset=17):
    def info(items):
        return [helper.make_tensor_value_info(n, *(kind or [TensorProto.FLOAT]), shape)
                for n, shape, *kind in items]

    graph = helper.make_graph(nodes, name, info(inputs), info(outputs),
                              list(initializers))
    model = helper.make_model(
        graph, ir_version=8, producer_name="make_models.py",
        opset_imports=[helper.make_opsetid("", opset)])
    (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString())
    return model


def network():
    """A small network with a dynamic batch, as exporters write it."""
    node = helper.make_node
    nodes = [
        node("Conv", ["image", "conv.weight", "conv.bias"], ["c"], "/conv/Conv",
             kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1]),
        node("Relu", ["c"], ["r"], "/Relu"),
        node("MaxPool", ["r"], ["p"], "/MaxPool", kernel_shape=[2, 2],
             strides=[2, 2]),
        node("Shape", ["p"], ["shape"], "/Shape"),
        node("Gather", ["shape", "zero"], ["n"], "/Gather", axis=0),
        node("Unsqueeze", ["n", "axes"], ["n1"], "/Unsqueeze"),
        node("Concat", ["n1", "rest"], ["target"], "/Concat", axis=0),
        node("Reshape", ["p", "target"], ["flat"], "/Reshape"),
        node("Identity", ["fc.weight"], ["alias"]),
        node("Gemm", ["flat", "alias", "fc.bias"], ["scores"], "/fc/Gemm",
             alpha=1.0, beta=1.0, transB=1),
    ]
    save("network", nodes, [("image", ["batch", 1, 4, 4])],
         [("scores", ["batch", 3])],
         [floats("conv.weight", (2, 1, 3, 3)), floats("conv.bias", (2,)),
          floats("fc.weight", (3, 8)), floats("fc.bias", (3,)),
          integers("zero", 0), integers("axes", [0]), integers("rest", [-1])])


def training():
    """A small network as exporters write it for training, with its loss."""
    node = helper.make_node
    nodes = [
        node("Conv", ["image", "conv.weight", "conv.bias"], ["c"], "conv",
             kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        node("BatchNormalization",
             ["c", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"],
             ["n", "mean", "var"], "bn", training_mode=1, momentum=0.75),
        node("Relu", ["n"], ["r"], "act"),
        node("Flatten", ["r"], ["f"], "flatten"),
        node("Dropout", ["f", "ratio", "yes"], ["d"], "drop"),
        node("Gemm", ["d", "fc.weight", "fc.bias"], ["scores"], "fc", transB=1),
        node("SoftmaxCrossEntropyLoss", ["scores", "labels"], ["loss"],
             "criterion", ignore_index=-100),
    ]
    save("training", nodes,
         [("image", ["batch", 1, 4, 4]), ("labels", ["batch"], TensorProto.INT64)],
         [("loss", []), ("scores", ["batch", 3])],
         [floats("conv.weight", (2, 1, 3, 3)), floats("conv.bias", (2,)),
          floats("bn.weight", (2,)), floats("bn.bias", (2,)),
          floats("bn.running_mean", (2,)), floats("bn.running_var", (2,)),
          floats("fc.weight", (3, 32)), floats("fc.bias", (3,)),
          numpy_helper.from_array(np.float32(0.5), "ratio"),
          numpy_helper.from_array(np.array(True), "yes")])


def unsupported():
    node = helper.make_node
    nodes = [
        node("LRN", ["x"], ["a"], "norm", size=5, alpha=0.5),
        node("Pad", ["a", "pads"], ["b"], "mirror", mode="reflect"),
        node("Relu", ["b"], ["c"]),
        node("FancyOp", ["c"], ["d"], domain="com.example"),
        node("MaxPool", ["d"], ["y"], "pool", kernel_shape=[2, 2, 2]),
    ]
    save("unsupported", nodes, [("x", [1, 2, 4, 4])], [("y", [1, 2, 3, 3])],
         [integers("pads", [0, 0, 1, 1, 0, 0, 1, 1])])


def external():
    """Weights in weights.bin, and in a file that does not exist."""
    nodes = [helper.make_node("Add", ["x", "w"], ["y"], "add")]
    for name, location in [("external", "weights.bin"),
                           ("external_missing", "nowhere.bin")]:
        w = floats("w", (4,))
        raw = w.raw_data
        w.ClearField("raw_data")
        w.data_location = TensorProto.EXTERNAL
        for key, value in [("location", location), ("offset", "16"),
                           ("length", "16")]:
            entry = w.external_data.add()
            entry.key, entry.value = key, value
        save(name, nodes, [("x", [1, 4])], [("y", [1, 4])], [w])
    (FOLDER / "weights.bin").write_bytes(bytes(16) + raw)


def broken():
    nodes = [helper.make_node("Relu", ["x"], ["y"], "act")]
    ends = [("x", [1, 4])], [("y", [1, 4])]
    for opset in (6, 25):
        save(f"opset{opset}", nodes, *ends, opset=opset)
    whole = save("truncated", nodes, *ends).SerializeToString()
    (FOLDER / "truncated.onnx").write_bytes(whole[:-20])
    (FOLDER / "empty.onnx").write_bytes(b"")
    (FOLDER / "text.onnx").write_bytes(b"This is no model.\n")
    nan = floats("w", (2, 2))
    values = numpy_helper.to_array(nan).copy()
    values[1, 0] = np.nan
    save("nan", [helper.make_node("Add", ["x", "w"], ["y"])],
         [("x", [2, 2])], [("y", [2, 2])], [numpy_helper.from_array(values, "w")])
    save("mismatch",
         [helper.make_node("Gemm", ["x", "w"], ["y"], "fc", transB=1)],
         [("x", [1, 4])], [("y", [1, 2])], [floats("w", (2, 5))])


if __name__ == "__main__":
    network()
    training()
    unsupported()
    external()
    broken()
