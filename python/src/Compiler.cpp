//===- Compiler.cpp - The compiler for Python -------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The module photonic._compiler. The compiler is built without exceptions; none
// is thrown while its functions are on the stack.
//
//===----------------------------------------------------------------------===//

#include "Bindings.h"

#include "photonic/Driver/Driver.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"

using namespace photonic::python;
using namespace nb::literals;

/// Prefix of the messages; the package's Python side takes it off again.
static constexpr const char *program = "photonic";

/// What a compilation says.
struct Answer {
  bool succeeded = false;
  std::string messages;
  std::optional<photonic::nn::TrainingSummary> training;
};

static Answer compile(photonic::CompileRequest request) {
  nb::gil_scoped_release released;
  Answer answer;
  request.onTraining = [&](const photonic::nn::TrainingSummary &summary) {
    answer.training = summary;
  };
  mlir::DialectRegistry registry;
  photonic::registerCompilerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  llvm::raw_string_ostream stream(answer.messages);
  photonic::DiagnosticPrinter printer(context, program, stream);
  answer.succeeded =
      mlir::succeeded(photonic::compile(request, context, llvm::nulls()));
  return answer;
}

static nb::object decode(const std::string &text) {
  return nb::steal(PyUnicode_DecodeUTF8(text.data(), Py_ssize_t(text.size()),
                                        "surrogateescape"));
}

static nb::list decode(const std::vector<std::string> &names) {
  nb::list list;
  for (const std::string &name : names)
    list.append(decode(name));
  return list;
}

/// Names of parameters and a sentence: (trained, statistics, kept, text), or
/// None.
static nb::object
describe(const std::optional<photonic::nn::TrainingSummary> &training) {
  if (!training)
    return nb::none();
  return nb::make_tuple(decode(training->trained.names),
                        decode(training->statistics.names),
                        decode(training->kept.names),
                        decode(training->describe()));
}

NB_MODULE(_compiler, m) {
  m.doc() = "From a model file to a program file (internal).";
  using Request = photonic::CompileRequest;
  using Stages = photonic::StageOptions;
  using Training = photonic::TrainingOptions;
  nb::class_<Training>(m, "Training", "What a program does beside inference.")
      .def(nb::init<>())
      .def_rw("train", &Training::train)
      .def_rw("mutable_parameters", &Training::mutableParameters)
      .def_rw("loss", &Training::loss)
      .def_rw("loss_output", &Training::lossOutput)
      .def_rw("optimizer", &Training::optimizer)
      .def_rw("freeze", &Training::freeze)
      .def_rw("learn", &Training::learn)
      .def_rw("emit_gradients", &Training::emitGradients)
      .def_rw("recompute", &Training::recompute);
  nb::class_<Stages>(m, "Stages", "What the stages need to know.")
      .def(nb::init<>())
      .def_rw("target", &Stages::target)
      .def_rw("overrides", &Stages::overrides)
      .def_rw("format", &Stages::format)
      .def_rw("dataflow", &Stages::dataflow)
      .def_rw("memory", &Stages::memory)
      .def_rw("training", &Stages::training);
  nb::class_<Request>(m, "Request", "What to compile.")
      .def(nb::init<>())
      .def_rw("input", &Request::input)
      .def_rw("output", &Request::output)
      .def_rw("batch", &Request::batch)
      .def_rw("dims", &Request::dims)
      .def_rw("shapes", &Request::shapes)
      .def_rw("stages", &Request::stages);
  m.def("is_optimizer_model", [](const std::string &text) {
    return photonic::isOptimizerModel(text);
  });
  m.def(
      "compile",
      [](const Request &request) {
        Answer answer = compile(request);
        nb::object text = nb::steal(
            PyUnicode_DecodeUTF8(answer.messages.data(),
                                 Py_ssize_t(answer.messages.size()), "replace"));
        return nb::make_tuple(answer.succeeded, text,
                              describe(answer.training));
      },
      "request"_a);
}
