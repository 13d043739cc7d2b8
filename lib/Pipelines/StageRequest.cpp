//===- StageRequest.cpp - Checking what is asked of the stages ------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Pipelines/InsertedPasses.h"
#include "photonic/Pipelines/Options.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Regex.h"

using namespace photonic;
using llvm::StringRef;

std::pair<StringRef, StringRef>
photonic::splitOptimizerModel(StringRef optimizer) {
  auto [file, rate] = optimizer.rsplit(":lr=");
  if (!file.ends_with(".onnx"))
    return {};
  return {file, rate};
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// "auto, df1 or df2".
static std::string listChoices(llvm::ArrayRef<StringRef> choices) {
  std::string text = llvm::join(choices.drop_back(), ", ");
  return text + " or " + choices.back().str();
}

std::string photonic::describeWrongValue(const OptionInfo &option,
                                         StringRef value, Spelling spelling) {
  return (spell(spelling, option.name) + " has to be " + option.expected +
          ", found '" + value + "'")
      .str();
}

std::string photonic::checkValue(const OptionInfo &option, StringRef value,
                                 Spelling spelling) {
  auto fail = [&](const llvm::Twine &expected, const llvm::Twine &more = "") {
    return (spell(spelling, option.name) + " has to be " + expected +
            ", found '" + value + "'" + more)
        .str();
  };
  // Of an empty variable of a shell: it must not mean that nothing was asked.
  if (value.empty() && option.kind == OptionKind::Value &&
      option.choices.empty() && !option.isRegex)
    return fail(option.expected.empty() ? option.placeholder : option.expected);
  if (!option.choices.empty() && !llvm::is_contained(option.choices, value))
    return fail(listChoices(option.choices));
  std::string problem;
  if (option.isRegex && !value.empty() && !llvm::Regex(value).isValid(problem))
    return fail("a regular expression", ": " + problem);
  return {};
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

namespace {
/// What is wrong with a request as a whole.
class RequestCheck {
public:
  RequestCheck(const StageRequest &request, llvm::ArrayRef<OptionInfo> options)
      : request(request), training(request.stages.training), options(options),
        spelling(request.spelling) {}

  std::string run() const {
    for (auto check : {&RequestCheck::checkDependent, &RequestCheck::checkLearn,
                       &RequestCheck::checkTraining, &RequestCheck::checkStages,
                       &RequestCheck::checkLate, &RequestCheck::checkInserted})
      if (std::string wrong = (this->*check)(); !wrong.empty())
        return wrong;
    return {};
  }

private:
  bool has(StringRef name) const { return request.given.count(name); }
  std::string name(StringRef option) const { return spell(spelling, option); }
  std::string give(StringRef option, StringRef value = {}) const {
    return spell(spelling, option, value);
  }

  /// Options that say how a step trains, without one.
  std::string checkDependent() const {
    if (training.train)
      return {};
    for (const OptionInfo &option : getStageOptions()) {
      bool isModel = option.name == "optimizer" &&
                     !splitOptimizerModel(training.optimizer).first.empty();
      if (option.needsTrain && has(option.name) && !isModel)
        return name(option.name) + " has no meaning without " + name("train") +
               "; give " + give("train") +
               " to compile a training step, or leave it out";
    }
    return {};
  }

  std::string checkLearn() const {
    if (!has("learn") || training.hasMutableParameters())
      return {};
    return name("learn") +
           " has no meaning for inference, whose parameters are constants; "
           "give " +
           give("train") + " or " + give("mutable-parameters") +
           ", or leave it out";
  }

  std::string checkTraining() const {
    if (!training.train)
      return {};
    if (training.mutableParameters)
      return name("mutable-parameters") + " compiles a forward pass and " +
             name("train") +
             " a training step, whose parameters are mutable anyway; leave one "
             "out";
    if (!splitOptimizerModel(training.optimizer).first.empty())
      return give("optimizer", training.optimizer) +
             " belongs to a training model of ONNX Runtime, which holds its "
             "backward pass; leave " +
             name("train") + " out, or name an optimizer: sgd:... or adam:...";
    if (training.optimizer.empty() && !training.emitGradients)
      return name("train") + " without " + name("optimizer") +
             " computes gradients that nobody sees; give " +
             give("optimizer", "sgd:lr=0.01") + " or another, or " +
             give("emit-gradients");
    return {};
  }

  std::string checkStages() const {
    if (request.from <= request.to)
      return {};
    return giveFrom() + " leaves nothing to do before " +
           getStageName(request.to).str();
  }

  /// The stage behind which an option comes too late, if there is one.
  std::optional<Stage> getSettlingStage(const OptionInfo &option) const {
    return option.settledForInference && !training.hasMutableParameters()
               ? option.settledForInference
               : option.settledBy;
  }

  /// An option of a stage that is over, where the IR has decided already.
  std::string checkLate() const {
    for (const OptionInfo &option : options)
      if (std::optional<Stage> stage = getSettlingStage(option);
          stage && has(option.name) && request.from > *stage)
        return name(option.name) + " has no effect with " + giveFrom() +
               ": stage " + getStageName(*stage).str() +
               " has settled it; leave it out, or start from an earlier stage";
    return {};
  }

  /// Passes in stages that do not run, or that are none.
  std::string checkInserted() const {
    for (const InsertedPasses &passes : request.stages.insertedPasses) {
      std::string stage = getStageName(passes.stage).str();
      std::string option = give("insert-pass", stage + ":" + passes.pipeline);
      if (passes.stage < request.from)
        return option + " has no effect with " + giveFrom() + ": stage '" +
               stage +
               "' is over; leave it out, or start from an earlier stage";
      if (passes.stage > request.to)
        return option + " has no effect: stage '" + stage +
               "' does not run, the last one is '" +
               getStageName(request.to).str() +
               "'; leave it out, or go on to " + giveTo(passes.stage);
      if (std::string wrong = checkPipeline(passes); !wrong.empty())
        return option + " has to hold passes that can run: " + wrong;
    }
    return {};
  }

  /// The option that says where to end.
  std::string giveTo(Stage stage) const {
    return give(spelling == Spelling::Pipeline ? "to" : "compile-to",
                getStageName(stage));
  }

  /// The option that says where to begin: after a stage, but in a pipeline with
  /// one.
  std::string giveFrom() const {
    if (spelling == Spelling::Pipeline)
      return give("from", getStageName(request.from));
    return give("compile-from", getStageName(static_cast<Stage>(
                                    static_cast<int>(request.from) - 1)));
  }

  const StageRequest &request;
  const TrainingOptions &training;
  llvm::ArrayRef<OptionInfo> options;
  Spelling spelling;
};
} // namespace

std::string
photonic::checkStageRequest(const StageRequest &request,
                            llvm::ArrayRef<OptionInfo> options) {
  return RequestCheck(request, options).run();
}
