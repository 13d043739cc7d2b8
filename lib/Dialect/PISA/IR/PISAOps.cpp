//===- PISAOps.cpp - Operations of the pisa dialect -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/IR/FieldSyntax.h"

#include "phx/isa/Limits.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectImplementation.h"

#include <limits>

using namespace mlir;
using namespace photonic::pisa;

//===----------------------------------------------------------------------===//
// Directives of the assembly formats
//===----------------------------------------------------------------------===//

ParseResult photonic::pisa::parseCounts(OpAsmParser &parser,
                                        ArrayAttr &counts) {
  SmallVector<Attribute> elements;
  auto parseOne = [&]() -> ParseResult {
    CountAttr count;
    if (parseField(parser, count))
      return failure();
    elements.push_back(count);
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseOne))
    return failure();
  counts = parser.getBuilder().getArrayAttr(elements);
  return success();
}

void photonic::pisa::printCounts(OpAsmPrinter &printer, Operation *,
                                 ArrayAttr counts) {
  printer << "[";
  llvm::interleaveComma(counts.getAsRange<CountAttr>(), printer,
                        [&](CountAttr count) { printField(printer, count); });
  printer << "]";
}

/// `[f32, i32]`.
static ParseResult parseWords(OpAsmParser &parser, ArrayAttr &words) {
  SmallVector<Attribute> elements;
  auto parseOne = [&]() -> ParseResult {
    std::string word;
    if (parser.parseKeywordOrString(&word))
      return failure();
    elements.push_back(parser.getBuilder().getStringAttr(word));
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseOne))
    return failure();
  words = parser.getBuilder().getArrayAttr(elements);
  return success();
}

static void printWords(OpAsmPrinter &printer, Operation *, ArrayAttr words) {
  printer << "[";
  llvm::interleaveComma(words.getAsRange<StringAttr>(), printer,
                        [&](StringAttr word) {
                          printer.printKeywordOrString(word.getValue());
                        });
  printer << "]";
}

static ParseResult parseConversion(OpAsmParser &parser,
                                   OperationAttr &operation) {
  return parseOperation(parser, phx::OperationTable::Conversion, operation);
}

static void printConversion(OpAsmPrinter &printer, Operation *,
                            OperationAttr operation) {
  printOperation(printer, operation);
}

/// `[operation, operation, ...]`.
static ParseResult parseOperations(OpAsmParser &parser,
                                   phx::OperationTable table,
                                   ArrayAttr &operations) {
  SmallVector<Attribute> elements;
  auto parseOne = [&]() -> ParseResult {
    OperationAttr operation;
    if (parseOperation(parser, table, operation))
      return failure();
    elements.push_back(operation);
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseOne))
    return failure();
  operations = parser.getBuilder().getArrayAttr(elements);
  return success();
}

static ParseResult parsePass(OpAsmParser &parser, ArrayAttr &operations) {
  return parseOperations(parser, phx::OperationTable::Pass, operations);
}
static ParseResult parseCombine(OpAsmParser &parser, ArrayAttr &operations) {
  return parseOperations(parser, phx::OperationTable::Combine, operations);
}

static void printPass(OpAsmPrinter &printer, Operation *,
                      ArrayAttr operations) {
  printer << "[";
  llvm::interleaveComma(
      operations.getAsRange<OperationAttr>(), printer,
      [&](OperationAttr operation) { printOperation(printer, operation); });
  printer << "]";
}
static void printCombine(OpAsmPrinter &printer, Operation *op,
                         ArrayAttr operations) {
  printPass(printer, op, operations);
}

/// `[[1, 2], [3, 4]]`.
static ParseResult parseTuples(OpAsmParser &parser, ArrayAttr &tuples) {
  SmallVector<Attribute> elements;
  auto parseOne = [&]() -> ParseResult {
    SmallVector<int64_t> numbers;
    if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
          return parser.parseInteger(numbers.emplace_back());
        }))
      return failure();
    elements.push_back(parser.getBuilder().getDenseI64ArrayAttr(numbers));
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseOne))
    return failure();
  tuples = parser.getBuilder().getArrayAttr(elements);
  return success();
}

