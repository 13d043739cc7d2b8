//===- Describe.cpp - Instructions of residue cores -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "machines/rns/Operations.h"
#include "machines/rns/Products.h"

#include "phx/isa/DescribeInstruction.h"
#include "phx/isa/FieldReport.h"
#include "phx/isa/LoopTree.h"
#include "phx/isa/InstructionSet.h"
#include "phx/isa/Program.h"
#include "phx/support/Philox.h"

#include <type_traits>

using namespace phx;

/// The operand of its product that an instruction converts.
template <typename T> static unsigned getOperand(const Product &product) {
  bool stationary = std::is_same_v<T, CoreProgram>;
  return stationary == (product.dataflow == Dataflow::Df1) ? 0 : 1;
}

/// An instruction names the entries of its product, which residue arrays can
/// compute; no pass leaves the signed range of its moduli.
template <typename T>
static void checkEntries(const Program &program, const T &i, uint32_t columns,
                         FieldReport &report) {
  const Product &product = program.products[i.product];
  auto isThat = [&](const char *field, uint32_t expected, uint32_t found) {
    if (found != expected)
      report.fail(field, std::to_string(expected) + " (that of its product)",
                  std::to_string(found));
  };
  isThat("conversion", product.conversions[getOperand<T>(product)],
         i.conversion);
  isThat("pass", product.pass, i.pass);
  if constexpr (std::is_same_v<T, CoreStream>)
    isThat("combine", product.combine, i.combine);
  if (drawsRandomNumbers(program.conversions[i.conversion])) {
    int64_t rows = getOperand<T>(product) == 0 ? product.m * product.positions
                                               : product.n;
    if (Int elements = Int(rows) * product.k * product.groups;
        elements > randomElements)
      report.fail("product",
                  "an operand of at most 2^50 elements (each draws a random "
                  "number)",
                  toText(elements));
  }
  auto computation = rns::getComputation(program, product);
  std::optional<BrokenRule> broken;
  if (const auto *rule = std::get_if<BrokenRule>(&computation))
    broken = *rule;
  else
    broken = rns::findOverflow(std::get<rns::Computation>(computation),
                               columns);
  if (broken)
    report.fail(broken->parameter, broken->expected, broken->found);
}

/// A tile fits the array and is computed as its product says.
template <typename T>
static void checkTile(const Program &program, const Instruction &instruction,
                      FieldReport &report) {
  const T &i = getAs<T>(instruction.body);
  auto atMost = [&](const char *field, int64_t cap, uint32_t limit,
                    const char *what) {
    if (cap > limit)
      report.fail(field, "at most " + std::to_string(limit) + what,
                  std::to_string(cap));
  };
  const ArrayGroup &group = *findGroup(program, instruction);
  atMost("rows", i.rows.cap, group.rows, " (array rows)");
  atMost("cols", i.cols.cap, group.columns, " (array columns)");
  checkEntries(program, i, group.columns, report);
}

static void checkProgramBounds(const CoreProgram &i, BoundsReport &report) {
  const Program &program = report.getProgram();
  int64_t groups = program.products[i.product].groups;
  report.checkWithin("group", i.group, groups - 1,
                     "a group below " + std::to_string(groups) +
                         ", at least 0");
  report.checkBlock("cols", "contraction positions of one group",
                    rns::getTermGroup(program, program.products[i.product]),
                    i.kStart, i.cols);
}

template <> const InstructionDescription &phx::describeInstruction<CoreProgram>() {
  using T = CoreProgram;
  static const InstructionDescription description =
      DescribeInstruction<T>("core_program", EnginePlace::Array)
          .ofClass("rns")
          .summary("Convert a tile of the stationary operand and load it")
          .semantics("`group` says which of the product's groups the tile "
                     "belongs to, 0 if not given; stochastic rounding numbers "
                     "the elements by it.")
          .field(&T::conversion, "conversion",
                 "of the stationary operand, that of the product")
          .of(TableKind::Conversions)
          .field(&T::pass, "pass", "that of the product")
          .of(TableKind::Passes)
          .field(&T::map, "map", "of the stationary operand")
          .of(TableKind::Maps)
          .field(&T::src, "src", "stationary operand")
          .field(&T::rowStart, "row start", "first row")
          .named("row")
          .as(FieldRole::Start)
          .field(&T::kStart, "k start", "first contraction position")
          .named("k")
          .as(FieldRole::Start)
          .field(&T::rows, "rows", "number of rows, at most those of the array")
          .field(&T::cols, "cols",
                 "number of positions, at most the columns of the array")
          .field(&T::product, "product", "whose operand it is")
          .of(TableKind::Products)
          .field(&T::group, "group", "of the product's groups, the tile's")
          .as(FieldRole::Origin)
          .optional()
          .reads(&T::src, mapped<T>(&T::map, {&T::rowStart, &T::rows},
                                    {&T::kStart, &T::cols}))
          .programsArray()
          .checks(checkTile<T>)
          .checksBounds(checkBodyBounds<T, checkProgramBounds>)
          .assembly("`conversion` $conversion `pass` $pass `map` $map `from` $src "
                    "`row` $row `k` $k "
                    "`rows` $rows `cols` $cols `product` $product "
                    "(`group` $group^)?")
          .example("pisa.core_program core[0] conversion 0 pass 0 map 0 from "
                   "wgt[0] row 0 k 0\n    rows 32 cols 16 product 0")
          .example("pisa.core_program core[0] conversion 0 pass 0 map 0 from "
                   "wgt[0] row 0 k 0\n    rows 32 cols 16 product 0 group 3")
          .build();
  return description;
}

