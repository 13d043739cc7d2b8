//===- Describe.cpp - Instructions of residue cores -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "machines/rns/Operations.h"
#include "machines/rns/Products.h"

#include "phx/isa/Blocks.h"
#include "phx/isa/Bounds.h"
#include "phx/isa/DescribeInstruction.h"
#include "phx/isa/FieldReport.h"
#include "phx/isa/InstructionSet.h"
#include "phx/isa/LoopTree.h"
#include "phx/isa/Program.h"
#include "phx/support/Philox.h"

#include <type_traits>

using namespace phx;

/// The operand of its product that an instruction converts.
template <typename T>
static unsigned getOperand(const T &i, const Product &product) {
  if constexpr (std::is_same_v<T, CoreConvert>)
    return static_cast<unsigned>(i.operand);
  else
    return rns::getOperand(product, std::is_same_v<T, CoreProgram>
                                        ? OperandRole::Stationary
                                        : OperandRole::Streamed);
}

/// Rows of one group of an operand.
static int64_t getRows(const Product &product, unsigned operand) {
  return operand == 0 ? product.m * product.positions : product.n;
}

/// Whether its operand is made of blocks on one side.
template <typename T> static bool hasBlocks(const T &i) {
  if constexpr (std::is_same_v<T, CoreConvert>)
    return true;
  else
    return i.stored;
}

/// All elements that are rounded at random have numbers, and blocks a format.
template <typename T>
static void checkConversion(const Program &program, const T &i,
                            FieldReport &report) {
  const Product &product = program.products[i.product];
  unsigned operand = getOperand(i, product);
  if (uint32_t expected = product.conversions[operand];
      std::is_same_v<T, CoreConvert> && i.conversion != expected)
    report.fail("conversion",
                std::to_string(expected) + " (that of its product's " +
                    (operand == 0 ? "first" : "second") + " operand)",
                std::to_string(i.conversion));
  const TableOperation &conversion = program.conversions[i.conversion];
  if (hasBlocks(i) && !findBlockFormat(program, i.conversion))
    report.fail("conversion",
                "bfp (others have no blocks; keep the operand as f32)",
                toAssembly(conversion));
  if (!drawsRandomNumbers(conversion))
    return;
  int64_t rows = getRows(product, operand);
  if (Int elements = Int(rows) * product.k * product.groups;
      elements > randomElements)
    report.fail("product",
                "an operand of at most 2^50 elements (each draws a random "
                "number)",
                toText(elements));
}

/// Residue arrays can compute what the entries say that an instruction names,
/// and no pass leaves the signed range of its moduli.
template <typename T>
static void checkEntries(const Program &program, const T &i, uint32_t columns,
                         FieldReport &report) {
  const Product &product = program.products[i.product];
  checkConversion(program, i, report);
  auto computation = rns::getComputation(program, product);
  std::optional<BrokenRule> broken;
  if (const auto *rule = std::get_if<BrokenRule>(&computation))
    broken = *rule;
  else
    broken =
        rns::findOverflow(std::get<rns::Computation>(computation), columns);
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
  report.checkBlock("cols", "contraction positions of one group",
                    rns::getTermGroup(program, program.products[i.product]),
                    i.kStart, i.cols);
}