static void printTuples(OpAsmPrinter &printer, Operation *, ArrayAttr tuples) {
  printer << "[";
  llvm::interleaveComma(tuples.getAsRange<DenseI64ArrayAttr>(), printer,
                        [&](DenseI64ArrayAttr tuple) {
                          printer << "[";
                          llvm::interleaveComma(tuple.asArrayRef(), printer);
                          printer << "]";
                        });
  printer << "]";
}

ParseResult photonic::pisa::parseEngine(OpAsmParser &parser, StringAttr &unit,
                                        AffineAttr &index,
                                        IntegerAttr &lanes) {
  std::string word;
  int64_t number = 0;
  if (parser.parseKeywordOrString(&word) || parser.parseLSquare() ||
      parseSum(parser, index))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("lanes"))) {
    if (parser.parseInteger(number))
      return failure();
    lanes = parser.getBuilder().getI64IntegerAttr(number);
  }
  unit = parser.getBuilder().getStringAttr(word);
  return parser.parseRSquare();
}

void photonic::pisa::printEngine(OpAsmPrinter &printer, Operation *,
                                 StringAttr unit, AffineAttr index,
                                 IntegerAttr lanes) {
  printer.printKeywordOrString(unit.getValue());
  printer << "[";
  printSum(printer, index);
  if (lanes)
    printer << " lanes " << lanes.getInt();
  printer << "]";
}

//===----------------------------------------------------------------------===//
// Generated definitions
//===----------------------------------------------------------------------===//

#define GET_OP_CLASSES
#include "photonic/Dialect/PISA/IR/PISAOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

/// `value` of the field `what` is in [low, high].
static LogicalResult verifyRange(Operation *op, StringRef what, int64_t value,
                                 int64_t low, int64_t high) {
  if (value >= low && value <= high)
    return success();
  return op->emitOpError("expected ")
         << what << " in [" << low << ", " << high << "], found " << value;
}

//===----------------------------------------------------------------------===//
// Program and tables
//===----------------------------------------------------------------------===//

CodeOp ProgramOp::getCode() {
  auto codes = getBody().getOps<CodeOp>();
  return codes.empty() ? CodeOp() : *codes.begin();
}

/// Tables of one kind are numbered in order from 0. // program_c1
template <typename TableOp>
static LogicalResult verifyNumbering(ProgramOp program) {
  uint64_t expected = 0;
  for (TableOp op : program.getBody().getOps<TableOp>()) {
    if (op.getIndex() != expected)
      return op.emitOpError("expected number ")
             << expected << ", found " << op.getIndex();
    ++expected;
  }
  return success();
}

LogicalResult ProgramOp::verifyRegions() {
  if (failed(verifyNumbering<GroupOp>(*this)) ||
      failed(verifyNumbering<MemoryOp>(*this)) ||
      failed(verifyNumbering<RegisterOp>(*this)) ||
      failed(verifyNumbering<MapOp>(*this)) ||
      failed(verifyNumbering<ConversionOp>(*this)) ||
      failed(verifyNumbering<PassOp>(*this)) ||
      failed(verifyNumbering<CombineOp>(*this)) ||
      failed(verifyNumbering<ProductOp>(*this)) ||
      failed(verifyNumbering<NestOp>(*this)) ||
      failed(verifyNumbering<RegionOp>(*this)) ||
      failed(verifyNumbering<LayerOp>(*this)))
    return failure();
  bool isBehind = false;
  for (Operation &entry : getBody().front()) {
    if (isBehind && isa<GroupOp, MemoryOp>(entry)) // program_c4
      return entry.emitOpError("expected groups and memories before the other "
                               "tables");
    isBehind |= !isa<GroupOp, MemoryOp>(entry);
  }
  auto groups =
      static_cast<int64_t>(llvm::range_size(getBody().getOps<GroupOp>()));
  if (failed(verifyRange(*this, "a number of groups", groups, 0,
                         phx::limits::arrays))) // program_c5
    return failure();
  if (getTokens() > phx::noLayer)
    return emitOpError("expected at most ")
           << phx::noLayer << " tokens, found " << getTokens();
  if (failed(verifyRange(*this, "an rng", getRng().value_or(0), 0,
                         phx::noLayer - 1))) // program_c3
    return failure();
  // program_c2
  if (getBody().front().empty() || !isa<CodeOp>(getBody().front().back()) ||
      llvm::range_size(getBody().getOps<CodeOp>()) != 1)
    return emitOpError("expected exactly one pisa.code, last");
  return success();
}

