//===- PISAInstructions.cpp - Operations and instructions ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An operation has an attribute for each field of its instruction. The calls
// that go through them one by one are generated from the descriptions; this
// file says how one field of each kind is converted and checked.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/IR/PISA.h"

#include "phx/isa/InstructionSet.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace photonic::pisa;

//===----------------------------------------------------------------------===//
// Attributes to fields
//===----------------------------------------------------------------------===//

namespace {
template <typename T> T &fieldOf(phx::Body &body, size_t number) {
  return body.getDescription().fields[number].as<T>(body.data());
}
template <typename T> const T &fieldOf(const phx::Body &body, size_t number) {
  return body.getDescription().fields[number].as<T>(body.data());
}
} // namespace

static void assign(int64_t &field, uint64_t value) {
  field = static_cast<int64_t>(value);
}
static void assign(uint32_t &field, uint64_t value) {
  field = static_cast<uint32_t>(value); // the verifier has seen that it fits
}
static void assign(bool &field, bool value) { field = value; }
static void assign(float &field, const APFloat &value) {
  field = value.convertToFloat();
}
template <typename Enum>
  requires std::is_enum_v<Enum>
static void assign(uint8_t &field, Enum value) {
  field = static_cast<uint8_t>(value);
}
static void assign(phx::Affine &field, AffineAttr value) {
  field = value.getValue();
}
static void assign(phx::Count &field, CountAttr value) {
  field = value.getValue();
}
static void assign(std::optional<phx::ZeroFill> &field, ZeroFillAttr value) {
  field = value.getValue();
}
static void assign(phx::Stride4 &field, ArrayRef<int64_t> value) {
  llvm::copy(value.take_front(4), field.begin());
}
static void assign(phx::Shape4 &field, ArrayAttr value) {
  for (auto [slot, count] : llvm::zip(field, value.getAsRange<CountAttr>()))
    slot = count.getValue();
}
/// What the assembly leaves out is what a fresh instruction holds.
template <typename Field, typename Value>
static void assign(Field &field, const std::optional<Value> &value) {
  if (value)
    assign(field, *value);
}

/// The entry of that name in a table of the program around `op`: its number if
/// there is one. Groups and memories come first in a program, so that the
/// search is short.
template <typename TableOp>
static std::optional<uint32_t> findEntry(Operation *op, StringRef name) {
  auto program = op->getParentOfType<ProgramOp>();
  if (!program)
    return std::nullopt;
  for (Operation &entry : program.getBody().front()) {
    if (!isa<GroupOp, MemoryOp>(entry))
      break;
    if (auto table = dyn_cast<TableOp>(entry); table && table.getName() == name)
      return static_cast<uint32_t>(table.getIndex());
  }
  return std::nullopt;
}

phx::Address photonic::pisa::getAddress(Operation *op, AddressAttr address) {
  StringRef memory = address.getMemory().getValue();
  return {findEntry<MemoryOp>(op, memory).value_or(0),
          address.getOffset().getValue()};
}

static void assignAddress(Operation *op, phx::Address &field,
                          AddressAttr value) {
  field = photonic::pisa::getAddress(op, value);
}
static void assignAddress(Operation *op, phx::Address &field,
                          std::optional<AddressAttr> value) {
  if (value)
    assignAddress(op, field, *value);
}

/// The verifier has seen that the group exists.
static phx::EngineId toEngine(Operation *op, StringRef unit, uint64_t number) {
  auto index = static_cast<uint32_t>(number);
  if (unit == "dma")
    return {phx::EngineKind::Dma, index};
  if (unit == "vec")
    return {phx::EngineKind::Vec, index};
  auto group = static_cast<uint16_t>(findEntry<GroupOp>(op, unit).value_or(0));
  return {phx::EngineKind::Core, index, group};
}

#define PISA_TO_INSTRUCTION
#include "photonic/Dialect/PISA/IR/PISAConversions.inc"

//===----------------------------------------------------------------------===//
// Fields to attributes
//===----------------------------------------------------------------------===//

namespace {
/// Attributes of the fields of one instruction.
class FieldAttributes {
public:
  FieldAttributes(OpBuilder &builder, const phx::Program &program,
                  const phx::Body &body)
      : b(builder), context(builder.getContext()), program(program),
        body(body) {}

