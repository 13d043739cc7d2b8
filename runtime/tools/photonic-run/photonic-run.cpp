//===- photonic-run.cpp - Executes program files ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/All.h"
#include "phx/run/CommandLine.h"

int main(int argc, char **argv) {
  phx::registerAllMachines();
  return phx::runMain(argc, argv);
}
