//===- Specification.cpp - Tables of docs/isa.md ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Between the markers of a page stand tables, the rest is prose:
//
//   <!-- generated: operands vec_pack -->    operands of an instruction
//   <!-- generated: functions VecFn -->      words of an enumeration
//   <!-- generated: operations -->           of conversions, passes, combines
//   <!-- generated: encoding -->             opcodes, and operands in order
//   <!-- end generated -->
//
// A section of an instruction has a heading `### 5.10 \`vec_pack\``, which may
// name several, and its table of operands is in it.
//
//===----------------------------------------------------------------------===//

#include "Generate.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

using namespace phx;
using namespace phx::generate;

static constexpr std::string_view beginMarker = "<!-- generated: ";
static constexpr std::string_view markerEnd = " -->";
static constexpr std::string_view endMarker = "<!-- end generated -->";

/// The text of every table that a page has to have, by what its marker says.
static std::map<std::string, std::string> makeTables(const EnumMap &enums) {
  std::map<std::string, std::string> tables;
  auto add = [&](const std::string &key, auto write) {
    std::ostringstream text;
    write(text);
    tables[key] = text.str();
  };
  for (const InstructionDescription *d : InstructionSet::get().list())
    if (!d->fields.empty())
      add(std::string("operands ") + d->mnemonic,
          [&](std::ostream &os) { writeTable(*d, os); });
  for (const auto &[name, words] : enums)
    add("functions " + name,
        [&](std::ostream &os) { writeFunctions(*words, os); });
  add("operations", writeOperationTable);
  add("encoding", writeEncoding);
  return tables;
}

/// Words in backticks in front of what stands in parentheses.
static std::vector<std::string> readNames(const std::string &heading) {
  std::vector<std::string> names;
  std::string front = heading.substr(0, heading.find('('));
  for (size_t open = front.find('`'); open != std::string::npos;) {
    size_t close = front.find('`', open + 1);
    if (close == std::string::npos)
      break;
    names.push_back(front.substr(open + 1, close - open - 1));
    open = front.find('`', close + 1);
  }
  return names;
}

namespace {
/// Goes through a page line by line.
class Rewriter {
public:
  Rewriter(const std::string &page, const EnumMap &enums)
      : page(page), tables(makeTables(enums)) {}

  void add(const std::string &line);
  Result<Specification> finish();

private:
  /// A fault of line `at`, or of the whole page (0).
  void fail(const std::string &message, size_t at) {
    problems.push_back(page + (at ? ":" + std::to_string(at) : std::string()) +
                       ": " + message);
  }
  void begin(const std::string &line);
  void end();
  void enterSection(const std::string &heading);
  void requireSections();

  const std::string page;
  const std::map<std::string, std::string> tables;
  Specification result;
  std::vector<std::string> problems;
  size_t lineNumber = 0;
  std::set<std::string> described, written;
  std::vector<std::string> section; ///< instructions of the latest heading
  // Of the block that is open, if any.
  std::string key, found;
  size_t opened = 0;
};
} // namespace

void Rewriter::begin(const std::string &line) {
  if (opened)
    return fail("a generated table inside that of line " +
                    std::to_string(opened) + "; close it with '" +
                    std::string(endMarker) + "'",
                lineNumber);
  opened = lineNumber;
  found.clear();
  bool closed = line.size() >= beginMarker.size() + markerEnd.size() &&
                line.ends_with(markerEnd);
  key = line.substr(beginMarker.size());
  if (closed)
    key.resize(key.size() - markerEnd.size());
  if (!closed || !tables.count(key)) {
    std::vector<std::string> known;
    for (const auto &[name, text] : tables)
      known.push_back(name);
    return fail("nothing generates '" + key + "'" + didYouMean(key, known) +
                    "; there are 'operands INSTRUCTION', 'functions "
                    "ENUMERATION', 'operations' and 'encoding'",
                lineNumber);
  }
  if (!written.insert(key).second)
    fail("the table '" + key + "' is there a second time; leave one",
         lineNumber);
  std::string operands = "operands ";
  if (key.starts_with(operands) &&
      std::find(section.begin(), section.end(), key.substr(operands.size())) ==
          section.end())
    fail("expected the table '" + key + "' in the section of that instruction",
         lineNumber);
}

void Rewriter::end() {
  if (!opened)
    return fail("'" + std::string(endMarker) + "' ends no table", lineNumber);
  auto table = tables.find(key);
  if (table != tables.end()) {
    if (table->second != found)
      result.stale.push_back(page + ":" + std::to_string(opened) +
                             ": the table '" + key + "'");
    result.text += table->second;
  }
  opened = 0;
}

void Rewriter::enterSection(const std::string &heading) {
  section.clear();
  // Section 5 has the instructions.
  if (!heading.starts_with("### 5."))
    return;
  section = readNames(heading);
  for (const std::string &name : section) {
    const InstructionDescription *d = InstructionSet::get().find(name);
    if (!d)
      fail("there is no instruction '" + name + "'; delete its section",
           lineNumber);
    if (d && !d->machineClass.empty() &&
        heading.find("(extension `" + d->machineClass + "`)") ==
            std::string::npos)
      fail("expected '(extension `" + d->machineClass + "`)' behind '" + name +
               "' in the heading",
           lineNumber);
    if (!described.insert(name).second)
      fail("the instruction '" + name + "' has a section already", lineNumber);
  }
}

void Rewriter::add(const std::string &line) {
  ++lineNumber;
  if (line.starts_with("## ") || line.starts_with("### "))
    enterSection(line);
  if (line == endMarker)
    end();
  else if (opened && !line.starts_with(beginMarker)) {
    found += line + "\n";
    return;
  }
  if (line.starts_with(beginMarker))
    begin(line);
  result.text += line + "\n";
}

void Rewriter::requireSections() {
  for (const InstructionDescription *d : InstructionSet::get().list())
    if (!described.count(d->mnemonic))
      fail(std::string("the instruction '") + d->mnemonic +
               "' has no section; add '### 5.N `" + d->mnemonic +
               "`' and say there what it does",
           0);
  for (const auto &[name, text] : tables)
    if (!written.count(name))
      fail("the table '" + name + "' is missing; add '" +
               std::string(beginMarker) + name + std::string(markerEnd) +
               "' and '" + std::string(endMarker) + "' where it belongs",
           0);
}

Result<Specification> Rewriter::finish() {
  if (opened)
    fail("expected '" + std::string(endMarker) + "' behind the table '" + key +
             "'",
         opened);
  requireSections();
  if (problems.empty())
    return std::move(result);
  std::string message;
  for (const std::string &problem : problems)
    message += (message.empty() ? "" : "\n") + problem;
  return Error{message};
}

Result<Specification> generate::updateSpecification(const std::string &page,
                                                    const std::string &text) {
  Result<EnumMap> enums = listEnums();
  if (!enums)
    return enums.error();
  Rewriter rewriter(page, *enums);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    rewriter.add(line);
  return rewriter.finish();
}
