//===- TargetAttr.cpp - Targets as attributes and back -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/Target.h"

#include "machines/AllTargets.h"
#include "phx/target/Values.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

using namespace mlir;
using namespace photonic::phot;

/// What lists the parts of a target in `structure`, and the class of a group in
/// the group's dictionary: as the schema calls them.
static constexpr StringLiteral extensionsKey = "extensions",
                               groupsKey = "groups", memoriesKey = "memories",
                               machineKey = "machine";

OpAsmAliasResult TargetAttr::getAlias(raw_ostream &os) const {
  os << getMnemonic();
  return OpAsmAliasResult::OverridableAlias;
}

//===----------------------------------------------------------------------===//
// From a target
//===----------------------------------------------------------------------===//

namespace {
/// A dictionary while it is filled.
struct Node {
  std::map<std::string, Node> entries;
  Attribute value; ///< of a leaf

  /// The node of "link_budget.coupler_db".
  Node &at(StringRef path) {
    auto [first, rest] = path.split('.');
    Node &entry = entries[first.str()];
    return rest.empty() ? entry : entry.at(rest);
  }

  Attribute build(MLIRContext *context) const {
    if (value)
      return value;
    SmallVector<NamedAttribute> list;
    for (const auto &[name, entry] : entries)
      list.emplace_back(StringAttr::get(context, name), entry.build(context));
    return DictionaryAttr::get(context, list);
  }
};
} // namespace

static Attribute toAttribute(Builder &builder, const phx::FieldValue &value) {
  if (const auto *real = std::get_if<double>(&value))
    return builder.getF64FloatAttr(*real);
  if (const auto *integer = std::get_if<int64_t>(&value))
    return builder.getI64IntegerAttr(*integer);
  if (const auto *text = std::get_if<std::string>(&value))
    return builder.getStringAttr(*text);
  if (const auto *numbers = std::get_if<std::vector<int64_t>>(&value))
    return builder.getI64ArrayAttr(*numbers);
  const auto &words = std::get<std::vector<std::string>>(value);
  return builder.getStrArrayAttr(
      SmallVector<StringRef>(words.begin(), words.end()));
}

TargetAttr photonic::phot::getTargetAttr(MLIRContext *context,
                                         const phx::Target &target) {
  phx::TargetValues values = phx::getValues(target);
  Builder builder(context);
  Node structure, costs;
  std::vector<std::string> groups;
  for (const phx::GroupHeader &group : values.groups) {
    groups.push_back(group.name);
    structure.entries[group.name].at(machineKey).value =
        builder.getStringAttr(group.machineClass);
  }
  const std::pair<StringRef, const std::vector<std::string> &> lists[] = {
      {extensionsKey, values.extensions},
      {groupsKey, groups},
      {memoriesKey, values.memories}};
  for (const auto &[key, names] : lists)
    if (!names.empty())
      structure.at(key).value = toAttribute(builder, names);
  for (const phx::TargetValue &field : values.fields)
    (field.structural ? structure : costs).at(field.name).value =
        toAttribute(builder, field.value);
  return TargetAttr::get(context, values.name,
                         cast<DictionaryAttr>(structure.build(context)),
                         cast<DictionaryAttr>(costs.build(context)));
}

//===----------------------------------------------------------------------===//
// To a target
//===----------------------------------------------------------------------===//

static std::string toText(Attribute attribute) {
  std::string text;
  llvm::raw_string_ostream(text) << attribute;
  return text;
}

/// The number if it is an i64.
static std::optional<int64_t> getInteger(Attribute attribute) {
  auto integer = dyn_cast<IntegerAttr>(attribute);
  if (!integer || !integer.getType().isSignlessInteger(64))
    return std::nullopt;
  return integer.getInt();
}

