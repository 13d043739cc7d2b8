//===- StateSchema.cpp - Which arrays a state is made of --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StateSchema.h"

#include "phx/support/Hex.h"

using namespace phx;

/// The first few, and how many more there are.
static std::string joinSome(const std::vector<std::string> &items,
                            const char *separator) {
  static constexpr size_t most = 6;
  std::string text;
  for (size_t i = 0; i < items.size() && i < most; ++i)
    text += (i ? separator : "") + items[i];
  if (items.size() > most)
    text += " and " + std::to_string(items.size() - most) + " more";
  return text.empty() ? "none" : text;
}

std::string phx::listNames(const std::vector<std::string> &names) {
  std::vector<std::string> quoted;
  for (const std::string &name : names)
    quoted.push_back("'" + name + "'");
  return joinSome(quoted, ", ");
}

StateSchema phx::makeSchema(const Program &program) {
  StateSchema schema;
  for (const Region &region : program.regions)
    if (region.isMutable)
      schema[region.name] = {region.role, getHostType(region.type),
                             region.shape};
  return schema;
}

std::string phx::makeFingerprint(const StateSchema &schema) {
  uint64_t hash = 0xcbf29ce484222325u;
  auto add = [&hash](const std::string &text) {
    // With its NUL, which no name contains.
    for (size_t i = 0; i <= text.size(); ++i)
      hash = (hash ^ uint8_t(text.c_str()[i])) * 0x100000001b3u;
  };
  for (const auto &[name, entry] : schema) {
    add(name);
    add(getRoleName(entry.role));
    add(describe(entry.type, entry.shape));
  }
  return toHex(hash);
}

SchemaDifference phx::compareSchemas(const StateSchema &expected,
                                     const StateSchema &found,
                                     bool extraState) {
  SchemaDifference difference;
  std::vector<std::string> items;
  auto add = [&](Role role, std::string text) {
    items.push_back(std::move(text));
    difference.parametersDiffer |= role != Role::State;
  };
  for (const auto &[name, own] : expected) {
    std::string wanted = describe(own.type, own.shape);
    auto other = found.find(name);
    if (other == found.end())
      add(own.role, "it lacks '" + name + "' " + wanted);
    else if (other->second.type != own.type || other->second.shape != own.shape)
      add(own.role, "'" + name + "' is " +
                        describe(other->second.type, other->second.shape) +
                        " there and " + wanted + " in the program");
  }
  for (const auto &[name, entry] : found)
    if (!expected.count(name) && !(extraState && entry.role == Role::State))
      add(entry.role, "it has '" + name + "' " +
                          describe(entry.type, entry.shape) +
                          ", which the program does not");
  if (!items.empty())
    difference.text = joinSome(items, "; ");
  return difference;
}
