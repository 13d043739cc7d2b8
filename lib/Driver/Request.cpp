//===- Request.cpp - Setting and checking options ------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Driver/Request.h"

#include "photonic/Driver/Driver.h"
#include "photonic/Import/ONNX/ImportONNX.h"

#include "llvm/ADT/STLExtras.h"

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

/// An empty name would stand for "no check", as an empty variable of a shell.
static bool setCheck(CompileRequest &request, StringRef text) {
  request.checkInput = text.str();
  return !text.empty();
}

static ArrayRef<Option<CompileRequest>> getRequestOptions() {
  static const std::string stages = listStages();
  static const std::string stopDoc =
      "stop after " + stages + ", and print the IR";
  static const Option<CompileRequest> options[] = {
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
        .doc = "extent of another open dimension, by its name in the model or "
               "by input and number (from 0); may be repeated",
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
        .expected = stages},
       setFrom},
      {{.name = "compile-to",
        .placeholder = "stage",
        .doc = stopDoc,
        .expected = stages},
       setTo},
      {{.name = "check",
        .placeholder = "input.npz",
        .doc = "execute the stages against each other on this input and name "
               "the first node that differs",
        .expected = "the name of a file"},
       setCheck},
  };
  return options;
}

std::vector<OptionInfo> photonic::getOptions() {
  std::vector<OptionInfo> options;
  for (const OptionInfo &option : getStageOptions())
    options.push_back(option);
  for (const OptionInfo &option : getRequestOptions())
    options.push_back(option);
  return options;
}

//===----------------------------------------------------------------------===//
// Setting and checking
//===----------------------------------------------------------------------===//

/// Sets the option in `owner` if it is one of `options`; absent if it is none.
template <typename Owner>
static std::optional<std::string>
setIn(ArrayRef<Option<Owner>> options, Owner &owner, StringRef name,
      ArrayRef<std::string> values, Spelling spelling) {
  auto option = find_if(options, [&](const auto &o) { return o.name == name; });
  if (option == options.end())
    return std::nullopt;
  return setValues(*option, owner, values, spelling);
}

std::string photonic::setOption(CompileRequest &request, StringRef name,
                                ArrayRef<std::string> values) {
  request.given.insert(name.str());
  std::optional<std::string> wrong = setIn(getStageOptions(), request.stages,
                                           name, values, request.spelling);
  if (!wrong)
    wrong = setIn(getRequestOptions(), request, name, values, request.spelling);
  return wrong ? *wrong : "there is no option '" + name.str() + "'";
}

std::string photonic::checkRequest(const CompileRequest &request) {
  if (!request.stages.insertedPasses.empty())
    registerCompilerPasses();
  return checkStageRequest(request, getOptions());
}

std::vector<std::string>
photonic::listFilesRead(const CompileRequest &request) {
  std::vector<std::string> files = request.plugins;
  for (StringRef file :
       {StringRef(request.input), StringRef(request.checkInput),
        splitOptimizerModel(request.stages.training.optimizer).first})
    if (!file.empty())
      files.push_back(file.str());
  return files;
}
