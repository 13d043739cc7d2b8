# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The command `photonic compile`."""

from __future__ import annotations

import os
from typing import List, Optional

import typer

from . import compiler, streams
from .cli_common import (
    DimOption,
    SetOption,
    ShapeOption,
    parse_dims,
    parse_shapes,
    split_names,
)


def compile_command(
    model: str = typer.Argument(..., metavar="MODEL.onnx"),
    output: Optional[str] = typer.Option(
        None, "-o", "--output", metavar="MODEL.phx", help="Default: beside the model."
    ),
    target: str = typer.Option("mirage", metavar="NAME|FILE", help="The machine."),
    batch: Optional[int] = typer.Option(
        None, help="Samples in one run: the extent of open first dimensions."
    ),
    dim: Optional[List[str]] = DimOption,
    shape: Optional[List[str]] = ShapeOption,
    format: Optional[str] = typer.Option(
        None, metavar="bfp:M:G|fp32", help="Number format (default: the target's)."
    ),
    dataflow: str = typer.Option("auto", metavar="auto|df1|df2"),
    memory: str = typer.Option("ideal", metavar="ideal|hierarchy"),
    set_: Optional[List[str]] = SetOption,
    train: bool = typer.Option(False, "--train", help="Compile a training step."),
    loss: Optional[str] = typer.Option(
        None, metavar="cross_entropy|mse", help="Default: the loss in the model."
    ),
    loss_output: Optional[str] = typer.Option(
        None, metavar="NAME", help="Output of the model that the loss looks at, or that is it."
    ),
    optimizer: Optional[str] = typer.Option(
        None,
        metavar="sgd:...|adam:...|FILE.onnx",
        help="How parameters change, e.g. sgd:lr=0.01,momentum=0.9.",
    ),
    freeze: Optional[str] = typer.Option(
        None, metavar="REGEX", help="Parameters that training leaves as they are."
    ),
    learn: Optional[str] = typer.Option(
        None, metavar="REGEX", help="Constants to train beside weights of layers."
    ),
    emit_gradients: bool = typer.Option(
        False, "--emit-gradients", help="An output PARAMETER.grad for each parameter."
    ),
    recompute: Optional[str] = typer.Option(
        None, metavar="NODE,...", help="Nodes that the backward pass computes again."
    ),
    mutable_parameters: bool = typer.Option(
        False, "--mutable-parameters", help="The forward pass of a network in training."
    ),
) -> None:
    """Compile an ONNX model to a program file."""
    path = output
    if path is None:
        path = os.path.splitext(model)[0] + ".phx"
    exe = compiler.compile(
        model,
        target,
        batch=batch,
        dims=parse_dims(dim or []),
        shapes=parse_shapes(shape or []),
        format=format,
        dataflow=dataflow,
        memory=memory,
        set=set_,
        output=path,
        train=train,
        loss=loss,
        loss_output=loss_output,
        optimizer=optimizer,
        freeze=freeze,
        learn=learn,
        emit_gradients=emit_gradients,
        recompute=split_names(recompute),
        mutable_parameters=mutable_parameters,
    )
    if exe.training is not None:
        streams.say(f"photonic: {exe.training}")
    print(path)
