//===- InsertedPasses.h - Passes of a user in a stage -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A user may put a pipeline of registered passes behind those of a stage and in
// front of its verification: what they leave is verified, checked and printed
// as the stage's own IR.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_PIPELINES_INSERTEDPASSES_H
#define PHOTONIC_PIPELINES_INSERTEDPASSES_H

#include "photonic/Pipelines/Pipelines.h"

namespace photonic {

/// Reads STAGE:PIPELINE; nothing if there is no such stage, or no pipeline.
std::optional<InsertedPasses> parseInsertedPasses(llvm::StringRef text);

/// A message if the pipeline does not parse, or its passes cannot run on a
/// module; else empty. The message says at which column of STAGE:PIPELINE,
/// counted from 1, if MLIR's parser does. Passes have to be registered.
std::string checkPipeline(const InsertedPasses &passes);

/// Appends the passes. They fail, after a diagnostic, on a module that has none
/// of the operations that they are nested in.
void addInsertedPasses(mlir::OpPassManager &pm, const InsertedPasses &passes);

} // namespace photonic

#endif // PHOTONIC_PIPELINES_INSERTEDPASSES_H
