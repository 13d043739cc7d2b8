//===- StructureNests.cpp - Validation of the nests of products -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What any class of machine can say of a product's nests: they are loops, they
// hold the product's instructions, and together they compute each term of it
// once. What the instructions in them do is for the class to check.
//
//===----------------------------------------------------------------------===//

#include "Structure.h"

#include "phx/isa/Instructions.h"
#include "phx/isa/ProductNests.h"
#include "phx/isa/Registers.h"

#include <algorithm>

using namespace phx;

Error phx::failProduct(size_t product, const std::string &expected,
                       const std::string &found) {
  return Error{"product " + std::to_string(product) + ": expected " + expected +
                   ", found " + found +
                   "; its loop nest was edited: restore the nest, or delete "
                   "the nests of the product so that no executor relies on "
                   "them",
               ProgramEntry{"product", product}};
}

/// The product of a nest, and its entry: nests are numbered product by product.
static std::pair<size_t, ProgramEntry> locate(const Program &program,
                                              const ProductNest &nest) {
  uint64_t number = 0;
  for (size_t p = 0; p < program.products.size(); ++p)
    for (const ProductNest &each : program.products[p].nests) {
      if (&each == &nest)
        return {p, {"nest", number}};
      ++number;
    }
  __builtin_trap(); // a nest of another program
}

Error phx::failNest(const Program &program, const ProductNest &nest,
                    const std::string &expected, const std::string &found) {
  auto [product, entry] = locate(program, nest);
  Error error = failProduct(product, expected, found);
  error.entry = entry;
  return error;
}

static std::string describeRange(const ProductNest &nest) {
  return "instructions " + std::to_string(nest.loopBegin) + " and " +
         std::to_string(nest.loopEnd);
}

//===----------------------------------------------------------------------===//
// Executions
//===----------------------------------------------------------------------===//

std::vector<NestPart> phx::listParts(const LoopTree &tree,
                                     const ProductNest &nest) {
  Box box = tree.getBox(nest.loopBegin);
  unsigned depth = tree.getDepth(nest.loopBegin);
  Int executions = 1;
  for (unsigned loop = 0; loop < depth; ++loop)
    executions *= box[loop].second + 1;
  std::vector<NestPart> parts;
  if (executions > maxNestParts)
    return parts;
  parts.reserve(static_cast<size_t>(executions));
  Counters counters{};
  for (Int e = 0; e < executions; ++e) {
    NestPart part{counters, {}};
    const NestRange *ranges[] = {&nest.groups, &nest.rows, &nest.columns,
                                 &nest.contraction};
    for (size_t d = 0; d < 4; ++d) {
      int64_t begin = evaluate(ranges[d]->start, counters);
      part.extents[d] = {begin, begin + evaluate(ranges[d]->size, counters)};
    }
    parts.push_back(part);
    for (unsigned loop = depth; loop-- > 0;) {
      if (++counters[loop] <= box[loop].second)
        break;
      counters[loop] = 0;
    }
  }
  return parts;
}

//===----------------------------------------------------------------------===//
// Each term once
//===----------------------------------------------------------------------===//

namespace {

/// The terms of a product, cut where any part of it begins or ends.
class Grid {
public:
  Grid(const Product &product, const std::vector<NestPart> &parts) {
    int64_t whole[] = {product.groups, product.m, product.n, product.k};
    for (size_t d = 0; d < 4; ++d) {
      cuts[d] = {0, whole[d]};
      for (const NestPart &part : parts)
        cuts[d].insert(cuts[d].end(),
                       {part.extents[d].begin, part.extents[d].end});
      std::sort(cuts[d].begin(), cuts[d].end());
      cuts[d].erase(std::unique(cuts[d].begin(), cuts[d].end()), cuts[d].end());
      cells *= Int(cuts[d].size()) - 1;
      isInside &= cuts[d].front() == 0 && cuts[d].back() == whole[d];
    }
  }

