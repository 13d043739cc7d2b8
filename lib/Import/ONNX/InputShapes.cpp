//===- InputShapes.cpp - Extents of the inputs of a graph -----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InputShapes.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using ::onnx::TensorShapeProto;

//===----------------------------------------------------------------------===//
// What the model says
//===----------------------------------------------------------------------===//

/// Exporters write "?", "-1" or a running number where they know no name; two
/// dimensions of that spelling have nothing in common.
static bool isName(StringRef text) {
  int64_t number = 0;
  if (text.empty() || text == "?" || !text.getAsInteger(10, number))
    return false;
  return !text.consume_front("unk__") || text.getAsInteger(10, number);
}

static InputDim readDim(const TensorShapeProto::Dimension &dim) {
  InputDim result;
  if (dim.has_dim_value()) {
    result.spelling = std::to_string(dim.dim_value());
    // Old exporters write 0 where they know nothing.
    result.isFixed = dim.dim_value() > 0;
    if (result.isFixed)
      result.extent = dim.dim_value();
    return result;
  }
  result.spelling = dim.dim_param().empty() ? "?" : dim.dim_param();
  if (isName(dim.dim_param()))
    result.symbol = dim.dim_param();
  return result;
}

InputShape importer::readInputShape(const ::onnx::ValueInfoProto &info) {
  InputShape input;
  input.name = info.name();
  const auto &type = info.type().tensor_type();
  input.hasShape = type.has_shape();
  for (const auto &dim : type.shape().dim())
    input.dims.push_back(readDim(dim));
  return input;
}

//===----------------------------------------------------------------------===//
// Bindings
//===----------------------------------------------------------------------===//

namespace {
class ShapeBinder {
public:
  ShapeBinder(Model &model, const ImportOptions &options,
              std::vector<InputShape> &inputs)
      : model(model), options(options), inputs(inputs) {}

  LogicalResult run();

private:
  InFlightDiagnostic error() { return emitError(model.getLoc()); }
  InputShape *findInput(StringRef name);
  /// Names of inputs or of symbolic dimensions, for messages.
  std::string listInputs();
  std::string listSymbols();

  LogicalResult bindShape(StringRef name, ArrayRef<int64_t> extents);
  LogicalResult bindDim(StringRef text, int64_t extent);
  LogicalResult bindAxis(InputShape &input, uint64_t axis, int64_t extent);
  LogicalResult bindSymbols();

  Model &model;
  const ImportOptions &options;
  std::vector<InputShape> &inputs;
  llvm::StringSet<> symbols;
  SmallVector<std::pair<StringRef, int64_t>> bySymbol;
};
} // namespace

InputShape *ShapeBinder::findInput(StringRef name) {
  auto it = llvm::find_if(
      inputs, [&](const InputShape &input) { return input.name == name; });
  return it == inputs.end() ? nullptr : &*it;
}

std::string ShapeBinder::listInputs() {
  std::string text;
  for (const InputShape &input : inputs)
    text += (text.empty() ? "'" : ", '") + input.name.str() + "'";
  return text.empty() ? "none" : text;
}

std::string ShapeBinder::listSymbols() {
  std::vector<std::string> known;
  for (const auto &symbol : symbols)
    known.push_back("'" + symbol.first().str() + "'");
  llvm::sort(known);
  return known.empty() ? "none" : llvm::join(known, ", ");
}

LogicalResult ShapeBinder::bindAxis(InputShape &input, uint64_t axis,
                                    int64_t extent) {
  if (axis >= input.dims.size())
    return error() << "input '" << input.name << "' has no dimension " << axis
                   << ", it has " << input.dims.size()
                   << " of them, counted from 0";
  InputDim &dim = input.dims[axis];
  if (dim.isFixed && *dim.extent != extent)
    return error() << "dimension " << axis << " of input '" << input.name
                   << "' was to be " << extent << ", but the model fixes it at "
                   << *dim.extent << "; leave the option out";
  if (!dim.isFixed && dim.extent)
    return error() << "dimension " << axis << " of input '" << input.name
                   << "' is bound twice, to " << *dim.extent << " and to "
                   << extent << "; leave one out";
  dim.extent = extent;
  return success();
}