template <>
const InstructionDescription &phx::describeInstruction<CoreProgram>() {
  using T = CoreProgram;
  static const InstructionDescription description =
      DescribeInstruction<T>("core_program", EnginePlace::Array)
          .ofClass("rns")
          .summary("Convert a tile of the stationary operand and load it")
          .semantics("`group` says which of the product's groups the tile "
                     "belongs to, 0 if not given; stochastic rounding numbers "
                     "the elements by it.")
          .field(&T::conversion, "conversion", "that of the product's operand")
          .of(TableKind::Conversions)
          .as(OperandRole::Stationary)
          .field(&T::pass, "pass", "that of the product")
          .of(TableKind::Passes)
          .field(&T::map, "map", "of the stationary operand")
          .of(TableKind::Maps)
          .field(&T::src, "src", "elements of the operand")
          .as(OperandRole::Stationary)
          .field(&T::rowStart, "row start", "first row")
          .named("row")
          .as(FieldRole::Start)
          .from(OriginAxis::Row)
          .field(&T::kStart, "k start", "first contraction position")
          .named("k")
          .as(FieldRole::Start)
          .from(OriginAxis::Contraction)
          .field(&T::rows, "rows", "number of rows, at most those of the array")
          .unit("rows")
          .field(&T::cols, "cols",
                 "number of positions, at most the columns of the array")
          .unit("positions")
          .field(&T::product, "product", "whose operand it is")
          .of(TableKind::Products)
          .field(&T::group, "group", "of the product's groups, the tile's")
          .as(FieldRole::Origin)
          .from(OriginAxis::Group)
          .optional()
          .field(&T::stored, "stored",
                 "the operand is blocks of the conversion")
          .optional()
          .reads(&T::src,
                 inBlocks(&T::conversion,
                          inGroups(&T::conversion, &T::product,
                                   mapped<T>(&T::map, {&T::rowStart, &T::rows},
                                             {&T::kStart, &T::cols})),
                          &T::stored))
          .programsArray()
          .checks(checkTile<T>)
          .checksBounds(checkBodyBounds<T, checkProgramBounds>)
          .assembly(
              "`conversion` $conversion `pass` $pass `map` $map `from` $src "
              "`row` $row `k` $k "
              "`rows` $rows `cols` $cols `product` $product "
              "(`group` $group^)? (`stored` $stored^)?")
          .example("pisa.core_program core[0] conversion 0 pass 0 map 0 from "
                   "wgt[0] row 0 k 0\n    rows 32 cols 16 product 0")
          .example("pisa.core_program core[0] conversion 0 pass 0 map 0 from "
                   "wgt[0] row 0 k 0\n    rows 32 cols 16 product 0 group 3")
          .example("pisa.core_program core[0] conversion 0 pass 0 map 3 from "
                   "wgt[0] row 0 k 0\n    rows 32 cols 16 product 0 stored")
          .build();
  return description;
}

/// No stream mixes kernel positions.
static void checkStreamBounds(const CoreStream &i, BoundsReport &report) {
  const Product &product = report.getProgram().products[i.product];
  if (product.positions == 1)
    return;
  bool first = product.stationary == Stationary::First;
  report.checkBlock(first ? "rows" : "length", "rows of one kernel position",
                    product.m, first ? i.rowStart : i.vecStart,
                    first ? i.rows : i.length);
}

