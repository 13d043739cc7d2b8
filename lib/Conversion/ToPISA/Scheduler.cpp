//===- Scheduler.cpp - From tiled tensors to a program -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scheduler.h"
#include "OperandConversion.h"

#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Dialect/Photonic/IR/StoredOperand.h"
#include "photonic/Target/Machine/Machine.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace photonic;

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

int64_t Scheduler::getBytes(Value value) {
  return getStorageBytes(getType(value));
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

phx::Region Scheduler::makeRegion(Value value, StringRef name,
                                  phx::Role role) const {
  RankedTensorType type = getType(value);
  phx::Region region;
  region.name = name.str();
  region.role = role;
  region.shape.assign(type.getShape().begin(), type.getShape().end());
  // Whole words, so that copies of words stay inside.
  region.bytes = llvm::divideCeil(getBytes(value), 4) * 4;
  if (phot::StoredType stored = phot::getStored(type)) {
    region.type = phx::ElementType::Block;
    region.conversion = e.getConversion(stored.getFormat().encode());
    auto blocks = phot::getBlockShape(type);
    region.shape.assign(blocks.begin(), blocks.end());
  }
  if (type.getElementType().isInteger(8))
    region.type = phx::ElementType::U8;
  if (type.getElementType().isInteger(1)) { // a mask: words of 32 bits
    region.type = phx::ElementType::I32;
    region.shape = {region.bytes / 4};
  }
  return region;
}

uint32_t Scheduler::addValueRegion(Value value, const Storage &storage,
                                   StringRef name, phx::Role role) {
  phx::Region region = makeRegion(value, name, role);
  region.memory = storage.memory;
  region.address = storage.address;
  return e.addRegion(std::move(region));
}

/// Names tell parameters apart in tools; two constants may share one.
std::string Scheduler::makeUnique(std::string name) {
  if (unsigned earlier = parameterNames[name]++)
    name += "#" + std::to_string(earlier + 1);
  return name;
}

Storage Scheduler::getStorage(Value value) {
  Value root = getRoot(value);
  auto it = storages.find(root);
  if (it != storages.end())
    return it->second;
  auto convert = root.getDefiningOp<phot::ConvertOp>();
  auto constant =
      convert ? convert.getConstant() : root.getDefiningOp<nn::ConstantOp>();
  assert(constant && "a value without storage is a constant");
  std::string name = constant.getName()
                         ? constant.getName()->str()
                         : phot::getNodeName(constant.getLoc()).str();
  // Where parameters are arguments, what has no name of its own is none.
  bool named = constant.getName() || (!name.empty() && !hasPersistent);
  if (convert) // the host has no such numbers, and cannot replace them
    named = false, name += ".blocks";
  phx::Region region =
      makeRegion(root, makeUnique(name.empty() ? "constant" : name),
                 named ? phx::Role::Parameter : phx::Role::Constant);
  region.address = getHome(Storage::Kind::Parameter, region.memory)
                       .allocateFresh(region.bytes);
  Storage storage{Storage::Kind::Parameter, region.memory, region.address};
  auto values = cast<ElementsAttr>(constant.getValue());
  if (convert)
    values = packBlocks(convert, values, *region.conversion);
  e.addDataRegion(std::move(region), values);
  return storages[root] = storage;
}

Storage Scheduler::createConstant(const PlanConstant &constant) {
  auto type =
      RankedTensorType::get({static_cast<int64_t>(constant.values.size())},
                            Float32Type::get(func.getContext()));
  phx::Region region;
  region.name = e.program.layers[e.getLayer()].name + "." + constant.name;
  region.role = phx::Role::Constant;
  region.shape = type.getShape().vec();
  region.bytes = 4 * type.getNumElements();
  region.address = getHome(Storage::Kind::Parameter, region.memory)
                       .allocateFresh(region.bytes);
  Storage storage{Storage::Kind::Parameter, region.memory, region.address};
  e.addDataRegion(std::move(region), nn::makeElements(type, constant.values));
  return storage;
}

//===----------------------------------------------------------------------===//
// Memory of values
//===----------------------------------------------------------------------===//

Storage Scheduler::allocateTemporary(int64_t bytes) {
  Storage storage;
  storage.address =
      getHome(Storage::Kind::Workspace, storage.memory).allocate(bytes);
  int64_t &used = e.program.memories[storage.memory].bytes;
  used = std::max(used, storage.address + bytes);
  return storage;
}

void Scheduler::release(const Storage &storage) {
  uint32_t memory;
  getHome(storage.kind, memory).release(storage.address);
}

std::optional<Storage> Scheduler::getReplaced(Value value, unsigned step,
                                              ArrayRef<Value> inPlace) {
  BlockArgument argument = liveness.getReplacedArgument(value);
  if (!argument ||
      getType(argument).getElementType() != getType(value).getElementType())
    return std::nullopt;
  bool isFree = liveness.isDeadBefore(argument, step) ||
                (liveness.diesAt(argument, step) &&
                 llvm::any_of(inPlace, [&](Value operand) {
                   return getRoot(operand) == argument;
                 }));
  if (!isFree)
    return std::nullopt;
  return storages.lookup(argument);
}

Storage Scheduler::createResult(Value value, unsigned step,
                                ArrayRef<Value> inPlace) {
  Storage storage;
  if (std::optional<Storage> replaced = getReplaced(value, step, inPlace))
    storage = *replaced;
  else
    storage.address = getHome(Storage::Kind::Workspace, storage.memory)
                          .allocate(getBytes(value));
  storages[value] = storage;
  const std::string &name = e.program.layers[e.getLayer()].name;
  if (phot::getStored(value.getType())) // the host has no such numbers
    addValueRegion(value, storage, name + ".blocks", phx::Role::Workspace);
  else
    e.setLayerOutput(
        addValueRegion(value, storage, name, phx::Role::Workspace));
  return storage;
}

Storage Scheduler::reuseStorage(Value value, Value from) {
  Storage storage = storages.lookup(getRoot(from));
  storages.erase(getRoot(from));
  storages[value] = storage;
  e.setLayerOutput(addValueRegion(value, storage,
                                  e.program.layers[e.getLayer()].name,
                                  phx::Role::Workspace));
  return storage;
}

void Scheduler::releaseDead(Operation *op, unsigned step) {
  auto releaseValue = [&](Value root) {
    auto it = storages.find(root);
    if (it == storages.end() || it->second.kind == Storage::Kind::Parameter ||
        it->second.kind == Storage::Kind::Persistent)
      return;
    release(it->second);
    storages.erase(it);
  };
  for (Value operand : getReadTensors(op))
    if (liveness.diesAt(operand, step))
      releaseValue(getRoot(operand));
  for (Value result : op->getResults())
    if (!liveness.isRead(result))
      releaseValue(result);
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

/// The dimension along which the samples of a batch lie.
static std::optional<uint32_t> getBatchAxis(DictionaryAttr attributes) {
  if (attributes)
    if (auto axis = attributes.getAs<IntegerAttr>(nn::batchAxisAttrName))
      return static_cast<uint32_t>(axis.getInt());
  return std::nullopt;
}

void Scheduler::createInput(BlockArgument argument) {
  Storage storage;
  storage.kind = Storage::Kind::Input;
  storage.address =
      getHome(storage.kind, storage.memory).allocateFresh(getBytes(argument));
  storages[argument] = storage;
  unsigned index = argument.getArgNumber();
  phx::Region region =
      makeRegion(argument, nn::getInputName(func, index), phx::Role::Input);
  region.memory = storage.memory;
  region.address = storage.address;
  region.batchAxis = getBatchAxis(func.getArgAttrDict(index));
  if (auto classes =
          func.getArgAttrOfType<IntegerAttr>(index, nn::classesAttrName)) {
    region.labels.emplace();
    region.labels->classes = classes.getInt();
    if (auto ignored =
            func.getArgAttrOfType<IntegerAttr>(index, nn::ignoreIndexAttrName))
      region.labels->ignoreIndex = ignored.getInt();
  }
  argumentRegions[argument] = e.addRegion(std::move(region));
}

void Scheduler::createPersistent(BlockArgument argument) {
  unsigned index = argument.getArgNumber();
  StringRef name = nn::getArgumentName(func, index);
  auto role = func.getArgAttrOfType<StringAttr>(index, nn::roleAttrName);
  phx::Region region =
      makeRegion(argument, makeUnique(name.str()),
                 role.getValue() == nn::parameterRole ? phx::Role::Parameter
                                                      : phx::Role::State);
  // Also what the program only reads (a learning rate, the parameters of an
  // evaluation): the host replaces it between runs.
  region.isMutable = true;
  region.address = getHome(Storage::Kind::Persistent, region.memory)
                       .allocateFresh(region.bytes);
  storages[argument] = {Storage::Kind::Persistent, region.memory,
                        region.address};
  hasPersistent = true;
  auto knob = func.getArgAttrOfType<StringAttr>(index, nn::knobAttrName);
  bool isKey = knob && knob.getValue() == nn::randomKeyKnob;
  if (knob && !isKey)
    region.knob = phx::Knob::LearningRate;
  uint32_t number = e.addDataRegion(
      std::move(region),
      func.getArgAttrOfType<ElementsAttr>(index, nn::initAttrName));
  argumentRegions[argument] = number;
  if (isKey)
    e.program.rng = number;
}

void Scheduler::createArguments() {
  for (BlockArgument argument : func.getArguments()) {
    if (nn::hasRole(func, argument.getArgNumber()))
      createPersistent(argument);
    else
      createInput(argument);
  }
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

void Scheduler::createOutputs(func::ReturnOp op) {
  llvm::SmallDenseSet<Value> taken;
  for (auto [index, value] : llvm::enumerate(op.getOperands())) {
    if (func.getResultAttr(index, nn::updatesAttrName))
      continue;
    std::string name = nn::getOutputName(func, index);
    Storage storage = getStorage(value);
    // What is not computed here and what leaves twice gets memory of its own.
    if (storage.kind != Storage::Kind::Workspace ||
        !taken.insert(getRoot(value)).second) {
      Storage copy = allocateTemporary(getBytes(value));
      e.setLayer(name, "Identity");
      emitHomeCopy(copy, storage, getBytes(value));
      storage = copy;
    }
    uint32_t region = addValueRegion(value, storage, name, phx::Role::Output);
    phx::Region &output = e.program.regions[region];
    output.batchAxis = getBatchAxis(func.getResultAttrDict(index));
    output.isLoss = bool(func.getResultAttr(index, nn::lossAttrName));
    if (auto variable =
            func.getResultAttrOfType<StringAttr>(index, nn::gradientOfAttrName))
      output.gradientOf =
          argumentRegions.lookup(nn::findArgument(func, variable));
  }
}

void Scheduler::createUpdates(func::ReturnOp op) {
  struct Copy {
    Storage to, from;
    int64_t bytes;
    std::string name;
  };
  SmallVector<Copy> copies;
  for (auto [index, value] : llvm::enumerate(op.getOperands())) {
    auto name =
        func.getResultAttrOfType<StringAttr>(index, nn::updatesAttrName);
    if (!name)
      continue;
    Copy copy{getStorage(nn::findArgument(func, name)), getStorage(value),
              getBytes(value), name.str()};
    if (copy.to.memory == copy.from.memory &&
        copy.to.address == copy.from.address)
      continue;
    // Another region may be replaced before this one is: keep its old value.
    if (copy.from.kind == Storage::Kind::Persistent) {
      Storage old = allocateTemporary(copy.bytes);
      e.setLayer(copy.name, "Identity", phx::Phase::Update);
      emitHomeCopy(old, copy.from, copy.bytes);
      copy.from = old;
    }
    copies.push_back(std::move(copy));
  }
  for (const Copy &copy : copies) {
    e.setLayer(copy.name, "Identity", phx::Phase::Update);
    emitHomeCopy(copy.to, copy.from, copy.bytes);
  }
}

/// A step replaces an argument, apart from the random key, by another value.
phx::ProgramKind Scheduler::getKind(func::ReturnOp op) {
  BlockArgument key = nn::findKnob(func, nn::randomKeyKnob);
  bool learns = false;
  for (auto [index, value] : llvm::enumerate(op.getOperands())) {
    learns |= func.getResultAttr(index, nn::lossAttrName) ||
              func.getResultAttr(index, nn::gradientOfAttrName);
    auto name =
        func.getResultAttrOfType<StringAttr>(index, nn::updatesAttrName);
    BlockArgument replaced = name ? nn::findArgument(func, name) : key;
    if (replaced != key && getRoot(value) != replaced)
      return phx::ProgramKind::Training;
  }
  for (BlockArgument argument : func.getArguments())
    learns |= argument != key && nn::hasRole(func, argument.getArgNumber());
  return learns ? phx::ProgramKind::Evaluation : phx::ProgramKind::Inference;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

FailureOr<uint32_t> Scheduler::createProduct(phot::ArrayProductOp op,
                                             const NestBlock &whole) {
  if (auto it = products.find(op); it != products.end())
    return it->second;
  FailureOr<phx::OperationList> pass = phot::encodeRegion(op.getPass());
  FailureOr<phx::OperationList> combine = phot::encodeRegion(op.getCombine());
  if (failed(pass) || failed(combine))
    return failure();
  phx::Product product;
  product.layer = e.getLayer();
  product.m = whole.m;
  product.n = whole.n;
  product.k = whole.k;
  product.groups = whole.groups;
  product.positions = whole.positions;
  product.stationary = getStationary(op.getStationary());
  product.conversions = {e.getConversion(op.getLhsFormat().encode()),
                         e.getConversion(op.getRhsFormat().encode())};
  product.pass = e.getPass(*pass);
  product.combine = e.getCombine(*combine);
  product.stream = static_cast<uint32_t>(op.getStream().value_or(0));
  e.program.products.push_back(product);
  return products[op] = static_cast<uint32_t>(e.program.products.size() - 1);
}

//===----------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------===//

LogicalResult Scheduler::run() {
  liveness.analyse(func);
  liveness.reportStash(func);
  createArguments();
  unsigned step = 0;
  for (Operation &op : func.getBody().front()) {
    if (isStep(&op)) {
      if (failed(schedule(&op, step)))
        return failure();
      ++step;
    } else if (auto ret = dyn_cast<func::ReturnOp>(op)) {
      // Outputs first: they may be what a region held before this run.
      createOutputs(ret);
      createUpdates(ret);
      e.program.kind = getKind(ret);
    }
  }
  e.program.code.push_back({{}, phx::noLayer, std::nullopt, phx::Halt{}});
  return success();
}
