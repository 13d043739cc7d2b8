//===- Instruction.h - One instruction of a program -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An instruction is what all have in common (engine, layer, guard) and a body:
// one of the structs that the instruction set describes. Which ones there are
// is open; machine classes add theirs (InstructionSet.h).
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_INSTRUCTION_H
#define PHX_ISA_INSTRUCTION_H

#include "phx/isa/Description.h"

#include <concepts>
#include <utility>

namespace phx {

/// A struct that an instruction set describes.
template <typename T>
concept DescribedInstruction = requires {
  { T::opcode } -> std::convertible_to<Opcode>;
};

/// The operands of one instruction: a value of one of the described structs.
class Body {
public:
  /// `halt`.
  Body();
  template <DescribedInstruction T>
  Body(T value)
      : description(&describeInstruction<T>()), storage(new T(std::move(value))) {}
  /// What a fresh instruction holds.
  explicit Body(const InstructionDescription &description)
      : description(&description), storage(description.create()) {}
  Body(const Body &other)
      : description(other.description),
        storage(description->clone(other.storage)) {}
  Body(Body &&other) noexcept
      : description(other.description),
        storage(std::exchange(other.storage, nullptr)) {}
  Body &operator=(Body other) noexcept {
    std::swap(description, other.description);
    std::swap(storage, other.storage);
    return *this;
  }
  ~Body() {
    if (storage)
      description->destroy(storage);
  }

  const InstructionDescription &getDescription() const { return *description; }
  Opcode getOpcode() const { return description->opcode; }
  /// The struct; what the fields of the description refer to.
  const void *data() const { return storage; }
  void *data() { return storage; }

  friend bool operator==(const Body &a, const Body &b) {
    return a.description == b.description &&
           a.description->equal(a.storage, b.storage);
  }

private:
  const InstructionDescription *description;
  void *storage;
};

/// The struct in `body` if it is a T, otherwise null.
template <DescribedInstruction T> const T *getIf(const Body &body) {
  return body.getOpcode() == T::opcode ? static_cast<const T *>(body.data())
                                       : nullptr;
}
template <DescribedInstruction T> T *getIf(Body &body) {
  return body.getOpcode() == T::opcode ? static_cast<T *>(body.data())
                                       : nullptr;
}
template <DescribedInstruction T> bool holds(const Body &body) {
  return body.getOpcode() == T::opcode;
}
/// The struct in `body`, which is a T.
template <DescribedInstruction T> const T &getAs(const Body &body) {
  return *static_cast<const T *>(body.data());
}
template <DescribedInstruction T> T &getAs(Body &body) {
  return *static_cast<T *>(body.data());
}

/// Several described structs.
template <typename... T> struct InstructionList {
  /// Calls `visit.template operator()<T>()` for each.
  template <typename Visitor> static void forEach(Visitor visit) {
    (visit.template operator()<T>(), ...);
  }
};

/// No layer: loops, tokens between layers, halt.
inline constexpr uint32_t noLayer = 0xffffffffu;

struct Instruction {
  EngineId engine;          ///< meaningless for Halt, Loop, End
  uint32_t layer = noLayer; ///< index into Program::layers
  std::optional<Guard> guard;
  Body body;
  ArrayRange arrays = {}; ///< of arrays: others than `engine` alone
  friend bool operator==(const Instruction &, const Instruction &) = default;

