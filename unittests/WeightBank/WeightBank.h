//===- WeightBank.h - Banks of microring weights ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A machine class that only tests know, from the target to the compiler:
// everything about it is in this folder. Rings hold signed fixed-point weights,
// vectors of light pass them, detectors sum up, and a converter of finite
// resolution reads each row. Opcodes 64512 to 64767.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_WEIGHTBANK_WEIGHTBANK_H
#define PHOTONIC_UNITTESTS_WEIGHTBANK_WEIGHTBANK_H

#include "weightbank.pb.h"

#include "phx/energy/Energy.h"
#include "phx/exec/MachineUnit.h"
#include "phx/isa/Program.h"
#include "phx/timing/ClassDurations.h"

namespace phx {

/// Sets the rings: element (i, j) = map(rowStart + i, kStart + j), converted;
/// what is outside of the map's extents is zero.
struct BankSet {
  static constexpr Opcode opcode{64512};
  uint32_t conversion = 0; ///< of the stationary operand
  uint32_t map = 0;
  Address src;
  Affine rowStart, kStart;
  Count rows, cols;
  uint32_t product = 0;
  friend bool operator==(const BankSet &, const BankSet &) = default;
};

/// Vectors past the rings. For each vector v and row i:
///   sum = Σ_j ring(i, j) * x(v, j)
///   out(rowStart + i, v) = scaled_add(start == 0 ? 0 : out, adc(sum))
struct BankRead {
  static constexpr Opcode opcode{64513};
  uint32_t conversion = 0; ///< of the streamed operand
  uint32_t pass = 0, combine = 0;
  uint32_t inMap = 0;  ///< row = vector, column = contraction position
  uint32_t outMap = 0; ///< row = row of the rings, column = vector
  Address in, out;
  Affine rowStart, kStart, vecStart;
  Count rows, cols, length;
  uint32_t product = 0;
  Affine start = {}; ///< >= 0
  friend bool operator==(const BankRead &, const BankRead &) = default;
};

using BankInstructions = InstructionList<BankSet, BankRead>;

namespace weightbank {

/// round(x * 2^fraction), half to even, saturated to the integers of `bits`
/// bits but the lowest; in groups, each of which is one term.
struct Fixed {
  static constexpr const char *operationName = "weightbank.fixed";
  int64_t bits = 8, fraction = 4, group = 8;
  friend bool operator==(const Fixed &, const Fixed &) = default;
};

/// Sum of the products of a row of rings and a vector, exact.
struct Dot {
  static constexpr const char *operationName = "weightbank.dot";
  friend bool operator==(const Dot &, const Dot &) = default;
};

/// The multiple of a step, full_scale / 2^(bits - 1), that is next to a sum
/// (half to even), within the two's complement integers of `bits` bits times
/// the step.
struct Adc {
  static constexpr const char *operationName = "weightbank.adc";
  int64_t bits = 8, fullScale = 128;
  friend bool operator==(const Adc &, const Adc &) = default;
};

using Machine = proto::weightbank::Machine;

Counter getRingsSet();
Counter getReadouts();

void registerInstructions();
Result<std::unique_ptr<exec::MachineUnit>>
makeUnit(exec::Context &context, const exec::UnitOptions &options);
/// Makes the class known to the runtime: targets, instructions, simulation.
/// Idempotent.
void registerClass();

} // namespace weightbank
} // namespace phx

#endif // PHOTONIC_UNITTESTS_WEIGHTBANK_WEIGHTBANK_H
