//===- SummarizeIR.cpp - What IR consists of ------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Driver/Driver.h"

#include "ReadIR.h"
#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Dialect/PISA/IR/PISA.h"
#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace photonic;

namespace {
/// What an operation works for.
struct Origin {
  StringRef node; ///< empty: none
  StringRef phase = "forward";
};

/// Layers of a program by their number.
using Layers = llvm::DenseMap<int64_t, Origin>;
} // namespace

/// Bytes of constants that are shown as they are.
static constexpr size_t mostShown = 64;

/// "checksum 0123456789abcdef of 4000 bytes", equal for equal bytes.
static std::string describeBytes(ArrayRef<char> bytes) {
  auto data =
      ArrayRef(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size());
  return llvm::formatv("checksum {0:x-16} of {1} bytes",
                       llvm::xxh3_64bits(data), bytes.size())
      .str();
}

static std::string describe(Attribute attribute) {
  if (auto dense = dyn_cast<DenseElementsAttr>(attribute))
    if (dense.getRawData().size() > mostShown)
      return describeBytes(dense.getRawData());
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute))
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      return describeBytes(blob->getData());
  std::string text;
  llvm::raw_string_ostream stream(text);
  attribute.print(stream);
  return text;
}

/// "tensor<2x20xf32>, tensor<10x20xf32> -> tensor<2x10xf32>".
static std::string describeTypes(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleaveComma(op->getOperandTypes(), stream);
  stream << " -> ";
  llvm::interleaveComma(op->getResultTypes(), stream);
  return text;
}

static Layers listLayers(ModuleOp module) {
  Layers layers;
  module.walk([&](pisa::LayerOp layer) {
    Origin &origin = layers[layer.getIndex()];
    origin.node = layer.getName();
    origin.phase = pisa::stringifyPhase(layer.getPhase());
  });
  return layers;
}

/// The number of the layer of an instruction or a product; null if it has none.
static IntegerAttr getLayer(Operation *op) {
  return isa_and_present<pisa::PISADialect>(op->getDialect())
             ? op->getAttrOfType<IntegerAttr>("layer")
             : IntegerAttr();
}

/// Instructions name their layer, other operations their node.
static Origin getOrigin(Operation *op, const Layers &layers) {
  if (IntegerAttr layer = getLayer(op))
    if (auto found = layers.find(layer.getInt()); found != layers.end())
      return found->second;
  return {phot::getNodeName(op->getLoc()),
          nn::stringifyPhase(nn::getPhase(op))};
}

/// Names may hold any bytes; JSON holds UTF-8.
static std::string toText(StringRef text) {
  return llvm::json::isUTF8(text) ? text.str() : llvm::json::fixUTF8(text);
}

/// Numbers of layers, which the origin stands for, of tokens and of
/// instructions: they shift with each one that is put in front.
static bool isShifting(Operation *op, StringRef attribute) {
  return (getLayer(op) && attribute == "layer") ||
         (isa<pisa::SignalOp, pisa::WaitOp>(op) && attribute == "token") ||
         (isa<pisa::NestOp>(op) && attribute == "at");
}

static llvm::json::Object describe(Operation *op, const Layers &layers) {
  llvm::json::Object attributes;
  for (NamedAttribute attribute : op->getAttrDictionary())
    if (!isShifting(op, attribute.getName()))
      attributes[toText(attribute.getName())] =
          toText(describe(attribute.getValue()));
  Origin origin = getOrigin(op, layers);
  return llvm::json::Object{{"kind", op->getName().getStringRef()},
                            {"node", toText(origin.node)},
                            {"phase", origin.phase},
                            {"type", describeTypes(op)},
                            {"attributes", std::move(attributes)}};
}

/// Empty if operations are of several stages: that is no error here.
static std::string describeStages(ModuleOp module) {
  ScopedDiagnosticHandler ignored(module.getContext(),
                                  [](Diagnostic &) { return success(); });
  FailureOr<StageRange> range = detectStage(module);
  return succeeded(range) ? range->describe() : std::string();
}

FailureOr<std::string> photonic::summarizeIR(const std::string &path,
                                             MLIRContext &context) {
  OwningOpRef<ModuleOp> module = readIR(path, context);
  if (!module)
    return failure();
  Layers layers = listLayers(*module);
  llvm::json::Array operations;
  module->walk<WalkOrder::PreOrder>(
      [&](Operation *op) { operations.push_back(describe(op, layers)); });
  llvm::json::Object summary{{"stages", describeStages(*module)},
                             {"operations", std::move(operations)}};
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << llvm::json::Value(std::move(summary));
  return text;
}
