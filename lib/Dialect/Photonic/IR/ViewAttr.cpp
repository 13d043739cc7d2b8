//===- ViewAttr.cpp - Views of tensors in products -----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Syntax and verification of `#photonic.view`. Numbers are those of the
// constraints in PhotonicAttrs.td.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using namespace photonic::phot;

/// No tensor of nn has more dimensions.
static constexpr int64_t maxDims = 8;

/// Values of an index, coordinates and offsets stay below it, so that nothing
/// that is computed from a few of them leaves 64 bits.
static constexpr int64_t maxMagnitude = int64_t(1) << 40;

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

static ParseResult parseDimension(AsmParser &parser, int64_t &dim) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef word;
  if (parser.parseKeyword(&word))
    return failure();
  if (!word.consume_front("d") || word.getAsInteger(10, dim))
    return parser.emitError(loc)
           << "expected a dimension d0 to d" << maxDims - 1;
  return success();
}

/// `R x dD by S`
static ParseResult parseDigit(AsmParser &parser,
                              SmallVectorImpl<ViewDigit> &digits) {
  ViewDigit digit;
  if (parser.parseInteger(digit.radix) || parser.parseKeyword("x") ||
      parseDimension(parser, digit.dim))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("by"))) {
    SMLoc loc = parser.getCurrentLocation();
    if (parser.parseInteger(digit.step))
      return failure();
    if (digit.step == 1)
      return parser.emitError(loc)
             << "expected another step than 1, which is not written";
  }
  digits.push_back(digit);
  return success();
}

Attribute ViewAttr::parse(AsmParser &parser, Type) {
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<ViewDigit> lists[4];
  SmallVector<int64_t> offsets;
  static constexpr StringLiteral names[] = {"groups", "positions", "rows",
                                            "columns", "offsets"};
  bool seen[5] = {};
  auto parsePart = [&]() -> ParseResult {
    SMLoc place = parser.getCurrentLocation();
    StringRef name;
    if (parser.parseKeyword(&name) || parser.parseEqual())
      return failure();
    size_t index = llvm::find(names, name) - std::begin(names);
    if (index == std::size(names) || seen[index])
      return parser.emitError(place)
             << "expected groups, positions, rows, columns or offsets, each at "
                "most once, found '"
             << name << "'";
    seen[index] = true;
    if (index == 4)
      return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
        return parser.parseInteger(offsets.emplace_back());
      });
    return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
      return parseDigit(parser, lists[index]);
    });
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater,
                                     parsePart))
    return {};
  return parser.getChecked<ViewAttr>(
      loc, parser.getContext(), ArrayRef(lists[0]), ArrayRef(lists[1]),
      ArrayRef(lists[2]), ArrayRef(lists[3]), ArrayRef(offsets));
}

void ViewAttr::print(AsmPrinter &printer) const {
  const char *separator = "";
  auto print = [&](StringRef name, auto list, auto &&printElement) {
    if (list.empty())
      return;
    printer << separator << name << " = [";
    llvm::interleaveComma(list, printer.getStream(), printElement);
    printer << "]";
    separator = ", ";
  };
  auto printDigit = [&](const ViewDigit &digit) {
    printer << digit.radix << " x d" << digit.dim;
    if (digit.step != 1)
      printer << " by " << digit.step;
  };
  printer << "<";
  print("groups", getGroups(), printDigit);
  print("positions", getPositions(), printDigit);
  print("rows", getRows(), printDigit);
  print("columns", getColumns(), printDigit);
  print("offsets", getOffsets(), [&](int64_t offset) { printer << offset; });
  printer << ">";
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

/// |value| <= 2^40, also of the lowest number.
static bool isBounded(int64_t value) {
  return value >= -maxMagnitude && value <= maxMagnitude;
}

static LogicalResult verifyDigits(function_ref<InFlightDiagnostic()> emitError,
                                  StringRef name, ArrayRef<ViewDigit> digits) {
  int64_t values = 1;
  for (auto [i, digit] : llvm::enumerate(digits)) {
    auto fail = [&] {
      return emitError() << "digit " << i << " of " << name << " ";
    };
    if (digit.radix < 2)
      return fail() << "has radix " << digit.radix
                    << ", expected at least 2 (leave out a digit of one value)";
    if (digit.step == 0)
      return fail() << "has step 0";
    if (digit.dim < 0 || digit.dim >= maxDims)
      return fail() << "is on dimension " << digit.dim << ", expected 0 to "
                    << maxDims - 1;
    auto product = llvm::checkedMul(values, digit.radix);
    auto reach = llvm::checkedMul(digit.step, digit.radix);
    if (!product || !reach || !isBounded(*product) || !isBounded(*reach))
      return fail() << "reaches beyond 2^40";
    values = *product;
    if (i > 0 && digits[i - 1].dim == digit.dim &&
        digits[i - 1].step * digits[i - 1].radix == digit.step)
      return fail() << "goes on where the one before it ends; write them as "
                       "one digit of radix "
                    << digits[i - 1].radix * digit.radix;
  }
  return success();
}

LogicalResult ViewAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                               ArrayRef<ViewDigit> groups,
                               ArrayRef<ViewDigit> positions,
                               ArrayRef<ViewDigit> rows,
                               ArrayRef<ViewDigit> columns,
                               ArrayRef<int64_t> offsets) {
  if (failed(verifyDigits(emitError, "groups", groups)) ||
      failed(verifyDigits(emitError, "positions", positions)) ||
      failed(verifyDigits(emitError, "rows", rows)) ||
      failed(verifyDigits(emitError, "columns", columns)))
    return failure();
  for (int64_t offset : offsets)
    if (!isBounded(offset))
      return emitError() << "offset " << offset << " is beyond 2^40";
  if (!offsets.empty() &&
      llvm::all_of(offsets, [](int64_t offset) { return offset == 0; }))
    return emitError() << "offsets are all 0; leave them out";
  return success();
}

unsigned ViewAttr::getNumDims() const {
  int64_t dims = getOffsets().size();
  for (ArrayRef<ViewDigit> list :
       {getGroups(), getPositions(), getRows(), getColumns()})
    for (const ViewDigit &digit : list)
      dims = std::max(dims, digit.dim + 1);
  return dims;
}

LogicalResult
ViewAttr::checkRank(int64_t rank, StringRef name,
                    function_ref<InFlightDiagnostic()> emitError) const {
  if (rank > maxDims)
    return emitError() << name << " has rank " << rank
                       << ", views have at most " << maxDims << " dimensions";
  if (getNumDims() > rank)
    return emitError() << "view of " << name << " has dimension d"
                       << getNumDims() - 1 << ", but the tensor has rank "
                       << rank;
  if (!getOffsets().empty() && int64_t(getOffsets().size()) != rank)
    return emitError() << "view of " << name << " has " << getOffsets().size()
                       << " offsets, expected one for each of " << rank
                       << " dimensions";
  return success();
}
