//===- Operations.cpp - Operation definitions from descriptions -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Generate.h"

#include <map>
#include <set>

using namespace phx;
using namespace phx::generate;

//===----------------------------------------------------------------------===//
// Fields
//===----------------------------------------------------------------------===//

static std::string getConstraint(const FieldDescription &field) {
  switch (field.kind) {
  case FieldKind::Number:
  case FieldKind::Index:
  case FieldKind::Register:
    return "I64Attr";
  case FieldKind::Enum:
    return std::string("EnumProp<PISA_") + field.words->name + ">";
  case FieldKind::Flag:
    return "UnitAttr";
  case FieldKind::Float:
    return "F32Attr";
  case FieldKind::Affine:
    return "PISA_AffineAttr";
  case FieldKind::Count:
    return "PISA_CountAttr";
  case FieldKind::Address:
    return "PISA_AddressAttr";
  case FieldKind::Strides:
    return "DenseI64ArrayAttr";
  case FieldKind::Shape:
    return "ArrayAttr";
  case FieldKind::ZeroFill:
    return "PISA_ZeroFillAttr";
  }
  return "";
}

static std::string getArgument(const FieldDescription &field) {
  std::string constraint = getConstraint(field);
  if (field.optional)
    constraint = "OptionalAttr<" + constraint + ">";
  return constraint + ":$" + field.attribute;
}

/// `$dst` as the directive that parses and prints it.
static std::string getDirective(const FieldDescription &field) {
  const char *custom = nullptr;
  switch (field.kind) {
  case FieldKind::Index:
    if (field.table != TableKind::Registers)
      return "$" + field.attribute;
    custom = "RegisterName";
    break;
  case FieldKind::Register:
    custom = "RegisterName";
    break;
  case FieldKind::Affine:
    custom = "AffineField";
    break;
  case FieldKind::Count:
    custom = "CountField";
    break;
  case FieldKind::Address:
    custom = "AddressField";
    break;
  case FieldKind::Shape:
    custom = "Counts";
    break;
  case FieldKind::ZeroFill:
    custom = "ZeroFillField";
    break;
  default:
    return "$" + field.attribute;
  }
  return std::string("custom<") + custom + ">($" + field.attribute + ")";
}

/// The assembly of a description with directives in place of `$name`.
static std::string getFormat(const InstructionDescription &d) {
  std::string format =
      namesEngine(d) ? "custom<Engine>($unit, $engine, $lanes) " : "";
  const std::string &text = d.assembly;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '$') {
      format += text[i++];
      continue;
    }
    size_t end = ++i;
    while (end < text.size() && (std::isalnum(text[end]) || text[end] == '_'))
      ++end;
    const FieldDescription *field = d.find(text.substr(i, end - i));
    format += field ? getDirective(*field) : "UNKNOWN_FIELD";
    i = end;
  }
  return format;
}

//===----------------------------------------------------------------------===//
// Definitions
//===----------------------------------------------------------------------===//

static void writeEnum(const EnumDescription &words, std::ostream &os) {
  os << "def PISA_" << words.name << " : PISA_Enum<\"" << words.name << "\", \""
     << words.doc << "\", [\n";
  for (size_t i = 0; i < words.entries.size(); ++i)
    os << "  I32EnumCase<\"" << toCamelCase(words.entries[i].name) << "\", "
       << i << ", \"" << words.entries[i].name << "\">"
       << (i + 1 < words.entries.size() ? ",\n" : "]>;\n\n");
}

static void writeOperation(const InstructionDescription &d, std::ostream &os) {
  os << "def PISA_" << toCamelCase(d.mnemonic) << "Op : PISA_Instruction<\""
     << d.mnemonic << "\",\n    (ins ";
  const char *separator = "";
  if (namesEngine(d)) {
    os << "StrAttr:$unit, PISA_AffineAttr:$engine,\n         "
          "OptionalAttr<I64Attr>:$lanes";
    separator = ",\n         ";
  }
  for (const FieldDescription &field : d.fields) {
    os << separator << getArgument(field);
    separator = ",\n         ";
  }
  os << "),\n    [{" << getFormat(d) << "}]> {\n  let summary = \"" << d.summary
     << "\";\n  let description = [{\n";
  if (!d.description.empty())
    os << d.description << "\n\n";
  writeTable(d, os);
  for (const std::string &example : d.examples)
    os << "\n```mlir\n" << example << "\n```\n";
  os << "  }];\n}\n\n";
}

Result<EnumMap> generate::listEnums() {
  EnumMap enums;
  std::map<std::string, const InstructionDescription *> owners;
  for (const InstructionDescription *d : InstructionSet::get().list())
    for (const FieldDescription &field : d->fields) {
      if (!field.words)
        continue;
      const char *name = field.words->name;
      owners.emplace(name, d);
      if (enums.emplace(name, field.words).first->second != field.words)
        return Error{std::string("the instructions '") +
                     owners[name]->mnemonic + "' and '" + d->mnemonic +
                     "' have different enumerations that are both called '" +
                     name + "'; give one of them another name"};
    }
  return enums;
}

void generate::writeEnums(std::ostream &os, const Selection &selection) {
  std::set<std::string> written;
  for (const InstructionDescription *d : InstructionSet::get().list())
    for (const FieldDescription &field : d->fields)
      if (selection.contains(*d) && field.words &&
          written.insert(field.words->name).second)
        writeEnum(*field.words, os);
}

void generate::writeOperations(std::ostream &os, const Selection &selection) {
  for (const InstructionDescription *d : InstructionSet::get().list())
    if (isPlainOperation(*d) && selection.contains(*d))
      writeOperation(*d, os);
}