LogicalResult GroupOp::verify() {
  if (getArray().size() != 2) // group_c1
    return emitOpError("expected array [rows, columns], found ")
           << getArray().size() << " numbers";
  for (int64_t side : getArray()) // group_c1
    if (failed(verifyRange(*this, "a side of the array", side,
                           phx::limits::arraySide.low,
                           phx::limits::arraySide.high)))
      return failure();
  return verifyRange(*this, "a count", getCount(), 0,
                     phx::limits::arrays); // group_c1
}

LogicalResult MemoryOp::verify() {
  for (auto type : getTypes().getAsRange<StringAttr>()) // memory_c1
    if (!phx::findType(type.str()))
      return emitOpError("expected element types (")
             << phx::listTypes() << "), found '" << type.getValue() << "'";
  return verifyRange(*this, "a group", getGroup().value_or(0), 0,
                     phx::noLayer - 1);
}

LogicalResult RegisterOp::verify() { // register_c1
  return verifyRange(*this, "most", getMost(), phx::limits::registerValue.low,
                     phx::limits::registerValue.high);
}

/// Every tuple has `width` numbers.
static LogicalResult verifyTuples(Operation *op, ArrayAttr tuples, size_t width,
                                  StringRef what) {
  for (Attribute element : tuples) {
    auto tuple = dyn_cast<DenseI64ArrayAttr>(element);
    if (!tuple)
      return op->emitOpError("expected arrays of ")
             << width << " i64 numbers as " << what << ", found " << element;
    if (static_cast<size_t>(tuple.size()) != width)
      return op->emitOpError("expected ") << width << " numbers in each of "
                                          << what << ", found " << tuple.size();
  }
  return success();
}

LogicalResult MapOp::verify() {
  if (failed(verifyTuples(*this, getRows(), 3, "rows")) || // map_c1
      failed(verifyTuples(*this, getCols(), 3, "cols")) ||
      failed(verifyTuples(*this, getAxes(), 5, "axes"))) // map_c2
    return failure();
  for (ArrayAttr digits : {getRows(), getCols()})
    for (auto digit : digits.getAsRange<DenseI64ArrayAttr>()) // map_c1
      if (failed(verifyRange(*this, "the axis of a digit", digit[1], 0,
                             std::numeric_limits<uint8_t>::max())))
        return failure();
  return success();
}

/// conversion_c1, pass_c1, combine_c1
static LogicalResult verifyOperation(Operation *op, OperationAttr operation,
                                     phx::OperationTable table) {
  phx::Status status = phx::checkOperation(
      operation.getValue(), table, operation.getName().getValue().str());
  return status ? success() : op->emitOpError() << status.error().message;
}

LogicalResult ConversionOp::verify() {
  return verifyOperation(*this, getFormat(),
                         phx::OperationTable::Conversion);
}

static LogicalResult verifyOperations(Operation *op, ArrayAttr operations,
                                      phx::OperationTable table) {
  if (operations.empty())
    return op->emitOpError("expected at least one operation, found none");
  for (auto operation : operations.getAsRange<OperationAttr>())
    if (failed(verifyOperation(op, operation, table)))
      return failure();
  return success();
}

LogicalResult PassOp::verify() {
  return verifyOperations(*this, getOperations(), phx::OperationTable::Pass);
}

LogicalResult CombineOp::verify() {
  return verifyOperations(*this, getOperations(), phx::OperationTable::Combine);
}