LogicalResult ShapeBinder::bindShape(StringRef name,
                                     ArrayRef<int64_t> extents) {
  InputShape *input = findInput(name);
  if (!input)
    return error() << "has no input '" << name << "' to give a shape to; it "
                   << "has " << listInputs();
  for (int64_t extent : extents)
    if (extent < 1)
      return error() << "expected positive extents for input '" << name
                     << "', got " << extent;
  if (!input->hasShape) {
    input->hasShape = true;
    input->dims.resize(extents.size());
    for (InputDim &dim : input->dims)
      dim.spelling = "?";
  }
  if (extents.size() != input->dims.size())
    return error() << "expected " << input->dims.size()
                   << " extents for input '" << name << "', got "
                   << extents.size();
  bool ok = true;
  for (auto [axis, extent] : llvm::enumerate(extents))
    ok &= succeeded(bindAxis(*input, axis, extent));
  return success(ok);
}

LogicalResult ShapeBinder::bindDim(StringRef text, int64_t extent) {
  if (extent <= 0)
    return error() << "expected a positive extent for dimension '" << text
                   << "', got " << extent;
  if (symbols.contains(text)) {
    bySymbol.emplace_back(text, extent);
    return success();
  }
  // Names of inputs may hold colons too.
  auto [name, number] = text.rsplit(':');
  uint64_t axis = 0;
  if (number.empty() || number.getAsInteger(10, axis))
    return error() << "has no symbolic dimension '" << text << "'; it has "
                   << listSymbols()
                   << "; a dimension without a name is INPUT:AXIS";
  if (InputShape *input = findInput(name))
    return bindAxis(*input, axis, extent);
  return error() << "has no input '" << name << "' to bind dimension " << axis
                 << " of; it has " << listInputs();
}

LogicalResult ShapeBinder::bindSymbols() {
  bool ok = true;
  llvm::StringSet<> bound;
  for (auto [symbol, extent] : bySymbol) {
    if (!bound.insert(symbol).second) {
      error() << "dimension '" << symbol << "' is bound twice";
      ok = false;
    }
    for (InputShape &input : inputs)
      for (InputDim &dim : input.dims)
        if (!dim.extent && dim.symbol == symbol)
          dim.extent = extent;
  }
  return success(ok);
}

LogicalResult ShapeBinder::run() {
  for (const InputShape &input : inputs)
    for (const InputDim &dim : input.dims)
      if (!dim.symbol.empty())
        symbols.insert(dim.symbol);
  bool ok = true;
  for (const auto &[name, extents] : options.shapes)
    ok &= succeeded(bindShape(name, extents));
  for (const auto &[text, extent] : options.dims)
    ok &= succeeded(bindDim(text, extent));
  ok &= succeeded(bindSymbols());
  for (const InputShape &input : inputs) {
    if (input.hasShape)
      continue;
    error() << "input '" << input.name
            << "' has no shape, not even a number of dimensions; give it one, "
               "such as "
            << spellEntry(options.spelling, "shape", input.name, "1,3,24,24")
            << ", or export the model with shapes";
    ok = false;
  }
  return success(ok);
}

LogicalResult importer::bindInputShapes(Model &model,
                                        const ImportOptions &options,
                                        std::vector<InputShape> &inputs) {
  return ShapeBinder(model, options, inputs).run();
}

//===----------------------------------------------------------------------===//
// The batch
//===----------------------------------------------------------------------===//

namespace {
class BatchChooser {
public:
  BatchChooser(Model &model, int64_t batch, std::vector<InputShape> &inputs,
               BatchChoice &choice)
      : model(model), batch(batch), inputs(inputs), choice(choice) {}

  LogicalResult run();

private:
  /// Makes `dim` one that holds samples, of extent `choice.size`.
  void mark(InputDim &dim);
  /// All dimensions of the names that stand for the batch, apart from those
  /// that an option gave another extent.
  void markSymbols();
  bool markOpen();
  bool markOnlySymbol();
  bool markFixed();
  LogicalResult refuse();
  void chooseBound();
  void chooseFirst();

  Model &model;
  int64_t batch;
  std::vector<InputShape> &inputs;
  BatchChoice &choice;
};
} // namespace

void BatchChooser::mark(InputDim &dim) {
  dim.extent = choice.size;
  dim.isBatch = true;
  if (!dim.symbol.empty())
    choice.symbols.insert(dim.symbol);
}

void BatchChooser::markSymbols() {
  for (InputShape &input : inputs)
    for (InputDim &dim : input.dims)
      if (choice.symbols.contains(dim.symbol) &&
          dim.extent.value_or(choice.size) == choice.size)
        mark(dim);
}