/// Nothing if no field has such values.
static std::optional<phx::FieldValue> toValue(Attribute attribute) {
  if (auto real = dyn_cast<FloatAttr>(attribute);
      real && real.getType().isF64())
    return real.getValueAsDouble();
  if (std::optional<int64_t> integer = getInteger(attribute))
    return *integer;
  if (auto text = dyn_cast<StringAttr>(attribute))
    return text.str();
  auto array = dyn_cast<ArrayAttr>(attribute);
  if (!array || array.empty())
    return std::nullopt;
  std::vector<std::string> words;
  std::vector<int64_t> numbers;
  for (Attribute entry : array)
    if (auto word = dyn_cast<StringAttr>(entry))
      words.push_back(word.str());
    else if (std::optional<int64_t> number = getInteger(entry))
      numbers.push_back(*number);
  if (words.size() == array.size())
    return words;
  if (numbers.size() == array.size())
    return numbers;
  return std::nullopt;
}

namespace {
/// Collects what dictionaries say.
class Reader {
public:
  phx::TargetValues values;
  std::string errors;

  void read(TargetAttr target) {
    values.name = target.getName().str();
    std::vector<std::string> groups;
    readList(target, extensionsKey, values.extensions);
    readList(target, groupsKey, groups);
    readList(target, memoriesKey, values.memories);
    for (const std::string &name : groups)
      values.groups.push_back({name, takeMachine(target, name)});
    readFields(target.getStructure(), "", /*structural=*/true);
    readFields(target.getCosts(), "", /*structural=*/false);
  }

private:
  void report(const Twine &problem) {
    errors += ((errors.empty() ? "" : "\n") + PhotonicDialect::targetAttrName +
               ": " + problem)
                  .str();
  }

  void readList(TargetAttr target, StringRef key,
                std::vector<std::string> &names) {
    Attribute list = target.getStructure().get(key);
    if (!list)
      return;
    std::optional<phx::FieldValue> value = toValue(list);
    auto *words =
        value ? std::get_if<std::vector<std::string>>(&*value) : nullptr;
    if (words)
      names = std::move(*words);
    else
      report(key + " has to be a list of words, such as [\"core\"], found " +
             toText(list) + "; leave it out if there are none");
  }

  /// The class of a group; empty if it does not say.
  std::string takeMachine(TargetAttr target, StringRef group) {
    auto fields = target.getStructure().getAs<DictionaryAttr>(group);
    auto machine = fields ? fields.getAs<StringAttr>(machineKey) : StringAttr();
    return machine ? machine.str() : "";
  }

  /// True for entries of the structure that are no fields.
  bool isHeader(StringRef prefix, StringRef key) const {
    if (prefix.empty())
      return key == extensionsKey || key == groupsKey || key == memoriesKey;
    return key == machineKey &&
           llvm::any_of(values.groups, [&](const phx::GroupHeader &group) {
             return prefix == group.name;
           });
  }

  void readFields(DictionaryAttr fields, StringRef prefix, bool structural) {
    if (fields.empty() && !prefix.empty())
      report(prefix + " has no fields; add them, or remove it");
    for (NamedAttribute entry : fields) {
      StringRef key = entry.getName();
      if (structural && isHeader(prefix, key))
        continue;
      std::string name =
          prefix.empty() ? key.str() : (prefix + "." + key).str();
      if (auto nested = dyn_cast<DictionaryAttr>(entry.getValue()))
        readFields(nested, name, structural);
      else if (std::optional<phx::FieldValue> value =
                   toValue(entry.getValue()))
        values.fields.push_back({name, std::move(*value), structural});
      else
        report(name + " is " + toText(entry.getValue()) +
               "; a field is an f64, an i64, a word, or a list of integers or "
               "words that is not empty");
    }
  }
};
} // namespace

phx::Result<phx::Target> photonic::phot::makeTarget(TargetAttr attribute) {
  phx::registerAllMachineTargets();
  Reader reader;
  reader.read(attribute);
  if (!reader.errors.empty())
    return phx::Error{reader.errors};
  return phx::makeTarget(reader.values, PhotonicDialect::targetAttrName.str());
}