template <>
const InstructionDescription &phx::describeInstruction<CoreStream>() {
  using T = CoreStream;
  static const InstructionDescription description =
      DescribeInstruction<T>("core_stream", EnginePlace::Array)
          .ofClass("rns")
          .summary("Stream vectors past the array and accumulate the results")
          .semantics("`group` is that of the tile in the array, 0 if not "
                     "given.")
          .field(&T::conversion, "conversion", "that of the product's operand")
          .of(TableKind::Conversions)
          .as(OperandRole::Streamed)
          .field(&T::pass, "pass", "that of the product")
          .of(TableKind::Passes)
          .field(&T::combine, "combine", "that of the product")
          .of(TableKind::Combines)
          .field(&T::inMap, "in map", "row: vector, column: position")
          .of(TableKind::Maps)
          .field(&T::outMap, "out map", "row: stationary row, column: vector")
          .of(TableKind::Maps)
          .field(&T::in, "in", "vectors of the operand")
          .as(OperandRole::Streamed)
          .field(&T::out, "out", "accumulators")
          .as(OperandRole::Result)
          .field(&T::rowStart, "row start", "of the stationary tile")
          .named("row")
          .as(FieldRole::Start)
          .from(OriginAxis::Row)
          .field(&T::kStart, "k start", "of the stationary tile")
          .named("k")
          .as(FieldRole::Start)
          .from(OriginAxis::Contraction)
          .field(&T::vecStart, "vec start", "first vector")
          .named("vec")
          .as(FieldRole::Start)
          .from(OriginAxis::Vector)
          .field(&T::rows, "rows", "of the stationary tile")
          .unit("rows")
          .field(&T::cols, "cols", "of the stationary tile")
          .unit("positions")
          .field(&T::length, "length", "number of vectors")
          .unit("vectors")
          .field(&T::product, "product", "whose term it is")
          .of(TableKind::Products)
          .field(&T::start, "start", "accumulators start from +0 where it is 0")
          .as(FieldRole::AccumulationStart)
          .field(&T::group, "group", "of the stationary tile")
          .as(FieldRole::Origin)
          .from(OriginAxis::Group)
          .optional()
          .field(&T::stored, "stored",
                 "the streamed operand is blocks of the conversion")
          .optional()
          .accumulates(&T::out,
                       mapped<T>(&T::outMap, {&T::rowStart, &T::rows},
                                 {&T::vecStart, &T::length}),
                       &T::product)
          .reads(&T::in, inBlocks(&T::conversion,
                                  inGroups(&T::conversion, &T::product,
                                           mapped<T>(&T::inMap,
                                                     {&T::vecStart, &T::length},
                                                     {&T::kStart, &T::cols})),
                                  &T::stored))
          .usesArray(&T::pass, &T::product, &T::rowStart, &T::kStart, &T::rows,
                     &T::cols, &T::group)
          .timedBy(&T::length)
          .checks(checkTile<T>)
          .checksBounds(checkBodyBounds<T, checkStreamBounds>)
          .assembly("`conversion` $conversion `pass` $pass `combine` $combine "
                    "`map` $in_map `from` $in `into` $out_map $out `row` $row "
                    "`k` $k `vec` $vec `rows` $rows "
                    "`cols` $cols `length` $length `product` $product "
                    "`start` $start (`group` $group^)? (`stored` $stored^)?")
          .example(
              "pisa.core_stream core[0] conversion 0 pass 0 combine 0 map 1 "
              "from act[0]\n    into 2 grad[0] row 0 k 0 vec 0 rows 32 cols 16 "
              "length 100 "
              "product 0 start 0")
          .example(
              "pisa.core_stream core[0] conversion 0 pass 0 combine 0 map 1 "
              "from act[0]\n    into 2 grad[0] row 0 k 0 vec 0 rows 32 cols 16 "
              "length 100 "
              "product 0 start 0 group 3")
          .build();
  return description;
}

//===----------------------------------------------------------------------===//
// Stored operands
//===----------------------------------------------------------------------===//

/// The value of `affine` where it is the same in every iteration.
static std::optional<Int> findConstant(const Form &form) {
  for (const Form::Term &term : form.terms)
    if (term.weight != 0)
      return std::nullopt;
  return form.base;
}

static bool isMultiple(const Affine &affine, int64_t of) {
  bool isOne = affine.base % of == 0;
  for (const DigitTerm &digit : affine.terms)
    isOne &= digit.weight % of == 0;
  return isOne;
}

/// Whether positions that begin at `k` are whole groups, or go up to the end of
/// the contraction axis.
static bool hasWholeGroups(const Affine &k, const Count &cols, int64_t length,
                           int64_t group) {
  if (cols.registerIndex)
    return false;
  Form end(k);
  end.base += cols.cap;
  if (cols.cap % group != 0 && findConstant(end) != length)
    return false;
  if (!cols.remaining || isMultiple(*cols.remaining, group))
    return true;
  Form rest(k);
  rest.add(*cols.remaining, 1);
  return findConstant(rest) == length;
}

/// Only whole groups have a block. One that is cut would be completed by zeros
/// in silence.
static void checkConvert(const Program &program, const Instruction &instruction,
                         FieldReport &report) {
  const auto &i = getAs<CoreConvert>(instruction.body);
  checkConversion(program, i, report);
  const Bfp *format = findBlockFormat(program, i.conversion);
  if (!report.isClean() || !format)
    return;
  std::string group = std::to_string(format->group);
  if (!isMultiple(i.kStart, format->group))
    report.fail("k start",
                "a base and weights that are multiples of " + group +
                    " (a block is a whole group)",
                toAssembly(i.kStart));
  int64_t length = program.products[i.product].k;
  if (!hasWholeGroups(i.kStart, i.cols, length, format->group))
    report.fail("cols",
                "multiples of " + group + ", or what is left of the " +
                    std::to_string(length) +
                    " contraction positions of the product (of [" +
                    std::to_string(length) + " less k])",
                i.cols.registerIndex
                    ? "what a count register says"
                    : toAssembly(i.cols) + " at k " + toAssembly(i.kStart));
}

