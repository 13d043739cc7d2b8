//===- RandomGraphUtils.h - Random networks in tests ---------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DIALECT_NN_RANDOMGRAPHUTILS_H
#define PHOTONIC_UNITTESTS_DIALECT_NN_RANDOMGRAPHUTILS_H

#include "Interpreter/TestUtils.h"
#include "RandomGraph.h"

namespace photonic {

/// A random network, and the diagnostics about it.
struct RandomModule {
  explicit RandomModule(unsigned seed)
      : program("func.func private @nothing()"), graph(program.context, seed),
        module(graph.build()) {}

  std::string print() const {
    std::string text;
    llvm::raw_string_ostream os(text);
    module.get().print(os);
    return text + program.messages;
  }

  /// What @main computes; empty, and a failure of the running test, if it
  /// cannot be run.
  llvm::SmallVector<interp::Value> run() {
    llvm::SmallVector<interp::Value> inputs(graph.getInputs().begin(),
                                            graph.getInputs().end());
    auto results = interp::runMain(*module, inputs);
    EXPECT_TRUE(succeeded(results)) << print();
    return succeeded(results) ? std::move(*results)
                              : llvm::SmallVector<interp::Value>();
  }

  Program program;
  RandomGraph graph;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace photonic

#endif // PHOTONIC_UNITTESTS_DIALECT_NN_RANDOMGRAPHUTILS_H
