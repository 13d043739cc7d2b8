//===- Describe.cpp - Instructions of residue cores -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "machines/rns/Products.h"

#include "phx/isa/DescribeInstruction.h"
#include "phx/isa/FieldReport.h"
#include "phx/isa/LoopTree.h"
#include "phx/isa/InstructionSet.h"
#include "phx/isa/Program.h"

#include <algorithm>

using namespace phx;

/// No pass of an array of `columns` leaves the signed range of the moduli.
static void checkRange(const NumberFormat &format, uint32_t columns,
                       FieldReport &report) {
  if (format.kind != FormatKind::Bfp)
    return;
  Int product = 1;
  for (uint32_t modulus : format.moduli)
    product *= modulus;
  Int largest = limits::getMaxMantissa(format.mantissaBits);
  Int length = std::min(format.group, columns);
  Int bound = length * largest * largest, range = (product - 1) / 2;
  if (bound > range)
    report.fail("format",
                "moduli with a signed range of at least " + toText(bound) +
                    " (" + toText(length) + " products of mantissas up to " +
                    toText(largest) + ")",
                toText(range) + " (product " + toText(product) + ")");
}

/// A tile fits the array and has the format of its product.
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
  checkRange(program.formats[i.format], group.columns, report);
  uint32_t expected = program.products[i.product].format;
  if (expected != i.format)
    report.fail("format", std::to_string(expected) + " (that of its product)",
                std::to_string(i.format));
}

static void checkProgramBounds(const CoreProgram &i, BoundsReport &report) {
  const Program &program = report.getProgram();
  int64_t groups = program.products[i.product].groups;
  report.checkWithin("group", i.group, groups - 1,
                     "a group below " + std::to_string(groups) +
                         ", at least 0");
  report.checkBlock("cols", "contraction positions of one group",
                    program.formats[i.format].group, i.kStart, i.cols);
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
          .field(&T::format, "format", "that of the product")
          .of(TableKind::Formats)
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
          .assembly("`format` $format `map` $map `from` $src `row` $row `k` $k "
                    "`rows` $rows `cols` $cols `product` $product "
                    "(`group` $group^)?")
          .example("pisa.core_program core[0] format 0 map 0 from wgt[0] row 0 "
                   "k 0 rows 32 cols 16\n    product 0")
          .example("pisa.core_program core[0] format 0 map 0 from wgt[0] row 0 "
                   "k 0 rows 32 cols 16\n    product 0 group 3")
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
          .field(&T::format, "format", "that of the product")
          .of(TableKind::Formats)
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
          .usesArray(&T::format, &T::product, &T::rowStart, &T::kStart,
                     &T::rows, &T::cols)
          .timedBy(&T::length)
          .checks(checkTile<T>)
          .checksBounds(checkBodyBounds<T, checkStreamBounds>)
          .assembly("`format` $format `map` $in_map `from` $in `into` $out_map "
                    "$out `row` $row `k` $k `vec` $vec `rows` $rows "
                    "`cols` $cols `length` $length `product` $product "
                    "`start` $start")
          .example("pisa.core_stream core[0] format 0 map 1 from act[0] into 2 "
                   "grad[0]\n    row 0 k 0 vec 0 rows 32 cols 16 length 100 "
                   "product 0 start 0")
          .build();
  return description;
}

void rns::registerInstructions() {
  InstructionSet &set = InstructionSet::get();
  set.add(RnsInstructions());
  set.addCheck(checkProducts);
}
