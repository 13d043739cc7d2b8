//===- PISAAttrs.cpp - Fields of instructions: values and syntax -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/IR/FieldSyntax.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace photonic::pisa;

/// Numbers per digit in AffineAttr::terms: loop, scale, offset, divisor,
/// modulus, weight.
static constexpr size_t termWidth = 6;

//===----------------------------------------------------------------------===//
// Conversion from and to the plain form
//===----------------------------------------------------------------------===//

// The verifier has seen that the number fits.
static std::optional<uint32_t> toIndex(std::optional<int64_t> number) {
  return number ? std::optional(static_cast<uint32_t>(*number)) : std::nullopt;
}
static std::optional<int64_t> fromIndex(std::optional<uint32_t> index) {
  return index ? std::optional<int64_t>(*index) : std::nullopt;
}

static LogicalResult
verifyRegister(function_ref<InFlightDiagnostic()> emitError,
               std::optional<int64_t> number) {
  if (!number || (*number >= 0 && *number < int64_t(phx::noLayer)))
    return success();
  return emitError() << "expected a register in [0, " << phx::noLayer - 1
                     << "], found " << *number;
}

phx::Affine AffineAttr::getValue() const {
  phx::Affine value{getBase(), {}};
  ArrayRef<int64_t> t = getTerms();
  for (; !t.empty(); t = t.drop_front(termWidth))
    value.terms.push_back(
        {static_cast<uint8_t>(t[0]), t[1], t[2], t[3], t[4], t[5]});
  return value;
}

AffineAttr AffineAttr::get(MLIRContext *context, const phx::Affine &value) {
  SmallVector<int64_t> terms;
  for (const phx::DigitTerm &t : value.terms)
    terms.append({t.loop, t.scale, t.offset, t.divisor, t.modulus, t.weight});
  return get(context, value.base, terms);
}

phx::Count CountAttr::getValue() const {
  phx::Count value{getCap(), std::nullopt, toIndex(getRegisterIndex())};
  if (AffineAttr remaining = getRemaining())
    value.remaining = remaining.getValue();
  return value;
}

LogicalResult
CountAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t,
                  AffineAttr, std::optional<int64_t> registerIndex) {
  return verifyRegister(emitError, registerIndex);
}

CountAttr CountAttr::get(MLIRContext *context, const phx::Count &value) {
  return get(context, value.cap,
             value.remaining ? AffineAttr::get(context, *value.remaining)
                             : AffineAttr(),
             fromIndex(value.registerIndex));
}

phx::Guard GuardAttr::getValue() const {
  return {static_cast<uint8_t>(getLoop()), getScale(), getOffset(),
          getExtent(), getLow(), toIndex(getRegisterIndex())};
}

GuardAttr GuardAttr::get(MLIRContext *context, const phx::Guard &value) {
  return get(context, value.loop, value.scale, value.offset, value.low,
             value.extent, fromIndex(value.registerIndex));
}

phx::ZeroFill ZeroFillAttr::getValue() const {
  return {static_cast<uint8_t>(getDim()), getStart().getValue(), getExtent()};
}

ZeroFillAttr ZeroFillAttr::get(MLIRContext *context,
                               const phx::ZeroFill &value) {
  return get(context, value.dim, AffineAttr::get(context, value.start),
             value.extent);
}

//===----------------------------------------------------------------------===//
// Verification: what the plain form has no room for
//===----------------------------------------------------------------------===//

static LogicalResult
verifyLoop(function_ref<InFlightDiagnostic()> emitError, int64_t loop) {
  if (loop >= 0 && loop <= phx::laneLoop)
    return success();
  return emitError() << "expected a loop in [0, " << phx::maxLoopDepth - 1
                     << "], or " << phx::laneLoop << " for the lane, found "
                     << loop;
}

LogicalResult AffineAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 int64_t, ArrayRef<int64_t> terms) {
  if (terms.size() % termWidth)
    return emitError() << "expected " << termWidth
                       << " numbers per digit (loop, scale, offset, divisor, "
                          "modulus, weight), found "
                       << terms.size() << " in all";
  for (; !terms.empty(); terms = terms.drop_front(termWidth))
    if (failed(verifyLoop(emitError, terms[0])))
      return failure();
  return success();
}

