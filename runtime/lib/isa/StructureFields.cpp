//===- StructureFields.cpp - Structural validation of fields ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"

#include "phx/isa/FieldReport.h"
#include "phx/isa/Instructions.h"
#include "phx/isa/Registers.h"

#include <algorithm>

using namespace phx;

namespace {

/// Checks the fields of one instruction. The first failure sticks.
class FieldChecker final : public FieldReport {
public:
  FieldChecker(const LoopTree &tree, size_t index)
      : tree(tree), index(index), box(tree.getBox(index)),
        depth(tree.getDepth(index)) {}

  Status run();
  /// A range of a nest whose loop is the instruction.
  Status runRange(const std::string &name, const NestRange &range) {
    check(name + " start", range.start);
    check(name + " size", range.size, limits::magnitude);
    if (range.size.registerIndex)
      fail(name + " size", "a size that depends on loops alone",
           "one that depends on " +
               describeRegister(tree.program, *range.size.registerIndex));
    return status;
  }

  const Program &getProgram() const override { return tree.program; }
  bool isClean() const override { return status.ok(); }
  void fail(const std::string &field, const std::string &expected,
            const std::string &found) override {
    if (status)
      status = failAt(tree.program, index, field, expected, found);
  }

  void operator()(const FieldDescription &field, const Affine &value) {
    check(field.name, value);
  }
  void operator()(const FieldDescription &field, const Address &value) {
    check(field.name, value.offset);
  }
  void operator()(const FieldDescription &field, const Count &value) {
    check(field.name, value, std::min(field.most, limits::magnitude));
  }
  void operator()(const FieldDescription &field, const Shape4 &value) {
    for (size_t d = 0; d < value.size(); ++d)
      check(field.name + ("[" + std::to_string(d) + "]"), value[d],
            limits::magnitude);
  }
  void operator()(const FieldDescription &field, const Stride4 &value) {
    for (int64_t stride : value)
      between(field.name, 0, limits::magnitude, stride);
  }
  void operator()(const FieldDescription &field,
                  const std::optional<ZeroFill> &fill);
  void operator()(const FieldDescription &field, int64_t value) {
    between(field.name, field.least, field.most, value);
  }
  void operator()(const FieldDescription &field, uint32_t value);
  void operator()(const FieldDescription &field, uint8_t value) {
    between(field.name, 0, int64_t(field.words->entries.size()) - 1, value);
  }
  void operator()(const FieldDescription &field,
                  const std::optional<uint32_t> &value) {
    if (value)
      checkRegister(field.name, *value);
  }
  void operator()(const FieldDescription &, bool) {}
  void operator()(const FieldDescription &, float) {}

private:
  void between(const std::string &field, int64_t least, int64_t most,
               int64_t found) {
    if (found < least || found > most)
      fail(field, std::to_string(least) + " to " + std::to_string(most),
           std::to_string(found));
  }
  void atLeast(const std::string &field, int64_t least, int64_t found) {
    if (found < least)
      fail(field, "at least " + std::to_string(least), std::to_string(found));
  }
  void tableIndex(const std::string &field, const char *table, uint32_t found,
                  size_t size) {
    if (found >= size)
      fail(field,
           "an index below " + std::to_string(size) + " (number of " + table +
               ")",
           std::to_string(found));
  }
  void loopIndex(const std::string &field, uint8_t loop) {
    bool hasLanes = tree.program.code[index].arrays.lanes > 1;
    if (loop < depth || (loop == laneLoop && hasLanes))
      return;
    fail(field, "one of the " + std::to_string(depth) + " enclosing loops",
         loop == laneLoop ? "the lane, which an instruction of one array does "
                            "not have"
                          : "loop " + std::to_string(loop));
  }
  void check(const std::string &field, const Affine &affine);
  void check(const std::string &field, const Count &count, int64_t most) {
    between(field, 0, most, count.cap);
    if (count.registerIndex)
      checkRegister(field + " register", *count.registerIndex);
    if (status && count.remaining)
      check(field, *count.remaining);
    if (!count.registerIndex || !status)
      return;
    Affine left = count.remaining.value_or(Affine());
    left.base += tree.program.registers[*count.registerIndex].most;
    check(field, left);
  }
  void checkRegister(const std::string &field, uint32_t found) {
    tableIndex(field, "registers", found, tree.program.registers.size());
  }
  void checkGuard(const Guard &guard);
  void checkEngine();
  void checkArrays();
  void checkUntouched();
  void checkEntries();
  void checkEntry(const FieldDescription &field, uint32_t expected,
                  const char *operand);
  void checkConversions(OperandRole role, const FieldDescription &owner,
                        const Product &product);

  const LoopTree &tree;
  size_t index;
  Box box;
  unsigned depth;
  Status status;
};

} // namespace

