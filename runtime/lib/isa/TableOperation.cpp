//===- TableOperation.cpp - What tables of a program name -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/TableOperation.h"

#include "phx/isa/Description.h"

#include <charconv>
#include <cmath>

using namespace phx;

const char *phx::getTableName(OperationTable table) {
  static const char *const names[numOperationTables] = {"conversion", "pass",
                                                        "combine"};
  return names[static_cast<unsigned>(table)];
}

bool phx::drawsRandomNumbers(const TableOperation &operation) {
  const OperationDescription *d = operation.getDescription();
  return d && d->drawsRandomNumbers && d->drawsRandomNumbers(operation.data());
}

std::optional<int64_t> phx::getMantissaBits(const TableOperation &operation) {
  if (const OperationDescription *d = operation.getDescription())
    for (const ParameterDescription &parameter : d->parameters)
      if (parameter.isMantissa)
        return parameter.as<int64_t>(operation.data());
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

std::string phx::toRealText(double value) {
  char buffer[64];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  std::string text(buffer, end);
  if (text.find('.') != std::string::npos || !std::isfinite(value))
    return text;
  size_t exponent = text.find('e');
  return exponent == std::string::npos
             ? text + ".0"
             : text.insert(exponent, ".0");
}

namespace {
/// The value of a parameter as in assembly.
struct ValueWriter {
  std::string text;

  void operator()(const ParameterDescription &, int64_t value) {
    text = std::to_string(value);
  }
  void operator()(const ParameterDescription &,
                  const std::vector<int64_t> &values) {
    text = "[";
    for (size_t i = 0; i < values.size(); ++i)
      text += (i ? ", " : "") + std::to_string(values[i]);
    text += "]";
  }
  void operator()(const ParameterDescription &parameter, uint8_t word) {
    const auto &entries = parameter.words->entries;
    text = word < entries.size() ? entries[word].name : std::to_string(word);
  }
  void operator()(const ParameterDescription &, double value) {
    text = toRealText(value);
  }
};
} // namespace

std::string phx::toAssembly(const TableOperation &operation) {
  const OperationDescription *d = operation.getDescription();
  if (!d)
    return "none";
  std::string text = d->name;
  for (const ParameterDescription &parameter : d->parameters) {
    ValueWriter writer;
    visitParameter(parameter, operation.data(), writer);
    text += std::string(" ") + parameter.name + " " + writer.text;
  }
  return text;
}

std::string phx::toAssembly(const OperationList &list) {
  std::string text = "[";
  for (const TableOperation &operation : list)
    text += (text.size() > 1 ? ", " : "") + toAssembly(operation);
  return text + "]";
}

std::string phx::spell(const TableOperation &operation) {
  const OperationDescription *d = operation.getDescription();
  return d && d->spell ? d->spell(operation.data()) : toAssembly(operation);
}

static std::string getRangeText(int64_t least, int64_t most) {
  bool low = least > std::numeric_limits<int64_t>::min();
  bool high = most < std::numeric_limits<int64_t>::max();
  if (low && high)
    return std::to_string(least) + " to " + std::to_string(most);
  return low    ? "at least " + std::to_string(least)
         : high ? "at most " + std::to_string(most)
                : "any";
}

static std::string getRangeText(const ParameterDescription &parameter) {
  if (parameter.kind != ParameterKind::Real)
    return getRangeText(parameter.least, parameter.most);
  bool low = parameter.lowest > std::numeric_limits<double>::lowest();
  bool high = parameter.highest < std::numeric_limits<double>::max();
  if (low && high)
    return toRealText(parameter.lowest) + " to " +
           toRealText(parameter.highest);
  return low    ? "at least " + toRealText(parameter.lowest)
         : high ? "at most " + toRealText(parameter.highest)
                : "any finite number";
}

static std::string listWords(const ParameterDescription &parameter) {
  std::string text;
  const auto &entries = parameter.words->entries;
  for (size_t i = 0; i < entries.size(); ++i)
    text += std::string(i == 0                    ? ""
                        : i + 1 == entries.size() ? " or "
                                                  : ", ") +
            entries[i].name;
  return text;
}

std::string phx::getKindText(const ParameterDescription &parameter) {
  switch (parameter.kind) {
  case ParameterKind::Number:
    return "integer, " + getRangeText(parameter);
  case ParameterKind::Numbers:
    return getRangeText(parameter.fewest, parameter.longest) +
           " integers, each " + getRangeText(parameter);
  case ParameterKind::Word:
    return listWords(parameter);
  case ParameterKind::Real:
    return "number, " + getRangeText(parameter);
  }
  return "";
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

namespace {
/// Whether the value of a parameter is legal; the first failure sticks.
struct RangeChecker {
  const std::string &where;
  Status status = {};

  void fail(const ParameterDescription &parameter, const std::string &expected,
            const std::string &found) {
    if (status)
      status = Error{where + " " + parameter.name + ": expected " + expected +
                     ", found " + found};
  }
  void operator()(const ParameterDescription &parameter, int64_t value) {
    if (value < parameter.least || value > parameter.most)
      fail(parameter, getRangeText(parameter), std::to_string(value));
  }
  void operator()(const ParameterDescription &parameter,
                  const std::vector<int64_t> &values) {
    for (int64_t value : values)
      (*this)(parameter, value);
    auto count = static_cast<int64_t>(values.size());
    if (count < parameter.fewest || count > parameter.longest)
      fail(parameter,
           getRangeText(parameter.fewest, parameter.longest) + " numbers",
           values.empty() ? "none" : std::to_string(count));
  }
  void operator()(const ParameterDescription &parameter, uint8_t word) {
    if (word >= parameter.words->entries.size())
      fail(parameter, listWords(parameter), "word " + std::to_string(word));
  }
  void operator()(const ParameterDescription &parameter, double value) {
    if (!std::isfinite(value) || value < parameter.lowest ||
        value > parameter.highest)
      fail(parameter, getRangeText(parameter), toRealText(value));
  }
};
} // namespace

Status phx::checkOperation(const TableOperation &operation,
                           OperationTable table, const std::string &where) {
  const OperationDescription *d = operation.getDescription();
  if (!d)
    return Error{where + ": expected an operation, found none"};
  if (d->table != table)
    return Error{where + ": " +
                 OperationSet::get().explainUnknown(d->name, table)};
  RangeChecker checker{where};
  for (const ParameterDescription &parameter : d->parameters)
    visitParameter(parameter, operation.data(), checker);
  if (!checker.status || !d->check)
    return checker.status;
  for (const BrokenRule &broken : d->check(operation.data()))
    return Error{where + " " + broken.parameter + ": expected " +
                 broken.expected + ", found " + broken.found};
  return Status::success();
}
