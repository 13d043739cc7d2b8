//===- FieldText.cpp - What fields hold, in words ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/InstructionSet.h"
#include "phx/isa/Limits.h"

#include <algorithm>

using namespace phx;

static std::string getRangeText(const FieldDescription &field) {
  if (field.most >= limits::magnitude)
    return "at least " + std::to_string(field.least);
  return std::to_string(field.least) + " to " + std::to_string(field.most);
}

static std::string getIndexText(const FieldDescription &field) {
  switch (field.table) {
  case TableKind::Maps:
    return "access map";
  case TableKind::Conversions:
    return "conversion";
  case TableKind::Passes:
    return "pass";
  case TableKind::Combines:
    return "combine";
  case TableKind::Products:
    return "product";
  case TableKind::Tokens:
    return "token";
  case TableKind::Registers:
    return "register, written";
  case TableKind::None:
    return getRangeText(field);
  }
  return "";
}

static std::string getAddressText(const InstructionDescription &d,
                                  const FieldDescription &field) {
  auto access = std::find_if(
      d.accesses.begin(), d.accesses.end(),
      [&](const AccessDescription &a) { return a.address == &field; });
  if (access == d.accesses.end())
    return "address";
  return access->mode == AccessMode::Read    ? "address, read"
         : access->mode == AccessMode::Write ? "address, written"
                                             : "address, accumulated";
}

static std::string getPlainText(const InstructionDescription &d,
                                const FieldDescription &field) {
  switch (field.kind) {
  case FieldKind::Number:
    return "integer, " + getRangeText(field);
  case FieldKind::Index:
    return getIndexText(field);
  case FieldKind::Enum:
    return std::string("word of ") + field.words->name;
  case FieldKind::Flag:
    return "flag";
  case FieldKind::Float:
    return "binary32";
  case FieldKind::Affine:
    return field.role == FieldRole::Plain ? "affine" : "affine, at least 0";
  case FieldKind::Count:
    return "count";
  case FieldKind::Address:
    return getAddressText(d, field);
  case FieldKind::Strides:
    return "strides";
  case FieldKind::Shape:
    return "shape";
  case FieldKind::ZeroFill:
    return "zero fill";
  case FieldKind::Register:
    return "register, read";
  }
  return "";
}

std::string phx::getKindText(const InstructionDescription &d,
                             const FieldDescription &field) {
  std::string text =
      (field.optional ? "optional: " : "") + getPlainText(d, field);
  if (field.operand != OperandRole::None)
    text += std::string(", ") + getRoleName(field.operand);
  if (field.origin != OriginAxis::None)
    text += std::string(", ") + getAxisName(field.origin) + " of the origin";
  return text;
}

std::string phx::toAssembly(const Affine &affine) {
  std::string text = std::to_string(affine.base);
  for (const DigitTerm &digit : affine.terms) {
    text += " + " + std::to_string(digit.weight) + " * ";
    text += digit.loop == laneLoop ? "lane" : "l" + std::to_string(digit.loop);
    if (digit.scale != 1 || digit.offset != 0 || digit.divisor != 1 ||
        digit.modulus != 0)
      text += "(" + std::to_string(digit.scale) + ", " +
              std::to_string(digit.offset) + ", " +
              std::to_string(digit.divisor) + ", " +
              std::to_string(digit.modulus) + ")";
  }
  return affine.terms.empty() ? text : "[" + text + "]";
}

std::string phx::toAssembly(const Count &count) {
  std::string text = std::to_string(count.cap);
  if (count.remaining)
    text += " of " + toAssembly(*count.remaining);
  if (count.registerIndex)
    text += (count.remaining ? " + r" : " of r") +
            std::to_string(*count.registerIndex);
  return text;
}
