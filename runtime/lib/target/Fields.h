//===- Fields.h - Fields of a target description ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_TARGET_FIELDS_H
#define PHX_LIB_TARGET_FIELDS_H

#include "phx/target/Target.h"

#include <google/protobuf/text_format.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace phx::target {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;

/// One sourced field of a description, found by reflection.
struct Field {
  std::string name;                       ///< "core.clock_ghz"
  const FieldDescriptor *group = nullptr; ///< `core` in Target
  const FieldDescriptor *field = nullptr; ///< `clock_ghz` in Core

  bool isStructural() const;
  std::string getDoc() const;
  /// Names of the structural fields that a price was stated for.
  std::vector<std::string> getStatedFor() const;
  /// Null if the description does not have it.
  const Message *find(const proto::Target &spec) const;
  /// Creates what is missing.
  Message *get(proto::Target &spec) const;
};

/// All fields in the order of the schema.
const std::vector<Field> &getFields();
/// Their names, and "extensions".
std::vector<std::string> getSettableNames();

/// Shortest decimal text that reads back as `value`.
std::string formatReal(double value);
/// The value of a Real, Int, Ints or Text message.
std::string formatValue(const Message &value);
std::string getSource(const Message &value);

/// Where each field was given, for messages.
struct Locations {
  std::string path;
  const TextFormat::ParseInfoTree *tree = nullptr;
  std::map<std::string, std::string> flags; ///< field name to its override
  /// Values that overrides replaced, of structural fields by name.
  std::map<std::string, std::string> replaced;

  /// "path:line:column", or the flag that set the field; the enclosing group
  /// or the file if the field is absent.
  std::string of(const Field &field) const;
  std::string of(const std::string &name) const;
  /// True if the text or a flag gave the number itself.
  bool hasValue(const Field &field) const;
};

/// Applies "field=value" texts to `spec` and notes them in `locations`.
Status applyOverrides(proto::Target &spec, Locations &locations,
                      const std::vector<std::string> &overrides);

/// Every violated rule, one line each; empty if the description is sound.
std::string checkTarget(const proto::Target &spec, const Locations &locations);

/// Sorted lines "name=value\n" of what is structural, and their hash.
std::vector<std::string> getStructure(const proto::Target &spec);
uint64_t hashStructure(const proto::Target &spec);

} // namespace phx::target

#endif // PHX_LIB_TARGET_FIELDS_H
