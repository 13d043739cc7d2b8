//===- ExportProgram.cpp - pisa operations to the plain form -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Target/PHX/PHX.h"

#include "phx/isa/Limits.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cstring>

using namespace mlir;
using namespace photonic;
using namespace photonic::pisa;

namespace {

/// Builds a phx::Program from a ProgramOp.
class Exporter {
public:
  explicit Exporter(ProgramOp op) : op(op) {}
  FailureOr<phx::Program> run();

private:
  LogicalResult checkAttributes();
  void exportHeader();
  void exportTables();
  void exportGroupsAndMemories();
  void exportMaps();
  void exportProducts();
  void exportNests();
  void exportLayers();
  LogicalResult exportRegion(RegionOp region);
  FailureOr<uint32_t> exportData(RegionOp region, ElementsAttr init);
  LogicalResult exportBlock(Block &block);
  uint32_t getLayer(Operation *instruction);

  ProgramOp op;
  phx::Program program;
  /// Regions that name one resource share its data section.
  llvm::DenseMap<const AsmResourceBlob *, uint32_t> sectionOf;
};

} // namespace

/// Attributes that no operation of the dialect declares say nothing to a
/// machine, and would be lost.
LogicalResult Exporter::checkAttributes() {
  WalkResult result = op->walk([](Operation *child) {
    for (NamedAttribute attribute : child->getDiscardableAttrs()) {
      child->emitOpError("has the attribute '")
          << attribute.getName().getValue()
          << "', which a program has no place for; take it off";
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

void Exporter::exportHeader() {
  program.name = op.getName().str();
  program.kind = static_cast<phx::ProgramKind>(op.getKind());
  program.target = op.getTarget().str();
  program.targetHash = static_cast<uint64_t>(op.getHash());
  if (op.getMachine())
    for (StringAttr field : op.getMachine()->getAsRange<StringAttr>())
      program.machine.push_back(field.str());
  program.compiler = op.getCompiler().str();
  program.memoryModel = static_cast<phx::MemoryModel>(op.getMemoryModel());
  program.batch = op.getBatch();
  program.tokens = static_cast<uint32_t>(op.getTokens());
  if (op.getRng())
    program.rng = static_cast<uint32_t>(*op.getRng());
  if (ArrayAttr ignored = op.getIgnoredAttr())
    for (auto input : ignored.getAsRange<StringAttr>())
      program.ignoredInputs.push_back(input.str());
}

static std::vector<phx::MapDigit> getDigits(ArrayAttr tuples) {
  std::vector<phx::MapDigit> digits;
  for (auto t : tuples.getAsRange<DenseI64ArrayAttr>())
    digits.push_back({t[0], static_cast<uint8_t>(t[1]), t[2]});
  return digits;
}

static phx::OperationList getList(ArrayAttr operations) {
  phx::OperationList list;
  for (auto operation : operations.getAsRange<OperationAttr>())
    list.push_back(operation.getValue());
  return list;
}

void Exporter::exportGroupsAndMemories() {
  Region &body = op.getBody();
  for (GroupOp group : body.getOps<GroupOp>())
    program.groups.push_back({group.getName().str(),
                              group.getMachineClass().str(),
                              static_cast<uint32_t>(group.getCount()),
                              static_cast<uint32_t>(group.getArray()[0]),
                              static_cast<uint32_t>(group.getArray()[1])});
  for (MemoryOp memory : body.getOps<MemoryOp>()) {
    phx::ProgramMemory &entry = program.memories.emplace_back();
    entry.name = memory.getName().str();
    entry.kind = static_cast<phx::MemoryKind>(memory.getKind());
    if (memory.getGroup())
      entry.group = static_cast<uint32_t>(*memory.getGroup());
    entry.capacity = memory.getCapacity();
    entry.bytes = memory.getBytes();
    for (auto type : memory.getTypes().getAsRange<StringAttr>())
      entry.types.push_back(*phx::findType(type.str()));
  }
}

void Exporter::exportMaps() {
  for (MapOp map : op.getBody().getOps<MapOp>()) {
    phx::AccessMap &entry = program.maps.emplace_back();
    entry.rows = getDigits(map.getRows());
    entry.cols = getDigits(map.getCols());
    for (auto t : map.getAxes().getAsRange<DenseI64ArrayAttr>())
      entry.axes.push_back({t[0], t[1], t[2], t[3], t[4]});
  }
}

void Exporter::exportProducts() {
  for (ProductOp product : op.getBody().getOps<ProductOp>()) {
    phx::Product &entry = program.products.emplace_back();
    entry.layer = product.getLayer()
                      ? static_cast<uint32_t>(*product.getLayer())
                      : phx::noLayer;
    entry.m = product.getM();
    entry.n = product.getN();
    entry.k = product.getK();
    entry.groups = product.getGroups();
    entry.stationary = static_cast<phx::Stationary>(product.getStationary());
    for (unsigned operand : {0u, 1u})
      entry.conversions[operand] =
          static_cast<uint32_t>(product.getConversions()[operand]);
    entry.pass = static_cast<uint32_t>(product.getPass());
    entry.combine = static_cast<uint32_t>(product.getCombine());
    entry.positions = product.getPositions().value_or(1);
    entry.stream = static_cast<uint32_t>(product.getStream().value_or(0));
  }
}

void Exporter::exportNests() {
  for (NestOp nest : op.getBody().getOps<NestOp>())
    program.products[nest.getProduct()].nests.push_back(
        {static_cast<uint64_t>(nest.getAt()[0]),
         static_cast<uint64_t>(nest.getAt()[1]),
         {nest.getGroups().getValue(), nest.getGroupsSize().getValue()},
         {nest.getRows().getValue(), nest.getRowsSize().getValue()},
         {nest.getColumns().getValue(), nest.getColumnsSize().getValue()},
         {nest.getContraction().getValue(),
          nest.getContractionSize().getValue()}});
}

void Exporter::exportLayers() {
  for (LayerOp layer : op.getBody().getOps<LayerOp>()) {
    phx::Layer &entry = program.layers.emplace_back();
    entry.name = layer.getName().str();
    entry.op = layer.getOp().str();
    entry.phase = static_cast<phx::Phase>(layer.getPhase());
    if (layer.getOutput())
      entry.output = static_cast<uint32_t>(*layer.getOutput());
  }
}

void Exporter::exportTables() {
  Region &body = op.getBody();
  exportGroupsAndMemories();
  for (RegisterOp each : body.getOps<RegisterOp>())
    program.registers.push_back(
        {each.getName().str(), static_cast<int64_t>(each.getMost())});
  exportMaps();
  for (ConversionOp conversion : body.getOps<ConversionOp>())
    program.conversions.push_back(conversion.getFormat().getValue());
  for (PassOp pass : body.getOps<PassOp>())
    program.passes.push_back(getList(pass.getOperations()));
  for (CombineOp combine : body.getOps<CombineOp>())
    program.combines.push_back(getList(combine.getOperations()));
  exportProducts();
  exportNests();
  exportLayers();
}

static FailureOr<phx::ElementType> getElementType(RegionOp region, Type type) {
  if (type.isF32())
    return phx::ElementType::F32;
  if (type.isSignlessInteger(1))
    return phx::ElementType::Bool;
  if (type.isBF16())
    return phx::ElementType::BF16;
  if (type.isUnsignedInteger(8))
    return phx::ElementType::U8;
  if (type.isSignlessInteger(8))
    return phx::ElementType::I8;
  if (type.isSignlessInteger(16))
    return phx::ElementType::I16;
  if (type.isSignlessInteger(32))
    return phx::ElementType::I32;
  if (type.isSignlessInteger(64))
    return phx::ElementType::I64;
  if (isa<BlockType>(type))
    return phx::ElementType::Block;
  region.emitOpError(
      "expected elements of type f32, bf16, i1, i8, ui8, i16, i32, i64 or "
      "!pisa.block, found ")
      << type;
  return failure();
}

/// The bytes of an attribute that has them as the program does.
static phx::DataSection refer(ArrayRef<char> bytes) {
  phx::DataSection section;
  section.bytes = reinterpret_cast<const uint8_t *>(bytes.data());
  section.size = bytes.size();
  return section;
}

static phx::DataSection own(std::vector<uint8_t> contents) {
  auto bytes = std::make_shared<std::vector<uint8_t>>(std::move(contents));
  phx::DataSection section;
  section.bytes = bytes->data();
  section.size = bytes->size();
  section.owner = std::move(bytes);
  return section;
}

/// The bytes of `dense`, kept alive by the IR or by the section itself.
static phx::DataSection getData(DenseIntOrFPElementsAttr dense) {
  std::vector<uint8_t> bytes;
  // The attribute has a bit per element, the program a byte.
  if (dense.getElementType().isInteger(1)) {
    bytes.reserve(dense.getNumElements());
    for (bool element : dense.getValues<bool>())
      bytes.push_back(element);
    return own(std::move(bytes));
  }
  ArrayRef<char> raw = dense.getRawData();
  if (!dense.isSplat())
    return refer(raw);
  // State of optimisers has millions of equal elements: copies double.
  bytes.resize(raw.size() * dense.getNumElements());
  size_t done = std::min(raw.size(), bytes.size());
  std::copy_n(raw.begin(), done, bytes.begin());
  while (done < bytes.size()) {
    size_t next = std::min(done, bytes.size() - done);
    std::memcpy(bytes.data() + done, bytes.data(), next);
    done += next;
  }
  return own(std::move(bytes));
}

/// Before contents are expanded: a splat is short however large its type is.
static LogicalResult verifyFits(RegionOp region, ShapedType type) {
  constexpr int64_t most = phx::limits::magnitude;
  int64_t bytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8u);
  for (int64_t extent : type.getShape()) {
    if (extent && bytes > most / extent)
      return region.emitOpError("expected extents of at most 2^50 bytes, ")
             << "found " << type;
    bytes *= extent;
  }
  auto found = static_cast<int64_t>(region.getBytes());
  if (bytes <= found)
    return success();
  return region.emitOpError("expected at least ")
         << bytes << " bytes for its shape and type, found " << found;
}

FailureOr<uint32_t> Exporter::exportData(RegionOp region, ElementsAttr init) {
  auto number = static_cast<uint32_t>(program.data.size());
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(init)) {
    const AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob)
      return region.emitOpError("the resource '")
             << resource.getRawHandle().getKey()
             << "' has no data; was the IR printed with elided resources?";
    auto [place, isNew] = sectionOf.try_emplace(blob, number);
    if (isNew)
      program.data.push_back(refer(blob->getData()));
    return place->second;
  }
  // Blocks have no literals; what stands in their place is text.
  auto dense = dyn_cast<DenseIntOrFPElementsAttr>(init);
  if (!dense && isa<BlockType>(init.getElementType()))
    return region.emitOpError("expected dense_resource<...>, the bytes of the "
                              "blocks, found ")
           << init;
  if (!dense)
    return region.emitOpError("expected dense initial contents, found ")
           << init;
  if (failed(verifyFits(region, dense.getType())))
    return failure();
  program.data.push_back(getData(dense));
  return number;
}

LogicalResult Exporter::exportRegion(RegionOp region) {
  auto type = cast<RankedTensorType>(region.getType());
  FailureOr<phx::ElementType> element =
      getElementType(region, type.getElementType());
  if (failed(element))
    return failure();
  phx::Region &entry = program.regions.emplace_back();
  entry.name = region.getName().str();
  entry.role = static_cast<phx::Role>(region.getRole());
  entry.type = *element;
  if (auto block = dyn_cast<BlockType>(type.getElementType()))
    entry.conversion = static_cast<uint32_t>(block.getConversion());
  entry.shape.assign(type.getShape().begin(), type.getShape().end());
  phx::Address address = getAddress(region, region.getAddress());
  entry.memory = address.memory;
  entry.address = address.offset.base;
  entry.bytes = region.getBytes();
  entry.isMutable = region.getIsMutable();
  if (region.getBatchAxis())
    entry.batchAxis = static_cast<uint32_t>(*region.getBatchAxis());
  entry.isLoss = region.getIsLoss();
  if (region.getGradientOf())
    entry.gradientOf = static_cast<uint32_t>(*region.getGradientOf());
  entry.knob = static_cast<phx::Knob>(region.getKnob());
  if (region.getClasses()) {
    entry.labels = phx::Labels{static_cast<int64_t>(*region.getClasses()), {}};
    if (region.getIgnoreIndex())
      entry.labels->ignoreIndex = *region.getIgnoreIndex();
  }
  if (region.getInit()) {
    FailureOr<uint32_t> section = exportData(region, *region.getInit());
    if (failed(section))
      return failure();
    entry.data = *section;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

uint32_t Exporter::getLayer(Operation *instruction) {
  auto layer = instruction->getAttrOfType<IntegerAttr>("layer");
  return layer ? static_cast<uint32_t>(layer.getInt()) : phx::noLayer;
}

LogicalResult Exporter::exportBlock(Block &block) {
  for (Operation &child : block) {
    if (auto loop = dyn_cast<LoopOp>(child)) {
      std::optional<uint32_t> below;
      if (loop.getBelow())
        below = static_cast<uint32_t>(*loop.getBelow());
      program.code.push_back(
          {{},
           getLayer(loop),
           std::nullopt,
           phx::Loop{static_cast<int64_t>(loop.getCount()), below}});
      if (failed(exportBlock(loop.getBody().front())))
        return failure();
      program.code.push_back({{}, getLayer(loop), std::nullopt, phx::End{}});
      continue;
    }
    if (isa<HaltOp>(child)) {
      program.code.push_back({{}, phx::noLayer, std::nullopt, phx::Halt{}});
      continue;
    }
    auto instruction = dyn_cast<InstructionOpInterface>(child);
    if (!instruction)
      return child.emitOpError("is not an instruction");
    std::optional<phx::Guard> guard;
    if (auto attr = child.getAttrOfType<GuardAttr>("guard"))
      guard = attr.getValue();
    program.code.push_back({instruction.getEngineId(), getLayer(&child), guard,
                            instruction.getBody(),
                            instruction.getArrayRange()});
  }
  return success();
}

FailureOr<phx::Program> Exporter::run() {
  if (failed(checkAttributes()))
    return failure();
  exportHeader();
  exportTables();
  for (RegionOp region : op.getBody().getOps<RegionOp>())
    if (failed(exportRegion(region)))
      return failure();
  if (failed(exportBlock(op.getCode().getBody().front())))
    return failure();
  return std::move(program);
}

FailureOr<phx::Program> photonic::exportProgram(ProgramOp program) {
  return Exporter(program).run();
}
