//===- Products.cpp - Loop nests of products on residue cores ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Products.h"

#include "machines/rns/Instructions.h"
#include "machines/rns/Operations.h"

#include "phx/isa/Instructions.h"
#include "phx/isa/InstructionSet.h"
#include "phx/isa/LoopTree.h"
#include "phx/isa/NestSums.h"
#include "phx/isa/ProductNests.h"

#include <algorithm>
#include <map>

using namespace phx;
using namespace phx::rns;

//===----------------------------------------------------------------------===//
// Product metadata
//===----------------------------------------------------------------------===//

std::optional<uint32_t> phx::rns::findComputed(const Body &body) {
  std::optional<uint32_t> product;
  RnsInstructions::forEach([&]<typename T>() {
    // Whoever computes names a pass.
    if constexpr (requires(const T &each) { each.pass; })
      if (const T *instruction = getIf<T>(body))
        product = instruction->product;
  });
  return product;
}

static Error failTooMany(size_t index) {
  return Error{"product " + std::to_string(index) +
               ": expected core instructions whose clipped counts fall into at "
               "most 2^24 boxes of equal ones, found more; let the counts of "
               "the loops around them divide evenly",
               ProgramEntry{"product", index}};
}

namespace {

/// What nests do, or have to do.
struct Work {
  Int tiles = 0; ///< programmed
  Int macs = 0;  ///< streamed
};

/// Compares the instructions in the nests of one product with what the nests
/// say that they compute.
class ProductChecker {
public:
  ProductChecker(const LoopTree &tree, size_t index)
      : tree(tree), index(index), product(tree.program.products[index]) {}

  Status run() {
    for (const ProductNest &nest : product.nests)
      if (Status status = checkNest(nest); !status)
        return status;
    return Status::success();
  }

private:
  Status checkNest(const ProductNest &nest);
  Status checkGroup(const ProductNest &nest);
  Status compare(const ProductNest &nest, const Box &window,
                 const std::vector<NestPart> &parts);
  std::optional<Work> sum(const ProductNest &nest, const Box &window);
  Work getExpected(const NestPart &part) const;
  /// "m 70, n 36, k 75, groups 1, positions 1".
  std::string describe(const NestPart &part) const;

  const LoopTree &tree;
  size_t index;
  const Product &product;
  const ArrayGroup *group = nullptr;
  int64_t boxesLeft = maxSumBoxes;
};

} // namespace

/// All that computes is on arrays of one group.
Status ProductChecker::checkGroup(const ProductNest &nest) {
  const Program &program = tree.program;
  for (size_t i = nest.loopBegin; i < nest.loopEnd; ++i) {
    if (!findComputed(program.code[i].body))
      continue;
    const ArrayGroup *own = findGroup(program, program.code[i]);
    if (group && group != own)
      return failNest(program, nest, "arrays of one group",
                      "'" + group->name + "' and '" + own->name + "'");
    group = own;
  }
  if (!group)
    return failNest(program, nest, "programmed tiles", "none");
  return Status::success();
}

/// Tiles and multiply-accumulates in the iterations of `window`.
std::optional<Work> ProductChecker::sum(const ProductNest &nest,
                                        const Box &window) {
  Work work;
  for (size_t i = nest.loopBegin; i < nest.loopEnd; ++i) {
    const Body &body = tree.program.code[i].body;
    std::optional<Int> amount;
    if (const CoreProgram *p = getIf<CoreProgram>(body)) {
      // 0 or 1 per execution: a count clipped to one.
      Count rows = p->rows, cols = p->cols;
      rows.cap = std::min<int64_t>(rows.cap, 1);
      cols.cap = std::min<int64_t>(cols.cap, 1);
      amount = sumProducts(tree, i, window, {&rows, &cols}, boxesLeft);
      work.tiles = addUp(work.tiles, amount.value_or(0));
    } else if (const CoreStream *s = getIf<CoreStream>(body)) {
      amount = sumProducts(tree, i, window, {&s->rows, &s->cols, &s->length},
                           boxesLeft);
      work.macs = addUp(work.macs, amount.value_or(0));
    } else {
      continue;
    }
    if (!amount)
      return std::nullopt;
  }
  return work;
}

