//===- Parse.cpp - Target descriptions from text ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fields.h"
#include "Machines.h"

#include "phx/support/Suggestions.h"

#include <google/protobuf/io/tokenizer.h>

using namespace phx;
using namespace phx::target;
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;

namespace {
/// Turns the parser's complaints into located messages that name a remedy.
class Collector : public google::protobuf::io::ErrorCollector {
public:
  Collector(const std::string &text, const std::string &path) : path(path) {
    for (size_t begin = 0; begin <= text.size();) {
      size_t end = std::min(text.find('\n', begin), text.size());
      lines.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  void AddError(int line, int column, const std::string &message) override {
    // After the first complaint the parser is out of step; what follows is
    // noise.
    if (!first.empty())
      return;
    if (explainUnknownField(line, message) ||
        explainUnknownMachine(line, column, message))
      return;
    std::string hint;
    if (message.rfind("Expected \"{\"", 0) == 0)
      hint = "; a field is written NAME { value: ... source: \"...\" }";
    report(line, column, message + hint);
  }

  std::string first;

private:
  void report(int line, int column, const std::string &message) {
    first = path;
    if (line >= 0)
      first +=
          ":" + std::to_string(line + 1) + ":" + std::to_string(column + 1);
    first += ": " + message;
  }

  bool explainUnknownField(int line, const std::string &message) {
    const std::string typeMark = "Message type \"",
                      nameMark = "\" has no field named \"";
    size_t middle = message.find(nameMark);
    if (message.rfind(typeMark, 0) != 0 || middle == std::string::npos)
      return false;
    std::string type =
        message.substr(typeMark.size(), middle - typeMark.size());
    std::string name = message.substr(middle + nameMark.size());
    name = name.substr(0, name.find('"'));
    const Descriptor *descriptor =
        DescriptorPool::generated_pool()->FindMessageTypeByName(type);
    if (!descriptor)
      return false;
    std::vector<std::string> known;
    for (int i = 0; i < descriptor->field_count(); ++i)
      known.push_back(descriptor->field(i)->name());
    std::string hint = explainMovedPart(type, name);
    if (hint.empty())
      hint = didYouMean(name, known);
    if (hint.empty()) {
      hint = "; known are ";
      for (size_t i = 0; i < known.size(); ++i)
        hint += (i ? ", " : "") + known[i];
    }
    // The parser stands behind the name, perhaps on a later line.
    int at = std::min<int>(line, static_cast<int>(lines.size()) - 1);
    size_t column = std::string::npos;
    for (; at >= 0; --at)
      if ((column = lines[at].rfind(name)) != std::string::npos)
        break;
    bool found = column != std::string::npos;
    report(found ? at : line, found ? static_cast<int>(column) : 0,
           "unknown field '" + name + "' in " + descriptor->name() + hint);
    return true;
  }

  /// Parts of the target that belong to a group of arrays, since there is more
  /// than one class of them, or to the list of memories.
  static std::string explainMovedPart(const std::string &type,
                                      const std::string &name) {
    if (type != proto::Target::descriptor()->full_name())
      return "";
    if (name == "scratchpads" || name == "dram")
      return "; each memory is written memories { name: \"act\" kind { ... } "
             "roles { ... } capacity_bytes { ... } types { ... } "
             "read_pj_per_byte { ... } ... }; see "
             "runtime/targets/mirage.textproto";
    if ((name != "core" && name != "link_budget" && name != "area"))
      return "";
    return "; arrays, with all that belongs to their kind, are written groups "
           "{ name: \"core\" count { ... } rows { ... } columns { ... } "
           "machine { [TYPE] { ... } } }, where TYPE says the class, with its "
           "fields: " +
           listMachineClasses() + "; see runtime/targets/mirage.textproto";
  }

  bool explainUnknownMachine(int line, int column, const std::string &message) {
    const std::string mark = "Could not find type \"",
                      end = "\" stored in google.protobuf.Any";
    size_t stop = message.find(end);
    if (message.rfind(mark, 0) != 0 || stop == std::string::npos)
      return false;
    report(line, column,
           "no machine class has the type '" +
               message.substr(mark.size(), stop - mark.size()) + "'; " +
               listMachineClasses());
    return true;
  }

  std::string path;
  std::vector<std::string> lines;
};
} // namespace

Result<Target> phx::parseTarget(const std::string &text,
                                const std::string &path,
                                const std::vector<std::string> &overrides) {
  Target target;
  target.path = path;
  TextFormat::ParseInfoTree tree;
  Collector collector(text, path);
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.WriteLocationsTo(&tree);
  if (!parser.ParseFromString(text, &target.spec))
    return Error{collector.first.empty() ? path + ": not a target description"
                                         : collector.first};
  Locations locations;
  locations.path = path;
  locations.tree = &tree;
  if (std::string errors = checkParts(target, locations); !errors.empty())
    return Error{errors};
  locations.fields = collectFields(target);
  if (Status status = applyOverrides(target, locations, overrides); !status)
    return status.error();
  if (std::string errors = checkTarget(target, locations); !errors.empty())
    return Error{errors};
  target.structuralHash = hashStructure(target);
  target.described = std::move(locations.replaced);
  return target;
}
