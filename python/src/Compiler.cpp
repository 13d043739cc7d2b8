//===- Compiler.cpp - The compiler for Python -------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The module photonic._compiler. The compiler is built without exceptions; none
// is thrown while its functions are on the stack, not even where memory runs
// out (SeparateThread.h).
//
//===----------------------------------------------------------------------===//

#include "Bindings.h"
#include "SeparateThread.h"

#include "photonic/Driver/Driver.h"

#include "phx/target/Values.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>

using namespace photonic::python;
using namespace nb::literals;

/// What a compilation says.
struct Answer {
  bool succeeded = false;
  /// Of each its severity and its text.
  std::vector<std::pair<std::string, std::string>> messages;
  std::optional<photonic::nn::TrainingSummary> training;
  std::string target; ///< a description file; empty if the IR carries none
};

/// Calls `work` with a context of its own, whose messages become the answer's.
static void answerWith(Answer &answer,
                       llvm::function_ref<bool(mlir::MLIRContext &)> work) {
  mlir::DialectRegistry registry;
  photonic::registerCompilerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  photonic::DiagnosticPrinter printer(
      context, [&](llvm::StringRef severity, const std::string &text) {
        answer.messages.emplace_back(severity.str(), text);
      });
  answer.succeeded = work(context);
}

static void compile(photonic::CompileRequest request, Answer &answer) {
  request.onTraining = [&](const photonic::nn::TrainingSummary &summary) {
    answer.training = summary;
  };
  request.onTarget = [&](const phx::Target &target) {
    answer.target = phx::printTarget(target);
  };
  answerWith(answer, [&](mlir::MLIRContext &context) {
    return mlir::succeeded(photonic::compile(request, context, llvm::nulls()));
  });
}

/// Does `work` on a thread of its own. Raises MemoryError, which begins with
/// `what`, if there is not enough for it or its thread.
static void runOrRaise(const std::string &what, std::function<void()> work) {
  Ending ending;
  {
    nb::gil_scoped_release released;
    ending = runSeparately(std::move(work));
  }
  if (ending == Ending::Done)
    return;
  std::string text = what + " needs ";
  text += ending == Ending::NoThread
              ? "one more thread than the system has to give"
              : "more memory than there is";
  PyErr_SetString(PyExc_MemoryError, text.c_str());
  throw nb::python_error();
}

static Answer compile(const photonic::CompileRequest &request) {
  auto answer = std::make_shared<Answer>();
  runOrRaise("compiling '" + request.input + "'",
             [answer, request] { compile(request, *answer); });
  return std::move(*answer);
}

/// What the IR in a file consists of, as JSON.
static void summarize(const std::string &path, Answer &answer,
                      std::string &summary) {
  answerWith(answer, [&](mlir::MLIRContext &context) {
    mlir::FailureOr<std::string> text = photonic::summarizeIR(path, context);
    if (mlir::failed(text))
      return false;
    summary = std::move(*text);
    return true;
  });
}

static nb::object decode(const std::string &text) {
  return nb::steal(PyUnicode_DecodeUTF8(text.data(), Py_ssize_t(text.size()),
                                        "surrogateescape"));
}

static nb::list
decode(const std::vector<std::pair<std::string, std::string>> &messages) {
  nb::list list;
  for (const auto &[severity, text] : messages)
    list.append(nb::make_tuple(
        severity, nb::steal(PyUnicode_DecodeUTF8(
                      text.data(), Py_ssize_t(text.size()), "replace"))));
  return list;
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
  return nb::make_tuple(
      decode(training->trained.names), decode(training->statistics.names),
      decode(training->kept.names), decode(training->describe()));
}

/// Of each option its name, its keyword in Python, "flag", "value", "names" or
/// "many", an example of a text, the initial value, and what the value looks
/// like.
static nb::list listOptions() {
  static constexpr const char *kinds[] = {"flag", "value", "names", "many"};
  nb::list list;
  for (const photonic::OptionInfo &option : photonic::getOptions())
    list.append(
        nb::make_tuple(option.name.str(),
                       photonic::spell(photonic::Spelling::Python, option.name),
                       kinds[size_t(option.kind)], option.example.str(),
                       option.initial.str(), option.placeholder.str()));
  return list;
}

NB_MODULE(_compiler, m) {
  m.doc() = "From a model file to a program file (internal).";
  using Request = photonic::CompileRequest;
  nb::enum_<photonic::Spelling>(m, "Spelling")
      .value("COMMAND_LINE", photonic::Spelling::CommandLine)
      .value("PYTHON", photonic::Spelling::Python);
  nb::class_<Request>(m, "Request", "What to compile.")
      .def("__init__",
           [](Request *request) {
             new (request) Request();
             request->spelling = photonic::Spelling::Python;
           })
      .def_rw("input", &Request::input)
      .def_rw("output", &Request::output)
      .def(
          "set",
          [](Request &request, const std::string &name,
             const std::vector<std::string> &values) {
            return decode(photonic::setOption(request, name, values));
          },
          "name"_a, "values"_a,
          "Sets an option; a message, empty if the values make sense.")
      .def(
          "check",
          [](const Request &request) {
            return decode(photonic::checkRequest(request));
          },
          "A message if the options do not go together; or empty.")
      .def_prop_ro(
          "files",
          [](const Request &request) {
            return decode(photonic::listFilesRead(request));
          },
          "Files that the request names to be read, the target aside.")
      .def_rw("spelling", &Request::spelling,
              "How messages write options; Python's by default.");
  m.def("options", &listOptions,
        "(name on the command line, keyword, kind, example, initial value, "
        "placeholder).");
  m.def(
      "compile",
      [](const Request &request) {
        Answer answer = compile(request);
        return nb::make_tuple(answer.succeeded, decode(answer.messages),
                              describe(answer.training), answer.target);
      },
      "request"_a,
      "(whether it succeeded, [(severity, text)], what a step trains, the "
      "description of the target).");
  m.def(
      "summarize_ir",
      [](const std::string &path) {
        auto answer = std::make_shared<Answer>();
        auto summary = std::make_shared<std::string>();
        runOrRaise("reading '" + path + "'", [answer, summary, path] {
          summarize(path, *answer, *summary);
        });
        return nb::make_tuple(answer->succeeded, decode(answer->messages),
                              decode(*summary));
      },
      "path"_a,
      "(whether it could be read, [(severity, text)], what the IR consists of, "
      "as JSON).");
}
