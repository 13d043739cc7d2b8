//===- Describe.cpp - Instructions of crossbars -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Crossbar.h"

#include "phx/isa/DescribeOperation.h"
#include "phx/isa/FieldReport.h"
#include "phx/isa/InstructionSet.h"

#include <string>

using namespace phx;

template <> const EnumDescription &phx::describeEnum<Overflow>() {
  static const EnumDescription description{
      "Overflow",
      "what happens to a cell beyond the limit",
      {{"saturate", "it is set to the limit"}, {"refuse", "the run stops"}}};
  return description;
}

/// A tile fits an array of the instruction's group.
template <typename T>
static void checkTile(const Program &program, const Instruction &instruction,
                      FieldReport &report) {
  const auto &tile = getAs<T>(instruction.body);
  const ArrayGroup &group = *findGroup(program, instruction);
  auto atMost = [&](const char *field, const Count &count, uint32_t side) {
    if (count.cap > side)
      report.fail(field,
                  "at most " + std::to_string(side) + " (arrays of group '" +
                      group.name + "')",
                  std::to_string(count.cap));
  };
  atMost("rows", tile.rows, group.rows);
  atMost("cols", tile.cols, group.columns);
}

template <>
const InstructionDescription &phx::describeInstruction<CrossbarLoad>() {
  using T = CrossbarLoad;
  static const InstructionDescription description =
      DescribeInstruction<T>("crossbar_load", EnginePlace::Array)
          .ofClass("crossbar")
          .summary("Program a tile of an integer matrix into the cells")
          .field(&T::map, "map", "of the matrix")
          .of(TableKind::Maps)
          .field(&T::src, "src", "int32 matrix")
          .as(OperandRole::Stationary)
          .field(&T::rowStart, "row start", "first row")
          .unit("rows")
          .as(FieldRole::Start)
          .field(&T::kStart, "k start", "first contraction position")
          .unit("positions")
          .as(FieldRole::Start)
          .field(&T::rows, "rows", "number of rows")
          .unit("rows")
          .field(&T::cols, "cols", "number of positions")
          .unit("positions")
          .reads(&T::src, mapped<T>(&T::map, {&T::rowStart, &T::rows},
                                    {&T::kStart, &T::cols}))
          .programsArray()
          .timedBy(&T::rows)
          .checks(checkTile<T>)
          .assembly("`map` $map `from` $src `row` $row_start `k` "
                    "$k_start `rows` $rows `cols` $cols")
          .build();
  return description;
}

/// A tile that fits, and the one pass and the one combine that there are.
static void checkDot(const Program &program, const Instruction &instruction,
                     FieldReport &report) {
  checkTile<CrossbarDot>(program, instruction, report);
  const auto &dot = getAs<CrossbarDot>(instruction.body);
  const OperationList &pass = program.passes[dot.pass];
  if (pass.size() != 2 || !getIf<CellDot>(pass[0]) || !getIf<Adc>(pass[1]))
    report.fail("pass", "[crossbar.dot, crossbar.adc ...]", toAssembly(pass));
  const OperationList &combine = program.combines[dot.combine];
  if (combine.size() != 2 || !getIf<WideAdd>(combine[0]) ||
      !getIf<ChannelScale>(combine[1]))
    report.fail("combine", "[crossbar.add_i64, crossbar.channel_scale]",
                toAssembly(combine));
}

template <>
const InstructionDescription &phx::describeInstruction<CrossbarDot>() {
  using T = CrossbarDot;
  static const InstructionDescription description =
      DescribeInstruction<T>("crossbar_dot", EnginePlace::Array)
          .ofClass("crossbar")
          .summary("Multiply the cells by a vector that a list gathers")
          .field(&T::pass, "pass", "sum and converter")
          .of(TableKind::Passes)
          .field(&T::combine, "combine", "addition and scale")
          .of(TableKind::Combines)
          .field(&T::list, "list", "int32 numbers of elements")
          .field(&T::in, "in", "int32 elements")
          .as(OperandRole::Streamed)
          .field(&T::extent, "extent", "bytes that the list may reach")
          .unit("bytes")
          .within(4, limits::magnitude)
          .field(&T::scale, "scale", "binary32, one for each row")
          .field(&T::acc, "acc", "int64, one for each row")
          .field(&T::out, "out", "binary32, one for each row")
          .as(OperandRole::Result)
          .field(&T::rows, "rows", "of the tile")
          .unit("rows")
          .field(&T::cols, "cols", "of the tile")
          .unit("positions")
          .field(&T::start, "start", "sums start from 0 where it is 0")
          .as(FieldRole::AccumulationStart)
          .reads(&T::list, elements(&T::cols))
          .reads(&T::in, listed(&T::extent))
          .reads(&T::scale, elements(&T::rows))
          .reads(&T::acc, elements(&T::rows, 8))
          .writes(&T::acc, elements(&T::rows, 8))
          .writes(&T::out, elements(&T::rows))
          .usesArray(&T::rows, &T::cols)
          .timedBy(&T::rows)
          .checks(checkDot)
          .assembly("`pass` $pass `combine` $combine `list` $list `from` $in "
                    "`extent` $extent `scale` $scale `acc` $acc `into` $out "
                    "`rows` $rows `cols` $cols `start` $start")
          .build();
  return description;
}

