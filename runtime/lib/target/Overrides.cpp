//===- Overrides.cpp - Fields set on the command line ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fields.h"

#include "phx/support/Suggestions.h"
#include "phx/target/ArrayGroups.h"

#include <algorithm>
#include <charconv>

using namespace phx;
using namespace phx::target;

static std::string trim(const std::string &text) {
  size_t begin = text.find_first_not_of(" \t\n");
  if (begin == std::string::npos)
    return "";
  return text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

static std::vector<std::string> splitList(const std::string &text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    size_t comma = std::min(text.find(',', begin), text.size());
    parts.push_back(trim(text.substr(begin, comma - begin)));
    begin = comma + 1;
  }
  return parts;
}

template <typename T>
static bool parseNumber(const std::string &text, T &value) {
  const char *begin = text.data(), *end = begin + text.size();
  if (begin != end && *begin == '+')
    ++begin;
  auto [next, error] = std::from_chars(begin, end, value);
  return error == std::errc() && next == end && begin != end;
}

/// Null if `text` was accepted, else what was expected.
static const char *setValue(Message &message, const std::string &text) {
  if (auto *real = dynamic_cast<proto::Real *>(&message)) {
    double value = 0;
    if (!parseNumber(text, value))
      return "a number";
    real->set_value(value);
  } else if (auto *integer = dynamic_cast<proto::Int *>(&message)) {
    int64_t value = 0;
    if (!parseNumber(text, value))
      return "an integer";
    integer->set_value(value);
  } else if (auto *word = dynamic_cast<proto::Text *>(&message)) {
    if (text.empty())
      return "a word";
    word->set_value(text);
  } else if (auto *words = dynamic_cast<proto::Words *>(&message)) {
    words->clear_values();
    for (const std::string &part : splitList(text)) {
      if (part.empty())
        return "words separated by commas";
      words->add_values(part);
    }
  } else {
    auto &list = static_cast<proto::Ints &>(message);
    list.clear_values();
    for (const std::string &part : splitList(text)) {
      int64_t value = 0;
      if (!parseNumber(part, value))
        return "integers separated by commas";
      list.add_values(value);
    }
  }
  const auto *source = message.GetDescriptor()->FindFieldByName("source");
  message.GetReflection()->SetString(&message, source, overrideSource);
  return nullptr;
}

static std::string getLastPart(const std::string &name) {
  return name.substr(name.rfind('.') + 1);
}

std::string target::suggestField(const std::string &name,
                                 const std::vector<Field> &fields) {
  std::string last = getLastPart(name);
  std::vector<std::string> all = getSettableNames(fields), same, lasts;
  for (const std::string &field : all) {
    lasts.push_back(getLastPart(field));
    if (lasts.back() == last)
      same.push_back(field);
  }
  if (!same.empty())
    return phraseSuggestions(same);
  std::string near = didYouMean(name, all);
  if (!near.empty() || name != last)
    return near;
  for (const std::string &part : nearestNames(last, lasts))
    for (size_t i = 0; i < all.size(); ++i)
      if (lasts[i] == part &&
          std::find(same.begin(), same.end(), all[i]) == same.end())
        same.push_back(all[i]);
  return phraseSuggestions(same);
}

/// Fields that had other names before memories were a list: those that took
/// their place.
static std::string suggestMemoryField(const std::string &name,
                                      const Target &target) {
  const std::pair<const char *, MemoryRole> capacities[] = {
      {"scratchpads.activation_bytes", MemoryRole::Streamed},
      {"scratchpads.weight_bytes", MemoryRole::Stationary},
      {"scratchpads.gradient_bytes", MemoryRole::Result}};
  std::vector<ProgramMemory> memories = getMemories(target);
  std::vector<std::string> fields;
  for (const auto &[old, role] : capacities)
    if (auto memory = findMemory(target, role); memory && name == old)
      fields.push_back(memories[*memory].name + ".capacity_bytes");
  bool isOffChip = name == "dram.access_pj_per_byte";
  if (isOffChip || name == "scratchpads.access_pj_per_byte")
    for (const ProgramMemory &memory : memories)
      if (isOffChip == (memory.kind == MemoryKind::OffChip)) {
        fields.push_back(memory.name + ".read_pj_per_byte");
        fields.push_back(memory.name + ".write_pj_per_byte");
      }
  return fields.empty() ? "" : phraseSuggestions(fields);
}

static Status applyOverride(Target &target, Locations &locations,
                            const std::string &text) {
  size_t equals = text.find('=');
  std::string flag = "--set " + text;
  if (equals == std::string::npos)
    return Error{flag + ": expected FIELD=VALUE, for example "
                        "'core.clock_ghz=12'"};
  std::string name = trim(text.substr(0, equals));
  std::string value = trim(text.substr(equals + 1));
  if (name == "extensions") {
    target.spec.clear_extensions();
    for (const std::string &part : splitList(value))
      target.spec.add_extensions(part);
    locations.flags[name] = text;
    return Status::success();
  }
  for (const Field &field : locations.fields) {
    if (field.name != name || !field.isSourced())
      continue;
    // The value of the text, also if a field is set twice.
    if (const Message *old = field.find(target); old && field.isStructural())
      locations.replaced.try_emplace(name, formatValue(*old));
    const char *expected = nullptr;
    field.edit(target,
               [&](Message &message) { expected = setValue(message, value); });
    if (expected)
      return Error{flag + ": " + name + " (" + field.getDoc() + ") takes " +
                   expected + ", found '" + value + "'"};
    locations.flags[name] = text;
    return Status::success();
  }
  std::string hint = suggestMemoryField(name, target);
  return Error{flag + ": a target has no field '" + name + "'" +
               (hint.empty() ? suggestField(name, locations.fields) : hint)};
}

Status target::applyOverrides(Target &target, Locations &locations,
                              const std::vector<std::string> &overrides) {
  for (const std::string &text : overrides)
    if (Status status = applyOverride(target, locations, text); !status)
      return status;
  return Status::success();
}
