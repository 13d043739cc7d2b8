//===- Glossary.cpp - What names mean ---------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/report/Glossary.h"

#include "TextTable.h"

#include "phx/energy/Declarations.h"

using namespace phx;
using namespace phx::report;

static GlossaryEntry makeEntry(Counter counter) {
  const CounterDeclaration &declared = describe(counter);
  GlossaryEntry entry{"counter", declared.name, declared.unit,
                      declared.definition, ""};
  entry.price = declared.component
                    ? "the target prices one in " + declared.field +
                          "; part of the component " +
                          describe(*declared.component).name
                    : "has no price";
  return entry;
}

std::vector<GlossaryEntry> phx::listGlossary() {
  std::vector<GlossaryEntry> entries;
  for (Counter counter : getCounters())
    entries.push_back(makeEntry(counter));
  for (Component component : getComponents()) {
    const ComponentDeclaration &declared = describe(component);
    entries.push_back(
        {"component", declared.name, "pJ", declared.definition, ""});
  }
  return entries;
}

std::string phx::formatGlossary(const std::vector<GlossaryEntry> &entries,
                                unsigned columns) {
  std::string text, kind;
  for (const GlossaryEntry &entry : entries) {
    if (entry.kind != kind)
      text += (kind.empty() ? "" : "\n") + entry.kind + "s\n";
    kind = entry.kind;
    text += "  " + entry.name + " [" + entry.unit + "]\n";
    std::string definition = entry.definition;
    if (!entry.price.empty())
      definition +=
          ". " +
          std::string(1, static_cast<char>(std::toupper(entry.price[0]))) +
          entry.price.substr(1);
    text +=
        "      " + wrap(definition, columns > 16 ? columns - 6 : 10, "      ");
  }
  return text;
}
