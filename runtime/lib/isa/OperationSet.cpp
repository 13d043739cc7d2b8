//===- OperationSet.cpp - Which operations tables may name ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/BaseOperations.h"
#include "phx/isa/DescribeOperation.h"
#include "phx/isa/Limits.h"

#include "phx/support/Suggestions.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <set>

using namespace phx;

//===----------------------------------------------------------------------===//
// Operations of no class
//===----------------------------------------------------------------------===//

template <> const EnumDescription &phx::describeEnum<Rounding>() {
  static const EnumDescription description{
      "Rounding",
      "how a conversion makes mantissas",
      {{"trunc", "toward zero"},
       {"nearest", "to nearest, ties to even, saturating"},
       {"stochastic", "up with the probability of what is cut off, "
                      "saturating"}}};
  return description;
}

static std::string spellBfp(const Bfp &bfp) {
  std::string text =
      "bfp:" + std::to_string(bfp.mantissa) + ":" + std::to_string(bfp.group);
  if (bfp.rounding != Rounding::Truncate)
    text += bfp.rounding == Rounding::Nearest ? ":nearest" : ":stochastic";
  return text;
}

static bool isStochastic(const Bfp &bfp) {
  return bfp.rounding == Rounding::Stochastic;
}

template <> const OperationDescription &phx::describeOperation<Bfp>() {
  static const OperationDescription description =
      DescribeOperation<Bfp>(OperationTable::Conversion)
          .summary("block floating point")
          .semantics("Elements of a group share the exponent of the largest.")
          .parameter(&Bfp::mantissa, "mantissa", "bit", "without the sign")
          .within(limits::mantissaBits.low, limits::mantissaBits.high)
          .mantissa()
          .parameter(&Bfp::group, "group", "element",
                     "elements along the contraction axis that share an "
                     "exponent")
          .within(limits::groupLength.low, limits::groupLength.high)
          .parameter(&Bfp::rounding, "rounding", "", "of mantissas")
          .draws<isStochastic>()
          .spelled<spellBfp>()
          .build();
  return description;
}

static std::string spellFp32(const Fp32 &) { return "fp32"; }

template <> const OperationDescription &phx::describeOperation<Fp32>() {
  static const OperationDescription description =
      DescribeOperation<Fp32>(OperationTable::Conversion)
          .summary("binary32 as it is: the arithmetic bypass")
          .parameter(&Fp32::group, "group", "element",
                     "elements along the contraction axis that make one "
                     "partial sum")
          .within(limits::groupLength.low, limits::groupLength.high)
          .spelled<spellFp32>()
          .build();
  return description;
}

template <> const OperationDescription &phx::describeOperation<FloatDot>() {
  static const OperationDescription description =
      DescribeOperation<FloatDot>(OperationTable::Pass)
          .summary("products summed in binary32, elements ascending from +0, "
                   "each product and each sum rounded")
          .build();
  return description;
}

template <> const OperationDescription &phx::describeOperation<ScaledAdd>() {
  static const OperationDescription description =
      DescribeOperation<ScaledAdd>(OperationTable::Combine)
          .summary("add the exact integer, times the weights of both operands' "
                   "mantissas, and round once to binary32; flush to +0")
          .build();
  return description;
}

template <> const OperationDescription &phx::describeOperation<FloatAdd>() {
  static const OperationDescription description =
      DescribeOperation<FloatAdd>(OperationTable::Combine)
          .summary("add in binary32 and round; nothing is flushed")
          .build();
  return description;
}

std::optional<int64_t> phx::getGroupLength(const TableOperation &conversion) {
  if (const Bfp *bfp = getIf<Bfp>(conversion))
    return bfp->group;
  if (const Fp32 *fp32 = getIf<Fp32>(conversion))
    return fp32->group;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// The set
//===----------------------------------------------------------------------===//

OperationSet::OperationSet() {
  add<Bfp, Fp32, FloatDot, ScaledAdd, FloatAdd>();
}

OperationSet &OperationSet::get() {
  static OperationSet set;
  return set;
}

void OperationSet::add(const OperationDescription &description) {
  const OperationDescription *other = find(description.name);
  if (other == &description)
    return;
  bool hasPrefix = description.machineClass.empty() ||
                   description.name.starts_with(description.machineClass + ".");
  if (!other && hasPrefix) {
    all.push_back(&description);
    return;
  }
  std::fprintf(stderr,
               "the operation %s %s; begin its name with that of its machine "
               "class and a dot\n",
               description.name.c_str(),
               other ? "is there already" : "has a name of another class");
  std::abort();
}

const OperationDescription *OperationSet::find(const std::string &name) const {
  for (const OperationDescription *description : all)
    if (name == description->name)
      return description;
  return nullptr;
}

std::vector<const OperationDescription *> OperationSet::list() const {
  std::vector<const OperationDescription *> sorted;
  for (unsigned table = 0; table < numOperationTables; ++table)
    std::copy_if(all.begin(), all.end(), std::back_inserter(sorted),
                 [&](const OperationDescription *description) {
                   return static_cast<unsigned>(description->table) == table;
                 });
  return sorted;
}

static std::string getPlural(OperationTable table) {
  std::string name = getTableName(table);
  return name + (table == OperationTable::Pass ? "es" : "s");
}

std::string
OperationSet::explainUnknown(const std::string &name,
                             std::optional<OperationTable> table) const {
  std::vector<std::string> known;
  std::set<std::string> classes;
  for (const OperationDescription *d : list()) {
    if (!table || d->table == *table)
      known.push_back(d->name);
    if (!d->machineClass.empty())
      classes.insert(d->machineClass);
  }
  auto join = [](const auto &names) {
    std::string text;
    for (const std::string &each : names)
      text += (text.empty() ? "" : ", ") + each;
    return text.empty() ? "none" : text;
  };
  if (const OperationDescription *other = find(name); other && table)
    return "'" + name + "' is an operation of " + getPlural(other->table) +
           ", not of " + getPlural(*table);
  size_t dot = name.find('.');
  if (dot != std::string::npos && !classes.count(name.substr(0, dot)))
    return "'" + name + "' is of machine class '" + name.substr(0, dot) +
           "', which this program has not registered. It knows: " +
           join(classes);
  return "no operation of " + (table ? getPlural(*table) : "tables") +
         " is called '" + name + "'" + didYouMean(name, known) +
         "; there are " + join(known);
}
