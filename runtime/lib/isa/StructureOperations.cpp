//===- StructureOperations.cpp - Validation of conversions, passes -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Validator.h"

using namespace phx;

/// Operations of an entry; more have no use in hardware.
static constexpr size_t maxOperations = 16;

static std::string nameEntry(OperationTable table, size_t number) {
  return std::string(getTableName(table)) + " " + std::to_string(number);
}

static Status checkLists(const std::vector<OperationList> &lists,
                         OperationTable table) {
  for (size_t l = 0; l < lists.size(); ++l) {
    const OperationList &list = lists[l];
    std::string where = nameEntry(table, l);
    ProgramEntry entry{getTableName(table), l};
    if (list.empty() || list.size() > maxOperations)
      return Error{where + ": expected 1 to " + std::to_string(maxOperations) +
                       " operations, found " + std::to_string(list.size()),
                   entry};
    for (size_t o = 0; o < list.size(); ++o) {
      const OperationDescription *d = list[o].getDescription();
      std::string at =
          where + " " + (d ? d->name : "operation " + std::to_string(o));
      if (Status s = about(entry, checkOperation(list[o], table, at)); !s)
        return s;
    }
  }
  return Status::success();
}

/// Indices of products; what they name together, machine classes judge.
static Status checkProductEntries(const Program &program) {
  for (size_t p = 0; p < program.products.size(); ++p) {
    const Product &product = program.products[p];
    auto check = [&](const char *field, uint32_t found, size_t size) -> Status {
      if (found < size)
        return Status::success();
      return Error{"product " + std::to_string(p) + " " + field +
                       ": expected an index below " + std::to_string(size) +
                       ", found " + std::to_string(found),
                   ProgramEntry{"product", p}};
    };
    for (uint32_t conversion : product.conversions)
      if (Status s =
              check("conversion", conversion, program.conversions.size());
          !s)
        return s;
    if (Status s = check("pass", product.pass, program.passes.size()); !s)
      return s;
    if (Status s = check("combine", product.combine, program.combines.size());
        !s)
      return s;
  }
  return Status::success();
}

Status phx::checkOperations(const Program &program) {
  for (size_t c = 0; c < program.conversions.size(); ++c)
    if (Status s = about(
            ProgramEntry{getTableName(OperationTable::Conversion), c},
            checkOperation(program.conversions[c], OperationTable::Conversion,
                           nameEntry(OperationTable::Conversion, c)));
        !s)
      return s;
  if (Status s = checkLists(program.passes, OperationTable::Pass); !s)
    return s;
  if (Status s = checkLists(program.combines, OperationTable::Combine); !s)
    return s;
  return checkProductEntries(program);
}

std::string phx::findRandomEntry(const Program &program) {
  for (size_t c = 0; c < program.conversions.size(); ++c)
    if (drawsRandomNumbers(program.conversions[c]))
      return nameEntry(OperationTable::Conversion, c);
  for (auto [table, lists] :
       {std::pair(OperationTable::Pass, &program.passes),
        std::pair(OperationTable::Combine, &program.combines)})
    for (size_t l = 0; l < lists->size(); ++l)
      for (const TableOperation &operation : (*lists)[l])
        if (drawsRandomNumbers(operation))
          return nameEntry(table, l);
  return "";
}
