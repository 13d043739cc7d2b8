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
#include "photonic/Support/Spelling.h"

#include <functional>
#include <set>

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
  /// The same where parameters are constants, if that is an earlier stage.
  std::optional<Stage> settledForInference = std::nullopt;
};

/// A message if `value` is none of the choices, or no regular expression where
/// one is expected; else an empty string.
std::string checkValue(const OptionInfo &option, llvm::StringRef value,
                       Spelling spelling);
/// "--batch has to be a whole number ..., found 'x'".
std::string describeWrongValue(const OptionInfo &option, llvm::StringRef value,
                               Spelling spelling);

/// An option, and how a value gets into `Owner`. `set` is called once per
/// value, for flags with an empty one; false if the value is not as `expected`.
template <typename Owner> struct Option : OptionInfo {
  bool (*set)(Owner &owner, llvm::StringRef value);
};

/// What the stages need to know beside the IR.
llvm::ArrayRef<Option<StageOptions>> getStageOptions();

/// Which stages to run, how, and in whose words to speak of it.
struct StageRequest {
  StageOptions stages;
  Stage from = Stage::Import; ///< the first to run
  Stage to = Stage::Emit;     ///< the last
  /// Names of the options that were given.
  std::set<std::string, std::less<>> given;
  Spelling spelling = Spelling::CommandLine;
};

/// Sets `option` in `owner`, once per value; a flag takes none. A message if a
/// value is not what the option takes, else an empty string.
template <typename Owner>
std::string setValues(const Option<Owner> &option, Owner &owner,
                      llvm::ArrayRef<std::string> values, Spelling spelling) {
  if (option.kind == OptionKind::Flag) {
    option.set(owner, {});
    return {};
  }
  for (llvm::StringRef value : values) {
    std::string wrong = checkValue(option, value, spelling);
    if (wrong.empty() && !option.set(owner, value))
      wrong = describeWrongValue(option, value, spelling);
    if (!wrong.empty())
      return wrong;
  }
  return {};
}

/// A message if the options that were set do not go together; else empty.
/// `options` are all that could be given.
std::string checkStageRequest(const StageRequest &request,
                              llvm::ArrayRef<OptionInfo> options);

/// Splits FILE.onnx[:lr=X]; the file is empty if `optimizer` is not the file of
/// an optimizer model.
std::pair<llvm::StringRef, llvm::StringRef>
splitOptimizerModel(llvm::StringRef optimizer);

} // namespace photonic

#endif // PHOTONIC_PIPELINES_OPTIONS_H
