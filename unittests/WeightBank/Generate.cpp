//===- Generate.cpp - Texts made from the descriptions of weight banks ----===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../runtime/tools/phx-generate-isa/Generate.h"
#include "WeightBank.h"

int main(int argc, char **argv) {
  phx::weightbank::registerInstructions();
  return phx::generate::run(argc, argv);
}
