//===- phx-generate-isa.cpp - Texts made from descriptions ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Generate.h"

#include "machines/AllTargets.h"

int main(int argc, char **argv) {
  phx::registerAllMachineTargets();
  return phx::generate::run(argc, argv);
}