  /// "1 x 2200 x 1 x 2201", the pieces in each direction.
  std::string describeCells() const {
    std::string text;
    for (size_t d = 0; d < 4; ++d)
      text += (d ? " x " : "") + std::to_string(cuts[d].size() - 1);
    return text;
  }
  /// As many cells as can be looked at.
  bool isSmall() const { return cells <= 4 * Int(maxNestParts); }

  /// Marks the cells of a part; false if one of them was marked before.
  bool add(const NestPart &part) {
    if (marks.empty())
      marks.resize(static_cast<size_t>(cells));
    size_t low[4], high[4];
    for (size_t d = 0; d < 4; ++d) {
      low[d] = find(d, part.extents[d].begin);
      high[d] = find(d, part.extents[d].end);
    }
    bool isNew = true;
    for (size_t g = low[0]; g < high[0]; ++g)
      for (size_t m = low[1]; m < high[1]; ++m)
        for (size_t n = low[2]; n < high[2]; ++n)
          for (size_t k = low[3]; k < high[3]; ++k) {
            isNew &= !marks[getCell(g, m, n, k)];
            marks[getCell(g, m, n, k)] = true;
            ++marked;
          }
    return isNew;
  }
  bool isFull() const { return marked == cells; }

  /// Some part begins or ends outside of the product.
  bool isInside = true;

private:
  size_t find(size_t d, int64_t cut) const {
    auto at = std::lower_bound(cuts[d].begin(), cuts[d].end(), cut);
    return static_cast<size_t>(at - cuts[d].begin());
  }
  size_t getCell(size_t g, size_t m, size_t n, size_t k) const {
    return ((g * (cuts[1].size() - 1) + m) * (cuts[2].size() - 1) + n) *
               (cuts[3].size() - 1) +
           k;
  }

  std::vector<int64_t> cuts[4];
  Int cells = 1, marked = 0;
  std::vector<bool> marks;
};

} // namespace

static std::string describe(const NestPart &part) {
  static const char *const names[] = {"groups", "rows", "columns",
                                      "contraction positions"};
  std::string text;
  for (size_t d = 0; d < 4; ++d)
    text += std::string(d ? ", " : "") + names[d] + " [" +
            std::to_string(part.extents[d].begin) + ", " +
            std::to_string(part.extents[d].end) + ")";
  return text;
}

static std::string describe(const Product &product) {
  NestPart whole;
  whole.extents = {
      {{0, product.groups}, {0, product.m}, {0, product.n}, {0, product.k}}};
  return describe(whole);
}

static Error failPieces(size_t index, const Grid &grid) {
  return Error{"product " + std::to_string(index) +
                   ": expected ranges of nests that cut it into at most 2^22 "
                   "pieces (groups x rows x columns x contraction positions "
                   "between the cuts), found " +
                   grid.describeCells() +
                   "; let ranges begin and end at the same places, or delete "
                   "the nests of the product",
               ProgramEntry{"product", index}};
}

