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

/// Compiles and returns (succeeded, messages).
static std::pair<bool, std::string>
compile(const std::string &input, const std::string &output, int64_t batch,
        const std::vector<std::pair<std::string, int64_t>> &dims,
        const std::string &target, const std::vector<std::string> &overrides,
        const std::string &format, const std::string &dataflow,
        const std::string &memory) {
  nb::gil_scoped_release released;
  photonic::CompileRequest request;
  request.input = input;
  request.output = output;
  request.batch = batch;
  request.dims = dims;
  request.stages.target = target;
  request.stages.overrides = overrides;
  request.stages.format = format;
  request.stages.dataflow = dataflow;
  request.stages.memory = memory;
  mlir::DialectRegistry registry;
  photonic::registerCompilerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  photonic::DiagnosticPrinter printer(context, program, stream);
  bool succeeded =
      mlir::succeeded(photonic::compile(request, context, llvm::nulls()));
  return {succeeded, messages};
}

NB_MODULE(_compiler, m) {
  m.doc() = "From a model file to a program file (internal).";
  m.def(
      "compile",
      [](const std::string &input, const std::string &output, int64_t batch,
         const std::vector<std::pair<std::string, int64_t>> &dims,
         const std::string &target, const std::vector<std::string> &overrides,
         const std::string &format, const std::string &dataflow,
         const std::string &memory) {
        auto [succeeded, messages] =
            compile(input, output, batch, dims, target, overrides, format,
                    dataflow, memory);
        nb::object text = nb::steal(PyUnicode_DecodeUTF8(
            messages.data(), Py_ssize_t(messages.size()), "replace"));
        return nb::make_tuple(succeeded, text);
      },
      "input"_a, "output"_a, "batch"_a, "dims"_a, "target"_a, "overrides"_a,
      "format"_a, "dataflow"_a, "memory"_a);
}
