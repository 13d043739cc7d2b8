//===- FusedOp.cpp - What is computed on chip together --------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace photonic::phot;

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

using Numbers = ArrayRef<std::pair<StringRef, std::optional<int64_t>>>;

static LogicalResult
verifyPositive(function_ref<InFlightDiagnostic()> emitError, Numbers numbers) {
  for (auto [name, number] : numbers)
    if (number && *number < 1)
      return emitError() << "'" << name << "' must be at least 1, got "
                         << *number;
  return success();
}

LogicalResult ChunkAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                std::optional<int64_t> groups,
                                std::optional<int64_t> rows,
                                std::optional<int64_t> images,
                                std::optional<int64_t> lines,
                                std::optional<int64_t> units) {
  if (failed(verifyPositive(emitError, {{"groups", groups},
                                        {"rows", rows},
                                        {"images", images},
                                        {"lines", lines},
                                        {"units", units}})))
    return failure();
  if (units && (groups || rows || images || lines))
    return emitError() << "'units' are those of an operation that is no "
                          "product, and 'groups', 'rows', 'images' and 'lines' "
                          "of a product; expected one of both kinds";
  if (groups && rows)
    return emitError() << "a chunk is one of 'groups' or one of 'rows', got "
                          "both";
  return success();
}

static void printNumbers(AsmPrinter &printer, Numbers numbers) {
  printer << "<";
  StringRef separator = "";
  for (auto [name, number] : numbers) {
    if (!number)
      continue;
    printer << separator << name << " = " << *number;
    separator = ", ";
  }
  printer << ">";
}

/// Parses `<name = number, ...>`, each of `names` at most once, in any order.
static ParseResult
parseNumbers(AsmParser &parser, ArrayRef<StringLiteral> names,
             MutableArrayRef<std::optional<int64_t>> numbers) {
  auto parseNumber = [&]() -> ParseResult {
    StringRef name;
    SMLoc at = parser.getCurrentLocation();
    if (parser.parseKeyword(&name))
      return failure();
    const auto *known = llvm::find(names, name);
    if (known == names.end()) {
      InFlightDiagnostic diag = parser.emitError(at, "expected one of ");
      llvm::interleaveComma(names, diag);
      return diag << ", found '" << name << "'";
    }
    std::optional<int64_t> &number = numbers[known - names.begin()];
    if (number)
      return parser.emitError(at, "'") << name << "' is given twice";
    return failure(parser.parseEqual() ||
                   parser.parseInteger(number.emplace()));
  };
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater,
                                        parseNumber);
}

static constexpr StringLiteral chunkNames[] = {"groups", "rows", "images",
                                               "lines", "units"};

void ChunkAttr::print(AsmPrinter &printer) const {
  printNumbers(printer, {{chunkNames[0], getGroups()},
                         {chunkNames[1], getRows()},
                         {chunkNames[2], getImages()},
                         {chunkNames[3], getLines()},
                         {chunkNames[4], getUnits()}});
}

Attribute ChunkAttr::parse(AsmParser &parser, Type) {
  SMLoc start = parser.getCurrentLocation();
  std::optional<int64_t> numbers[std::size(chunkNames)];
  if (parseNumbers(parser, chunkNames, numbers))
    return {};
  return getChecked([&] { return parser.emitError(start); },
                    parser.getContext(), numbers[0], numbers[1], numbers[2],
                    numbers[3], numbers[4]);
}

static constexpr StringLiteral bufferNames[] = {"first", "second", "operands",
                                                "result"};

void BuffersAttr::print(AsmPrinter &printer) const {
  printNumbers(printer, {{bufferNames[0], getFirst()},
                         {bufferNames[1], getSecond()},
                         {bufferNames[2], getOperands()},
                         {bufferNames[3], getResult()}});
}