  IntegerAttr get(int64_t value) { return b.getI64IntegerAttr(value); }
  IntegerAttr get(uint32_t value) { return b.getI64IntegerAttr(value); }
  UnitAttr get(bool value) { return value ? b.getUnitAttr() : UnitAttr(); }
  FloatAttr get(float value) { return b.getF32FloatAttr(value); }
  AffineAttr get(const phx::Affine &a) { return AffineAttr::get(context, a); }
  CountAttr get(const phx::Count &c) { return CountAttr::get(context, c); }
  AddressAttr get(const phx::Address &a) {
    return getAddress(context, program, a);
  }
  ZeroFillAttr get(const std::optional<phx::ZeroFill> &fill) {
    return fill ? ZeroFillAttr::get(context, *fill) : ZeroFillAttr();
  }
  DenseI64ArrayAttr get(const phx::Stride4 &strides) {
    return b.getDenseI64ArrayAttr(strides);
  }
  ArrayAttr get(const phx::Shape4 &shape) {
    SmallVector<Attribute> counts;
    for (const phx::Count &count : shape)
      counts.push_back(get(count));
    return b.getArrayAttr(counts);
  }

  template <typename T> auto attr(size_t number) {
    return get(fieldOf<T>(body, number));
  }
  /// Absent where the instruction does not touch the operand, and where the
  /// field holds what absence means.
  template <typename T> auto optionalAttr(size_t number) {
    const phx::FieldDescription &field = body.getDescription().fields[number];
    if (const phx::AccessDescription *access = findAccess(field)) {
      bool isUsed = !access->isUsed || access->isUsed(body.data());
      return isUsed ? attr<T>(number) : decltype(attr<T>(number))();
    }
    phx::Body fresh(body.getDescription());
    bool isUsual = isSame(fieldOf<T>(body, number), fieldOf<T>(fresh, number));
    return isUsual ? decltype(attr<T>(number))() : attr<T>(number);
  }

private:
  /// The access whose address or strides `field` holds.
  const phx::AccessDescription *findAccess(const phx::FieldDescription &field) {
    for (const phx::AccessDescription &access :
         body.getDescription().accesses)
      if (access.address == &field || access.strides == &field)
        return &access;
    return nullptr;
  }
  template <typename T> static bool isSame(const T &a, const T &b) {
    // The zeros of binary32 differ.
    if constexpr (std::is_same_v<T, float>)
      return llvm::bit_cast<uint32_t>(a) == llvm::bit_cast<uint32_t>(b);
    else
      return a == b;
  }

  OpBuilder &b;
  MLIRContext *context;
  const phx::Program &program;
  const phx::Body &body;
};
} // namespace

AddressAttr photonic::pisa::getAddress(MLIRContext *context,
                                       const phx::Program &program,
                                       const phx::Address &address) {
  return AddressAttr::get(
      context,
      StringAttr::get(context, phx::getMemoryName(program, address.memory)),
      AffineAttr::get(context, address.offset));
}

