//===- HeaderOperations.cpp - Operations of tables in a file ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The file has names and values, so that its meaning does not depend on the
// order of anybody's tables.
//
//===----------------------------------------------------------------------===//

#include "HeaderOperations.h"

#include "phx/isa/Description.h"

using namespace phx;

using Argument = proto::Program::Argument;

//===----------------------------------------------------------------------===//
// To the message
//===----------------------------------------------------------------------===//

namespace {
struct Putter {
  Argument *out;

  void operator()(const ParameterDescription &, int64_t value) {
    out->set_number(value);
  }
  void operator()(const ParameterDescription &,
                  const std::vector<int64_t> &values) {
    proto::Program::Numbers *numbers = out->mutable_numbers();
    numbers->mutable_values()->Assign(values.begin(), values.end());
  }
  void operator()(const ParameterDescription &parameter, uint8_t word) {
    const auto &entries = parameter.words->entries;
    out->set_word(word < entries.size() ? entries[word].name : "");
  }
  void operator()(const ParameterDescription &, double value) {
    out->set_real(value);
  }
};
} // namespace

static void put(const TableOperation &operation,
                proto::Program::Operation *out) {
  const OperationDescription *d = operation.getDescription();
  if (!d)
    return;
  out->set_name(d->name);
  for (const ParameterDescription &parameter : d->parameters) {
    Argument *argument = out->add_arguments();
    argument->set_name(parameter.name);
    visitParameter(parameter, operation.data(), Putter{argument});
  }
}

void phx::putOperations(const Program &program, proto::Program &out) {
  for (const TableOperation &conversion : program.conversions)
    put(conversion, out.add_conversions());
  for (const OperationList &pass : program.passes) {
    proto::Program::Operations *entry = out.add_passes();
    for (const TableOperation &operation : pass)
      put(operation, entry->add_operations());
  }
  for (const OperationList &combine : program.combines) {
    proto::Program::Operations *entry = out.add_combines();
    for (const TableOperation &operation : combine)
      put(operation, entry->add_operations());
  }
}

//===----------------------------------------------------------------------===//
// From the message
//===----------------------------------------------------------------------===//

namespace {
/// Assigns one argument; false if it is of another kind.
struct Getter {
  const Argument &in;
  bool *fits;

  void operator()(const ParameterDescription &, int64_t &value) {
    *fits = in.has_number();
    value = in.number();
  }
  void operator()(const ParameterDescription &, std::vector<int64_t> &values) {
    *fits = in.has_numbers();
    values.assign(in.numbers().values().begin(), in.numbers().values().end());
  }
  void operator()(const ParameterDescription &parameter, uint8_t &word) {
    *fits = false;
    const auto &entries = parameter.words->entries;
    for (size_t i = 0; i < entries.size() && !*fits; ++i) {
      *fits = in.has_word() && in.word() == entries[i].name;
      word = static_cast<uint8_t>(i);
    }
  }
  void operator()(const ParameterDescription &, double &value) {
    *fits = in.has_real();
    value = in.real();
  }
};
} // namespace

static std::string listParameters(const OperationDescription &d) {
  std::string text;
  for (const ParameterDescription &parameter : d.parameters)
    text += (text.empty() ? "" : ", ") + std::string(parameter.name);
  return text.empty() ? "no parameters" : text;
}

static Result<TableOperation> get(const proto::Program::Operation &in,
                                  OperationTable table, std::string where) {
  const OperationDescription *d = OperationSet::get().find(in.name());
  if (!d || d->table != table)
    return Error{where + ": " +
                 OperationSet::get().explainUnknown(in.name(), table)};
  where += " " + d->name;
  TableOperation operation(*d);
  for (int i = 0; i < in.arguments_size(); ++i) {
    const Argument &argument = in.arguments(i);
    bool isThere = size_t(i) < d->parameters.size() &&
                   argument.name() == d->parameters[size_t(i)].name;
    if (!isThere)
      return Error{where + ": expected " + listParameters(*d) +
                   " in this order, found '" + argument.name() + "' at place " +
                   std::to_string(i)};
    const ParameterDescription &parameter = d->parameters[size_t(i)];
    bool fits = true;
    visitParameter(parameter, operation.data(), Getter{argument, &fits});
    if (!fits)
      return Error{where + " " + parameter.name + ": expected " +
                   getKindText(parameter) + ", found " +
                   (argument.has_word() ? "'" + argument.word() + "'"
                                        : "another kind of value")};
  }
  if (size_t(in.arguments_size()) < d->parameters.size())
    return Error{where + ": expected " + listParameters(*d) + ", found only " +
                 std::to_string(in.arguments_size()) + " of them"};
  return operation;
}

template <typename Lists>
static Status getLists(const Lists &in, OperationTable table,
                       std::vector<OperationList> &lists) {
  for (const auto &entry : in) {
    std::string where =
        std::string(getTableName(table)) + " " + std::to_string(lists.size());
    OperationList &list = lists.emplace_back();
    for (const auto &each : entry.operations()) {
      Result<TableOperation> operation = get(each, table, where);
      if (!operation)
        return operation.error();
      list.push_back(std::move(*operation));
    }
  }
  return Status::success();
}

Status phx::getOperations(const proto::Program &in, Program &program) {
  for (const auto &each : in.conversions()) {
    Result<TableOperation> conversion =
        get(each, OperationTable::Conversion,
            "conversion " + std::to_string(program.conversions.size()));
    if (!conversion)
      return conversion.error();
    program.conversions.push_back(std::move(*conversion));
  }
  if (Status s = getLists(in.passes(), OperationTable::Pass, program.passes);
      !s)
    return s;
  return getLists(in.combines(), OperationTable::Combine, program.combines);
}
