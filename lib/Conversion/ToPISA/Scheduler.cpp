//===- Scheduler.cpp - From tiled tensors to a program -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scheduler.h"

#include "photonic/Dialect/NN/IR/NN.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

#include <limits>

using namespace mlir;
using namespace photonic;

static constexpr unsigned forever = std::numeric_limits<unsigned>::max();

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

int64_t Scheduler::getBytes(Value value) {
  return 4 * getType(value).getNumElements();
}

bool photonic::isStep(Operation *op) {
  if (isa<scf::ForOp>(op))
    return true;
  return isa<nn::NNDialect>(op->getDialect()) &&
         !isa<nn::ConstantOp, nn::ReshapeOp>(op);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value Scheduler::getRoot(Value value) {
  while (auto reshape = value.getDefiningOp<nn::ReshapeOp>())
    value = reshape.getInput();
  return value;
}

/// Tensors that `op` reads, also from inside its regions.
static SetVector<Value> getReadTensors(Operation *op) {
  SetVector<Value> values;
  op->walk([&](Operation *inner) {
    for (Value operand : inner->getOperands())
      if (isa<RankedTensorType>(operand.getType()) &&
          operand.getParentRegion()->isAncestor(op->getParentRegion()))
        values.insert(operand);
  });
  return values;
}

void Scheduler::analyse() {
  unsigned step = 0;
  for (Operation &op : func.getBody().front()) {
    if (isStep(&op)) {
      unsigned emitted = getEmissionStep(&op, step);
      for (Value operand : getReadTensors(&op)) {
        unsigned &last = lastUse[getRoot(operand)];
        last = std::max(last, emitted);
      }
      ++step;
    }
    if (isa<func::ReturnOp>(op))
      for (Value operand : op.getOperands())
        lastUse[getRoot(operand)] = forever;
  }
}

bool Scheduler::diesAt(Value value, unsigned step) const {
  auto it = lastUse.find(getRoot(value));
  return it != lastUse.end() && it->second <= step;
}

uint32_t Scheduler::addValueRegion(Value value, const Storage &storage,
                                   StringRef name, phx::Role role) {
  phx::Region region;
  region.name = name.str();
  region.role = role;
  region.shape.assign(getType(value).getShape().begin(),
                      getType(value).getShape().end());
  region.space = storage.space;
  region.address = storage.address;
  region.bytes = getBytes(value);
  return e.addRegion(std::move(region));
}

Storage Scheduler::getStorage(Value value) {
  Value root = getRoot(value);
  auto it = storages.find(root);
  if (it != storages.end())
    return it->second;
  auto constant = root.getDefiningOp<nn::ConstantOp>();
  assert(constant && "a value without storage is a constant");
  std::string name = constant.getName()
                         ? constant.getName()->str()
                         : phot::getNodeName(constant.getLoc()).str();
  bool named = !name.empty();
  if (!named)
    name = "constant";
  // Names tell parameters apart in tools; two constants may share one.
  if (unsigned earlier = parameterNames[name]++)
    name += "#" + std::to_string(earlier + 1);
  phx::Region region;
  region.name = name;
  region.role = named ? phx::Role::Parameter : phx::Role::Constant;
  region.shape.assign(getType(root).getShape().begin(),
                      getType(root).getShape().end());
  region.bytes = getBytes(root);
  region.address = getHome(Storage::Kind::Parameter, region.space)
                       .allocateFresh(region.bytes);
  Storage storage{Storage::Kind::Parameter, region.space, region.address};
  e.addDataRegion(std::move(region), cast<ElementsAttr>(constant.getValue()));
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
  region.address = getHome(Storage::Kind::Parameter, region.space)
                       .allocateFresh(region.bytes);
  Storage storage{Storage::Kind::Parameter, region.space, region.address};
  e.addDataRegion(std::move(region), nn::makeElements(type, constant.values));
  return storage;
}

Storage Scheduler::allocateTemporary(int64_t bytes) {
  Storage storage;
  storage.address =
      getHome(Storage::Kind::Workspace, storage.space).allocate(bytes);
  int64_t &used = e.program.spaceBytes[static_cast<unsigned>(storage.space)];
  used = std::max(used, storage.address + bytes);
  return storage;
}

void Scheduler::release(const Storage &storage) {
  phx::Space space;
  getHome(storage.kind, space).release(storage.address);
}

Storage Scheduler::createResult(Value value) {
  Storage storage;
  storage.address = getHome(Storage::Kind::Workspace, storage.space)
                        .allocate(getBytes(value));
  storages[value] = storage;
  e.setLayerOutput(addValueRegion(value, storage,
                                  e.program.layers[e.getLayer()].name,
                                  phx::Role::Workspace));
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

void Scheduler::releaseOperands(Operation *op, unsigned step) {
  for (Value operand : getReadTensors(op)) {
    Value root = getRoot(operand);
    auto it = storages.find(root);
    if (it == storages.end() || !diesAt(root, step) ||
        it->second.kind == Storage::Kind::Parameter)
      continue;
    release(it->second);
    storages.erase(it);
  }
}

//===----------------------------------------------------------------------===//
// Inputs and outputs
//===----------------------------------------------------------------------===//

/// The attribute nn.name in `attributes`, or a name made from `index`.
static std::string getONNXName(DictionaryAttr attributes, StringRef fallback,
                               unsigned index) {
  if (attributes)
    if (auto name = attributes.getAs<StringAttr>(nn::nameAttrName))
      return name.str();
  return (fallback + Twine(index)).str();
}

void Scheduler::createInputs() {
  for (BlockArgument argument : func.getArguments()) {
    Storage storage;
    storage.kind = Storage::Kind::Input;
    storage.address =
        getHome(storage.kind, storage.space).allocateFresh(getBytes(argument));
    storages[argument] = storage;
    unsigned index = argument.getArgNumber();
    addValueRegion(argument, storage,
                   getONNXName(func.getArgAttrDict(index), "input", index),
                   phx::Role::Input);
  }
}

LogicalResult Scheduler::createOutputs(func::ReturnOp op) {
  llvm::SmallDenseSet<Value> taken;
  for (auto [index, value] : llvm::enumerate(op.getOperands())) {
    std::string name =
        getONNXName(func.getResultAttrDict(index), "output", index);
    Storage storage = getStorage(value);
    // Inputs, parameters and values that leave twice get memory of their own.
    if (storage.kind != Storage::Kind::Workspace ||
        !taken.insert(getRoot(value)).second) {
      Storage copy = allocateTemporary(getBytes(value));
      e.setLayer(name, "Identity");
      emitHomeCopy(copy, storage, getBytes(value));
      storage = copy;
    }
    addValueRegion(value, storage, name, phx::Role::Output);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

phot::ArrayProductOp Scheduler::getArrayProduct(Operation *nest) {
  phot::ArrayProductOp product;
  nest->walk([&](phot::ArrayProductOp op) { product = op; });
  return product;
}

phx::NumberFormat Scheduler::getNumberFormat(phot::ArrayProductOp op) const {
  phx::NumberFormat format;
  format.mantissaBits =
      static_cast<uint8_t>(target.spec.format().mantissa_bits().value());
  for (int64_t modulus : target.spec.core().moduli().values())
    format.moduli.push_back(static_cast<uint32_t>(modulus));
  format.group = static_cast<uint32_t>(op.getColumns());
  if (auto bfp = dyn_cast<phot::BfpAttr>(op.getLhsFormat())) {
    format.kind = phx::FormatKind::Bfp;
    format.mantissaBits = static_cast<uint8_t>(bfp.getMantissa());
    format.group = static_cast<uint32_t>(bfp.getGroup());
    format.rounding = bfp.getRounding() == phot::Rounding::Trunc
                          ? phx::Rounding::Truncate
                          : phx::Rounding::Nearest;
    return format;
  }
  format.kind = phx::FormatKind::Fp32;
  format.group =
      static_cast<uint32_t>(cast<phot::Fp32Attr>(op.getLhsFormat()).getGroup());
  return format;
}

uint32_t Scheduler::createProduct(phot::ArrayProductOp op,
                                  const phot::ProductShape &shape,
                                  uint32_t format) {
  phx::Product product;
  product.layer = e.getLayer();
  product.m = shape.m;
  product.n = shape.n;
  product.k = shape.k;
  product.groups = shape.groups;
  product.dataflow = op.getDataflow() == phot::Dataflow::DF1
                         ? phx::Dataflow::Df1
                         : phx::Dataflow::Df2;
  product.format = format;
  e.program.products.push_back(product);
  return static_cast<uint32_t>(e.program.products.size() - 1);
}

//===----------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------===//

LogicalResult Scheduler::run() {
  prepare();
  analyse();
  createInputs();
  unsigned step = 0;
  for (Operation &op : func.getBody().front()) {
    if (isStep(&op)) {
      if (failed(schedule(&op, step)))
        return failure();
      ++step;
    } else if (auto ret = dyn_cast<func::ReturnOp>(op)) {
      if (failed(createOutputs(ret)))
        return failure();
    }
  }
  e.program.code.push_back({{}, phx::noLayer, std::nullopt, phx::Halt{}});
  return success();
}
