//===- Request.cpp - Setting and checking options
//---------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Driver/Request.h"

#include "photonic/Import/ONNX/ImportONNX.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Regex.h"

using namespace llvm;
using namespace photonic;

/// No machine holds more samples, and no dimension is longer.
static constexpr int64_t maxSize = (int64_t(1) << 31) - 1;

//===----------------------------------------------------------------------===//
// Options of the request itself
//===----------------------------------------------------------------------===//

static bool parseSize(StringRef text, int64_t &size) {
  return !text.getAsInteger(10, size) && size >= 1 && size <= maxSize;
}

static bool addDim(CompileRequest &request, StringRef text) {
  auto [name, value] = text.rsplit('=');
  int64_t size = 0;
  if (name.empty() || !parseSize(value, size))
    return false;
  request.dims.emplace_back(name.str(), size);
  return true;
}

static bool addShape(CompileRequest &request, StringRef text) {
  auto shape = parseInputShape(text);
  if (!shape)
    return false;
  request.shapes.push_back(std::move(*shape));
  return true;
}

static bool setTo(CompileRequest &request, StringRef text) {
  std::optional<Stage> stage = parseStage(text);
  if (stage)
    request.to = *stage;
  request.printIR = true;
  return stage.has_value();
}

/// The input is IR after the stage; the one behind it is the first to run.
static bool setFrom(CompileRequest &request, StringRef text) {
  std::optional<Stage> stage = parseStage(text);
  if (stage)
    request.from = static_cast<Stage>(static_cast<int>(*stage) + 1);
  return stage.has_value();
}

static bool setBatch(CompileRequest &request, StringRef text) {
  return parseSize(text, request.batch);
}

static bool setCheck(CompileRequest &request, StringRef text) {
  request.checkInput = text.str();
  return true;
}

static constexpr StringRef stageNames =
    "import, autodiff, lower, format, split, tile, schedule or emit";

static const Option<CompileRequest> requestOptions[] = {
    {{.name = "batch",
      .placeholder = "N",
      .doc = "samples in one run: the extent of open first dimensions of the "
             "inputs",
      .expected = "a whole number from 1 to 2147483647",
      .settledBy = Stage::Import},
     setBatch},
    {{.name = "dim",
      .kind = OptionKind::Many,
      .placeholder = "name=N|input:axis=N",
      .doc = "extent of another open dimension, by its name in the model or by "
             "input and number (from 0); may be repeated",
      .expected = "name=N or input:axis=N with N at least 1",
      .settledBy = Stage::Import},
     addDim},
    {{.name = "shape",
      .kind = OptionKind::Many,
      .placeholder = "input=N,N,...",
      .doc = "all extents of an input, for a model that does not give its "
             "number of dimensions; may be repeated",
      .expected = "input=N,N,... with extents of at least 1",
      .settledBy = Stage::Import},
     addShape},
    {{.name = "compile-from",
      .placeholder = "stage",
      .doc = "the input is IR after this stage; continue behind it",
      .expected = stageNames},
     setFrom},
    {{.name = "compile-to",
      .placeholder = "stage",
      .doc = "stop after import, autodiff, lower, format, split, tile, "
             "schedule or emit, and print the IR",
      .expected = stageNames},
     setTo},
    {{.name = "check",
      .placeholder = "input.npz",
      .doc = "execute the stages against each other on this input and name the "
             "first node that differs"},
     setCheck},
};

std::vector<OptionInfo> photonic::getOptions() {
  std::vector<OptionInfo> options;
  for (const OptionInfo &option : getStageOptions())
    options.push_back(option);
  for (const OptionInfo &option : requestOptions)
    options.push_back(option);
  return options;
}

//===----------------------------------------------------------------------===//
// Spelling
//===----------------------------------------------------------------------===//

std::string photonic::spell(Spelling spelling, StringRef name) {
  if (spelling == Spelling::CommandLine)
    return "--" + name.str();
  std::string text = name.str();
  std::replace(text.begin(), text.end(), '-', '_');
  // What may be given several times there is a mapping here.
  return name == "dim" || name == "shape" ? text + "s" : text;
}

