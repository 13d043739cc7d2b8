//===- photonic-translate.cpp - Between files of other formats and IR -----===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Import/ONNX/ImportONNX.h"
#include "photonic/InitAllMachines.h"
#include "photonic/Support/TranslateMain.h"
#include "photonic/Target/PHX/PHX.h"

int main(int argc, char **argv) {
  photonic::registerAllMachineLowerings(); // targets that modules carry
  photonic::registerImportONNXTranslation();
  photonic::registerPHXTranslations();
  return photonic::translateMain(argc, argv);
}