bool BatchChooser::markOpen() {
  bool any = false;
  for (InputShape &input : inputs) {
    if (input.dims.empty() || input.dims[0].extent)
      continue;
    mark(input.dims[0]);
    any = true;
  }
  return any;
}

bool BatchChooser::markOnlySymbol() {
  llvm::StringSet<> open;
  for (const InputShape &input : inputs)
    for (const InputDim &dim : input.dims)
      if (!dim.extent)
        open.insert(dim.symbol);
  if (open.size() != 1 || open.begin()->first().empty())
    return false;
  choice.symbols.insert(open.begin()->first());
  return true;
}

bool BatchChooser::markFixed() {
  bool any = false;
  for (InputShape &input : inputs) {
    bool mayHold = input.isData || input.isLabels;
    if (!mayHold || input.dims.empty() || input.dims[0].extent != choice.size)
      continue;
    mark(input.dims[0]);
    any = true;
  }
  return any;
}

LogicalResult BatchChooser::refuse() {
  for (const InputShape &input : inputs)
    if (!input.dims.empty() && input.dims[0].extent)
      emitError(model.getLoc())
          << "batch " << batch << " was asked for, but input '" << input.name
          << "' has the fixed first dimension " << *input.dims[0].extent
          << "; leave the batch out, or export the model with a dynamic first "
             "dimension";
  return failure();
}

/// Options other than the batch gave first dimensions an extent.
void BatchChooser::chooseBound() {
  SmallVector<InputDim *> bound;
  for (InputShape &input : inputs)
    if (!input.dims.empty() && !input.dims[0].isFixed && input.dims[0].extent)
      bound.push_back(&input.dims[0]);
  if (bound.empty())
    return;
  for (InputDim *dim : bound)
    if (dim->symbol != bound.front()->symbol ||
        dim->extent != bound.front()->extent ||
        (dim->symbol.empty() && bound.size() > 1))
      return;
  choice.size = *bound.front()->extent;
  for (InputDim *dim : bound)
    mark(*dim);
}

/// The model has one input: its first dimension, as in every layout of images.
void BatchChooser::chooseFirst() {
  InputShape *only = nullptr;
  for (InputShape &input : inputs) {
    if (!input.isData)
      continue;
    if (only)
      return;
    only = &input;
  }
  if (!only || only->dims.size() < 2 || !only->dims[0].isFixed)
    return;
  choice.size = *only->dims[0].extent;
  mark(only->dims[0]);
  for (InputShape &input : inputs)
    if (input.isLabels && !input.dims.empty() &&
        input.dims[0].extent == choice.size)
      mark(input.dims[0]);
}

LogicalResult BatchChooser::run() {
  if (batch < 0)
    return emitError(model.getLoc())
           << "expected a positive batch, got " << batch;
  bool allFixed = true;
  for (const InputShape &input : inputs) {
    if (input.dims.empty() || !input.isRead)
      continue;
    allFixed &= input.dims[0].isFixed;
    if (!input.dims[0].symbol.empty())
      choice.firstSymbols.insert(input.dims[0].symbol);
  }
  if (batch > 0) {
    choice.size = batch;
    if (!markOpen() && !markOnlySymbol() && !markFixed())
      return refuse();
  } else if (allFixed) {
    chooseFirst();
  } else {
    chooseBound();
  }
  markSymbols();
  return success();
}

LogicalResult importer::chooseBatch(Model &model, const ImportOptions &options,
                                    std::vector<InputShape> &inputs,
                                    BatchChoice &choice) {
  return BatchChooser(model, options.batch, inputs, choice).run();
}

//===----------------------------------------------------------------------===//
// What is open
//===----------------------------------------------------------------------===//

std::string importer::describeOpenDim(const InputShape &input, size_t axis,
                                      const BatchChoice &batch,
                                      Spelling spelling) {
  const InputDim &dim = input.dims[axis];
  std::string number = std::to_string(axis), name = input.name.str();
  std::string text = "dimension " + number + " of input '" + name + "' is '" +
                     dim.spelling + "': ";
  if (dim.spelling == "0")
    text += "no program takes an input without elements; if the extent is "
            "open, ";
  text += "bind it with ";
  if (axis == 0 || batch.firstSymbols.contains(dim.symbol))
    return text + spellNumber(spelling, "batch", "N");
  std::string key = dim.symbol.empty() ? name + ":" + number : dim.symbol;
  return text + spellEntry(spelling, "dim", key, "N");
}