std::string photonic::spell(Spelling spelling, StringRef name,
                            StringRef value) {
  std::string text = spell(spelling, name);
  if (spelling == Spelling::CommandLine)
    return value.empty() ? text : text + "=" + value.str();
  return text + (value.empty() ? "=True" : "='" + value.str() + "'");
}

/// "auto, df1 or df2".
static std::string listChoices(ArrayRef<StringRef> choices) {
  std::string text = join(choices.drop_back(), ", ");
  return text + " or " + choices.back().str();
}

//===----------------------------------------------------------------------===//
// Setting
//===----------------------------------------------------------------------===//

static std::string checkValue(const OptionInfo &option, StringRef value,
                              Spelling spelling) {
  auto fail = [&](const Twine &expected, const Twine &more = "") {
    return (spell(spelling, option.name) + " has to be " + expected +
            ", found '" + value + "'" + more)
        .str();
  };
  if (!option.choices.empty() && !is_contained(option.choices, value))
    return fail(listChoices(option.choices));
  std::string problem;
  if (option.isRegex && !value.empty() && !Regex(value).isValid(problem))
    return fail("a regular expression", ": " + problem);
  return {};
}

/// Sets the option in `owner` if it is one of `options`; absent if it is none.
template <typename Owner>
static std::optional<std::string>
setIn(ArrayRef<Option<Owner>> options, Owner &owner, StringRef name,
      ArrayRef<std::string> values, Spelling spelling) {
  auto option = find_if(options, [&](const auto &o) { return o.name == name; });
  if (option == options.end())
    return std::nullopt;
  if (option->kind == OptionKind::Flag) {
    option->set(owner, {});
    return "";
  }
  for (StringRef value : values) {
    if (std::string wrong = checkValue(*option, value, spelling);
        !wrong.empty())
      return wrong;
    if (!option->set(owner, value))
      return (spell(spelling, name) + " has to be " + option->expected +
              ", found '" + value + "'")
          .str();
  }
  return "";
}

std::string photonic::setOption(CompileRequest &request, StringRef name,
                                ArrayRef<std::string> values,
                                Spelling spelling) {
  request.given.insert(name.str());
  std::optional<std::string> wrong =
      setIn(getStageOptions(), request.stages, name, values, spelling);
  if (!wrong)
    wrong = setIn(ArrayRef(requestOptions), request, name, values, spelling);
  return wrong ? *wrong : "there is no option '" + name.str() + "'";
}

//===----------------------------------------------------------------------===//
// Checking
//===----------------------------------------------------------------------===//

namespace {
/// What is wrong with a request as a whole.
class RequestCheck {
public:
  RequestCheck(const CompileRequest &request, Spelling spelling)
      : request(request), training(request.stages.training),
        spelling(spelling) {}

  std::string run() const {
    for (auto check : {&RequestCheck::checkDependent, &RequestCheck::checkLearn,
                       &RequestCheck::checkTraining, &RequestCheck::checkStages,
                       &RequestCheck::checkLate})
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
      bool isModel =
          option.name == "optimizer" && isOptimizerModel(training.optimizer);
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
    if (isOptimizerModel(training.optimizer))
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
    return give("compile-from", getLast()) + " leaves nothing to do before " +
           getStageName(request.to).str();
  }

  /// An option of a stage that is over, where the IR has decided already.
  std::string checkLate() const {
    for (const OptionInfo &option : getOptions())
      if (option.settledBy && has(option.name) &&
          request.from > *option.settledBy)
        return name(option.name) + " has no effect with " +
               give("compile-from", getLast()) + ": stage " +
               getStageName(*option.settledBy).str() +
               " has settled it; leave it out, or start from an earlier stage";
    return {};
  }

  /// The stage that the input is IR after.
  StringRef getLast() const {
    return getStageName(static_cast<Stage>(static_cast<int>(request.from) - 1));
  }

  const CompileRequest &request;
  const TrainingOptions &training;
  Spelling spelling;
};
} // namespace

std::string photonic::checkRequest(const CompileRequest &request,
                                   Spelling spelling) {
  return RequestCheck(request, spelling).run();
}
