//===- StalePrices.cpp - Prices of another structure -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fields.h"

#include <algorithm>

using namespace phx;
using namespace phx::target;

/// Priced fields of the description that were stated for structural field
/// `name`.
static std::vector<std::string> listPrices(const Target &target,
                                           const std::vector<Field> &fields,
                                           const std::string &name) {
  std::vector<std::string> prices;
  for (const Field &field : fields) {
    std::vector<std::string> needs = field.getStatedFor(target);
    const Message *value = field.find(target);
    if (value && getSource(*value) != overrideSource &&
        std::find(needs.begin(), needs.end(), name) != needs.end())
      prices.push_back(field.name);
  }
  return prices;
}

/// The value of `field` in the text of the description.
static std::string getDescribed(const Target &target, const Field &field) {
  auto replaced = target.described.find(field.name);
  return replaced != target.described.end() ? replaced->second
                                            : formatValue(*field.find(target));
}

std::vector<StalePrices> phx::findStalePrices(const Target &target) {
  std::vector<StalePrices> stale;
  std::vector<Field> fields = collectFields(target);
  for (const Field &field : fields) {
    if (!field.isStructural() || !field.find(target))
      continue;
    StalePrices found{field.name, getDescribed(target, field),
                      formatValue(*field.find(target)),
                      listPrices(target, fields, field.name)};
    if (found.used != found.statedFor && !found.prices.empty())
      stale.push_back(std::move(found));
  }
  return stale;
}

std::string phx::describe(const StalePrices &stale) {
  std::string text = stale.field + " is " + stale.used + " instead of " +
                     stale.statedFor + ", for which ";
  for (size_t i = 0; i < stale.prices.size(); ++i) {
    bool last = i + 1 == stale.prices.size();
    text += (i == 0 ? "" : last ? " and " : ", ") + stale.prices[i];
  }
  return text + (stale.prices.size() == 1 ? " was stated" : " were stated");
}

std::string phx::describe(const std::vector<StalePrices> &stale) {
  std::string list;
  for (const StalePrices &one : stale)
    list += (list.empty() ? "" : "; ") + describe(one);
  if (list.empty())
    return list;
  return "prices do not follow the structure of the machine: " + list +
         "; state these prices anew (--set), or describe the machine in a "
         "target file of its own";
}