static void checkConvertBounds(const CoreConvert &i, BoundsReport &report) {
  const Product &product = report.getProgram().products[i.product];
  int64_t groups = product.groups;
  report.checkWithin("group", i.group, groups - 1,
                     "a group below " + std::to_string(groups) +
                         ", at least 0");
  // What is not of the operand has random numbers of other elements. Without
  // those a conversion may go on: over elements that other products read.
  const Bfp *format = findBlockFormat(report.getProgram(), i.conversion);
  if (format && format->rounding != Rounding::Stochastic)
    return;
  bool isFirst = i.operand == 0;
  int64_t rows = getRows(product, unsigned(i.operand));
  std::string of = std::string("of its product's ") +
                   (isFirst ? "first" : "second") + " operand";
  report.checkWithin("row start", i.rowStart, rows - 1,
                     "a row below " + std::to_string(rows) + " " + of);
  report.checkBlock("rows", "rows " + of + ",", rows, i.rowStart, i.rows);
  report.checkWithin("k start", i.kStart, product.k - 1,
                     "a position below " + std::to_string(product.k) +
                         " of its product's contraction");
  report.checkBlock("cols", "contraction positions of its product,", product.k,
                    i.kStart, i.cols);
}

template <>
const InstructionDescription &phx::describeInstruction<CoreConvert>() {
  using T = CoreConvert;
  static const InstructionDescription description =
      DescribeInstruction<T>("core_convert", EnginePlace::Array)
          .ofClass("rns")
          .summary("Convert an operand once, into blocks in memory")
          .semantics("`product`, `operand` and `group` say whose operand it "
                     "is; stochastic rounding numbers the elements by them. "
                     "What is in the array stays there.")
          .field(&T::conversion, "conversion", "of the operand")
          .of(TableKind::Conversions)
          .field(&T::srcMap, "src map", "of the operand's elements")
          .of(TableKind::Maps)
          .field(&T::dstMap, "dst map", "row: as of the operand, column: block")
          .of(TableKind::Maps)
          .field(&T::src, "src", "operand")
          .field(&T::dst, "dst", "blocks")
          .field(&T::rowStart, "row start", "first row")
          .unit("rows")
          .named("row")
          .as(FieldRole::Start)
          .field(&T::kStart, "k start",
                 "first contraction position, where a group begins")
          .unit("positions")
          .named("k")
          .as(FieldRole::Start)
          .field(&T::rows, "rows", "number of rows")
          .unit("rows")
          .field(&T::cols, "cols",
                 "number of positions: whole groups, or up to the last one")
          .unit("positions")
          .field(&T::product, "product", "whose operand it is")
          .of(TableKind::Products)
          .as(FieldRole::Origin)
          .field(&T::operand, "operand", "of the product: 0 first, 1 second")
          .within(0, 1)
          .field(&T::group, "group", "of the product's groups, the operand's")
          .as(FieldRole::Origin)
          .from(OriginAxis::Group)
          .optional()
          .writes(&T::dst,
                  inBlocks(&T::conversion,
                           mapped<T>(&T::dstMap, {&T::rowStart, &T::rows},
                                     {&T::kStart, &T::cols})))
          .reads(&T::src, mapped<T>(&T::srcMap, {&T::rowStart, &T::rows},
                                    {&T::kStart, &T::cols}))
          .timedBy(&T::rows, &T::cols)
          .checks(checkConvert)
          .checksBounds(checkBodyBounds<T, checkConvertBounds>)
          .assembly("`conversion` $conversion `map` $src_map `from` $src "
                    "`into` $dst_map $dst `row` $row `k` $k `rows` $rows "
                    "`cols` $cols `product` $product `operand` $operand "
                    "(`group` $group^)?")
          .example("pisa.core_convert core[0] conversion 0 map 0 from wgt[0] "
                   "into 3 wgt[4096]\n    row 0 k 0 rows 32 cols 75 product 0 "
                   "operand 0")
          .build();
  return description;
}

void rns::registerInstructions() {
  registerOperations();
  InstructionSet &set = InstructionSet::get();
  set.add(RnsInstructions());
  set.addCheck(checkProducts);
}
