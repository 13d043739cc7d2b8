//===- ImportTestUtils.h - Models as text --------------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_IMPORT_IMPORTTESTUTILS_H
#define PHOTONIC_UNITTESTS_IMPORT_IMPORTTESTUTILS_H

#include "Model.h"
#include "photonic/Import/ONNX/ImportONNX.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/raw_ostream.h"
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

/// The collected messages contain the text.
#define EXPECT_SAYS(TEXT)                                                      \
  EXPECT_NE(messages.find(TEXT), std::string::npos) << messages

namespace photonic::test {

/// A model with the given fields of its graph, in text format.
inline ::onnx::ModelProto makeModel(const std::string &graph,
                                    int64_t opset = 17) {
  ::onnx::ModelProto model;
  std::string text = "ir_version: 8 opset_import { domain: '' version: " +
                     std::to_string(opset) + " } graph { " + graph + " }";
  EXPECT_TRUE(::google::protobuf::TextFormat::ParseFromString(text, &model))
      << text;
  return model;
}

/// `name: 'x' type { … }` of a tensor; extents are numbers or symbols.
inline std::string makeInfo(const std::string &name,
                            std::vector<std::string> extents, int type = 1) {
  std::string shape;
  for (const std::string &extent : extents)
    shape += std::isdigit(extent[0]) ? "dim { dim_value: " + extent + " } "
                                     : "dim { dim_param: '" + extent + "' } ";
  return "name: '" + name +
         "' type { tensor_type { elem_type: " + std::to_string(type) +
         " shape { " + shape + "} } } ";
}
inline std::string makeInput(const std::string &name,
                             std::vector<std::string> extents, int type = 1) {
  return "input { " + makeInfo(name, std::move(extents), type) + "} ";
}
inline std::string makeOutput(const std::string &name) {
  return "output { name: '" + name + "' } ";
}

/// A node with one output; `more` holds attributes or a name.
inline std::string makeNode(const std::string &op,
                            std::vector<std::string> inputs,
                            const std::string &output,
                            const std::string &more = "") {
  std::string text = "node { op_type: '" + op + "' output: '" + output + "' ";
  for (const std::string &input : inputs)
    text += "input: '" + input + "' ";
  return text + more + "} ";
}
inline std::string makeInts(const std::string &name,
                            const std::string &values) {
  return "attribute { name: '" + name + "' type: INTS ints: [" + values +
         "] } ";
}
inline std::string makeInt(const std::string &name, int64_t value) {
  return "attribute { name: '" + name +
         "' type: INT i: " + std::to_string(value) + " } ";
}

/// An initialiser of floats or of 64-bit integers.
inline std::string makeWeights(const std::string &name, const std::string &dims,
                               const std::string &values) {
  return "initializer { name: '" + name + "' data_type: 1 dims: [" + dims +
         "] float_data: [" + values + "] } ";
}
inline std::string makeIntegers(const std::string &name,
                                const std::string &values) {
  int64_t count = values.empty() ? 0 : llvm::StringRef(values).count(',') + 1;
  return "initializer { name: '" + name +
         "' data_type: 7 dims: " + std::to_string(count) + " int64_data: [" +
         values + "] } ";
}

/// x of the given shape through one node to y.
inline std::string
single(const std::string &node,
       std::vector<std::string> extents = {"1", "2", "4", "4"}) {
  return makeInput("x", std::move(extents)) + node + makeOutput("y");
}

/// Imports models and keeps what was said.
class ImportTest : public ::testing::Test {
protected:
  ImportTest()
      : handler(&context, [this](mlir::Diagnostic &diagnostic) {
          messages += diagnostic.str() + "\n";
          for (mlir::Diagnostic &note : diagnostic.getNotes())
            messages += "note: " + note.str() + "\n";
          return mlir::success();
        }) {}

  /// The module as text, or nothing.
  std::string import(const ::onnx::ModelProto &model,
                     const ImportOptions &options = {}) {
    std::string bytes = model.SerializeAsString();
    return importBytes(bytes, options);
  }
  std::string import(const std::string &graph, int64_t opset = 17,
                     const ImportOptions &options = {}) {
    return import(makeModel(graph, opset), options);
  }
  std::string importBytes(llvm::StringRef bytes,
                          const ImportOptions &options = {}) {
    messages.clear();
    auto module = importONNXBuffer({bytes, "dir/model.onnx"}, options, context);
    std::string text;
    llvm::raw_string_ostream os(text);
    if (module)
      module->print(os);
    return text;
  }

  mlir::MLIRContext context;
  std::string messages;

private:
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace photonic::test

#endif // PHOTONIC_UNITTESTS_IMPORT_IMPORTTESTUTILS_H
