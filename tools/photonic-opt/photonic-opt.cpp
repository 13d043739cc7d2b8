//===- photonic-opt.cpp - Runs passes on textual or binary IR -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "photonic/InitAllDialects.h"
#include "photonic/InitAllPasses.h"
#include "photonic/Support/OptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  photonic::registerAllDialects(registry);
  photonic::registerAllPasses();
  return photonic::optMain(argc, argv, registry);
}
