//===- Options.h - Options of a compilation, described once ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An option is one entry of a table: its name, what it may be, what it means,
// and where its value goes. The command line, the Python package and
// photonic-pipeline are made from the entries, and so are their messages.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_PIPELINES_OPTIONS_H
#define PHOTONIC_PIPELINES_OPTIONS_H

#include "photonic/Pipelines/Pipelines.h"

namespace photonic {

/// What an option takes.
enum class OptionKind {
  Flag,  ///< nothing: it is there or not
  Value, ///< one value
  Names, ///< names, separated by commas where they are one word
  Many,  ///< values, each given by itself
};

/// What a user has to know of an option.
struct OptionInfo {
  llvm::StringRef name; ///< as on the command line, without dashes
  OptionKind kind = OptionKind::Value;
  llvm::StringRef placeholder; ///< of the value, such as "name|file"
  llvm::StringRef doc;
  llvm::StringRef example = {}; ///< of a value that is text
  llvm::StringRef initial = {}; ///< where that is not empty
  /// The only values, if there are not too many.
  llvm::ArrayRef<llvm::StringRef> choices = {};
  /// What a value has to be, for the message of one that is not.
  llvm::StringRef expected = {};
  bool isRegex = false;
  /// Without meaning unless a training step is compiled.
  bool needsTrain = false;
  /// Behind this stage the IR has decided, and the option comes too late.
  std::optional<Stage> settledBy = std::nullopt;
};

/// An option, and how a value gets into `Owner`. `set` is called once per
/// value, for flags with an empty one; false if the value is not as `expected`.
template <typename Owner> struct Option : OptionInfo {
  bool (*set)(Owner &owner, llvm::StringRef value);
};

/// What the stages need to know beside the IR.
llvm::ArrayRef<Option<StageOptions>> getStageOptions();

} // namespace photonic

#endif // PHOTONIC_PIPELINES_OPTIONS_H