/// No stream mixes kernel positions.
static void checkStreamBounds(const CoreStream &i, BoundsReport &report) {
  const Product &product = report.getProgram().products[i.product];
  if (product.positions == 1)
    return;
  bool first = product.dataflow == Dataflow::Df1;
  report.checkBlock(first ? "rows" : "length", "rows of one kernel position",
                    product.m, first ? i.rowStart : i.vecStart,
                    first ? i.rows : i.length);
}

template <> const InstructionDescription &phx::describeInstruction<CoreStream>() {
  using T = CoreStream;
  static const InstructionDescription description =
      DescribeInstruction<T>("core_stream", EnginePlace::Array)
          .ofClass("rns")
          .summary("Stream vectors past the array and accumulate the results")
          .field(&T::conversion, "conversion",
                 "of the streamed operand, that of the product")
          .of(TableKind::Conversions)
          .field(&T::pass, "pass", "that of the product")
          .of(TableKind::Passes)
          .field(&T::combine, "combine", "that of the product")
          .of(TableKind::Combines)
          .field(&T::inMap, "in map", "row: vector, column: position")
          .of(TableKind::Maps)
          .field(&T::outMap, "out map", "row: stationary row, column: vector")
          .of(TableKind::Maps)
          .field(&T::in, "in", "streamed operand")
          .field(&T::out, "out", "accumulators")
          .field(&T::rowStart, "row start", "of the stationary tile")
          .named("row")
          .as(FieldRole::Start)
          .field(&T::kStart, "k start", "of the stationary tile")
          .named("k")
          .as(FieldRole::Start)
          .field(&T::vecStart, "vec start", "first vector")
          .named("vec")
          .as(FieldRole::Start)
          .field(&T::rows, "rows", "of the stationary tile")
          .field(&T::cols, "cols", "of the stationary tile")
          .field(&T::length, "length", "number of vectors")
          .field(&T::product, "product", "whose term it is")
          .of(TableKind::Products)
          .field(&T::start, "start",
                 "accumulators start from +0 where it is 0")
          .as(FieldRole::AccumulationStart)
          .accumulates(&T::out,
                       mapped<T>(&T::outMap, {&T::rowStart, &T::rows},
                                 {&T::vecStart, &T::length}),
                       &T::product)
          .reads(&T::in, mapped<T>(&T::inMap, {&T::vecStart, &T::length},
                                   {&T::kStart, &T::cols}))
          .usesArray(&T::pass, &T::product, &T::rowStart, &T::kStart, &T::rows,
                     &T::cols)
          .timedBy(&T::length)
          .checks(checkTile<T>)
          .checksBounds(checkBodyBounds<T, checkStreamBounds>)
          .assembly("`conversion` $conversion `pass` $pass `combine` $combine "
                    "`map` $in_map `from` $in `into` $out_map $out `row` $row `k` $k `vec` $vec `rows` $rows "
                    "`cols` $cols `length` $length `product` $product "
                    "`start` $start")
          .example("pisa.core_stream core[0] conversion 0 pass 0 combine 0 map 1 "
                   "from act[0]\n    into 2 grad[0] row 0 k 0 vec 0 rows 32 cols 16 length 100 "
                   "product 0 start 0")
          .build();
  return description;
}

void rns::registerInstructions() {
  registerOperations();
  InstructionSet &set = InstructionSet::get();
  set.add(RnsInstructions());
  set.addCheck(checkProducts);
}
