//===- Run.cpp - Command line of phx-generate-isa ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   phx-generate-isa --enums [CLASS]        for mlir-tblgen: enumerations
//   phx-generate-isa --operations [CLASS]   for mlir-tblgen: operations
//   phx-generate-isa --conversions [CLASS]  operations to instructions and
//                                           back, C++
//   phx-generate-isa --table MNEMONIC operands of one instruction, Markdown
//   phx-generate-isa --update PAGE    tables of docs/isa.md, written anew
//   phx-generate-isa --check PAGE     fails if that would change the page
//
//===----------------------------------------------------------------------===//

#include "Generate.h"

#include "phx/support/FileSystem.h"

#include <algorithm>
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

/// The class that an argument names, or all.
static Result<generate::Selection> select(int argc, char **argv) {
  if (argc == 2)
    return generate::Selection{};
  generate::Selection selection{argv[2]};
  const auto &list = InstructionSet::get().list();
  if (std::any_of(list.begin(), list.end(), [&](const auto *d) {
        return selection.contains(*d);
      }))
    return selection;
  return Error{"no instruction of machine class '" + std::string(argv[2]) +
               "' is registered in this program"};
}

int generate::run(int argc, char **argv) {
  std::string what = argc > 1 ? argv[1] : "";
  void (*write)(std::ostream &, const Selection &) =
      what == "--enums"         ? writeEnums
      : what == "--operations"  ? writeOperations
      : what == "--conversions" ? writeConversions
                                : nullptr;
  if (write && argc <= 3) {
    Result<Selection> selection = select(argc, argv);
    if (!selection)
      return fail(selection.error().message);
    if (Result<EnumMap> enums = listEnums(); !enums)
      return fail(enums.error().message);
    std::cout << "// Generated from the descriptions of instructions.\n\n";
    write(std::cout, *selection);
  } else if (what == "--table" && argc == 3) {
    return writeOne(argv[2]);
  } else if ((what == "--update" || what == "--check") && argc == 3) {
    return handlePage(argv[2], what == "--update");
  } else {
    return fail("usage: phx-generate-isa --enums [CLASS] | --operations "
                "[CLASS] | --conversions [CLASS] | --table MNEMONIC | --update "
                "PAGE | --check PAGE");
  }
  std::cout.flush();
  return std::cout ? 0 : 1;
}
