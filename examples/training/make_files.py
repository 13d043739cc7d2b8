#!/usr/bin/env python3
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes the files of this folder that are data.

  digits.npz        "images" [1797, 8, 8] uint8 from 0 to 16, "labels" [1797]
                    uint8: the test set of E. Alpaydin and C. Kaynak, "Optical
                    Recognition of Handwritten Digits", UCI Machine Learning
                    Repository 1998, CC BY 4.0, as scikit-learn ships it
  lenet5_norm.onnx  LeNet-5 with BatchNormalization behind its convolutions,
                    weights as PyTorch draws them; input "image"
                    [N, 1, 28, 28], output "scores" [N, 10]

Needs photonic, torch and scikit-learn.
"""

import pathlib

import numpy as np
import photonic
import torch
from sklearn.datasets import load_digits
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent


class LeNet5(nn.Module):
    """LeCun et al. 1998, with ReLU, maximum pooling and BatchNormalization, which
    makes the biases of the convolutions superfluous."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2, bias=False)
        self.norm1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 16, 5, bias=False)
        self.norm2 = nn.BatchNorm2d(16)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)

    def forward(self, image):
        """Scores of the ten digits, [N, 10], for images [N, 1, 28, 28]."""
        x = self.pool(self.relu(self.norm1(self.conv1(image))))
        x = self.pool(self.relu(self.norm2(self.conv2(x))))
        x = torch.flatten(x, 1)
        x = self.relu(self.fc1(x))
        x = self.relu(self.fc2(x))
        return self.fc3(x)


def main():
    """Writes both files."""
    digits = load_digits()
    np.savez_compressed(
        HERE / "digits.npz",
        images=digits.images.astype(np.uint8),
        labels=digits.target.astype(np.uint8),
    )
    torch.manual_seed(0)
    model = photonic.from_torch(
        LeNet5(), torch.zeros(2, 1, 28, 28), training=True, output_names=["scores"]
    )
    model.save(HERE / "lenet5_norm.onnx")


if __name__ == "__main__":
    main()
