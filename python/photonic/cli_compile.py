# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The command `photonic compile`."""

from __future__ import annotations

import os
from typing import List, Optional

import typer

from . import compiler, streams
from .cli_common import (
    DataflowOption,
    DimOption,
    FormatOption,
    FreezeOption,
    LearnOption,
    LossOutputOption,
    MemoryOption,
    RecomputeOption,
    SetOption,
    ShapeOption,
    StorageOption,
    TargetOption,
    split_names,
    to_words,
)


def compile_command(
    model: str = typer.Argument(..., metavar="MODEL.onnx"),
    output: Optional[str] = typer.Option(
        None, "-o", "--output", metavar="MODEL.phx", help="Default: beside the model."
    ),
    target: Optional[str] = TargetOption,
    batch: Optional[int] = typer.Option(
        None, metavar="N", help="Samples in one run: the extent of open first dimensions."
    ),
    dim: Optional[List[str]] = DimOption,
    shape: Optional[List[str]] = ShapeOption,
    format: Optional[str] = FormatOption,
    dataflow: str = DataflowOption,
    operand_storage: str = StorageOption,
    memory: str = MemoryOption,
    no_fold_batch_norm: bool = typer.Option(
        False, "--no-fold-batch-norm", help="Compute BatchNormalization by itself."
    ),
    set_: Optional[List[str]] = SetOption,
    train: bool = typer.Option(False, "--train", help="Compile a training step."),
    loss: Optional[str] = typer.Option(
        None, metavar="cross_entropy|mse", help="Default: the loss in the model."
    ),
    loss_output: Optional[str] = LossOutputOption,
    optimizer: Optional[str] = typer.Option(
        None,
        metavar="sgd:...|adam:...|model.onnx",
        help="How parameters change, e.g. sgd:lr=0.01,momentum=0.9.",
    ),
    freeze: Optional[str] = FreezeOption,
    learn: Optional[str] = LearnOption,
    emit_gradients: bool = typer.Option(
        False, "--emit-gradients", help="An output PARAMETER.grad for each parameter."
    ),
    recompute: Optional[str] = RecomputeOption,
    mutable_parameters: bool = typer.Option(
        False, "--mutable-parameters", help="The forward pass of a network in training."
    ),
    insert_pass: Optional[List[str]] = typer.Option(
        None, "--insert-pass", metavar="stage:passes",
        help="Run passes behind those of a stage, as in split:canonicalize,cse; may be "
        "repeated.",
    ),
    compile_from: Optional[str] = typer.Option(
        None, "--compile-from", metavar="stage",
        help="The model is IR that photonic-compile saved after this stage.",
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
        dims=to_words(dim),
        shapes=to_words(shape),
        format=format,
        dataflow=dataflow,
        operand_storage=operand_storage,
        memory=memory,
        no_fold_batch_norm=no_fold_batch_norm,
        set=set_,
        output=path,
        train=train,
        loss=loss,
        loss_output=loss_output,
        optimizer=optimizer,
        freeze=freeze,
        learn=learn,
        emit_gradients=emit_gradients,
        recompute=split_names(recompute) or (),
        mutable_parameters=mutable_parameters,
        insert_pass=to_words(insert_pass),
        compile_from=compile_from,
    )
    if exe.training is not None:
        streams.say(f"photonic: {exe.training}")
    print(path)
