//===- PISAOperations.cpp - Operations of tables as attributes -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The attribute has the values of an operation's parameters in the order of its
// description, which parsing, printing and conversion go by.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/IR/FieldSyntax.h"

#include "phx/isa/Description.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectImplementation.h"

using namespace mlir;
using namespace photonic::pisa;

static const phx::OperationDescription *findDescription(StringRef name) {
  return phx::OperationSet::get().find(name.str());
}

//===----------------------------------------------------------------------===//
// From and to the plain form
//===----------------------------------------------------------------------===//

namespace {

/// The attribute of a parameter's value.
struct Getter {
  Builder builder;
  Attribute attribute = {};

  void operator()(const phx::ParameterDescription &, int64_t value) {
    attribute = builder.getI64IntegerAttr(value);
  }
  void operator()(const phx::ParameterDescription &,
                  const std::vector<int64_t> &values) {
    attribute = builder.getDenseI64ArrayAttr(values);
  }
  void operator()(const phx::ParameterDescription &parameter, uint8_t word) {
    attribute = builder.getStringAttr(parameter.words->entries[word].name);
  }
  void operator()(const phx::ParameterDescription &, double value) {
    attribute = builder.getF64FloatAttr(value);
  }
};

/// Assigns an attribute; false if it is of another kind.
struct Setter {
  Attribute attribute;
  bool *fits;

  void operator()(const phx::ParameterDescription &, int64_t &value) {
    auto integer = dyn_cast<IntegerAttr>(attribute);
    *fits = integer && integer.getType().isInteger(64);
    value = *fits ? integer.getInt() : 0;
  }
  void operator()(const phx::ParameterDescription &,
                  std::vector<int64_t> &values) {
    auto array = dyn_cast<DenseI64ArrayAttr>(attribute);
    *fits = bool(array);
    if (array)
      values.assign(array.asArrayRef().begin(), array.asArrayRef().end());
  }
  void operator()(const phx::ParameterDescription &parameter, uint8_t &word) {
    auto text = dyn_cast<StringAttr>(attribute);
    *fits = false;
    for (auto [index, entry] : llvm::enumerate(parameter.words->entries))
      if (text && text.getValue() == entry.name) {
        *fits = true;
        word = static_cast<uint8_t>(index);
      }
  }
  void operator()(const phx::ParameterDescription &, double &value) {
    auto number = dyn_cast<FloatAttr>(attribute);
    *fits = number && number.getType().isF64();
    value = *fits ? number.getValueAsDouble() : 0;
  }
};

} // namespace

phx::TableOperation OperationAttr::getValue() const {
  const phx::OperationDescription &d = *findDescription(getName());
  phx::TableOperation operation(d);
  bool fits = true; // the verifier has seen that they do
  for (auto [parameter, value] : llvm::zip(d.parameters, getValues()))
    phx::visitParameter(parameter, operation.data(), Setter{value, &fits});
  return operation;
}

OperationAttr OperationAttr::get(MLIRContext *context,
                                 const phx::TableOperation &operation) {
  const phx::OperationDescription &d = *operation.getDescription();
  SmallVector<Attribute> values;
  for (const phx::ParameterDescription &parameter : d.parameters) {
    Getter getter{Builder(context)};
    phx::visitParameter(parameter, operation.data(), getter);
    values.push_back(getter.attribute);
  }
  return get(context, StringAttr::get(context, d.name), values);
}

LogicalResult
OperationAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      StringAttr name, ArrayRef<Attribute> values) {
  const phx::OperationDescription *d = findDescription(name.getValue());
  if (!d)
    return emitError() << phx::OperationSet::get().explainUnknown(name.str());
  if (values.size() != d->parameters.size())
    return emitError() << "'" << name.getValue() << "' has "
                       << d->parameters.size() << " parameters, found "
                       << values.size() << " values";
  phx::TableOperation operation(*d);
  for (auto [parameter, value] : llvm::zip(d->parameters, values)) {
    bool fits = true;
    phx::visitParameter(parameter, operation.data(), Setter{value, &fits});
    if (!fits)
      return emitError() << name.getValue() << " " << parameter.name
                         << ": expected " << phx::getKindText(parameter)
                         << ", found " << value;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Assembly
//===----------------------------------------------------------------------===//

/// The value behind the name of a parameter.
static ParseResult parseValue(AsmParser &parser,
                              const phx::ParameterDescription &parameter,
                              Attribute &value) {
  Builder &builder = parser.getBuilder();
  switch (parameter.kind) {
  case phx::ParameterKind::Number: {
    int64_t number = 0;
    if (parser.parseInteger(number))
      return failure();
    value = builder.getI64IntegerAttr(number);
    return success();
  }
  case phx::ParameterKind::Numbers: {
    SmallVector<int64_t> numbers;
    if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
          return parser.parseInteger(numbers.emplace_back());
        }))
      return failure();
    value = builder.getDenseI64ArrayAttr(numbers);
    return success();
  }
  case phx::ParameterKind::Word: {
    SMLoc loc = parser.getCurrentLocation();
    StringRef word;
    if (parser.parseKeyword(&word))
      return failure();
    for (const phx::EnumEntry &entry : parameter.words->entries)
      if (word == entry.name) {
        value = builder.getStringAttr(word);
        return success();
      }
    return parser.emitError(loc) << "expected " << phx::getKindText(parameter)
                                 << ", found '" << word << "'";
  }
  case phx::ParameterKind::Real: {
    double number = 0;
    if (parser.parseFloat(number))
      return failure();
    value = builder.getF64FloatAttr(number);
    return success();
  }
  }
  llvm_unreachable("all kinds are handled");
}

ParseResult
photonic::pisa::parseOperation(AsmParser &parser,
                               std::optional<phx::OperationTable> table,
                               OperationAttr &operation) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef name;
  if (parser.parseKeyword(&name))
    return failure();
  const phx::OperationDescription *d = findDescription(name);
  if (!d || (table && d->table != *table))
    return parser.emitError(loc)
           << phx::OperationSet::get().explainUnknown(name.str(), table);
  SmallVector<Attribute> values;
  for (const phx::ParameterDescription &parameter : d->parameters)
    if (parser.parseKeyword(parameter.name) ||
        parseValue(parser, parameter, values.emplace_back()))
      return failure();
  operation = OperationAttr::get(
      parser.getContext(), parser.getBuilder().getStringAttr(name), values);
  return success();
}

void photonic::pisa::printOperation(AsmPrinter &printer,
                                    OperationAttr operation) {
  printer << phx::toAssembly(operation.getValue());
}

Attribute OperationAttr::parse(AsmParser &parser, Type) {
  OperationAttr operation;
  if (parser.parseLess() ||
      parseOperation(parser, std::nullopt, operation) || parser.parseGreater())
    return {};
  return operation;
}

void OperationAttr::print(AsmPrinter &printer) const {
  printer << "<";
  printOperation(printer, *this);
  printer << ">";
}
