//===- Learning.h - What a model says is learned ------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ONNX does not tell parameters from other constants. Some writers of files do,
// each in a way of its own.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_LEARNING_H
#define PHOTONIC_LIB_IMPORT_ONNX_LEARNING_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include <onnx/onnx_pb.h>

namespace photonic::importer {

/// What a model says about one of its tensors.
enum class Learning {
  Unstated, ///< nothing
  Learned,  ///< training determines it
  Kept,     ///< training leaves it as it is, such as a buffer of a module
  Literal,  ///< a number in the program text of the module
};

/// What a model says about all of them.
class LearningList {
public:
  /// The metadata entry `photonic.learned` of the model, names of what is
  /// learned separated by line feeds; without it, what PyTorch's exporter
  /// `torch.onnx.export(dynamo=True)` notes at each tensor.
  void read(const ::onnx::ModelProto &model);
  Learning get(llvm::StringRef tensor) const;

private:
  void readNotes(const ::onnx::GraphProto &graph);

  bool isList = false, hasNotes = false;
  llvm::StringSet<> learned;
  llvm::StringMap<Learning> notes;
};

/// True for names that PyTorch gives parameters and buffers, `block.0.weight`,
/// and not to what nodes compute.
bool isModuleName(llvm::StringRef tensor);

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_LEARNING_H
