//===- phx-generate-isa.cpp - Texts made from descriptions ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   phx-generate-isa --operations     definitions for mlir-tblgen
//   phx-generate-isa --conversions    operations to instructions and back, C++
//   phx-generate-isa --table MNEMONIC operands of one instruction, Markdown
//
//===----------------------------------------------------------------------===//

#include "Generate.h"

#include "machines/AllTargets.h"

#include <iostream>

using namespace phx;

static int writeOne(const std::string &mnemonic) {
  const InstructionDescription *d = InstructionSet::get().find(mnemonic);
  if (!d) {
    std::cerr << "there is no instruction '" << mnemonic << "'\n";
    return 1;
  }
  generate::writeTable(*d, std::cout);
  return 0;
}

int main(int argc, char **argv) {
  registerAllMachineTargets();
  std::string what = argc > 1 ? argv[1] : "";
  if (what == "--operations" && argc == 2)
    generate::writeOperations(std::cout);
  else if (what == "--conversions" && argc == 2)
    generate::writeConversions(std::cout);
  else if (what == "--table" && argc == 3)
    return writeOne(argv[2]);
  else {
    std::cerr << "usage: phx-generate-isa --operations | --conversions | "
                 "--table MNEMONIC\n";
    return 1;
  }
  std::cout.flush();
  return std::cout ? 0 : 1;
}
