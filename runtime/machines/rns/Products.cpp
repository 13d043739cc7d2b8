//===- Products.cpp - Loop nests of products on residue cores ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Products.h"

#include "machines/rns/Instructions.h"

#include "phx/isa/Instructions.h"
#include "phx/isa/InstructionSet.h"
#include "phx/isa/LoopTree.h"

#include <algorithm>

using namespace phx;

//===----------------------------------------------------------------------===//
// Sums over loop nests
//===----------------------------------------------------------------------===//

/// Product of non-negative numbers, at most 2^120.
static Int multiply(Int a, Int b) {
  constexpr Int limit = Int(1) << 120;
  return b != 0 && a > limit / b ? limit : a * b;
}

/// Loops whose counters change a field.
static unsigned getLoops(const std::optional<Affine> &affine) {
  unsigned loops = 0;
  if (affine)
    for (const DigitTerm &digit : affine->terms)
      loops |= 1u << digit.loop;
  return loops;
}

// Boxes of iterations that one product may fall into.
static constexpr int64_t maxBoxes = int64_t(1) << 24;

namespace {

/// A clipped count over boxes of iterations.
class Factor {
public:
  explicit Factor(const Count &count) : cap(count.cap) {
    if (count.remaining)
      remaining.emplace(*count.remaining);
  }
  Range over(const Box &box) const {
    if (!remaining)
      return {cap, cap};
    Range range = remaining->over(box);
    auto clip = [&](Int value) { return std::clamp<Int>(value, 0, cap); };
    return {clip(range.lo), clip(range.hi)};
  }

private:
  int64_t cap;
  std::optional<Form> remaining;
};

} // namespace

/// Sum of the product of `factors` over the counters of `loops` in `box`;
/// nothing if it takes more than `boxesLeft`. Counts are full almost
/// everywhere: boxes are cut only until each count is the same all over one.
static std::optional<Int> sumOver(const Box &box, unsigned loops,
                                  const std::vector<const Count *> &counts,
                                  int64_t &boxesLeft) {
  std::vector<Factor> factors;
  for (const Count *count : counts)
    factors.emplace_back(*count);
  Int sum = 0;
  std::vector<Box> open{box};
  while (!open.empty()) {
    if (--boxesLeft < 0)
      return std::nullopt;
    Box current = open.back();
    open.pop_back();
    Int product = 1;
    bool isConstant = true;
    for (const Factor &factor : factors) {
      Range range = factor.over(current);
      isConstant &= range.lo == range.hi;
      product = multiply(product, range.hi);
    }
    int widest = -1;
    int64_t most = 0;
    for (unsigned l = 0; l < maxLoopDepth; ++l) {
      if (!(loops >> l & 1))
        continue;
      int64_t width = current[l].second - current[l].first;
      product = multiply(product, Int(width) + 1);
      if (width > most) {
        widest = static_cast<int>(l);
        most = width;
      }
    }
    // One factor that is zero throughout makes the others irrelevant.
    if (isConstant || product == 0 || widest < 0) {
      sum += product;
      continue;
    }
    Box low = current, high = current;
    low[widest].second = current[widest].first + most / 2;
    high[widest].first = low[widest].second + 1;
    open.push_back(high);
    open.push_back(low);
  }
  return sum;
}

/// Sum of the product of `counts` over all iterations at which an instruction
/// runs. Counts that share no loop are summed apart, other loops multiply.
static std::optional<Int> sumProducts(const LoopTree &tree, size_t instruction,
                                      std::vector<const Count *> counts,
                                      int64_t &boxesLeft) {
  std::optional<Box> box = getExecutedBox(tree, instruction);
  if (!box)
    return 0;
  Int total = 1;
  unsigned done = 0;
  while (!counts.empty()) {
    std::vector<const Count *> together{counts.back()};
    unsigned loops = getLoops(counts.back()->remaining);
    counts.pop_back();
    for (bool grown = true; grown;) {
      grown = false;
      for (auto it = counts.begin(); it != counts.end(); ++it)
        if (getLoops((*it)->remaining) & loops) {
          loops |= getLoops((*it)->remaining);
          together.push_back(*it);
          counts.erase(it);
          grown = true;
          break;
        }
    }
    std::optional<Int> sum = sumOver(*box, loops, together, boxesLeft);
    if (!sum)
      return std::nullopt;
    total = multiply(total, *sum);
    done |= loops;
  }
  for (unsigned l = 0; l < maxLoopDepth; ++l)
    if (!(done >> l & 1))
      total = multiply(total, Int((*box)[l].second) - (*box)[l].first + 1);
  return total;
}

//===----------------------------------------------------------------------===//
// Product metadata
//===----------------------------------------------------------------------===//

static Error failProduct(size_t index, const std::string &expected,
                         const std::string &found) {
  return Error{"product " + std::to_string(index) + ": expected " + expected +
               ", found " + found +
               "; its loop nest was edited: restore the nest, or delete the "
               "product's loop range (begin and end 0) so that no executor "
               "relies on it"};
}

/// Passes along the contraction axis: a group longer than the array takes
/// several, a shorter one takes one of its own.
static Int countPasses(const Product &product, uint32_t group, uint32_t cols) {
  auto passes = [&](Int length) { return (length + cols - 1) / cols; };
  return multiply(product.k / group, passes(group)) + passes(product.k % group);
}

