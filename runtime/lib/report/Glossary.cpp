//===- Glossary.cpp - What names mean ---------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/report/Glossary.h"

#include "TextTable.h"

#include "phx/energy/Declarations.h"
#include "phx/isa/InstructionSet.h"
#include "phx/isa/TableOperation.h"

#include <algorithm>

using namespace phx;
using namespace phx::report;

static GlossaryEntry makeEntry(Counter counter) {
  const CounterDeclaration &declared = describe(counter);
  GlossaryEntry entry{"counter", declared.name, declared.unit,
                      declared.definition, ""};
  entry.note = declared.component
                   ? "the target prices one in " + declared.field +
                         "; part of the component " +
                         describe(*declared.component).name
                   : "has no price";
  return entry;
}

std::vector<GlossaryEntry> phx::listCharges() {
  std::vector<GlossaryEntry> entries;
  for (Counter counter : getCounters())
    entries.push_back(makeEntry(counter));
  for (Component component : getComponents()) {
    const ComponentDeclaration &declared = describe(component);
    entries.push_back(
        {"component", declared.name, "pJ", declared.definition, ""});
  }
  for (AreaPart part : getAreaParts()) {
    const AreaPartDeclaration &declared = describe(part);
    entries.push_back({"area part", declared.name, "mm²", declared.definition,
                       declared.photonic ? "on the photonic chiplet"
                                         : "on the electronic chiplet"});
  }
  return entries;
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

static const char *getEngineText(EnginePlace place) {
  switch (place) {
  case EnginePlace::None:
    return "the stream itself";
  case EnginePlace::Any:
    return "any engine";
  case EnginePlace::Dma:
    return "the dma";
  case EnginePlace::Vec:
    return "the vector unit";
  case EnginePlace::Array:
    return "arrays of the class ";
  }
  return "";
}

static GlossaryEntry makeEntry(const InstructionDescription &d) {
  GlossaryEntry entry{"instruction", d.mnemonic, "", d.summary, ""};
  if (!d.description.empty())
    entry.definition += ". " + d.description;
  entry.note = std::string("executed by ") + getEngineText(d.place) +
               d.machineClass + "; opcode " +
               std::to_string(unsigned(d.opcode));
  const char *separator = "; operands: ";
  for (const FieldDescription &field : d.fields) {
    entry.note += separator + field.attribute;
    separator = ", ";
  }
  return entry;
}

static GlossaryEntry makeEntry(const InstructionDescription &d,
                               const FieldDescription &field) {
  GlossaryEntry entry{"instruction field",
                      std::string(d.mnemonic) + "." + field.attribute,
                      field.unit,
                      getKindText(d, field) + ": " + field.doc, ""};
  std::string spelled = field.attribute;
  std::replace(spelled.begin(), spelled.end(), '_', ' ');
  if (spelled != field.name)
    entry.note = std::string("called '") + field.name + "' in messages";
  if (!field.words)
    return entry;
  const char *separator = entry.note.empty() ? "words: " : "; words: ";
  for (const EnumEntry &word : field.words->entries) {
    entry.note += std::string(separator) + word.name + " (" + word.doc + ")";
    separator = ", ";
  }
  return entry;
}

std::vector<GlossaryEntry> phx::listInstructions() {
  std::vector<GlossaryEntry> entries, fields;
  for (const InstructionDescription *d : InstructionSet::get().list()) {
    entries.push_back(makeEntry(*d));
    for (const FieldDescription &field : d->fields)
      fields.push_back(makeEntry(*d, field));
  }
  entries.insert(entries.end(), fields.begin(), fields.end());
  return entries;
}

//===----------------------------------------------------------------------===//
// Operations of tables
//===----------------------------------------------------------------------===//

static GlossaryEntry makeEntry(const OperationDescription &d) {
  GlossaryEntry entry{"operation", d.name, "", d.summary, ""};
  if (!d.description.empty())
    entry.definition += ". " + d.description;
  entry.note = std::string("stands in the table of ") + getTableName(d.table) +
               (d.table == OperationTable::Pass ? "es" : "s");
  if (!d.machineClass.empty())
    entry.note += "; of machine class " + d.machineClass;
  return entry;
}

static GlossaryEntry makeEntry(const OperationDescription &d,
                               const ParameterDescription &parameter) {
  GlossaryEntry entry{"operation parameter", d.name + "." + parameter.name,
                      parameter.unit,
                      getKindText(parameter) + ": " + parameter.doc, ""};
  if (!parameter.words)
    return entry;
  const char *separator = "words: ";
  for (const EnumEntry &word : parameter.words->entries) {
    entry.note += std::string(separator) + word.name + " (" + word.doc + ")";
    separator = ", ";
  }
  return entry;
}

std::vector<GlossaryEntry> phx::listOperations() {
  std::vector<GlossaryEntry> entries, parameters;
  for (const OperationDescription *d : OperationSet::get().list()) {
    entries.push_back(makeEntry(*d));
    for (const ParameterDescription &parameter : d->parameters)
      parameters.push_back(makeEntry(*d, parameter));
  }
  entries.insert(entries.end(), parameters.begin(), parameters.end());
  return entries;
}

//===----------------------------------------------------------------------===//
// All
//===----------------------------------------------------------------------===//

std::vector<GlossaryEntry> phx::listGlossary() {
  std::vector<GlossaryEntry> entries = listCharges();
  std::vector<GlossaryEntry> instructions = listInstructions();
  entries.insert(entries.end(), instructions.begin(), instructions.end());
  std::vector<GlossaryEntry> operations = listOperations();
  entries.insert(entries.end(), operations.begin(), operations.end());
  return entries;
}

std::string phx::formatGlossary(const std::vector<GlossaryEntry> &entries,
                                unsigned columns) {
  std::string text, kind;
  for (const GlossaryEntry &entry : entries) {
    if (entry.kind != kind)
      text += (kind.empty() ? "" : "\n") + entry.kind + "s\n";
    kind = entry.kind;
    text += "  " + entry.name +
            (entry.unit.empty() ? "" : " [" + entry.unit + "]") + "\n";
    std::string definition = entry.definition;
    if (!entry.note.empty())
      definition +=
          (definition.ends_with(".") ? " " : ". ") +
          std::string(1, static_cast<char>(std::toupper(entry.note[0]))) +
          entry.note.substr(1);
    text +=
        "      " + wrap(definition, columns > 16 ? columns - 6 : 10, "      ");
  }
  return text;
}