  const InstructionDescription &getDescription() const {
    return body.getDescription();
  }
};

/// True if the guard holds and no count is zero; of one lane.
bool isExecuted(const Instruction &instruction, const Counters &counters);

/// The first array that executes `instruction` at `counters`, by its number in
/// the group.
inline int64_t getFirstArray(const Instruction &instruction,
                             const Counters &counters) {
  int64_t first = instruction.engine.index;
  for (const DigitTerm &digit : instruction.arrays.digits)
    first += evaluate(digit, counters);
  return first;
}

/// Whether lanes differ in more than which bytes they touch: in whether they
/// execute the instruction, in time or in charges.
bool variesByLane(const Instruction &instruction);

/// How messages and listings name an instruction: "vec.pack".
inline const char *getMnemonic(const Body &body) {
  return body.getDescription().name.c_str();
}

//===----------------------------------------------------------------------===//
// Fields by description
//===----------------------------------------------------------------------===//

/// Calls `visit(field, value)` with the value of its C++ type (an enumeration
/// as uint8_t). `BodyPointer` is `void *` or `const void *`.
template <typename BodyPointer, typename Visitor>
void visitField(const FieldDescription &field, BodyPointer body,
                Visitor &&visit) {
  switch (field.kind) {
  case FieldKind::Number:
    return visit(field, field.as<int64_t>(body));
  case FieldKind::Index:
    return visit(field, field.as<uint32_t>(body));
  case FieldKind::Enum:
    return visit(field, field.as<uint8_t>(body));
  case FieldKind::Flag:
    return visit(field, field.as<bool>(body));
  case FieldKind::Float:
    return visit(field, field.as<float>(body));
  case FieldKind::Affine:
    return visit(field, field.as<Affine>(body));
  case FieldKind::Count:
    return visit(field, field.as<Count>(body));
  case FieldKind::Address:
    return visit(field, field.as<Address>(body));
  case FieldKind::Strides:
    return visit(field, field.as<Stride4>(body));
  case FieldKind::Shape:
    return visit(field, field.as<Shape4>(body));
  case FieldKind::ZeroFill:
    return visit(field, field.as<std::optional<ZeroFill>>(body));
  case FieldKind::Register:
    return visit(field, field.as<std::optional<uint32_t>>(body));
  }
}

/// All fields of a body in order.
template <typename Visitor> void visitFields(const Body &body, Visitor &&visit) {
  for (const FieldDescription &field : body.getDescription().fields)
    visitField(field, body.data(), visit);
}

/// Each count of a body, those of a shape one by one.
template <typename Visitor> void visitCounts(const Body &body, Visitor &&visit) {
  for (const FieldDescription &field : body.getDescription().fields) {
    if (field.kind == FieldKind::Count)
      visit(field, field.as<Count>(body.data()));
    if (field.kind == FieldKind::Shape)
      for (const Count &count : field.as<Shape4>(body.data()))
        visit(field, count);
  }
}

/// Each affine expression on which the execution of a body depends: counts,
/// addresses, starts, zero fill. `visit(field, affine)`.
template <typename Visitor>
void visitAffines(const Body &body, Visitor &&visit) {
  for (const FieldDescription &field : body.getDescription().fields) {
    const void *data = body.data();
    auto visitCount = [&](const Count &count) {
      if (count.remaining)
        visit(field, *count.remaining);
    };
    if (field.kind == FieldKind::Affine)
      visit(field, field.as<Affine>(data));
    if (field.kind == FieldKind::Address)
      visit(field, field.as<Address>(data).offset);
    if (field.kind == FieldKind::Count)
      visitCount(field.as<Count>(data));
    if (field.kind == FieldKind::Shape)
      for (const Count &count : field.as<Shape4>(data))
        visitCount(count);
    if (field.kind == FieldKind::ZeroFill)
      if (const auto &fill = field.as<std::optional<ZeroFill>>(data))
        visit(field, fill->start);
  }
}

/// Visits the fields by which executions of a body differ in more than which
/// bytes they touch: in whether they happen, in time or in charges. The guard
/// beside it is no field. Calls `visitor.onCount(field, count)`,
/// `onZeroFill(fill, shape)` with the shape that is filled, `onValue(affine)`
/// for what charges follow, and `onStart(affine)` for what decides by being 0
/// whether an accumulation starts.
template <typename Visitor>
void visitDeciding(const Body &body, Visitor &visitor) {
  const InstructionDescription &description = body.getDescription();
  const void *data = body.data();
  visitCounts(body, [&](const FieldDescription &field, const Count &count) {
    visitor.onCount(field, count);
  });
  for (const AccessDescription &access : description.accesses)
    if (access.zeroFill)
      if (const auto &fill = access.zeroFill->as<std::optional<ZeroFill>>(data))
        visitor.onZeroFill(*fill, access.shape->as<Shape4>(data));
  for (const FieldDescription *field : description.charged)
    visitor.onValue(field->as<Affine>(data));
  for (const FieldDescription &field : description.fields)
    if (field.role == FieldRole::AccumulationStart)
      visitor.onStart(field.as<Affine>(data));
}

} // namespace phx

#endif // PHX_ISA_INSTRUCTION_H
