#!/usr/bin/env python3
"""Writes training artifacts of ONNX Runtime, and what it computes with them.

Needs an environment of its own, because ONNX Runtime's training package wants
old versions of its dependencies:

    python3 -m venv ort
    ort/bin/pip install onnxruntime-training==1.19.2 "onnx<1.17" "numpy<2" torch==2.13.0

For each network, in the folder `ort/NAME` beside this file:

    forward.onnx     what PyTorch exports, without a loss
    training.onnx    the training model; the parameters of the checkpoint are
                     initialisers here, so that the file is complete
    optimizer.onnx   the optimizer model
    values.npz       inputs, and the loss, gradients (PARAMETER.grad), and
                     parameters after one step (PARAMETER.next)
"""

import os
import pathlib
import tempfile

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from onnxruntime.training import artifacts
from onnxruntime.training.api import CheckpointState, Module, Optimizer
from torch import nn
from torch.nn import functional as F

FOLDER = pathlib.Path(__file__).parent / "ort"
BATCH = 4


class Plain(nn.Module):
    """Convolutions with BatchNormalization, groups, a stride, maximum pools."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2, bias=False)
        self.bn2 = nn.BatchNorm2d(6)
        self.drop = nn.Dropout(0.0)
        self.fc = nn.Linear(6 * 3 * 3, 5)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, stride=2, padding=1)
        x = F.relu(self.bn2(self.conv2(x)))
        return self.fc(self.drop(x.flatten(1)))


class Residual(nn.Module):
    """An addition, depthwise and dilated convolutions, average pools, tanh."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(2, 4, 3, padding=1)
        self.depthwise = nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=4)
        self.norm = nn.BatchNorm2d(4)
        self.point = nn.Conv2d(4, 6, 1)
        self.fc = nn.Linear(6, 3)

    def forward(self, x):
        x = F.avg_pool2d(torch.tanh(self.stem(x)), 2)
        x = F.relu(x + self.norm(self.depthwise(x)))
        x = torch.sigmoid(self.point(x))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Branches(nn.Module):
    """Parts that are cut out and put together again, clips, softmax."""

    def __init__(self):
        super().__init__()
        self.left = nn.Conv2d(2, 4, 3, padding=1)
        self.right = nn.Conv2d(2, 4, (1, 3), padding=(0, 1))
        self.mix = nn.Conv2d(8, 6, 1)
        self.fc = nn.Linear(3 * 9, 4)

    def forward(self, x):
        x = torch.cat([F.relu6(4 * self.left(x)), F.leaky_relu(self.right(x), 0.1)], 1)
        x = self.mix(F.max_pool2d(x, 2, ceil_mode=True))
        gate, value = x.chunk(2, 1)
        x = torch.softmax(gate.flatten(2), 2) * value.flatten(2)
        x = x.permute(0, 2, 1).flatten(1)
        return torch.softmax(self.fc(x), 1)


# Builder, shape of an image, classes, loss, optimizer, symbolic batch. ONNX
# Runtime divides by zero in AveragePoolGrad if the batch is symbolic.
NETWORKS = {
    "plain": (Plain, (1, 9, 9), 5, "cross_entropy", "AdamW", True),
    "residual": (Residual, (2, 8, 8), 3, "cross_entropy", "SGD", False),
    "branches": (Branches, (2, 5, 5), 4, "mse", "AdamW", True),
}


def export(module, shape, symbolic, path):
    axes = {"image": {0: "batch"}, "scores": {0: "batch"}} if symbolic else None
    torch.onnx.export(
        module.train(), (torch.randn(BATCH, *shape),), path, dynamo=False,
        training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False,
        opset_version=14, input_names=["image"], output_names=["scores"],
        dynamic_axes=axes)
    return onnx.load(path)


def merge_parameters(model, state):
    """Makes the parameters, which are inputs, initialisers."""
    values = {name: parameter.data for name, parameter in state.parameters}
    inputs = [i for i in model.graph.input if i.name not in values]
    model.graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in values.items())
    del model.graph.input[:]
    model.graph.input.extend(inputs)


def make(name):
    build, shape, classes, loss, optimizer, symbolic = NETWORKS[name]
    torch.manual_seed(len(name))
    random = np.random.default_rng(len(name))
    module = build()
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    model = export(module, shape, symbolic, str(folder / "forward.onnx"))
    trainable = [n for n, _ in module.named_parameters()]
    frozen = [i.name for i in model.graph.initializer if i.name not in trainable]
    kind = {"mse": "MSELoss", "cross_entropy": "CrossEntropyLoss"}[loss]
    with tempfile.TemporaryDirectory() as made:
        artifacts.generate_artifacts(
            model, requires_grad=trainable, frozen_params=frozen,
            loss=artifacts.LossType[kind],
            optimizer=artifacts.OptimType[optimizer], artifact_directory=made)
        state = CheckpointState.load_checkpoint(os.path.join(made, "checkpoint"))
        training = onnx.load(os.path.join(made, "training_model.onnx"))
        merge_parameters(training, state)
        onnx.save(training, folder / "training.onnx")
        onnx.save(onnx.load(os.path.join(made, "optimizer_model.onnx")),
                  folder / "optimizer.onnx")
        runner = Module(os.path.join(made, "training_model.onnx"), state)
        stepper = Optimizer(os.path.join(made, "optimizer_model.onnx"), runner)
        stepper.set_learning_rate(0.01)
        x = random.standard_normal((BATCH, *shape), dtype=np.float32)
        if loss == "mse":
            y = random.random((BATCH, classes), dtype=np.float32)
        else:
            y = random.integers(0, classes, BATCH)
        runner.train()
        values = {"image": x, "target" if loss == "mse" else "labels": y}
        # No copy of the loss outlives the step.
        values["loss"] = np.array([runner(x, y)], np.float32)
        for key, parameter in state.parameters:
            if parameter.requires_grad:
                values[key + ".grad"] = parameter.grad.copy()
        stepper.step()
        for key, parameter in state.parameters:
            values[key + ".next"] = parameter.data.copy()
    np.savez_compressed(folder / "values.npz", **values)


def main():
    for name in NETWORKS:
        make(name)


if __name__ == "__main__":
    main()
