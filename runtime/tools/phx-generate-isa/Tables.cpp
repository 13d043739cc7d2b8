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
    return "word";
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
