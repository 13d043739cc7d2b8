//===- ImportContext.cpp - What the nodes of a graph share ----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ImportContext.h"

#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

ImportContext::ImportContext(Model &model, const ImportOptions &options,
                             MLIRContext &context)
    : model(model), options(options), graph(model), function(context) {}

LogicalResult ImportContext::compileFreeze() {
  if (options.freeze.empty())
    return success();
  std::string problem;
  freeze.emplace(options.freeze);
  if (freeze->isValid(problem))
    return success();
  return emitError(model.getLoc())
         << "expected a regular expression of what to freeze, found '"
         << options.freeze << "': " << problem;
}

bool ImportContext::isFrozen(StringRef name) const {
  return freeze && freeze->match(name);
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

std::shared_ptr<Constant>
ImportContext::decode(StringRef name, const Initializer &initializer) {
  std::string what = ("initialiser '" + name + "'").str();
  std::shared_ptr<Constant> constant =
      initializer.dense
          ? decodeTensor(model, *initializer.dense, model.getLoc(), what)
          : decodeSparseTensor(model, *initializer.sparse, model.getLoc(),
                               what);
  if (!constant) {
    setFailed();
    return nullptr;
  }
  constant->name = name.str();
  constant->isParameter = true;
  constant->isLearnable = hasLearnable() && constant->isFloat() &&
                          model.getLearning(name) != Learning::Literal;
  return constant;
}

Entry &ImportContext::lookup(StringRef name) {
  auto [it, isNew] = entries.try_emplace(name);
  Entry &entry = it->second;
  if (!isNew)
    return entry;
  const Initializer *initializer = graph.findInitializer(name);
  if (initializer)
    entry.constant = decode(name, *initializer);
  if (!entry)
    makeUnknown(entry, /*atRunTime=*/!initializer);
  return entry;
}

void ImportContext::noteInputs(ArrayRef<GraphInput> inputs) {
  llvm::StringSet<> ambiguous;
  llvm::StringMap<RankedTensorType> types;
  for (const GraphInput &input : inputs)
    types[input.name] = input.type;
  for (const auto &input : model.getGraph().input()) {
    auto it = types.find(input.name());
    if (it == types.end())
      continue;
    const auto &dims = input.type().tensor_type().shape().dim();
    // An input without a shape got it from an option.
    if (dims.size() != it->second.getRank())
      continue;
    for (auto [dim, extent] : llvm::zip_equal(dims, it->second.getShape())) {
      if (dim.dim_param().empty())
        continue;
      // A name of two extents says nothing about other tensors.
      auto [known, isNew] = symbols.try_emplace(dim.dim_param(), extent);
      if (!isNew && known->second != extent)
        ambiguous.insert(dim.dim_param());
    }
  }
  for (const auto &name : ambiguous)
    symbols.erase(name.first());
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

/// Position of element `index` in a tensor, as `[0, 2, 1]`.
static std::string spellPosition(ArrayRef<int64_t> shape, int64_t index) {
  Shape position(shape.size());
  for (size_t d = shape.size(); d-- > 0; index /= shape[d])
    position[d] = index % shape[d];
  return spellShape(position);
}

ElementsAttr ImportContext::makeElements(const Constant &constant,
                                         const OwnedFloats &elements) {
  auto type = RankedTensorType::get(constant.shape, getBuilder().getF32Type());
  ArrayRef<float> floats = elements.floats;
  if (!constant.isParameter && floats.size() <= 16)
    return DenseElementsAttr::get(type, floats);
  // The blob shares the elements with the model or the external file.
  AsmResourceBlob blob(
      ArrayRef<char>(reinterpret_cast<const char *>(floats.data()),
                     floats.size() * sizeof(float)),
      alignof(float), [owner = elements.owner](void *, size_t, size_t) {},
      /*dataIsMutable=*/false);
  return DenseResourceElementsAttr::get(
      type, constant.name.empty() ? "constant" : constant.name,
      std::move(blob));
}

/// `initialiser 'w'`
static std::string spellConstant(const Constant &constant) {
  return (constant.isParameter ? "initialiser '" : "constant '") +
         constant.name + "'";
}

/// `initialiser 'w' holds NaN at index [1, 0] (element 2); expected …`
static std::string spellBadElement(const Constant &constant, float element,
                                   int64_t index) {
  return spellConstant(constant) + " holds " +
         (std::isnan(element) ? "NaN" : "an infinity") + " at index " +
         spellPosition(constant.shape, index) + " (element " +
         std::to_string(index) +
         "); expected finite weights: check the training";
}

LogicalResult ImportContext::checkElements(const Constant &constant,
                                           ArrayRef<float> floats) {
  if (floats.empty())
    return emitError(model.getLoc())
           << spellConstant(constant) << " of shape "
           << spellShape(constant.shape)
           << " has no elements; expected positive extents";
  const float *bad =
      llvm::find_if(floats, [](float element) { return std::isnan(element); });
  if (bad == floats.end())
    return success();
  return emitError(model.getLoc())
         << spellBadElement(constant, *bad, bad - floats.begin());
}

ElementsAttr ImportContext::makeParameter(const Constant &constant) {
  OwnedFloats elements = constant.getFloats();
  if (failed(checkElements(constant, elements.floats)))
    return {};
  if (int64_t bad = findNonFinite(elements.floats); bad >= 0) {
    emitError(model.getLoc())
        << spellBadElement(constant, elements.floats[bad], bad);
    return {};
  }
  return makeElements(constant, elements);
}

LogicalResult ImportContext::checkFinite(nn::ConstantOp constant) {
  auto found =
      constant ? infinite.find(constant.getOperation()) : infinite.end();
  if (found == infinite.end())
    return success();
  setFailed();
  return emitError(model.getLoc()) << found->second;
}

Value ImportContext::materialize(Constant &constant) {
  if (constant.value)
    return constant.value;
  OwnedFloats elements = constant.getFloats();
  int64_t bad = findNonFinite(elements.floats);
  if ((bad >= 0 || elements.floats.empty()) &&
      failed(checkElements(constant, elements.floats)))
    return {};
  Location loc = getNameLoc(constant.name.empty() ? "constant" : constant.name);
  OpBuilder &builder = getBuilder();
  StringAttr name = constant.isParameter ? builder.getStringAttr(constant.name)
                                         : StringAttr();
  auto op = nn::ConstantOp::create(builder, loc,
                                   makeElements(constant, elements), name);
  if (hasLearnable())
    markLearning(op, constant);
  constant.value = op;
  if (bad >= 0)
    infinite[op] = spellBadElement(constant, elements.floats[bad], bad);
  return constant.value;
}

//===----------------------------------------------------------------------===//
// What is refused
//===----------------------------------------------------------------------===//

void ImportContext::reportUnsupported(const Node &node, std::string reason) {
  bool known = llvm::any_of(unsupported, [&](const Unsupported &item) {
    return item.node == &node && item.reason == reason;
  });
  if (!known)
    unsupported.push_back({&node, std::move(reason)});
}

void ImportContext::emitUnsupported() {
  if (unsupported.empty())
    return;
  setFailed();
  llvm::DenseMap<const Node *, SmallVector<StringRef, 1>> reasons;
  for (const Unsupported &item : unsupported)
    reasons[item.node].push_back(item.reason);
  InFlightDiagnostic diagnostic = emitError(model.getLoc());
  diagnostic << reasons.size() << " of " << graph.getNumLive()
             << " nodes cannot be imported; change the network or simplify the "
                "model until none of these is left (photonic-compile "
                "--list-operators prints what can be)";
  for (const Node &node : graph.getNodes())
    for (StringRef reason : reasons.lookup(&node)) {
      int64_t opset = node.getOpset(model);
      Diagnostic &note = diagnostic.attachNote(model.getLoc());
      note << "node '" << node.getName() << "': operator " << node.getOpType()
           << ", domain " << spellDomain(node.getDomain()) << ", opset ";
      if (opset)
        note << opset;
      else
        note << "not imported";
      note << ": " << reason;
    }
}
