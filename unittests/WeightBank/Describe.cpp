//===- Describe.cpp - Instructions of weight banks --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightBank.h"

#include "phx/isa/BaseOperations.h"
#include "phx/isa/DescribeOperation.h"
#include "phx/isa/FieldReport.h"
#include "phx/isa/InstructionSet.h"

#include <string>

using namespace phx;
using namespace phx::weightbank;

/// A tile fits an array of the instruction's group, and its operand is of fixed
/// point.
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
  const TableOperation &conversion = program.conversions[tile.conversion];
  if (!getIf<Fixed>(conversion))
    report.fail("conversion", "weightbank.fixed", toAssembly(conversion));
}

static void checkRead(const Program &program, const Instruction &instruction,
                      FieldReport &report) {
  checkTile<BankRead>(program, instruction, report);
  const auto &read = getAs<BankRead>(instruction.body);
  const OperationList &pass = program.passes[read.pass];
  if (pass.size() != 2 || !getIf<Dot>(pass[0]) || !getIf<Adc>(pass[1]))
    report.fail("pass", "[weightbank.dot, weightbank.adc ...]",
                toAssembly(pass));
  const OperationList &combine = program.combines[read.combine];
  if (combine.size() != 1 || !getIf<ScaledAdd>(combine[0]))
    report.fail("combine", "[scaled_add]", toAssembly(combine));
}

template <> const InstructionDescription &phx::describeInstruction<BankSet>() {
  using T = BankSet;
  static const InstructionDescription description =
      DescribeInstruction<T>("bank_set", EnginePlace::Array)
          .ofClass("weightbank")
          .summary("Set the rings to a tile of the stationary operand")
          .field(&T::conversion, "conversion", "that of the product's operand")
          .of(TableKind::Conversions)
          .as(OperandRole::Stationary)
          .field(&T::map, "map", "of the stationary operand")
          .of(TableKind::Maps)
          .field(&T::src, "src", "elements of the operand")
          .as(OperandRole::Stationary)
          .field(&T::rowStart, "row start", "first row")
          .unit("rows")
          .named("row")
          .as(FieldRole::Start)
          .field(&T::kStart, "k start", "first contraction position")
          .unit("positions")
          .named("k")
          .as(FieldRole::Start)
          .field(&T::rows, "rows", "number of rows")
          .unit("rows")
          .field(&T::cols, "cols", "number of positions")
          .unit("positions")
          .field(&T::product, "product", "whose operand it is")
          .of(TableKind::Products)
          .reads(&T::src, mapped<T>(&T::map, {&T::rowStart, &T::rows},
                                    {&T::kStart, &T::cols}))
          .programsArray()
          .timedBy(&T::rows)
          .checks(checkTile<T>)
          .assembly("`conversion` $conversion `map` $map `from` $src `row` "
                    "$row `k` $k `rows` $rows `cols` $cols `product` "
                    "$product")
          .build();
  return description;
}