void FieldChecker::check(const std::string &field, const Affine &affine) {
  for (const DigitTerm &digit : affine.terms) {
    loopIndex(field + " digit loop", digit.loop);
    atLeast(field + " digit scale", 1, digit.scale);
    atLeast(field + " digit offset", 0, digit.offset);
    atLeast(field + " digit divisor", 1, digit.divisor);
    atLeast(field + " digit modulus", 0, digit.modulus);
    if (!status)
      return;
    Int linear = Int(box[digit.loop].second) * digit.scale + digit.offset;
    if (linear > limits::index)
      return fail(field + " digit", "a linear index of at most 2^62",
                  toText(linear));
  }
  if (Int reach = getReach(affine, box); reach > limits::index)
    fail(field, "a magnitude of at most 2^62", toText(reach));
}

void FieldChecker::operator()(const FieldDescription &field,
                              const std::optional<ZeroFill> &fill) {
  if (!fill)
    return;
  std::string name = field.name;
  between(name + " dim", 0, 3, fill->dim);
  check(name + " start", fill->start);
  between(name + " extent", 0, limits::magnitude, fill->extent);
}

void FieldChecker::operator()(const FieldDescription &field, uint32_t value) {
  const Program &program = tree.program;
  switch (field.table) {
  case TableKind::None:
    return between(field.name, field.least, field.most, value);
  case TableKind::Maps:
    return tableIndex(field.name, "maps", value, program.maps.size());
  case TableKind::Conversions:
    return tableIndex(field.name, "conversions", value,
                      program.conversions.size());
  case TableKind::Passes:
    return tableIndex(field.name, "passes", value, program.passes.size());
  case TableKind::Combines:
    return tableIndex(field.name, "combines", value, program.combines.size());
  case TableKind::Products:
    return tableIndex(field.name, "products", value, program.products.size());
  case TableKind::Tokens:
    return tableIndex(field.name, "tokens", value, program.tokens);
  case TableKind::Registers:
    checkRegister(field.name, value);
    if (uint32_t lanes = program.code[index].arrays.lanes; lanes > 1)
      fail("lanes",
           "1, because " + describeRegister(program, value) +
               " has one value, whichever lane were to write it",
           std::to_string(lanes));
    return;
  }
}

void FieldChecker::checkGuard(const Guard &guard) {
  if (isControl(tree.program.code[index].body))
    fail("guard", "none: control and tokens are unconditional", "one");
  loopIndex("guard loop", guard.loop);
  between("guard scale", 1, limits::magnitude, guard.scale);
  between("guard offset", 0, limits::magnitude, guard.offset);
  between("guard low", 0, limits::index, guard.low);
  between("guard extent", 0, limits::index, guard.extent);
  if (guard.registerIndex)
    checkRegister("guard register", *guard.registerIndex);
  if (status &&
      Int(box[guard.loop].second) * guard.scale + guard.offset > limits::index)
    fail("guard", "a linear index of at most 2^62", "a larger one");
}

/// "dma[0] or vec[0] or core[0 .. 8)".
static std::string listEngines(const Program &program) {
  std::string text;
  for (const char *word : engineWords)
    text += (text.empty() ? "" : " or ") + std::string(word) + "[0]";
  for (const ArrayGroup &group : program.groups)
    text += " or " + group.name + "[0 .. " + std::to_string(group.count) + ")";
  return text;
}

void FieldChecker::checkEngine() {
  const Program &program = tree.program;
  const Instruction &i = program.code[index];
  const InstructionDescription &description = i.getDescription();
  if (description.place == EnginePlace::None)
    return;
  std::string found = getEngineName(program, i);
  for (auto [place, kind] : {std::pair(EnginePlace::Dma, EngineKind::Dma),
                             {EnginePlace::Vec, EngineKind::Vec}})
    if (description.place == place && i.engine.kind != kind)
      fail("engine", getEngineWord(kind), found);
  if (description.place == EnginePlace::Array) {
    const ArrayGroup *group = findGroup(program, i);
    if (!group || group->machineClass != description.machineClass)
      fail("engine", "an array of class '" + description.machineClass + "'",
           found + (group ? " of class '" + group->machineClass + "'" : ""));
  }
  checkArrays();
  if (!hasEngines(program, i))
    fail("engine", listEngines(program), found);
}

/// Whether all of them exist at every iteration is a matter of bounds.
void FieldChecker::checkArrays() {
  const Instruction &i = tree.program.code[index];
  const ArrayRange &arrays = i.arrays;
  const ArrayGroup *group = findGroup(tree.program, i);
  if (arrays.isPlain() || !status)
    return;
  if (!group)
    return fail("engine", "an array, where there are lanes or digits",
                getEngineName(tree.program, i));
  between("lanes", 1, group->count, arrays.lanes);
  for (const DigitTerm &digit : arrays.digits)
    if (digit.loop == laneLoop)
      return fail("engine digit loop", "an enclosing loop", "the lane");
  check("engine", Affine{i.engine.index, arrays.digits});
}