/// What a part takes on arrays of the group.
Work ProductChecker::getExpected(const NestPart &part) const {
  if (part.isEmpty())
    return {};
  Int times = multiply(part.groups().size(), product.positions);
  Int rows = part.rows().size(), columns = part.columns().size();
  Int stationary =
      getOperand(product, OperandRole::Stationary) == 0 ? rows : columns;
  int64_t k = part.contraction().size();
  Work work;
  work.tiles = multiply(
      multiply((stationary + group->rows - 1) / group->rows, times),
      countGroupPasses(k, getTermGroup(tree.program, product),
                       group->columns));
  work.macs = multiply(multiply(rows, columns), multiply(k, times));
  return work;
}

std::string ProductChecker::describe(const NestPart &part) const {
  return "m " + toText(part.rows().size()) + ", n " +
         toText(part.columns().size()) + ", k " +
         toText(part.contraction().size()) + ", groups " +
         toText(part.groups().size()) + ", positions " +
         toText(product.positions);
}

/// The iterations of `window` do what `parts` say.
Status ProductChecker::compare(const ProductNest &nest, const Box &window,
                               const std::vector<NestPart> &parts) {
  std::optional<Work> found = sum(nest, window);
  if (!found)
    return failTooMany(index);
  Work expected;
  for (const NestPart &part : parts) {
    Work own = getExpected(part);
    expected.tiles = addUp(expected.tiles, own.tiles);
    expected.macs = addUp(expected.macs, own.macs);
  }
  std::string what =
      parts.size() == 1
          ? " (" + describe(parts.front()) + ")"
          : " in " + std::to_string(parts.size()) + " executions of its nest";
  bool isMultiple = found->tiles == expected.tiles ||
                    (expected.tiles != 0 && found->tiles != 0 &&
                     found->tiles % expected.tiles == 0);
  if (!isMultiple)
    return failNest(tree.program, nest,
                    "a multiple of " + toText(expected.tiles) +
                        " programmed tiles" + what,
                    toText(found->tiles));
  if (found->macs != expected.macs)
    return failNest(
        tree.program, nest,
        toText(expected.macs) + " multiply-accumulates" + what,
        toText(found->macs) + " in its core.stream instructions");
  return Status::success();
}

/// One execution of each size, and all of them.
Status ProductChecker::checkNest(const ProductNest &nest) {
  if (Status status = checkGroup(nest); !status)
    return status;
  std::vector<NestPart> parts = listParts(tree, nest);
  std::map<std::array<int64_t, 4>, const NestPart *> bySize;
  for (const NestPart &part : parts) {
    // A longer group has one exponent, which no part sees all of.
    int64_t group = getLongestGroup(tree.program, product);
    if (!part.isEmpty() && part.contraction().begin % group)
      return failNest(tree.program, nest,
                      "nests that begin at a group of " + toText(group) +
                          " contraction positions",
                      "one at position " + toText(part.contraction().begin));
    std::array<int64_t, 4> sizes;
    for (size_t d = 0; d < 4; ++d)
      sizes[d] = part.extents[d].size();
    bySize.emplace(sizes, &part);
  }
  if (parts.size() > 1)
    for (auto [sizes, part] : bySize)
      if (Status status =
              compare(nest, getWindow(tree, nest, *part), {*part});
          !status)
        return status;
  Box everywhere;
  everywhere.fill({0, limits::index});
  return compare(nest, everywhere, parts);
}

Status phx::rns::checkProducts(const LoopTree &tree) {
  const Program &program = tree.program;
  std::vector<bool> isOurs(program.products.size());
  for (const Instruction &instruction : program.code)
    if (auto product = findComputed(instruction.body))
      isOurs[*product] = true;
  for (size_t p = 0; p < program.products.size(); ++p)
    if (isOurs[p] && !program.products[p].nests.empty())
      if (Status status = ProductChecker(tree, p).run(); !status)
        return status;
  return Status::success();
}
