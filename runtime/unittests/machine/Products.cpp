//===- Products.cpp - Nests of products whose results stay ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Crossbar.h"

#include "phx/isa/NestSums.h"

using namespace phx;

namespace {

/// What nests do, or have to do.
struct Work {
  Int readouts = 0, macs = 0;
};

/// Compares the instructions in the nests of one product with what the nests
/// say that they compute.
class Checker {
public:
  Checker(const LoopTree &tree, const Product &product)
      : tree(tree), product(product) {}

  Status run() {
    for (const ProductNest &nest : product.nests)
      for (const NestPart &part : listParts(tree, nest))
        if (Status status = compare(nest, part); !status)
          return status;
    return Status::success();
  }

private:
  /// What one execution of a nest does; nothing if that is not countable.
  std::optional<Work> sum(const ProductNest &nest, const Box &window) {
    Work work;
    for (size_t i = nest.loopBegin; i < nest.loopEnd; ++i) {
      const auto *o = getIf<CrossbarOuter>(tree.program.code[i].body);
      if (!o)
        continue;
      Count once = o->length;
      once.cap = std::min<int64_t>(once.cap, 1);
      auto readouts = sumProducts(
          tree, i, window, {&o->rows, &o->vectors, &once}, boxesLeft);
      auto macs = sumProducts(tree, i, window,
                              {&o->rows, &o->vectors, &o->length}, boxesLeft);
      if (!readouts || !macs)
        return std::nullopt;
      work.readouts += *readouts;
      work.macs += *macs;
    }
    return work;
  }

  /// Every result is read out equally often.
  Status compare(const ProductNest &nest, const NestPart &part) {
    if (part.isEmpty())
      return Status::success();
    auto found = sum(nest, getWindow(tree, nest, part));
    if (!found)
      return failNest(tree.program, nest, "counts that divide evenly",
                      "others");
    Int results = multiply(multiply(part.rows().size(), part.columns().size()),
                           multiply(part.groups().size(), product.positions));
    Int macs = multiply(results, part.contraction().size());
    if (found->macs != macs)
      return failNest(tree.program, nest,
                      toText(macs) + " multiply-accumulates",
                      toText(found->macs) +
                          " in its crossbar.outer instructions");
    if (found->readouts == 0 || found->readouts % results != 0)
      return failNest(tree.program, nest,
                      "a multiple of " + toText(results) + " readouts",
                      toText(found->readouts));
    return Status::success();
  }

  const LoopTree &tree;
  const Product &product;
  int64_t boxesLeft = maxSumBoxes;
};

} // namespace

Status crossbar::checkProducts(const LoopTree &tree) {
  const Program &program = tree.program;
  std::vector<bool> isOurs(program.products.size());
  for (const Instruction &instruction : program.code)
    if (const auto *outer = getIf<CrossbarOuter>(instruction.body))
      isOurs[outer->product] = true;
  for (size_t p = 0; p < isOurs.size(); ++p)
    if (isOurs[p])
      if (Status status = Checker(tree, program.products[p]).run(); !status)
        return status;
  return Status::success();
}