static Status checkCover(const LoopTree &tree, size_t index) {
  const Program &program = tree.program;
  const Product &product = program.products[index];
  std::vector<NestPart> parts;
  std::vector<const ProductNest *> nestOf;
  for (const ProductNest &nest : product.nests) {
    std::vector<NestPart> own = listParts(tree, nest);
    if (own.empty() || parts.size() + own.size() > size_t(maxNestParts))
      return failNest(program, nest,
                      "nests that are executed at most 2^20 times in all",
                      "more");
    for (const NestPart &part : own)
      if (!part.isEmpty())
        parts.push_back(part);
    nestOf.resize(parts.size(), &nest);
  }
  std::string once = describe(product) + " to be computed once each";
  Grid grid(product, parts);
  if (!grid.isInside)
    for (size_t i = 0; i < parts.size(); ++i)
      if (Grid alone(product, {parts[i]}); !alone.isInside)
        return failNest(program, *nestOf[i], once,
                        "a nest for " + describe(parts[i]));
  if (!grid.isSmall())
    return failPieces(index, grid);
  for (size_t i = 0; i < parts.size(); ++i)
    if (!grid.add(parts[i]))
      return failNest(program, *nestOf[i], once,
                      "a second nest, or execution of one, for " +
                          describe(parts[i]));
  if (!grid.isFull())
    return failProduct(index, once, "no nest for some of them");
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Ranges and members
//===----------------------------------------------------------------------===//

static Status checkLoops(const LoopTree &tree, size_t index) {
  for (const ProductNest &nest : tree.program.products[index].nests) {
    bool isLoop = std::any_of(
        tree.loops.begin(), tree.loops.end(), [&](const LoopNode &loop) {
          return loop.begin == nest.loopBegin && loop.end == nest.loopEnd;
        });
    if (!isLoop)
      return failNest(tree.program, nest, "a loop and its end",
                      describeRange(nest));
    for (auto [name, range] : {std::pair("groups", &nest.groups),
                               {"rows", &nest.rows},
                               {"columns", &nest.columns},
                               {"contraction", &nest.contraction}})
      if (Status status = checkNestRange(tree, nest.loopBegin, name, *range);
          !status)
        return Error{status.error().message, locate(tree.program, nest).second};
  }
  return Status::success();
}

/// The product that an instruction computes a part of. One that only converts
/// an operand names a product for its random numbers.
static std::optional<uint32_t> findProduct(const Body &body) {
  const FieldDescription *field = body.getDescription().findProduct();
  if (!field)
    return std::nullopt;
  return field->as<uint32_t>(body.data());
}

static Error failMember(const Program &program, size_t product,
                        const ProductNest &nest, size_t instruction) {
  const Body &body = program.code[instruction].body;
  bool isMore = program.products[product].nests.size() > 1;
  return failNest(program, nest,
                  "all of its instructions and no others between " +
                      describeRange(nest) +
                      (isMore ? " or in another of its nests" : ""),
                  std::string(getMnemonic(body)) + " of product " +
                      std::to_string(*findProduct(body)) + " at instruction " +
                      std::to_string(instruction));
}

/// All of a product's instructions, each once, and no others of a product are
/// inside its nests.
static Status checkMembers(const Program &program) {
  std::vector<bool> isInside(program.code.size());
  std::vector<RegisterUse> uses = listRegisterUses(program);
  for (size_t p = 0; p < program.products.size(); ++p)
    for (const ProductNest &nest : program.products[p].nests) {
      bool hasAny = false;
      for (size_t i = nest.loopBegin + 1; i < nest.loopEnd; ++i) {
        std::optional<uint32_t> owner = findProduct(program.code[i].body);
        if (!owner)
          continue;
        if (*owner != p || isInside[i])
          return failMember(program, p, nest, i);
        if (!uses[i].reads.empty())
          return failNest(
              program, nest,
              "instructions that depend on loops alone in its nests",
              std::string(getMnemonic(program.code[i].body)) +
                  " at instruction " + std::to_string(i) +
                  ", which depends on " +
                  describeRegister(program, uses[i].reads.front()));
        hasAny = isInside[i] = true;
      }
      if (!hasAny)
        return failNest(program, nest,
                        "instructions of it in each of its nests",
                        "none between " + describeRange(nest));
    }
  for (size_t i = 0; i < program.code.size(); ++i) {
    std::optional<uint32_t> owner = findProduct(program.code[i].body);
    if (owner && !isInside[i] && !program.products[*owner].nests.empty())
      return failMember(program, *owner, program.products[*owner].nests.front(),
                        i);
  }
  return Status::success();
}

Status phx::checkNests(const LoopTree &tree) {
  const Program &program = tree.program;
  for (size_t p = 0; p < program.products.size(); ++p)
    if (Status status = checkLoops(tree, p); !status)
      return status;
  if (Status status = checkMembers(program); !status)
    return status;
  for (size_t p = 0; p < program.products.size(); ++p)
    if (!program.products[p].nests.empty())
      if (Status status = checkCover(tree, p); !status)
        return status;
  return Status::success();
}
