//===- TrainingTestUtils.h - Importing models that are trained -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_IMPORT_TRAININGTESTUTILS_H
#define PHOTONIC_UNITTESTS_IMPORT_TRAININGTESTUTILS_H

#include "ImportTestUtils.h"

namespace photonic::test {

#define EXPECT_HOLDS(PART)                                                     \
  EXPECT_NE(text.find(PART), std::string::npos) << text << messages
#define EXPECT_LACKS(PART) EXPECT_EQ(text.find(PART), std::string::npos) << text

inline constexpr int int64 = 7, int32 = 6, boolean = 9, floating = 1;

class TrainingTest : public ImportTest {
protected:
  /// Imports in a mode, from PyTorch or from somebody else.
  std::string importAs(ImportMode mode, const std::string &graph,
                       int64_t opset = 17, const std::string &freeze = "",
                       const std::string &producer = "") {
    ::onnx::ModelProto model = makeModel(graph, opset);
    model.set_producer_name(producer);
    ImportOptions options;
    options.mode = mode;
    options.freeze = freeze;
    text = import(model, options);
    return text;
  }
  std::string train(const std::string &graph, int64_t opset = 17,
                    const std::string &freeze = "") {
    return importAs(ImportMode::Training, graph, opset, freeze);
  }
  std::string evaluate(const std::string &graph, int64_t opset = 17) {
    return importAs(ImportMode::Evaluation, graph, opset);
  }
  std::string infer(const std::string &graph, int64_t opset = 17) {
    return importAs(ImportMode::Inference, graph, opset);
  }

  std::string text;
};

} // namespace photonic::test

#endif // PHOTONIC_UNITTESTS_IMPORT_TRAININGTESTUTILS_H
