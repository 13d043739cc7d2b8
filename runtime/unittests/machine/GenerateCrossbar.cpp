//===- GenerateCrossbar.cpp - Texts made from crossbars' descriptions -===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../tools/phx-generate-isa/Generate.h"
#include "Crossbar.h"

int main(int argc, char **argv) {
  phx::crossbar::registerInstructions();
  return phx::generate::run(argc, argv);
}