LogicalResult ProductOp::verify() {
  constexpr int64_t most = phx::noLayer - 1;
  if (getConversions().size() != 2)
    return emitOpError("expected conversions [first, second], found ")
           << getConversions().size() << " numbers";
  for (int64_t conversion : getConversions())
    if (failed(verifyRange(*this, "a conversion", conversion, 0, most)))
      return failure();
  if (failed(verifyRange(*this, "a pass", getPass(), 0, most)) ||
      failed(verifyRange(*this, "a combine", getCombine(), 0, most)) ||
      failed(verifyRange(*this, "a stream", getStream().value_or(0),
                         phx::limits::productStream.low,
                         phx::limits::productStream.high)))
    return failure();
  return getLayer() ? verifyRange(*this, "a layer", *getLayer(), 0, most)
                    : success();
}

LogicalResult NestOp::verify() {
  if (getAt().size() != 2) // nest_c1
    return emitOpError("expected at [loop, end], found ")
           << getAt().size() << " numbers";
  for (Attribute range :
       {Attribute(getGroups()), Attribute(getGroupsSize()),
        Attribute(getRows()), Attribute(getRowsSize()),
        Attribute(getColumns()), Attribute(getColumnsSize()),
        Attribute(getContraction()), Attribute(getContractionSize())})
    if (failed(verifyFieldAttr(*this, range)))
      return failure();
  auto program = (*this)->getParentOfType<ProgramOp>();
  int64_t products = llvm::range_size(program.getBody().getOps<ProductOp>());
  auto product = static_cast<int64_t>(getProduct()); // nest_c2
  if (product >= 0 && product < products)
    return success();
  return emitOpError("expected one of the ")
         << products << " products, found product " << product;
}

LogicalResult LayerOp::verify() {
  return getOutput()
             ? verifyRange(*this, "a region", *getOutput(), 0, phx::noLayer - 1)
             : success();
}

/// The memory is one of the program's.
static LogicalResult verifyHome(RegionOp op) {
  StringRef name = op.getAddress().getMemory().getValue();
  auto program = op->getParentOfType<ProgramOp>();
  if (!program)
    return success();
  for (MemoryOp memory : program.getBody().getOps<MemoryOp>())
    if (memory.getName() == name)
      return success();
  return op.emitOpError("expected the name of a pisa.memory, found '")
         << name << "'";
}

LogicalResult RegionOp::verify() {
  constexpr int64_t most = phx::noLayer - 1;
  if (failed(verifyHome(*this))) // region_c1
    return failure();
  if (!getAddress().getOffset().getTerms().empty()) // region_c1
    return emitOpError("expected a constant address");
  auto type = dyn_cast<RankedTensorType>(getType()); // region_c2
  if (!type || !type.hasStaticShape())
    return emitOpError("expected a static tensor type, found ") << getType();
  if (type.getEncoding())
    return emitOpError("expected a tensor type without an encoding, which a "
                       "program has no place for, found ")
           << type;
  if (getInit() && getInit()->getShapedType() != type) // region_c3
    return emitOpError("initial contents have type ")
           << getInit()->getShapedType() << ", the region has " << type;
  if (getIgnoreIndex() && !getClasses()) // region_c4
    return emitOpError("ignores a label, but has no number of classes");
  if (failed(verifyRange(*this, "a region", getGradientOf().value_or(0), 0,
                         most))) // region_c5
    return failure();
  return verifyRange(*this, "a batch axis", getBatchAxis().value_or(0), 0,
                     most); // region_c5
}

LogicalResult CodeOp::verifyRegions() {
  WalkResult result = getBody().walk<WalkOrder::PreOrder>([](Operation *op) {
    if (!isa<LoopOp, HaltOp, InstructionOpInterface>(op)) {
      op->emitOpError("is not an instruction");
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

LogicalResult LoopOp::verify() {
  if (std::optional<uint64_t> layer = getLayer();
      layer && *layer >= phx::noLayer)
    return emitOpError("expected layer in [0, ")
           << phx::noLayer - 1 << "], found " << static_cast<int64_t>(*layer);
  if (failed(verifyRange(*this, "a register", getBelow().value_or(0), 0,
                         phx::noLayer - 1))) // loop_c2
    return failure();
  return success();
}
