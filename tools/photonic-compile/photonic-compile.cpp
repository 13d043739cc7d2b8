//===- photonic-compile.cpp - The compiler -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Driver/Driver.h"

int main(int argc, char **argv) { return photonic::compileMain(argc, argv); }