LogicalResult
photonic::pisa::createInstruction(OpBuilder &b, Location loc,
                                  const phx::Program &program,
                                  const phx::Instruction &instruction) {
  const phx::Body &body = instruction.body;
  StringRef mnemonic = body.getDescription().mnemonic;
  FieldAttributes fields(b, program, body);
  IntegerAttr layer = instruction.layer == phx::noLayer
                          ? IntegerAttr()
                          : fields.get(instruction.layer);
  GuardAttr guard = instruction.guard
                        ? GuardAttr::get(b.getContext(), *instruction.guard)
                        : GuardAttr();
  const phx::ArrayGroup *group = phx::findGroup(program, instruction);
  StringAttr unit = b.getStringAttr(
      instruction.engine.kind == phx::EngineKind::Dma ? StringRef("dma")
      : group ? StringRef(group->name)
              : StringRef("vec"));
  IntegerAttr engine = fields.get(instruction.engine.index);
#define PISA_FROM_INSTRUCTION
#include "photonic/Dialect/PISA/IR/PISAConversions.inc"
  return emitError(loc) << "instruction " << mnemonic
                        << " has no operation in the pisa dialect";
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

/// `field` of `op` is within the limits of its description.
static LogicalResult verifyNumber(Operation *op,
                                  const phx::FieldDescription &field,
                                  IntegerAttr value) {
  int64_t most = field.table == phx::TableKind::None ? field.most
                                                     : phx::noLayer - 1;
  if (value.getInt() >= field.least && value.getInt() <= most)
    return success();
  return op->emitOpError("expected ")
         << field.attribute << " in [" << field.least << ", " << most
         << "], found " << value.getInt();
}

static LogicalResult verifyField(Operation *op,
                                 const phx::FieldDescription &field) {
  Attribute value = op->getInherentAttr(field.attribute).value_or(Attribute());
  if (auto number = dyn_cast_or_null<IntegerAttr>(value))
    if (field.kind == phx::FieldKind::Number ||
        field.kind == phx::FieldKind::Index)
      return verifyNumber(op, field, number);
  if (auto address = dyn_cast_or_null<AddressAttr>(value)) {
    StringRef memory = address.getMemory().getValue();
    if (op->getParentOfType<ProgramOp>() && !findEntry<MemoryOp>(op, memory))
      return op->emitOpError("expected the name of a pisa.memory in ")
             << field.attribute << ", found '" << memory << "'";
  }
  if (auto strides = dyn_cast_or_null<DenseI64ArrayAttr>(value))
    if (strides.size() != 4)
      return op->emitOpError("expected 4 strides per operand, found ")
             << strides.size();
  if (auto shape = dyn_cast_or_null<ArrayAttr>(value)) {
    if (shape.size() != 4)
      return op->emitOpError("expected a shape of 4 dimensions, found ")
             << shape.size();
    if (!llvm::all_of(shape, llvm::IsaPred<CountAttr>))
      return op->emitOpError("expected counts as its shape, found ") << shape;
  }
  return success();
}

/// "'add'", the function of an instruction that has one.
static std::string nameFunction(const phx::Body &body) {
  for (const phx::FieldDescription &field : body.getDescription().fields)
    if (field.kind == phx::FieldKind::Enum)
      return "'" +
             std::string(
                 field.words->entries[field.as<uint8_t>(body.data())].name) +
             "'";
  return "the instruction";
}

/// Optional operands are there exactly where the instruction touches them.
static LogicalResult verifyOperand(Operation *op, const phx::Body &body,
                                   const phx::AccessDescription &access) {
  if (!access.isUsed)
    return success();
  bool isUsed = access.isUsed(body.data());
  for (const phx::FieldDescription *field : {access.address, access.strides}) {
    if (!field)
      continue;
    bool isThere =
        op->getInherentAttr(field->attribute).value_or(Attribute()) != nullptr;
    if (isThere != isUsed)
      return op->emitOpError("expected ")
             << (isUsed ? "" : "no ") << "operand '" << field->attribute
             << "', which " << nameFunction(body)
             << (isUsed ? " reads" : " does not read");
  }
  return success();
}

/// The engine is one that the program has, and instructions of arrays are on
/// arrays.
static LogicalResult verifyEngine(Operation *op,
                                  const phx::InstructionDescription &description,
                                  StringRef unit) {
  bool isArray = unit != "dma" && unit != "vec";
  if (description.place == phx::EnginePlace::Array && !isArray)
    return op->emitOpError("expected an array as its engine, found '")
           << unit << "'";
  if (isArray && op->getParentOfType<ProgramOp>() && !findEntry<GroupOp>(op, unit))
    return op->emitOpError("expected an engine (dma, vec or the name of a "
                           "pisa.group), found '")
           << unit << "'";
  return success();
}

LogicalResult photonic::pisa::verifyInstruction(Operation *op) {
  auto instruction = cast<InstructionOpInterface>(op);
  const phx::InstructionDescription &description =
      instruction.getDescription();
  for (StringRef name : {"layer", "engine"})
    if (auto number = op->getAttrOfType<IntegerAttr>(name))
      if (number.getInt() < 0 || number.getInt() >= phx::noLayer)
        return op->emitOpError("expected ")
               << name << " in [0, " << phx::noLayer - 1 << "], found "
               << number.getInt();
  for (const phx::FieldDescription &field : description.fields)
    if (failed(verifyField(op, field)))
      return failure();
  if (auto unit = op->getAttrOfType<StringAttr>("unit"))
    if (failed(verifyEngine(op, description, unit.getValue())))
      return failure();
  phx::Body body = instruction.getBody();
  for (const phx::AccessDescription &access : description.accesses)
    if (failed(verifyOperand(op, body, access)))
      return failure();
  return success();
}