Attribute BuffersAttr::parse(AsmParser &parser, Type) {
  SMLoc start = parser.getCurrentLocation();
  std::optional<int64_t> numbers[std::size(bufferNames)];
  if (parseNumbers(parser, bufferNames, numbers))
    return {};
  if (!numbers[3]) {
    parser.emitError(start, "expected 'result', the number of its buffers");
    return {};
  }
  return getChecked([&] { return parser.emitError(start); },
                    parser.getContext(), numbers[0], numbers[1], numbers[2],
                    *numbers[3]);
}

LogicalResult BuffersAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  std::optional<int64_t> first,
                                  std::optional<int64_t> second,
                                  std::optional<int64_t> operands,
                                  int64_t result) {
  if (failed(verifyPositive(emitError, {{"first", first},
                                        {"second", second},
                                        {"operands", operands},
                                        {"result", result}})))
    return failure();
  if (bool(first) != bool(second) || bool(first) == bool(operands))
    return emitError() << "buffers are those of the 'first' and the 'second' "
                          "operand of a product, or of all 'operands' of "
                          "another operation; expected one of both kinds";
  return success();
}

//===----------------------------------------------------------------------===//
// The operation
//===----------------------------------------------------------------------===//

SmallVector<Operation *> FusedOp::getFollowers() {
  SmallVector<Operation *> followers;
  for (Operation &op : llvm::drop_begin(getBody().front().without_terminator()))
    followers.push_back(&op);
  return followers;
}

/// C2 of a follower and the operation in front of it.
static LogicalResult verifyFollower(FusedOp fused, Operation *op) {
  Operation *before = op->getPrevNode();
  auto isRead = [&](Value value) {
    return llvm::is_contained(op->getOperands(), value);
  };
  if (before->getNumResults() == 0 || op->getNumResults() != 1 ||
      op->getNumRegions() != 0 || !isRead(before->getResult(0))) {
    InFlightDiagnostic diag = fused.emitOpError(
        "(C2) has an operation behind another one that is no follower of it: "
        "expected one without regions and with one result, which reads the "
        "first result of the other");
    diag.attachNote(op->getLoc()) << "this one";
    return diag;
  }
  for (Value result : before->getResults())
    for (Operation *user : result.getUsers())
      if (user != op) {
        InFlightDiagnostic diag = fused.emitOpError(
            "(C2) computes a chunk that two operations read; only the next one "
            "can, as it changes the chunk in place");
        diag.attachNote(before->getLoc()) << "what this one computes";
        return diag;
      }
  return success();
}

/// C4 of the operation and its terminator: nobody would read them.
static LogicalResult verifyAttributes(FusedOp fused, Operation *op) {
  for (NamedAttribute attribute : op->getDiscardableAttrs()) {
    StringRef name = attribute.getName();
    if (name.contains('.') && !name.starts_with("nn.") &&
        !name.starts_with("photonic."))
      continue;
    return fused.emitOpError("(C4) has an attribute '")
           << name << "' that says nothing "
           << (op == fused ? "of it" : "of its photonic.yield")
           << "; leave it out, or give it to an operation inside";
  }
  return success();
}

LogicalResult FusedOp::verifyRegions() {
  if (!isa<FunctionOpInterface>(getOperation()->getParentOp()))
    return emitOpError("(C3) must stand in the body of a function");
  Block &block = getBody().front();
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  Operation *last = yield ? yield->getPrevNode() : nullptr;
  if (!last || last->getNumResults() == 0 ||
      !llvm::equal(yield.getOperands(), last->getResults()))
    return emitOpError(
        "(C1) must end with photonic.yield of the results of the "
        "operation in front of it");
  if (!llvm::equal(getResultTypes(), last->getResultTypes()))
    return emitOpError("(C1) has other types than what it yields");
  for (Operation *follower : getFollowers())
    if (failed(verifyFollower(*this, follower)))
      return failure();
  return success(succeeded(verifyAttributes(*this, *this)) &&
                 succeeded(verifyAttributes(*this, yield)));
}
