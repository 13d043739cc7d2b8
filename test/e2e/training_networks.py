# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Small networks that have to be trained, and what PyTorch makes of them."""

import copy
from dataclasses import dataclass
from typing import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional as fn


class Residual(nn.Module):
    """A block of ResNet: two convolutions beside a shortcut."""

    def __init__(self, channels, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.down = None
        if stride > 1 or channels != out:
            self.down = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False),
                                      nn.BatchNorm2d(out))

    def forward(self, x):
        short = x if self.down is None else self.down(x)
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + short)


class Branches(nn.Module):
    """Branches of several kernels, concatenated."""

    def __init__(self, channels):
        super().__init__()
        self.one = nn.Conv2d(channels, 5, 1)
        self.three = nn.Conv2d(channels, 7, 3, padding=1)
        self.reduce = nn.Conv2d(channels, 3, 1)
        self.five = nn.Conv2d(3, 4, 5, padding=2)
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(channels, 2, 1))

    def forward(self, x):
        parts = [self.one(x), self.three(x), self.five(torch.relu(self.reduce(x))),
                 self.pool(x)]
        return torch.relu(torch.cat(parts, 1))


class Gate(nn.Module):
    """Squeeze and excitation: channels scaled by what the whole image says."""

    def __init__(self, channels):
        super().__init__()
        self.squeeze = nn.Conv2d(channels, 3, 1)
        self.excite = nn.Conv2d(3, channels, 1)

    def forward(self, x):
        scale = fn.adaptive_avg_pool2d(x, 1)
        return x * torch.sigmoid(self.excite(fn.silu(self.squeeze(scale))))


class Shuffle(nn.Module):
    """Exchanges channels between groups."""

    def __init__(self, groups):
        super().__init__()
        self.groups = groups

    def forward(self, x):
        n, c, h, w = x.shape
        x = x.reshape(n, self.groups, c // self.groups, h, w)
        return x.transpose(1, 2).reshape(n, c, h, w)


class Slices(nn.Module):
    """Slicing with strides, broadcasting, a softmax in the middle, means."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.fc = nn.Linear(12, 6)

    def forward(self, x):
        x = self.conv(x)
        left, right = x[:, :4, ::2, 1:], x[:, 4:, ::2, :-1]
        y = left * right.mean(dim=(2, 3), keepdim=True)
        z = torch.softmax(right, dim=1) - left.mean(dim=1, keepdim=True)
        both = torch.cat([y, z, left - right], 1)
        return self.fc(both.mean(dim=(2, 3)))


class Pools(nn.Module):
    """Overlapping, padded and global pools."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 6, 3, padding=1)
        self.most = nn.MaxPool2d(3, 2, 1)
        self.mean = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
        self.padded = nn.AvgPool2d((3, 2), (2, 1), (1, 0), count_include_pad=True)
        self.spread = nn.MaxPool2d(2, 1, dilation=2)
        self.fc = nn.Linear(12, 5)

    def forward(self, x):
        x = self.padded(self.mean(self.most(torch.tanh(self.conv(x)))))
        x = self.spread(x)
        most, mean = fn.adaptive_max_pool2d(x, 1), fn.adaptive_avg_pool2d(x, 1)
        return self.fc(torch.flatten(torch.cat([most, mean], 1), 1))


class Classifier(nn.Module):
    """A linear layer behind the mean of each channel."""

    def __init__(self, channels, classes=10):
        super().__init__()
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        return self.fc(torch.flatten(fn.adaptive_avg_pool2d(x, 1), 1))


def make_lenet(norm=False):
    """LeNet-5 for 28 x 28 images; biases in front of BatchNormalization too."""
    def layer(m):
        return [nn.BatchNorm2d(m)] if norm else []

    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), *layer(6), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), *layer(16), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )


def make_lenet_tanh():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5),
        nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(256, 40), nn.Sigmoid(),
        nn.Linear(40, 3),
    )


def make_mobile():
    """Depthwise and pointwise convolutions."""
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.Hardswish(),
        nn.Conv2d(8, 8, 3, 1, 1, groups=8, bias=False), nn.BatchNorm2d(8), nn.ReLU6(),
        nn.Conv2d(8, 20, 1, bias=False), nn.BatchNorm2d(20),
        nn.Conv2d(20, 40, 3, 2, 1, groups=20), nn.ReLU6(), Gate(40), Classifier(40),
    )


def make_dilated():
    """Dilation, and padding that differs from side to side."""
    return nn.Sequential(
        nn.ZeroPad2d((0, 1, 2, 0)), nn.Conv2d(2, 9, 3, dilation=2), nn.LeakyReLU(0.1),
        nn.ZeroPad2d((1, 0, 0, 2)), nn.Conv2d(9, 7, (2, 3), (2, 1), (1, 0), (1, 2)),
        nn.SiLU(), nn.Conv2d(7, 6, 3, 2, 2), nn.LeakyReLU(), Classifier(6, 4),
    )


def make_grouped():
    return nn.Sequential(
        nn.Conv2d(4, 12, 3, padding=1, groups=2), nn.ReLU(), Shuffle(3),
        nn.Conv2d(12, 18, 3, (2, 1), 1, groups=3, bias=False), nn.BatchNorm2d(18),
        nn.Hardsigmoid(), Shuffle(6), nn.Conv2d(18, 8, 2, groups=2), nn.ReLU(),
        Classifier(8, 7),
    )


