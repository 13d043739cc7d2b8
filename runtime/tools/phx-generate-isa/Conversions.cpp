//===- Conversions.cpp - Operations to instructions and back ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Generate.h"

using namespace phx;
using namespace phx::generate;

/// The C++ type of a field's member.
static std::string getType(const FieldDescription &field) {
  switch (field.kind) {
  case FieldKind::Number:
    return "int64_t";
  case FieldKind::Index:
    return "uint32_t";
  case FieldKind::Enum:
    return "uint8_t";
  case FieldKind::Flag:
    return "bool";
  case FieldKind::Float:
    return "float";
  case FieldKind::Affine:
    return "::phx::Affine";
  case FieldKind::Count:
    return "::phx::Count";
  case FieldKind::Address:
    return "::phx::Address";
  case FieldKind::Strides:
    return "::phx::Stride4";
  case FieldKind::Shape:
    return "::phx::Shape4";
  case FieldKind::ZeroFill:
    return "std::optional<::phx::ZeroFill>";
  case FieldKind::Register:
    return "std::optional<uint32_t>";
  }
  return "";
}

static void writeToInstruction(const InstructionDescription &d,
                               std::ostream &os) {
  std::string op = toCamelCase(d.mnemonic) + "Op";
  os << "const ::phx::InstructionDescription &" << op
     << "::getDescription() {\n"
     << "  static const ::phx::InstructionDescription *const description =\n"
     << "      ::phx::InstructionSet::get().find(\"" << d.mnemonic << "\");\n"
     << "  return *description;\n}\n\n";
  os << "::phx::EngineId " << op << "::getEngineId() {\n  return ";
  if (namesEngine(d))
    os << "toEngine(getOperation(), getUnit(), getEngine());\n}\n\n";
  else
    os << "{::phx::EngineKind::"
       << (d.place == EnginePlace::Dma ? "Dma" : "Vec") << ", 0};\n}\n\n";
  os << "::phx::ArrayRange " << op << "::getArrayRange() {\n  return "
     << (namesEngine(d) ? "toArrayRange(getEngine(), getLanes())" : "{}")
     << ";\n}\n\n";
  os << "::phx::Body " << op << "::getBody() {\n"
     << "  ::phx::Body body(getDescription());\n";
  for (size_t i = 0; i < d.fields.size(); ++i)
    os << (d.fields[i].kind == FieldKind::Address
               ? "  assignAddress(getOperation(), fieldOf<"
               : "  assign(fieldOf<")
       << getType(d.fields[i]) << ">(body, " << i << "), get"
       << toCamelCase(d.fields[i].attribute) << "());\n";
  os << "  return body;\n}\n\n";
}

/// The argument of the operation's builder for field `i`.
static std::string getBuilderArgument(const FieldDescription &field, size_t i) {
  std::string number = std::to_string(i);
  if (field.kind == FieldKind::Enum)
    return std::string("static_cast<") + field.words->name +
           ">(fieldOf<uint8_t>(body, " + number + "))";
  std::string call = field.optional ? "fields.optionalAttr<" : "fields.attr<";
  return call + getType(field) + ">(" + number + ")";
}

/// An entry of the list of creators.
static void writeCreator(const InstructionDescription &d, std::ostream &os) {
  os << "{\"" << d.mnemonic
     << "\", [](::mlir::OpBuilder &b,\n    "
        "const ::photonic::pisa::InstructionParts &parts) {\n"
     << "  const ::phx::Body &body = parts.body;\n"
     << "  FieldAttributes fields(b, parts.program, body);\n  "
     << toCamelCase(d.mnemonic) << "Op::create(b, parts.loc";
  if (namesEngine(d))
    os << ", parts.unit, parts.engine, parts.lanes";
  for (size_t i = 0; i < d.fields.size(); ++i)
    os << ",\n      " << getBuilderArgument(d.fields[i], i);
  os << ",\n      parts.layer, parts.guard);\n}},\n";
}

void generate::writeConversions(std::ostream &os, const Selection &selection) {
  os << "#ifdef PISA_TO_INSTRUCTION\n#undef PISA_TO_INSTRUCTION\n";
  std::vector<const InstructionDescription *> chosen;
  for (const InstructionDescription *d : InstructionSet::get().list())
    if (isPlainOperation(*d) && selection.contains(*d))
      chosen.push_back(d);
  for (const InstructionDescription *d : chosen)
    writeToInstruction(*d, os);
  os << "#endif\n\n#ifdef PISA_OPERATIONS\n#undef PISA_OPERATIONS\n";
  const char *separator = "";
  for (const InstructionDescription *d : chosen) {
    os << separator << toCamelCase(d->mnemonic) << "Op";
    separator = ", ";
  }
  os << "\n#endif\n\n#ifdef PISA_CREATORS\n#undef PISA_CREATORS\n";
  for (const InstructionDescription *d : chosen)
    writeCreator(*d, os);
  os << "#endif\n";
}
