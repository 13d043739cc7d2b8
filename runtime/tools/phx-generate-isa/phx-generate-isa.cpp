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
//   phx-generate-isa --update PAGE    tables of docs/isa.md, written anew
//   phx-generate-isa --check PAGE     fails if that would change the page
//
//===----------------------------------------------------------------------===//

#include "Generate.h"

#include "machines/AllTargets.h"
#include "phx/support/FileSystem.h"

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

static int fail(const std::string &message) {
  std::cerr << message << "\n";
  return 1;
}

/// Replaces the page as a whole, or says what is out of date in it.
static int handlePage(const std::string &page, bool update) {
  Result<std::string> text = readFile(page);
  if (!text)
    return fail(text.error().message);
  auto specification = generate::updateSpecification(page, *text);
  if (!specification)
    return fail(specification.error().message);
  if (update && specification->text != *text)
    if (Status status = writeFileAtomically(page, specification->text); !status)
      return fail(status.error().message);
  if (update)
    return 0;
  for (const std::string &table : specification->stale)
    std::cerr << table << " is out of date\n";
  if (specification->stale.empty())
    return 0;
  return fail("scripts/generate-docs.sh brings the tables up to date");
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
  else if ((what == "--update" || what == "--check") && argc == 3)
    return handlePage(argv[2], what == "--update");
  else
    return fail("usage: phx-generate-isa --operations | --conversions | "
                "--table MNEMONIC | --update PAGE | --check PAGE");
  std::cout.flush();
  return std::cout ? 0 : 1;
}