template <>
const InstructionDescription &phx::describeInstruction<CrossbarUpdate>() {
  using T = CrossbarUpdate;
  static const InstructionDescription description =
      DescribeInstruction<T>("crossbar_update", EnginePlace::Array)
          .ofClass("crossbar")
          .summary("Update cells of a bank in place")
          .field(&T::cells, "cells", "int32")
          .field(&T::delta, "delta", "int32")
          .field(&T::count, "count", "number of cells")
          .unit("elements")
          .field(&T::shift, "shift", "bits that delta is shifted right")
          .unit("bits")
          .within(0, 31)
          .field(&T::limit, "limit", "largest magnitude of a cell")
          .within(1, std::numeric_limits<int32_t>::max())
          .field(&T::overflow, "overflow", "what happens beyond the limit")
          .reads(&T::delta, elements(&T::count))
          .reads(&T::cells, elements(&T::count))
          .writes(&T::cells, elements(&T::count))
          .timedBy(&T::count)
          .assembly("`cells` $cells `add` $delta `count` $count `shift` "
                    "$shift `limit` $limit $overflow")
          .build();
  return description;
}

/// The results fit the array, and its entries are integers, read out and added.
static void checkOuter(const Program &program, const Instruction &instruction,
                       FieldReport &report) {
  const auto &outer = getAs<CrossbarOuter>(instruction.body);
  const ArrayGroup &group = *findGroup(program, instruction);
  auto atMost = [&](const char *field, const Count &count, uint32_t side) {
    if (count.cap > side)
      report.fail(field,
                  "at most " + std::to_string(side) + " (arrays of group '" +
                      group.name + "')",
                  std::to_string(count.cap));
  };
  atMost("rows", outer.rows, group.rows);
  atMost("vectors", outer.vectors, group.columns);
  for (auto [field, index] :
       {std::pair("first conversion", outer.firstConversion),
        std::pair("second conversion", outer.secondConversion)})
    if (!getIf<Integer>(program.conversions[index]))
      report.fail(field, "crossbar.integer",
                  toAssembly(program.conversions[index]));
  const OperationList &pass = program.passes[outer.pass];
  if (pass.size() != 2 || !getIf<CellDot>(pass[0]) || !getIf<Adc>(pass[1]))
    report.fail("pass", "[crossbar.dot, crossbar.adc ...]", toAssembly(pass));
  const OperationList &combine = program.combines[outer.combine];
  if (combine.size() != 1 || !getIf<WideAdd>(combine[0]))
    report.fail("combine", "[crossbar.add_i64]", toAssembly(combine));
}

template <>
const InstructionDescription &phx::describeInstruction<CrossbarOuter>() {
  using T = CrossbarOuter;
  const MapSide<T> rows{&T::rowStart, &T::rows};
  const MapSide<T> vectors{&T::vecStart, &T::vectors};
  const MapSide<T> positions{&T::kStart, &T::length};
  static const InstructionDescription description =
      DescribeInstruction<T>("crossbar_outer", EnginePlace::Array)
          .ofClass("crossbar")
          .summary("Add up products of two streamed operands in the cells")
          .field(&T::firstConversion, "first conversion",
                 "of the first operand")
          .of(TableKind::Conversions)
          .as(OperandRole::Streamed)
          .field(&T::secondConversion, "second conversion",
                 "of the second operand")
          .of(TableKind::Conversions)
          .as(OperandRole::Streamed)
          .field(&T::pass, "pass", "sum and converter")
          .of(TableKind::Passes)
          .field(&T::combine, "combine", "addition of readouts")
          .of(TableKind::Combines)
          .field(&T::firstMap, "first map", "column: contraction position")
          .of(TableKind::Maps)
          .field(&T::secondMap, "second map", "column: contraction position")
          .of(TableKind::Maps)
          .field(&T::outMap, "out map",
                 "row: that of the first operand, column: of the second")
          .of(TableKind::Maps)
          .field(&T::first, "first", "int32 rows of the first operand")
          .as(OperandRole::Streamed)
          .field(&T::second, "second", "int32 rows of the second operand")
          .as(OperandRole::Streamed)
          .field(&T::out, "out", "int64 sums of readouts")
          .as(OperandRole::Result)
          .field(&T::rowStart, "row start", "first row of the first operand")
          .unit("rows")
          .named("row")
          .as(FieldRole::Start)
          .from(OriginAxis::Row)
          .field(&T::vecStart, "vec start", "first row of the second operand")
          .unit("rows")
          .named("vec")
          .as(FieldRole::Start)
          .from(OriginAxis::Vector)
          .field(&T::kStart, "k start", "first contraction position")
          .unit("positions")
          .named("k")
          .as(FieldRole::Start)
          .from(OriginAxis::Contraction)
          .field(&T::rows, "rows", "rows of the results")
          .unit("rows")
          .field(&T::vectors, "vectors", "columns of the results")
          .unit("columns")
          .field(&T::length, "length", "contraction positions that pass")
          .unit("positions")
          .field(&T::product, "product", "whose term it is")
          .of(TableKind::Products)
          .field(&T::start, "start", "sums start from 0 where it is 0")
          .as(FieldRole::AccumulationStart)
          .field(&T::group, "group", "of the product's groups")
          .as(FieldRole::Origin)
          .from(OriginAxis::Group)
          .optional()
          .reads(&T::first, mapped<T>(&T::firstMap, rows, positions))
          .reads(&T::second, mapped<T>(&T::secondMap, vectors, positions))
          .accumulates(&T::out, wide(8, mapped<T>(&T::outMap, rows, vectors)),
                       &T::product)
          .timedBy(&T::rows, &T::length)
          .checks(checkOuter)
          .assembly("`conversions` $first_conversion $second_conversion `pass` "
                    "$pass `combine` $combine `map` $first_map `from` $first "
                    "`map` $second_map `from` $second `into` $out_map $out "
                    "`row` $row `vec` $vec `k` $k `rows` $rows `vectors` "
                    "$vectors `length` $length `product` $product `start` "
                    "$start (`group` $group^)?")
          .build();
  return description;
}