LogicalResult GuardAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                int64_t loop, int64_t, int64_t, int64_t,
                                int64_t, std::optional<int64_t> registerIndex) {
  if (failed(verifyLoop(emitError, loop)))
    return failure();
  return verifyRegister(emitError, registerIndex);
}

LogicalResult
ZeroFillAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t dim,
                     AffineAttr, int64_t) {
  constexpr int64_t last = std::tuple_size_v<phx::Shape4> - 1;
  if (dim >= 0 && dim <= last)
    return success();
  return emitError() << "expected a dimension in [0, " << last
                     << "] to fill, found " << dim;
}

LogicalResult photonic::pisa::verifyFieldAttr(Operation *op, Attribute field) {
  auto emitError = [&] { return op->emitOpError(); };
  auto toResult = [](LogicalResult result) {
    return succeeded(result) ? WalkResult::advance() : WalkResult::interrupt();
  };
  WalkResult result = field.walk(
      [&](AffineAttr affine) {
        return toResult(AffineAttr::verify(emitError, affine.getBase(),
                                           affine.getTerms()));
      },
      [&](CountAttr count) {
        return toResult(verifyRegister(emitError, count.getRegisterIndex()));
      },
      [&](GuardAttr guard) {
        return toResult(GuardAttr::verify(
            emitError, guard.getLoop(), guard.getScale(), guard.getOffset(),
            guard.getLow(), guard.getExtent(), guard.getRegisterIndex()));
      },
      [&](ZeroFillAttr fill) {
        return toResult(ZeroFillAttr::verify(
            emitError, fill.getDim(), fill.getStart(), fill.getExtent()));
      });
  return failure(result.wasInterrupted());
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

/// `lN`, or `lane`.
static ParseResult parseLoopName(AsmParser &parser, int64_t &loop) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef word;
  if (parser.parseKeyword(&word))
    return failure();
  if (word == "lane") {
    loop = phx::laneLoop;
    return success();
  }
  if (!word.consume_front("l") || word.getAsInteger(10, loop) ||
      loop >= phx::maxLoopDepth)
    return parser.emitError(loc) << "expected a loop counter l0 to l"
                                 << phx::maxLoopDepth - 1 << ", or lane";
  return success();
}

/// `weight * lN` with an optional `(scale, offset, divisor, modulus)`.
static ParseResult parseTerm(AsmParser &parser,
                             SmallVectorImpl<int64_t> &terms) {
  int64_t weight = 0, loop = 0;
  SmallVector<int64_t> digit;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseInteger(weight) || parser.parseStar() ||
      parseLoopName(parser, loop) ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::OptionalParen, [&] {
        return parser.parseInteger(digit.emplace_back());
      }))
    return failure();
  if (digit.empty())
    digit = {1, 0, 1, 0};
  if (digit.size() != 4)
    return parser.emitError(loc) << "expected (scale, offset, divisor, "
                                    "modulus) behind the loop counter, found "
                                 << digit.size() << " numbers";
  terms.append({loop, digit[0], digit[1], digit[2], digit[3], weight});
  return success();
}

ParseResult photonic::pisa::parseSum(AsmParser &parser, AffineAttr &affine) {
  int64_t base = 0;
  SmallVector<int64_t> terms;
  if (parser.parseInteger(base))
    return failure();
  while (succeeded(parser.parseOptionalPlus()))
    if (parseTerm(parser, terms))
      return failure();
  affine = AffineAttr::get(parser.getContext(), base, terms);
  return success();
}

ParseResult photonic::pisa::parseField(AsmParser &parser, AffineAttr &affine) {
  if (succeeded(parser.parseOptionalLSquare()))
    return failure(parseSum(parser, affine) || parser.parseRSquare());
  int64_t base = 0;
  if (parser.parseInteger(base))
    return failure();
  affine = AffineAttr::get(parser.getContext(), base, ArrayRef<int64_t>());
  return success();
}

/// `rN` in `word`, which stands at `loc`.
static ParseResult parseRegister(AsmParser &parser, SMLoc loc, StringRef word,
                                 int64_t &number) {
  if (word.consume_front("r") && !word.getAsInteger(10, number) &&
      number >= 0 && number < int64_t(phx::noLayer))
    return success();
  return parser.emitError(loc, "expected a count register, such as r0");
}

