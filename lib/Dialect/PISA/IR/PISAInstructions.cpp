//===- PISAInstructions.cpp - Operations and instructions ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Conversion of the operations that the dialect itself has, generated, and
// checks of all, those of machine classes included.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/PISA/IR/InstructionConversion.h"

#include "phx/isa/InstructionSet.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;
using namespace photonic::pisa;
using namespace photonic::pisa::conversion;

//===----------------------------------------------------------------------===//
// Conversion
//===----------------------------------------------------------------------===//

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

phx::EngineId photonic::pisa::conversion::toEngine(Operation *op,
                                                   StringRef unit,
                                                   AffineAttr number) {
  auto index = static_cast<uint32_t>(number.getBase());
  if (std::optional<phx::EngineKind> kind = phx::findEngineKind(unit))
    return {*kind, index};
  auto group = static_cast<uint16_t>(findEntry<GroupOp>(op, unit).value_or(0));
  return {phx::EngineKind::Core, index, group};
}

#define PISA_TO_INSTRUCTION
#include "photonic/Dialect/PISA/IR/PISAConversions.inc"

/// The operations themselves are in the list of the dialect.
void PISADialect::registerInstructions() {
  static constexpr InstructionCreator own[] = {
#define PISA_CREATORS
#include "photonic/Dialect/PISA/IR/PISAConversions.inc"
  };
  for (const InstructionCreator &creator : own)
    addCreator(creator);
}

void PISADialect::addCreator(const InstructionCreator &creator) {
  const phx::InstructionDescription *description =
      phx::InstructionSet::get().find(creator.mnemonic);
  if (!description)
    llvm::report_fatal_error(llvm::Twine("instruction '") + creator.mnemonic +
                             "' is an operation and has no description");
  creators[static_cast<uint16_t>(description->opcode)] = creator.create;
}

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
  auto *dialect = b.getContext()->getLoadedDialect<PISADialect>();
  auto *create = dialect->findCreator(instruction.body.getOpcode());
  if (!create)
    return emitError(loc) << "instruction "
                          << instruction.getDescription().mnemonic
                          << " has no operation in the pisa dialect";
  const phx::ArrayGroup *group = phx::findGroup(program, instruction);
  phx::EngineKind kind = instruction.engine.kind;
  if (!group && kind == phx::EngineKind::Core)
    return emitError(loc) << "instruction "
                          << instruction.getDescription().mnemonic
                          << " is on an array of group "
                          << instruction.engine.group
                          << ", but the program has "
                          << program.groups.size() << " groups";
  StringAttr unit = b.getStringAttr(
      group ? StringRef(group->name) : phx::getEngineWord(kind));
  phx::Affine engine{instruction.engine.index, instruction.arrays.digits};
  InstructionParts parts{
      loc,
      program,
      instruction.body,
      unit,
      AffineAttr::get(b.getContext(), engine),
      instruction.arrays.lanes == 1
          ? IntegerAttr()
          : b.getI64IntegerAttr(instruction.arrays.lanes),
      instruction.layer == phx::noLayer
          ? IntegerAttr()
          : b.getI64IntegerAttr(instruction.layer),
      instruction.guard ? GuardAttr::get(b.getContext(), *instruction.guard)
                        : GuardAttr()};
  create(b, parts);
  return success();
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
  if (value && failed(verifyFieldAttr(op, value)))
    return failure();
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

/// The engine is one that the program has.
static LogicalResult verifyEngine(Operation *op, StringRef unit) {
  bool isArray = !phx::findEngineKind(unit);
  if (isArray && op->getParentOfType<ProgramOp>() &&
      !findEntry<GroupOp>(op, unit))
    return op->emitOpError("expected an engine (")
           << phx::getEngineWord(phx::EngineKind::Dma) << ", "
           << phx::getEngineWord(phx::EngineKind::Vec)
           << " or the name of a pisa.group), found '" << unit << "'";
  return success();
}

LogicalResult photonic::pisa::verifyInstruction(Operation *op) {
  auto instruction = cast<InstructionOpInterface>(op);
  const phx::InstructionDescription &description =
      instruction.getDescription();
  auto verify32 = [&](StringRef name, int64_t least,
                      int64_t value) -> LogicalResult {
    if (value >= least && value < phx::noLayer)
      return success();
    return op->emitOpError("expected ") << name << " in [" << least << ", "
                                        << phx::noLayer - 1 << "], found "
                                        << value;
  };
  if (auto layer = op->getAttrOfType<IntegerAttr>("layer"))
    if (failed(verify32("layer", 0, layer.getInt())))
      return failure();
  if (auto engine = op->getAttrOfType<AffineAttr>("engine"))
    if (failed(verify32("engine", 0, engine.getBase())) ||
        failed(verifyFieldAttr(op, engine)))
      return failure();
  if (auto guard = op->getAttrOfType<GuardAttr>("guard"))
    if (failed(verifyFieldAttr(op, guard)))
      return failure();
  if (auto lanes = op->getAttrOfType<IntegerAttr>("lanes"))
    if (failed(verify32("lanes", 1, lanes.getInt())))
      return failure();
  for (const phx::FieldDescription &field : description.fields)
    if (failed(verifyField(op, field)))
      return failure();
  if (auto unit = op->getAttrOfType<StringAttr>("unit"))
    if (failed(verifyEngine(op, unit.getValue())))
      return failure();
  phx::Body body = instruction.getBody();
  for (const phx::AccessDescription &access : description.accesses)
    if (failed(verifyOperand(op, body, access)))
      return failure();
  return success();
}