template <>
const InstructionDescription &phx::describeInstruction<CrossbarCompact>() {
  using T = CrossbarCompact;
  static const InstructionDescription description =
      DescribeInstruction<T>("crossbar_compact", EnginePlace::Array)
          .ofClass("crossbar")
          .summary("Leave out zeros, and count what is left")
          .field(&T::in, "in", "int32")
          .field(&T::values, "values", "int32, those that are not zero")
          .field(&T::list, "list", "int32, their numbers")
          .field(&T::count, "count", "number of elements")
          .unit("elements")
          .field(&T::into, "into", "how many are not zero")
          .of(TableKind::Registers)
          .reads(&T::in, elements(&T::count))
          .writes(&T::values, elements(&T::count))
          .writes(&T::list, elements(&T::count))
          .timedBy(&T::count)
          .assembly("`from` $in `values` $values `list` $list `count` $count "
                    "`into` $into")
          .build();
  return description;
}

//===----------------------------------------------------------------------===//
// Operations of tables
//===----------------------------------------------------------------------===//

template <> const OperationDescription &phx::describeOperation<Integer>() {
  static const OperationDescription description =
      DescribeOperation<Integer>(OperationTable::Conversion)
          .ofClass("crossbar")
          .summary("two's complement integers, as they are in memory")
          .parameter(&Integer::bits, "bits", "bit",
                     "of each; others stop a run")
          .within(2, 16)
          .build();
  return description;
}

template <> const OperationDescription &phx::describeOperation<CellDot>() {
  static const OperationDescription description =
      DescribeOperation<CellDot>(OperationTable::Pass)
          .ofClass("crossbar")
          .summary("sum of the products of cells and vector, exact")
          .build();
  return description;
}

template <> const OperationDescription &phx::describeOperation<Adc>() {
  static const OperationDescription description =
      DescribeOperation<Adc>(OperationTable::Pass)
          .ofClass("crossbar")
          .summary("sum * 2^(bits - 1) / full_scale, half to even, saturated")
          .parameter(&Adc::bits, "bits", "bit", "resolution of a readout")
          .within(1, 16)
          .parameter(&Adc::fullScale, "full_scale", "",
                     "sum that saturates a readout")
          .within(1, limits::magnitude)
          .build();
  return description;
}

template <> const OperationDescription &phx::describeOperation<WideAdd>() {
  static const OperationDescription description =
      DescribeOperation<WideAdd>(OperationTable::Combine)
          .ofClass("crossbar")
          .summary("readouts are added in 64-bit integers")
          .build();
  return description;
}

template <> const OperationDescription &phx::describeOperation<ChannelScale>() {
  static const OperationDescription description =
      DescribeOperation<ChannelScale>(OperationTable::Combine)
          .ofClass("crossbar")
          .summary("a sum times the number of its row, rounded to binary32")
          .build();
  return description;
}

uint32_t crossbar::addPass(Program &program, const Adc &adc) {
  program.passes.push_back({CellDot{}, adc});
  if (program.combines.empty())
    program.combines.push_back({WideAdd{}, ChannelScale{}});
  return uint32_t(program.passes.size() - 1);
}

void crossbar::registerInstructions() {
  OperationSet::get().add<Integer, CellDot, Adc, WideAdd, ChannelScale>();
  InstructionSet::get().add(CrossbarInstructions());
  InstructionSet::get().addCheck(checkProducts);
}