template <> const InstructionDescription &phx::describeInstruction<BankRead>() {
  using T = BankRead;
  static const InstructionDescription description =
      DescribeInstruction<T>("bank_read", EnginePlace::Array)
          .ofClass("weightbank")
          .summary("Let vectors pass the rings and read each row")
          .field(&T::conversion, "conversion", "that of the product's operand")
          .of(TableKind::Conversions)
          .as(OperandRole::Streamed)
          .field(&T::pass, "pass", "that of the product")
          .of(TableKind::Passes)
          .field(&T::combine, "combine", "that of the product")
          .of(TableKind::Combines)
          .field(&T::inMap, "in map", "row: vector, column: position")
          .of(TableKind::Maps)
          .field(&T::outMap, "out map", "row: row of the rings, column: vector")
          .of(TableKind::Maps)
          .field(&T::in, "in", "vectors of the operand")
          .as(OperandRole::Streamed)
          .field(&T::out, "out", "accumulators")
          .as(OperandRole::Result)
          .field(&T::rowStart, "row start", "of the rings")
          .unit("rows")
          .named("row")
          .as(FieldRole::Start)
          .field(&T::kStart, "k start", "of the rings")
          .unit("positions")
          .named("k")
          .as(FieldRole::Start)
          .field(&T::vecStart, "vec start", "first vector")
          .unit("vectors")
          .named("vec")
          .as(FieldRole::Start)
          .field(&T::rows, "rows", "of the rings")
          .unit("rows")
          .field(&T::cols, "cols", "of the rings")
          .unit("positions")
          .field(&T::length, "length", "number of vectors")
          .unit("vectors")
          .field(&T::product, "product", "whose term it is")
          .of(TableKind::Products)
          .field(&T::start, "start", "accumulators start from +0 where it is 0")
          .as(FieldRole::AccumulationStart)
          .accumulates(&T::out,
                       mapped<T>(&T::outMap, {&T::rowStart, &T::rows},
                                 {&T::vecStart, &T::length}),
                       &T::product)
          .reads(&T::in, mapped<T>(&T::inMap, {&T::vecStart, &T::length},
                                   {&T::kStart, &T::cols}))
          .usesArray(&T::product, &T::rowStart, &T::kStart, &T::rows, &T::cols)
          .timedBy(&T::length)
          .checks(checkRead)
          .assembly("`conversion` $conversion `pass` $pass `combine` "
                    "$combine `map` $in_map `from` $in `into` $out_map $out "
                    "`row` $row `k` $k `vec` $vec `rows` $rows `cols` "
                    "$cols `length` $length `product` $product `start` "
                    "$start")
          .build();
  return description;
}

//===----------------------------------------------------------------------===//
// Operations of tables
//===----------------------------------------------------------------------===//

static std::string spellFixed(const Fixed &fixed) {
  return "fixed:" + std::to_string(fixed.bits) + ":" +
         std::to_string(fixed.fraction) + ":" + std::to_string(fixed.group);
}

template <> const OperationDescription &phx::describeOperation<Fixed>() {
  static const OperationDescription description =
      DescribeOperation<Fixed>(OperationTable::Conversion)
          .ofClass("weightbank")
          .summary("signed fixed point, half to even, saturated")
          .parameter(&Fixed::bits, "bits", "bit", "of an element")
          .within(2, 8)
          .parameter(&Fixed::fraction, "fraction", "bit", "behind the point")
          .within(0, 15)
          .parameter(&Fixed::group, "group", "element", "of one term")
          .within(limits::groupLength.low, limits::groupLength.high)
          .spelled<spellFixed>()
          .build();
  return description;
}

template <> const OperationDescription &phx::describeOperation<Dot>() {
  static const OperationDescription description =
      DescribeOperation<Dot>(OperationTable::Pass)
          .ofClass("weightbank")
          .summary("sum of the products of rings and vector, exact")
          .build();
  return description;
}

/// Steps of a readout are whole numbers.
static std::vector<BrokenRule> checkAdc(const Adc &adc) {
  int64_t codes = int64_t(1) << (adc.bits - 1);
  if (adc.fullScale % codes == 0)
    return {};
  return {{"full_scale",
           "a multiple of 2^(bits - 1) = " + std::to_string(codes),
           std::to_string(adc.fullScale)}};
}

template <> const OperationDescription &phx::describeOperation<Adc>() {
  static const OperationDescription description =
      DescribeOperation<Adc>(OperationTable::Pass)
          .ofClass("weightbank")
          .summary("the next multiple of full_scale / 2^(bits - 1), saturated")
          .parameter(&Adc::bits, "bits", "bit", "resolution of a readout")
          .within(1, 16)
          .parameter(&Adc::fullScale, "full_scale", "",
                     "sum that saturates a readout")
          .within(1, int64_t(1) << 18)
          .checks<checkAdc>()
          .build();
  return description;
}

void weightbank::registerInstructions() {
  OperationSet::get().add<Fixed, Dot, Adc>();
  InstructionSet::get().add(BankInstructions());
}
