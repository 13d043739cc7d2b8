//===- ImportControl.cpp - Branches ---------------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NodeImporter.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

LogicalResult importer::importIf(NodeImporter &node) {
  // The graph importer replaces an If whose condition is one constant.
  StringRef name = node.getNode().getInput(0);
  const Entry &condition = node.getEntry(0);
  if (condition.isInteger())
    return node.fail("expected one boolean as condition '" + name +
                     "', got the " + condition.describe());
  return node.unsupported(
      "its condition '" + name +
      "' is computed when the network runs, and programs have no branches; "
      "expected a condition known when it is imported: export the model for "
      "one of the two cases");
}