def make_dense():
    """BatchNormalization and dropout behind linear layers."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(48, 33), nn.BatchNorm1d(33), nn.ReLU(), nn.Dropout(0.0),
        nn.Linear(33, 21, bias=False), nn.BatchNorm1d(21, eps=1e-3, momentum=0.3),
        nn.Sigmoid(), nn.Linear(21, 9),
    )


def make_segments():
    """A class per pixel."""
    return nn.Sequential(
        nn.Conv2d(2, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(8, 3, 1),
    )


@dataclass(frozen=True)
class Network:
    make: Callable
    shape: tuple  # of one sample
    classes: int = 0  # 0: mean squared error
    batch: int = 6


NETWORKS = {
    "lenet": Network(make_lenet, (1, 28, 28), 10),
    "lenet_norm": Network(lambda: make_lenet(True), (1, 28, 28), 10),
    "lenet_tanh": Network(make_lenet_tanh, (1, 28, 28)),
    "residual": Network(
        lambda: nn.Sequential(Residual(3, 8, 1), Residual(8, 8, 1), Residual(8, 12, 2),
                              Classifier(12)), (3, 9, 11), 10),
    "branches": Network(
        lambda: nn.Sequential(Branches(4), Branches(18), Classifier(18, 6)),
        (4, 9, 8), 6),
    "mobile": Network(make_mobile, (3, 17, 15), 10),
    "dilated": Network(make_dilated, (2, 13, 12), 4),
    "grouped": Network(make_grouped, (4, 8, 9), 7),
    "pools": Network(Pools, (2, 13, 14), 5),
    "slices": Network(Slices, (3, 10, 11)),
    "dense": Network(make_dense, (3, 4, 4), 9, 16),
    "segments": Network(make_segments, (2, 7, 6), 3),
}


class Problem:
    """A network with weights, a batch, and PyTorch's gradients."""

    def __init__(self, module, shape, classes, batch, seed=0):
        generator = torch.Generator().manual_seed(seed)
        self.module = module
        initialize(module, generator)
        self.classes = classes
        self.x = torch.randn(batch, *shape, generator=generator)
        with torch.no_grad():
            out = copy.deepcopy(module).eval()(self.x)
        if classes:
            size = (batch, *out.shape[2:])
            self.y = torch.randint(classes, size, generator=generator)
        else:
            self.y = torch.randn(out.shape, generator=generator)

    @staticmethod
    def make(name, seed=0):
        network = NETWORKS[name]
        return Problem(network.make(), network.shape, network.classes, network.batch,
                       seed)

    @property
    def loss_name(self):
        return "cross_entropy" if self.classes else "mse"

    def copy_module(self, dtype=torch.float32):
        return copy.deepcopy(self.module).to(dtype).train()

    def measure(self, module, x, y):
        """Outputs and loss."""
        out = module(x)
        if self.classes:
            return out, fn.cross_entropy(out, y)
        return out, fn.mse_loss(out, y.to(out.dtype))

    def get_gradients(self, dtype):
        """Everything one step computes, by name: "output", "loss", running
        statistics, and NAME.grad per parameter."""
        module = self.copy_module(dtype)
        out, loss = self.measure(module, self.x.to(dtype), self.y)
        loss.backward()
        result = {"output": out, "loss": loss}
        # What the loss does not depend on has no gradient, and is not exported.
        used = {n: v.grad for n, v in module.named_parameters() if v.grad is not None}
        for name, value in module.named_buffers():
            weight = name.rpartition(".")[0] + ".weight"
            if value.is_floating_point() and weight in used:
                result[name] = value
        result.update({name + ".grad": value for name, value in used.items()})
        return {n: v.detach().double().numpy() for n, v in result.items()}


def initialize(module, generator):
    """Values that let signals through, and statistics that are not trivial."""
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, (nn.Conv2d, nn.Linear)):
                fan = part.weight[0].numel()
                part.weight.normal_(0, (2 / fan) ** 0.5, generator=generator)
                if part.bias is not None:
                    part.bias.normal_(0, 0.1, generator=generator)
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                part.weight.uniform_(0.5, 1.5, generator=generator)
                part.bias.normal_(0, 0.2, generator=generator)
                part.running_mean.normal_(0, 0.1, generator=generator)
                part.running_var.uniform_(0.5, 1.5, generator=generator)


#: Below this share of the largest gradient one is what cancellation left.
CANCELLED = 1e-4


def find_differences(found, exact, single):
    """What is further from float64 than max(1e-5, 4 x PyTorch's own binary32).

    Distances are norms of differences over the norm of the exact tensor; absolute
    where the exact tensor is zero but for rounding, and over the norm of the largest
    gradient where one nearly cancels (a scale in front of a normalisation, whose
    gradient is that of epsilon alone).
    """
    problems = []
    largest = max((np.linalg.norm(value) for name, value in exact.items()
                   if name.endswith(".grad")), default=0.0)
    for name, value in exact.items():
        if name not in found:
            problems.append(f"{name}: missing")
            continue
        mine = np.asarray(found[name], np.float64)
        if mine.shape != value.shape:
            problems.append(f"{name}: shape {mine.shape}, expected {value.shape}")
            continue
        scale = np.linalg.norm(value)
        scale = 1.0 if scale < 1e-10 else scale
        if name.endswith(".grad") and scale < CANCELLED * largest:
            scale = largest
        distance = np.linalg.norm(mine - value) / scale
        allowed = max(1e-5, 4 * np.linalg.norm(single[name] - value) / scale)
        if not distance <= allowed:
            problems.append(f"{name}: distance {distance:.3g}, allowed {allowed:.3g}")
    return problems
