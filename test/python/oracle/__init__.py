# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The arithmetic contract in NumPy, to the last bit.

An implementation of docs/isa.md section 6 and of the meaning of ONNX networks
on top of it that shares no code with the product: every claim "bit for bit" in
the tests is a comparison with this package.

* `formats`   block floating point: conversion of blocks to integers
* `philox`    counter-based random numbers
* `product`   group products and their accumulation: forward products
* `gradients` products of the backward pass
* `functions` sums, pools, exp, log, tanh, sigmoid, softmax
* `network`   an interpreter of ONNX graphs
* `steps`     an interpreter of training steps, as the stage `autodiff` leaves them
"""

from .formats import Format
from .network import Network
from .philox import Key, Stream
from .steps import Step

__all__ = ["Format", "Key", "Network", "Step", "Stream"]
