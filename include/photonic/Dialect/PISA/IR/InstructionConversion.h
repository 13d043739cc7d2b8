//===- InstructionConversion.h - Operations and instructions --*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An operation has an attribute for each field of its instruction. The calls
// that go through them one by one are generated from the descriptions; this
// file says how one field of each kind is converted. It is for the files alone
// that include what phx-generate-isa --conversions has written.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PISA_IR_INSTRUCTIONCONVERSION_H
#define PHOTONIC_DIALECT_PISA_IR_INSTRUCTIONCONVERSION_H

#include "photonic/Dialect/PISA/IR/PISA.h"

#include "mlir/IR/Builders.h"

#include <optional>
#include <type_traits>

namespace photonic::pisa::conversion {

//===----------------------------------------------------------------------===//
// Attributes to fields
//===----------------------------------------------------------------------===//

template <typename T> T &fieldOf(phx::Body &body, size_t number) {
  return body.getDescription().fields[number].as<T>(body.data());
}
template <typename T> const T &fieldOf(const phx::Body &body, size_t number) {
  return body.getDescription().fields[number].as<T>(body.data());
}

inline void assign(int64_t &field, uint64_t value) {
  field = static_cast<int64_t>(value);
}
inline void assign(uint32_t &field, uint64_t value) {
  field = static_cast<uint32_t>(value); // the verifier has seen that it fits
}
inline void assign(std::optional<uint32_t> &field, uint64_t value) {
  field = static_cast<uint32_t>(value);
}
inline void assign(bool &field, bool value) { field = value; }
inline void assign(float &field, const llvm::APFloat &value) {
  field = value.convertToFloat();
}
template <typename Enum>
  requires std::is_enum_v<Enum>
inline void assign(uint8_t &field, Enum value) {
  field = static_cast<uint8_t>(value);
}
inline void assign(phx::Affine &field, AffineAttr value) {
  field = value.getValue();
}
inline void assign(phx::Count &field, CountAttr value) {
  field = value.getValue();
}
inline void assign(std::optional<phx::ZeroFill> &field, ZeroFillAttr value) {
  field = value.getValue();
}
inline void assign(phx::Stride4 &field, llvm::ArrayRef<int64_t> value) {
  llvm::copy(value.take_front(4), field.begin());
}
inline void assign(phx::Shape4 &field, mlir::ArrayAttr value) {
  for (auto [slot, count] : llvm::zip(field, value.getAsRange<CountAttr>()))
    slot = count.getValue();
}
/// What the assembly leaves out is what a fresh instruction holds.
template <typename Field, typename Value>
inline void assign(Field &field, const std::optional<Value> &value) {
  if (value)
    assign(field, *value);
}

/// The memory of an address is an entry of the program around `op`.
inline void assignAddress(mlir::Operation *op, phx::Address &field,
                          AddressAttr value) {
  field = getAddress(op, value);
}
inline void assignAddress(mlir::Operation *op, phx::Address &field,
                          std::optional<AddressAttr> value) {
  if (value)
    assignAddress(op, field, *value);
}

/// The engine that an operation in a program names, or that its arrays are
/// counted from. The verifier has seen that its group exists.
phx::EngineId toEngine(mlir::Operation *op, llvm::StringRef unit,
                       AffineAttr number);
/// Which arrays execute it, counted from there.
inline phx::ArrayRange toArrayRange(AffineAttr number,
                                    std::optional<uint64_t> lanes) {
  return {number.getValue().terms, static_cast<uint32_t>(lanes.value_or(1))};
}

//===----------------------------------------------------------------------===//
// Fields to attributes
//===----------------------------------------------------------------------===//

/// Attributes of the fields of one instruction.
class FieldAttributes {
public:
  FieldAttributes(mlir::OpBuilder &builder, const phx::Program &program,
                  const phx::Body &body)
      : b(builder), context(builder.getContext()), program(program),
        body(body) {}

  mlir::IntegerAttr get(int64_t value) { return b.getI64IntegerAttr(value); }
  mlir::IntegerAttr get(uint32_t value) { return b.getI64IntegerAttr(value); }
  mlir::IntegerAttr get(const std::optional<uint32_t> &value) {
    return value ? get(*value) : mlir::IntegerAttr();
  }
  mlir::UnitAttr get(bool value) {
    return value ? b.getUnitAttr() : mlir::UnitAttr();
  }
  mlir::FloatAttr get(float value) { return b.getF32FloatAttr(value); }
  AffineAttr get(const phx::Affine &a) { return AffineAttr::get(context, a); }
  CountAttr get(const phx::Count &c) { return CountAttr::get(context, c); }
  AddressAttr get(const phx::Address &a) {
    return getAddress(context, program, a);
  }
  ZeroFillAttr get(const std::optional<phx::ZeroFill> &fill) {
    return fill ? ZeroFillAttr::get(context, *fill) : ZeroFillAttr();
  }
  mlir::DenseI64ArrayAttr get(const phx::Stride4 &strides) {
    return b.getDenseI64ArrayAttr(strides);
  }
  mlir::ArrayAttr get(const phx::Shape4 &shape) {
    llvm::SmallVector<mlir::Attribute> counts;
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

  mlir::OpBuilder &b;
  mlir::MLIRContext *context;
  const phx::Program &program;
  const phx::Body &body;
};

} // namespace photonic::pisa::conversion

#endif // PHOTONIC_DIALECT_PISA_IR_INSTRUCTIONCONVERSION_H
