//===- photonic-run.cpp - Executes program files ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/run/CommandLine.h"

int main(int argc, char **argv) { return phx::runMain(argc, argv); }
