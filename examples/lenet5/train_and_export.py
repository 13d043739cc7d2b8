#!/usr/bin/env python3
# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains LeNet-5 on scikit-learn's handwritten digits and exports it to ONNX.

Writes, beside this file or into --output-dir,

  lenet5.onnx      opset 17, input "image" [N, 1, 28, 28], output "scores"
                   [N, 10], N symbolic ("batch")
  test_images.npy  [200, 1, 28, 28] float32, digits the network has not seen
  test_labels.npy  [200] int64

The 1797 digits of scikit-learn are 8 x 8 pixels with values 0 to 16. They are
scaled to [0, 1] and enlarged bilinearly to 28 x 28. One fifth of them, with all
classes in proportion, is held out; the test files are the first 200 of it.

Needs torch and scikit-learn; less than a minute on two cores. The seed is fixed:
the same versions on the same kind of processor give the same files. Other
processors may sum in another order and end at slightly different weights.
"""

import argparse
import pathlib

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

SEED = 7
EPOCHS = 20
BATCH = 32
SHIPPED_IMAGES = 200


class LeNet5(nn.Module):
    """LeCun et al. 1998, with ReLU and maximum pooling.

    28 x 28 images padded by 2 are the 32 x 32 of the paper.
    """

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)

    def forward(self, image):
        """Scores of the ten digits, [N, 10], for images [N, 1, 28, 28]."""
        x = self.pool(self.relu(self.conv1(image)))
        x = self.pool(self.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = self.relu(self.fc1(x))
        x = self.relu(self.fc2(x))
        return self.fc3(x)


def load_images():
    """All digits as [1797, 1, 28, 28] float32 in [0, 1], and their labels."""
    digits = load_digits()
    small = torch.tensor(digits.images / 16.0, dtype=torch.float32)[:, None]
    images = nn.functional.interpolate(
        small, size=(28, 28), mode="bilinear", align_corners=False
    )
    return images, torch.tensor(digits.target, dtype=torch.int64)


def train(network, images, labels):
    """Adam with a rate that falls to zero along a cosine."""
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(BATCH):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(network(images[batch]), labels[batch])
            loss.backward()
            optimizer.step()
        schedule.step()


def accuracy(network, images, labels):
    """Share of images whose largest score is at their label."""
    with torch.no_grad():
        return (network(images).argmax(1) == labels).float().mean().item()


def export(network, path):
    """Writes `network` with a symbolic batch."""
    torch.onnx.export(
        network,
        (torch.zeros(1, 1, 28, 28),),
        str(path),
        dynamo=False,
        opset_version=17,
        input_names=["image"],
        output_names=["scores"],
        dynamic_axes={"image": {0: "batch"}, "scores": {0: "batch"}},
    )


def main():
    """Trains, reports the accuracy, writes the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--output-dir", type=pathlib.Path, default=pathlib.Path(__file__).parent
    )
    folder = parser.parse_args().output_dir
    folder.mkdir(parents=True, exist_ok=True)

    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)
    images, labels = load_images()
    seen, unseen = train_test_split(
        np.arange(len(images)), test_size=0.2, stratify=labels, random_state=SEED
    )
    network = LeNet5()
    train(network, images[seen], labels[seen])
    network.eval()

    shipped = unseen[:SHIPPED_IMAGES]
    for name, part in (
        ("training digits", seen),
        ("held-out digits", unseen),
        ("shipped test digits", shipped),
    ):
        correct = accuracy(network, images[part], labels[part])
        print(f"{name + ':':21}{len(part):5}, accuracy {100 * correct:.2f} %")

    export(network, folder / "lenet5.onnx")
    np.save(folder / "test_images.npy", images[shipped].numpy())
    np.save(folder / "test_labels.npy", labels[shipped].numpy())


if __name__ == "__main__":
    main()