/// Tiles that the shape of a product takes on arrays of `group`.
static Int countTiles(const Program &program, const Product &product,
                      const ArrayGroup &group) {
  Int stationary = product.dataflow == Dataflow::Df1 ? product.m : product.n;
  Int rowBlocks = (stationary + group.rows - 1) / group.rows;
  return multiply(
      multiply(rowBlocks, multiply(product.groups, product.positions)),
      countPasses(product, program.formats[product.format].group,
                  group.columns));
}

static Status checkRange(const LoopTree &tree, size_t index) {
  const Product &product = tree.program.products[index];
  for (const LoopNode &loop : tree.loops)
    if (loop.begin == product.loopBegin && loop.end == product.loopEnd)
      return Status::success();
  return failProduct(index, "a loop and its end",
                     "instructions " + std::to_string(product.loopBegin) +
                         " and " + std::to_string(product.loopEnd));
}

/// The product that a core instruction works for.
static uint32_t getProduct(const Body &body) {
  uint32_t product = 0;
  RnsInstructions::forEach([&]<typename T>() {
    if (const T *instruction = getIf<T>(body))
      product = instruction->product;
  });
  return product;
}

/// All of a product's instructions, and no others, are inside its nest.
static Status checkMembers(const Program &program, size_t index,
                           const std::vector<size_t> &coreInstructions) {
  const Product &product = program.products[index];
  for (size_t i : coreInstructions) {
    const Body &body = program.code[i].body;
    uint32_t owner = getProduct(body);
    bool isInside = i > product.loopBegin && i < product.loopEnd;
    if (isInside != (owner == index))
      return failProduct(index,
                         "all of its core instructions and no others between "
                         "instructions " +
                             std::to_string(product.loopBegin) + " and " +
                             std::to_string(product.loopEnd),
                         std::string(getMnemonic(body)) + " of product " +
                             std::to_string(owner) + " at instruction " +
                             std::to_string(i));
  }
  return Status::success();
}

static Error failTooMany(size_t index) {
  return Error{"product " + std::to_string(index) +
               ": expected core instructions whose clipped counts fall into at "
               "most 2^24 boxes of equal ones, found more; let the counts of "
               "the loops around them divide evenly"};
}

static Status checkWork(const LoopTree &tree, size_t index,
                        const std::vector<size_t> &coreInstructions) {
  const Program &program = tree.program;
  const Product &product = program.products[index];
  Int tiles = 0, macs = 0;
  int64_t boxesLeft = maxBoxes;
  const ArrayGroup *group = nullptr;
  for (size_t i : coreInstructions) {
    const Body &body = program.code[i].body;
    if (getProduct(body) != index)
      continue;
    const ArrayGroup *own = findGroup(program, program.code[i]);
    if (group && group != own)
      return failProduct(index, "arrays of one group",
                         "'" + group->name + "' and '" + own->name + "'");
    group = own;
    if (const CoreProgram *p = getIf<CoreProgram>(body)) {
      // 0 or 1 per execution: a count clipped to one.
      Count rows = p->rows, cols = p->cols;
      rows.cap = std::min<int64_t>(rows.cap, 1);
      cols.cap = std::min<int64_t>(cols.cap, 1);
      if (std::optional<Int> sum =
              sumProducts(tree, i, {&rows, &cols}, boxesLeft))
        tiles += *sum;
      else
        return failTooMany(index);
    }
    if (const CoreStream *s = getIf<CoreStream>(body)) {
      if (std::optional<Int> sum =
              sumProducts(tree, i, {&s->rows, &s->cols, &s->length},
                          boxesLeft))
        macs += *sum;
      else
        return failTooMany(index);
    }
  }
  if (!group)
    return failProduct(index, "programmed tiles", "none");
  Int expectedTiles = countTiles(program, product, *group);
  if (tiles == 0 || tiles % expectedTiles != 0)
    return failProduct(
        index,
        "a multiple of " + toText(expectedTiles) + " programmed tiles (m " +
            toText(product.m) + ", n " + toText(product.n) + ", k " +
            toText(product.k) + ", groups " + toText(product.groups) +
            ", positions " + toText(product.positions) + ")",
        toText(tiles));
  Int expectedMacs = multiply(multiply(multiply(product.m, product.n),
                                       multiply(product.k, product.groups)),
                              product.positions);
  if (macs != expectedMacs)
    return failProduct(
        index,
        toText(expectedMacs) +
            " multiply-accumulates (m * n * k * groups * positions)",
        toText(macs) + " in its core.stream instructions");
  return Status::success();
}

Status phx::rns::checkProducts(const LoopTree &tree) {
  const Program &program = tree.program;
  std::vector<size_t> coreInstructions;
  for (size_t i = 0; i < program.code.size(); ++i)
    if (program.code[i].getDescription().machineClass == "rns")
      coreInstructions.push_back(i);
  for (size_t p = 0; p < program.products.size(); ++p) {
    const Product &product = program.products[p];
    if (product.loopEnd <= product.loopBegin)
      continue;
    if (Status s = checkRange(tree, p); !s)
      return s;
    if (Status s = checkMembers(program, p, coreInstructions); !s)
      return s;
    if (Status s = checkWork(tree, p, coreInstructions); !s)
      return s;
  }
  return Status::success();
}