static ParseResult parseRegister(AsmParser &parser, int64_t &number) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef word;
  return failure(parser.parseKeyword(&word) ||
                 parseRegister(parser, loc, word, number));
}

ParseResult photonic::pisa::parseField(AsmParser &parser,
                                       IntegerAttr &registerIndex) {
  int64_t number = 0;
  if (parseRegister(parser, number))
    return failure();
  registerIndex = parser.getBuilder().getI64IntegerAttr(number);
  return success();
}

/// `remaining`, `rN`, or `remaining + rN`.
static ParseResult parseRest(AsmParser &parser, AffineAttr &remaining,
                             std::optional<int64_t> &registerIndex) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef word;
  if (succeeded(parser.parseOptionalKeyword(&word)))
    return parseRegister(parser, loc, word, registerIndex.emplace());
  if (parseField(parser, remaining))
    return failure();
  if (failed(parser.parseOptionalPlus()))
    return success();
  return parseRegister(parser, registerIndex.emplace());
}

ParseResult photonic::pisa::parseField(AsmParser &parser, CountAttr &count) {
  int64_t cap = 0;
  AffineAttr remaining;
  std::optional<int64_t> registerIndex;
  if (parser.parseInteger(cap))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("of")) &&
      parseRest(parser, remaining, registerIndex))
    return failure();
  count = CountAttr::get(parser.getContext(), cap, remaining, registerIndex);
  return success();
}

ParseResult photonic::pisa::parseField(AsmParser &parser,
                                       AddressAttr &address) {
  std::string memory;
  AffineAttr offset;
  // A constant offset is written in brackets too: act[64].
  if (parser.parseKeywordOrString(&memory) || parseField(parser, offset))
    return failure();
  address = AddressAttr::get(parser.getContext(),
                             parser.getBuilder().getStringAttr(memory), offset);
  return success();
}

/// A number, or `min(number, rN)`.
static ParseResult parseExtent(AsmParser &parser, int64_t &extent,
                               std::optional<int64_t> &registerIndex) {
  if (failed(parser.parseOptionalKeyword("min")))
    return parser.parseInteger(extent);
  return failure(parser.parseLParen() || parser.parseInteger(extent) ||
                 parser.parseComma() ||
                 parseRegister(parser, registerIndex.emplace()) ||
                 parser.parseRParen());
}

/// `less` reads what stands between the linear index and its bound.
static ParseResult parseGuard(AsmParser &parser, GuardAttr &guard,
                              llvm::function_ref<ParseResult()> less) {
  int64_t loop = 0, scale = 0, offset = 0, extent = 0, low = 0;
  std::optional<int64_t> registerIndex;
  if (parseLoopName(parser, loop) || parser.parseStar() ||
      parser.parseInteger(scale) || parser.parsePlus() ||
      parser.parseInteger(offset) || less() ||
      parseExtent(parser, extent, registerIndex))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("from")) &&
      parser.parseInteger(low))
    return failure();
  guard = GuardAttr::get(parser.getContext(), loop, scale, offset, low, extent,
                         registerIndex);
  return success();
}

ParseResult photonic::pisa::parseField(AsmParser &parser, GuardAttr &guard) {
  return parseGuard(parser, guard, [&] { return parser.parseLess(); });
}

