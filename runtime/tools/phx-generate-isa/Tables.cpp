//===- Tables.cpp - Operands of instructions for the docs -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Generate.h"

#include "phx/isa/TableOperation.h"

#include <algorithm>

using namespace phx;
using namespace phx::generate;

void generate::writeTable(const InstructionDescription &d, std::ostream &os) {
  if (d.fields.empty())
    return;
  os << "| operand | kind | unit | meaning |\n|---|---|---|---|\n";
  for (const FieldDescription &field : d.fields)
    os << "| `" << field.attribute << "` | " << getKindText(d, field) << " | "
       << field.unit << " | " << field.doc << " |\n";
}

void generate::writeFunctions(const EnumDescription &words, std::ostream &os) {
  bool hasOps = std::any_of(words.entries.begin(), words.entries.end(),
                            [](const EnumEntry &entry) { return entry.ops; });
  os << "| `" << words.name << "` | number | value |"
     << (hasOps ? " ops |" : "") << "\n|---|---:|---|"
     << (hasOps ? "---:|" : "") << "\n";
  for (size_t i = 0; i < words.entries.size(); ++i) {
    const EnumEntry &entry = words.entries[i];
    os << "| `" << entry.name << "` | " << i << " | " << entry.doc << " |";
    if (hasOps)
      os << " " << entry.ops << " |";
    os << "\n";
  }
}

void generate::writeOperationTable(std::ostream &os) {
  os << "| operation | parameter | holds | meaning |\n|---|---|---|---|\n";
  for (const OperationDescription *d : OperationSet::get().list()) {
    os << "| `" << d->name << "` | | of the table of " << getTableName(d->table)
       << (d->table == OperationTable::Pass ? "es" : "s") << " | "
       << d->summary << " |\n";
    for (const ParameterDescription &p : d->parameters)
      os << "| | `" << p.name << "`" << (*p.unit ? ", " : "") << p.unit << " | "
         << getKindText(p) << " | " << p.doc << " |\n";
  }
}

void generate::writeEncoding(std::ostream &os) {
  os << "| opcode | instruction | operands, in order |\n|---:|---|---|\n";
  for (const InstructionDescription *d : InstructionSet::get().list()) {
    os << "| " << unsigned(d->opcode) << " | `" << d->mnemonic << "` |";
    const char *separator = " ";
    for (const FieldDescription &field : d->fields) {
      os << separator << field.attribute;
      separator = ", ";
    }
    os << " |\n";
  }
}
