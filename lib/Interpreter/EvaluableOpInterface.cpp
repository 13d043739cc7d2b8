//===- EvaluableOpInterface.cpp - Executable operations -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Interpreter/EvaluableOpInterface.h"

#include "photonic/Interpreter/EvaluableOpInterface.cpp.inc"