/// Operands that an instruction does not touch are as in a fresh one: assembly
/// has no place for others.
void FieldChecker::checkUntouched() {
  const Body &body = tree.program.code[index].body;
  const InstructionDescription &description = body.getDescription();
  const Body fresh(description);
  for (const AccessDescription &access : description.accesses) {
    if (!access.isUsed || access.isUsed(body.data()))
      continue;
    const FieldDescription *strides = access.strides;
    const char *field = nullptr;
    if (strides &&
        strides->as<Stride4>(body.data()) != strides->as<Stride4>(fresh.data()))
      field = strides->name;
    if (access.address->as<Address>(body.data()) !=
        access.address->as<Address>(fresh.data()))
      field = access.address->name;
    if (field)
      fail(field, "zeros (the function does not touch it)", "others");
  }
}

/// The entries that an instruction names are those of its product: the pass,
/// the combine, and the conversions of the operands that are the same to the
/// array.
void FieldChecker::checkEntries() {
  const Body &body = tree.program.code[index].body;
  const FieldDescription *owner = body.getDescription().findProduct();
  if (!owner)
    return;
  const Product &product =
      tree.program.products[owner->as<uint32_t>(body.data())];
  for (OperandRole role : {OperandRole::Stationary, OperandRole::Streamed})
    checkConversions(role, *owner, product);
  for (const FieldDescription &field : body.getDescription().fields) {
    if (field.table == TableKind::Passes)
      checkEntry(field, product.pass, "");
    if (field.table == TableKind::Combines)
      checkEntry(field, product.combine, "");
  }
}

void FieldChecker::checkEntry(const FieldDescription &field, uint32_t expected,
                              const char *operand) {
  auto found = field.as<uint32_t>(tree.program.code[index].body.data());
  if (found != expected)
    fail(field.name,
         std::to_string(expected) + " (that of its product" + operand + ")",
         std::to_string(found));
}

void FieldChecker::checkConversions(OperandRole role,
                                    const FieldDescription &owner,
                                    const Product &product) {
  const InstructionDescription &description =
      tree.program.code[index].getDescription();
  auto fields = description.findConversions(role);
  if (fields.empty())
    return;
  std::vector<unsigned> operands = getOperands(product, role);
  bool isOne = fields.size() == 1;
  if (fields.size() != operands.size())
    return fail(owner.name,
                std::string("a product with ") +
                    (isOne ? "'stationary first' or 'stationary second'"
                           : "'stationary result'") +
                    " (the instruction has " + std::to_string(fields.size()) +
                    (isOne ? " operand that is " : " operands that are ") +
                    getRoleName(role) + ")",
                std::string("'stationary ") +
                    getStationaryName(product.stationary) + "'");
  for (size_t i = 0; i < fields.size(); ++i)
    checkEntry(*fields[i], product.conversions[operands[i]],
               operands[i] == 0 ? "'s first operand" : "'s second operand");
}

Status FieldChecker::run() {
  const Instruction &instruction = tree.program.code[index];
  if (instruction.layer != noLayer)
    tableIndex("layer", "layers", instruction.layer,
               tree.program.layers.size());
  checkEngine();
  if (instruction.guard)
    checkGuard(*instruction.guard);
  visitFields(instruction.body, *this);
  if (status)
    checkUntouched();
  if (status)
    checkEntries();
  // Rules between fields may rely on the fields.
  if (auto *rules = instruction.getDescription().check; rules && status.ok())
    rules(tree.program, instruction, *this);
  return status;
}

Status phx::checkNestRange(const LoopTree &tree, size_t instruction,
                           const char *name, const NestRange &range) {
  return FieldChecker(tree, instruction)
      .runRange(std::string("nest ") + name, range);
}

/// A loop is one operation of the dialect, with one layer; `halt` ends all of
/// them.
static Status checkControlLayers(const LoopTree &tree) {
  const Program &program = tree.program;
  for (const LoopNode &loop : tree.loops)
    if (program.code[loop.end].layer != program.code[loop.begin].layer)
      return failAt(program, loop.end, "layer",
                    "that of its loop at instruction " +
                        std::to_string(loop.begin),
                    "another");
  size_t halt = program.code.size() - 1;
  if (uint32_t layer = program.code[halt].layer; layer != noLayer)
    return failAt(program, halt, "layer", "none", std::to_string(layer));
  return Status::success();
}

Status phx::checkFields(const LoopTree &tree) {
  if (Status status = checkControlLayers(tree); !status)
    return status;
  for (size_t i = 0; i < tree.program.code.size(); ++i)
    if (Status status = FieldChecker(tree, i).run(); !status)
      return status;
  return Status::success();
}