ParseResult photonic::pisa::parseField(AsmParser &parser,
                                       ZeroFillAttr &zeroFill) {
  SMLoc loc = parser.getCurrentLocation();
  int64_t dim = 0, extent = 0;
  AffineAttr start;
  if (parser.parseKeyword("dim") || parser.parseInteger(dim) ||
      parser.parseKeyword("start") || parseField(parser, start) ||
      parser.parseKeyword("extent") || parser.parseInteger(extent))
    return failure();
  zeroFill = parser.getChecked<ZeroFillAttr>(loc, parser.getContext(), dim,
                                             start, extent);
  return success(zeroFill != nullptr);
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

static void printLoopName(AsmPrinter &printer, int64_t loop) {
  if (loop == phx::laneLoop)
    printer << "lane";
  else
    printer << "l" << loop;
}

void photonic::pisa::printSum(AsmPrinter &printer, AffineAttr affine) {
  printer << affine.getBase();
  for (ArrayRef<int64_t> t = affine.getTerms(); !t.empty();
       t = t.drop_front(termWidth)) {
    printer << " + " << t[5] << " * ";
    printLoopName(printer, t[0]);
    if (t[1] != 1 || t[2] != 0 || t[3] != 1 || t[4] != 0)
      printer << "(" << t[1] << ", " << t[2] << ", " << t[3] << ", " << t[4]
              << ")";
  }
}

void photonic::pisa::printField(AsmPrinter &printer, AffineAttr affine) {
  if (affine.getTerms().empty()) {
    printer << affine.getBase();
    return;
  }
  printer << "[";
  printSum(printer, affine);
  printer << "]";
}

void photonic::pisa::printField(AsmPrinter &printer, CountAttr count) {
  printer << count.getCap();
  AffineAttr remaining = count.getRemaining();
  std::optional<int64_t> registerIndex = count.getRegisterIndex();
  if (remaining) {
    printer << " of ";
    printField(printer, remaining);
  }
  if (registerIndex)
    printer << (remaining ? " + r" : " of r") << *registerIndex;
}

void photonic::pisa::printField(AsmPrinter &printer,
                                IntegerAttr registerIndex) {
  printer << "r" << registerIndex.getInt();
}

void photonic::pisa::printField(AsmPrinter &printer, AddressAttr address) {
  printer.printKeywordOrString(address.getMemory().getValue());
  printer << "[";
  printSum(printer, address.getOffset());
  printer << "]";
}

static void printGuard(AsmPrinter &printer, GuardAttr guard, StringRef less) {
  printLoopName(printer, guard.getLoop());
  printer << " * " << guard.getScale() << " + "
          << guard.getOffset() << " " << less << " ";
  if (std::optional<int64_t> registerIndex = guard.getRegisterIndex())
    printer << "min(" << guard.getExtent() << ", r" << *registerIndex << ")";
  else
    printer << guard.getExtent();
  if (guard.getLow() != 0)
    printer << " from " << guard.getLow();
}

void photonic::pisa::printField(AsmPrinter &printer, GuardAttr guard) {
  printGuard(printer, guard, "<");
}

void photonic::pisa::printField(AsmPrinter &printer, ZeroFillAttr zeroFill) {
  printer << "dim " << zeroFill.getDim() << " start ";
  printField(printer, zeroFill.getStart());
  printer << " extent " << zeroFill.getExtent();
}

//===----------------------------------------------------------------------===//
// Attribute hooks
//===----------------------------------------------------------------------===//

/// `<field>`.
template <typename AttrT> static Attribute parseInAngles(AsmParser &parser) {
  AttrT attr;
  if (parser.parseLess() || parseField(parser, attr) || parser.parseGreater())
    return {};
  return attr;
}

template <typename AttrT>
static void printInAngles(AsmPrinter &printer, AttrT attr) {
  printer << "<";
  printField(printer, attr);
  printer << ">";
}

Attribute AffineAttr::parse(AsmParser &parser, Type) {
  return parseInAngles<AffineAttr>(parser);
}
Attribute CountAttr::parse(AsmParser &parser, Type) {
  return parseInAngles<CountAttr>(parser);
}
Attribute AddressAttr::parse(AsmParser &parser, Type) {
  return parseInAngles<AddressAttr>(parser);
}
Attribute GuardAttr::parse(AsmParser &parser, Type) {
  // Inside angle brackets a word has to stand for the sign.
  GuardAttr guard;
  if (parser.parseLess() ||
      parseGuard(parser, guard, [&] { return parser.parseKeyword("below"); }) ||
      parser.parseGreater())
    return {};
  return guard;
}
Attribute ZeroFillAttr::parse(AsmParser &parser, Type) {
  return parseInAngles<ZeroFillAttr>(parser);
}
void AffineAttr::print(AsmPrinter &printer) const {
  printInAngles(printer, *this);
}
void CountAttr::print(AsmPrinter &printer) const {
  printInAngles(printer, *this);
}
void AddressAttr::print(AsmPrinter &printer) const {
  printInAngles(printer, *this);
}
void GuardAttr::print(AsmPrinter &printer) const {
  printer << "<";
  printGuard(printer, *this, "below");
  printer << ">";
}
void ZeroFillAttr::print(AsmPrinter &printer) const {
  printInAngles(printer, *this);
}
