//===- Fields.cpp - Fields of a target description -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fields.h"

#include <algorithm>
#include <charconv>

using namespace phx;
using namespace phx::target;

//===----------------------------------------------------------------------===//
// Reflection
//===----------------------------------------------------------------------===//

bool Field::isStructural() const {
  return field->options().GetExtension(proto::field_class) == proto::STRUCTURAL;
}

std::string Field::getDoc() const {
  return field->options().GetExtension(proto::doc);
}

std::vector<std::string> Field::getStatedFor() const {
  std::vector<std::string> names;
  const auto &options = field->options();
  for (int i = 0; i < options.ExtensionSize(proto::stated_for); ++i)
    names.push_back(options.GetExtension(proto::stated_for, i));
  return names;
}

const Message *Field::find(const proto::Target &spec) const {
  if (!spec.GetReflection()->HasField(spec, group))
    return nullptr;
  const Message &inner = spec.GetReflection()->GetMessage(spec, group);
  if (!inner.GetReflection()->HasField(inner, field))
    return nullptr;
  return &inner.GetReflection()->GetMessage(inner, field);
}

Message *Field::get(proto::Target &spec) const {
  Message *inner = spec.GetReflection()->MutableMessage(&spec, group);
  return inner->GetReflection()->MutableMessage(inner, field);
}

static std::vector<Field> collectFields() {
  std::vector<Field> fields;
  const auto *root = proto::Target::descriptor();
  for (int i = 0; i < root->field_count(); ++i) {
    const FieldDescriptor *group = root->field(i);
    if (group->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
      continue;
    const auto *inner = group->message_type();
    for (int j = 0; j < inner->field_count(); ++j)
      fields.push_back({group->name() + "." + inner->field(j)->name(), group,
                        inner->field(j)});
  }
  return fields;
}

const std::vector<Field> &target::getFields() {
  static const std::vector<Field> fields = collectFields();
  return fields;
}

std::vector<std::string> target::getSettableNames() {
  std::vector<std::string> names = {"extensions"};
  for (const Field &field : getFields())
    names.push_back(field.name);
  return names;
}

//===----------------------------------------------------------------------===//
// Values as text
//===----------------------------------------------------------------------===//

std::string target::formatReal(double value) {
  char buffer[32];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return error == std::errc() ? std::string(buffer, end) : "?";
}

std::string target::formatValue(const Message &value) {
  if (const auto *real = dynamic_cast<const proto::Real *>(&value))
    return formatReal(real->value());
  if (const auto *integer = dynamic_cast<const proto::Int *>(&value))
    return std::to_string(integer->value());
  if (const auto *text = dynamic_cast<const proto::Text *>(&value))
    return text->value();
  std::string list;
  for (int64_t entry : static_cast<const proto::Ints &>(value).values())
    list += (list.empty() ? "" : ",") + std::to_string(entry);
  return list;
}

std::string target::getSource(const Message &value) {
  const auto *field = value.GetDescriptor()->FindFieldByName("source");
  return value.GetReflection()->GetString(value, field);
}

//===----------------------------------------------------------------------===//
// Locations
//===----------------------------------------------------------------------===//

static std::string format(const std::string &path,
                          TextFormat::ParseLocation location) {
  if (location.line < 0)
    return path;
  return path + ":" + std::to_string(location.line + 1) + ":" +
         std::to_string(location.column + 1);
}

std::string Locations::of(const Field &field) const {
  if (auto flag = flags.find(field.name); flag != flags.end())
    return "--set " + flag->second;
  if (!tree)
    return path;
  TextFormat::ParseInfoTree *inner = tree->GetTreeForNested(field.group, -1);
  if (inner) {
    auto location = inner->GetLocation(field.field, -1);
    if (location.line >= 0)
      return format(path, location);
  }
  return format(path, tree->GetLocation(field.group, -1));
}

std::string Locations::of(const std::string &name) const {
  for (const Field &field : getFields())
    if (field.name == name)
      return of(field);
  if (auto flag = flags.find(name); flag != flags.end())
    return "--set " + flag->second;
  const auto *field = proto::Target::descriptor()->FindFieldByName(name);
  return tree && field
             ? format(path,
                      tree->GetLocation(field, field->is_repeated() ? 0 : -1))
             : path;
}

bool Locations::hasValue(const Field &field) const {
  if (flags.count(field.name))
    return true;
  TextFormat::ParseInfoTree *inner =
      tree ? tree->GetTreeForNested(field.group, -1) : nullptr;
  TextFormat::ParseInfoTree *leaf =
      inner ? inner->GetTreeForNested(field.field, -1) : nullptr;
  if (!leaf)
    return false;
  const auto *type = field.field->message_type();
  const auto *value = type->FindFieldByName("value");
  if (!value)
    value = type->FindFieldByName("values");
  return leaf->GetLocation(value, value->is_repeated() ? 0 : -1).line >= 0;
}

//===----------------------------------------------------------------------===//
// Public queries
//===----------------------------------------------------------------------===//

int64_t Target::moduliProduct() const {
  int64_t product = 1;
  for (int64_t modulus : spec.core().moduli().values())
    product *= modulus;
  return product;
}

int64_t Target::signedRange() const { return (moduliProduct() - 1) / 2; }

std::vector<std::string> target::getStructure(const proto::Target &spec) {
  std::vector<std::string> lines;
  for (const std::string &extension : spec.extensions())
    lines.push_back("extension=" + extension + "\n");
  for (const Field &field : getFields())
    if (const Message *value =
            field.isStructural() ? field.find(spec) : nullptr)
      lines.push_back(field.name + "=" + formatValue(*value) + "\n");
  // By name, so that the order of the schema does not matter.
  std::sort(lines.begin(), lines.end());
  return lines;
}

uint64_t target::hashStructure(const proto::Target &spec) {
  uint64_t hash = 0xcbf29ce484222325u; // FNV-1a
  for (const std::string &line : getStructure(spec))
    for (unsigned char byte : line)
      hash = (hash ^ byte) * 0x100000001b3u;
  return hash;
}

std::vector<std::string> phx::listStructure(const Target &target) {
  std::vector<std::string> lines = getStructure(target.spec);
  for (std::string &line : lines)
    line.pop_back();
  return lines;
}

std::vector<TargetField> phx::describeTarget(const Target &target) {
  std::vector<TargetField> list;
  for (const Field &field : getFields())
    if (const Message *value = field.find(target.spec))
      list.push_back({field.name, formatValue(*value), getSource(*value),
                      field.getDoc(), field.isStructural()});
  return list;
}
