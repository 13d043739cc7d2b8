//===- Tables.cpp - Operands of instructions for the docs -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Generate.h"

#include <algorithm>

using namespace phx;
using namespace phx::generate;

/// "address, read", "count", "entry of maps", ...
static std::string getKindText(const InstructionDescription &d,
                               const FieldDescription &field) {
  auto access = std::find_if(
      d.accesses.begin(), d.accesses.end(),
      [&](const AccessDescription &a) { return a.address == &field; });
  auto range = [&] {
    constexpr int64_t largest = int64_t(1) << 50;
    if (field.most >= largest)
      return "at least " + std::to_string(field.least);
    return std::to_string(field.least) + " to " + std::to_string(field.most);
  };
  switch (field.kind) {
  case FieldKind::Number:
    return "integer, " + range();
  case FieldKind::Index:
    switch (field.table) {
    case TableKind::Maps:
      return "access map";
    case TableKind::Formats:
      return "number format";
    case TableKind::Products:
      return "product";
    case TableKind::Tokens:
      return "token";
    case TableKind::None:
      return range();
    }
    return "";
  case FieldKind::Enum:
    return std::string("word of `") + field.words->name + "`";
  case FieldKind::Flag:
    return "flag";
  case FieldKind::Float:
    return "binary32";
  case FieldKind::Affine:
    return field.role == FieldRole::Plain ? "affine" : "affine, at least 0";
  case FieldKind::Count:
    return "count";
  case FieldKind::Address:
    if (access == d.accesses.end())
      return "address";
    return access->mode == AccessMode::Read    ? "address, read"
           : access->mode == AccessMode::Write ? "address, written"
                                               : "address, accumulated";
  case FieldKind::Strides:
    return "strides";
  case FieldKind::Shape:
    return "shape";
  case FieldKind::ZeroFill:
    return "zero fill";
  }
  return "";
}

void generate::writeTable(const InstructionDescription &d, std::ostream &os) {
  if (d.fields.empty())
    return;
  os << "| operand | kind | meaning |\n|---|---|---|\n";
  for (const FieldDescription &field : d.fields)
    os << "| `" << field.attribute << "` | "
       << (field.optional ? "optional: " : "") << getKindText(d, field) << " | "
       << field.doc << " |\n";
}

void generate::writeFunctions(const EnumDescription &words, std::ostream &os) {
  bool hasOps = std::any_of(words.entries.begin(), words.entries.end(),
                            [](const EnumEntry &entry) { return entry.ops; });
  os << "| `" << words.name << "` | number | value |" << (hasOps ? " ops |" : "")
     << "\n|---|---:|---|" << (hasOps ? "---:|" : "") << "\n";
  for (size_t i = 0; i < words.entries.size(); ++i) {
    const EnumEntry &entry = words.entries[i];
    os << "| `" << entry.name << "` | " << i << " | " << entry.doc << " |";
    if (hasOps)
      os << " " << entry.ops << " |";
    os << "\n";
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
