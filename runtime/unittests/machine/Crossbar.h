//===- Crossbar.h - A machine class that only tests know --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Crossbars multiply integers: cells hold the stationary operand, a vector that
// an index list gathers drives the columns, and a converter of finite
// resolution reads one row after the other. Sums of readouts are 64-bit
// integers in memory; a result is their sum times the scale of its row. Banks
// of cells in memory are updated in place. Or the cells keep results, while
// both operands of a product pass.
//
// Everything about the class is in this folder. Opcodes 512 to 767.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_MACHINE_CROSSBAR_H
#define PHX_UNITTESTS_MACHINE_CROSSBAR_H

#include "unittests/machine/crossbar.pb.h"

#include "phx/energy/Energy.h"
#include "phx/exec/MachineUnit.h"
#include "phx/isa/LoopTree.h"
#include "phx/isa/Program.h"
#include "phx/timing/ClassDurations.h"

namespace phx {

/// Loads rows [rowStart, +rows) and contraction positions [kStart, +cols) of an
/// int32 matrix into the array. What is outside the map's extents is zero.
struct CrossbarLoad {
  static constexpr Opcode opcode{512};
  uint32_t map = 0;
  Address src;
  Affine rowStart, kStart;
  Count rows, cols;
  friend bool operator==(const CrossbarLoad &, const CrossbarLoad &) = default;
};

/// One vector past the array. For each row i of the tile:
///   sum = Σ_j cell(i, j) * in[list[j]]
///   acc[i] = (start == 0 ? 0 : acc[i]) + adc(sum)
///   out[i] = acc[i] * scale[i], in binary64, rounded to binary32
/// The pass says sum and converter, the combine addition and scale.
struct CrossbarDot {
  static constexpr Opcode opcode{513};
  uint32_t pass = 0, combine = 0;
  Address list; ///< cols int32 numbers of elements, in [0, extent / 4)
  Address in;   ///< int32
  int64_t extent = 0; ///< bytes behind `in` that the list may reach
  Address scale;      ///< rows binary32
  Address acc;        ///< rows int64
  Address out;        ///< rows binary32
  Count rows, cols;
  Affine start = {}; ///< >= 0
  friend bool operator==(const CrossbarDot &, const CrossbarDot &) = default;
};

/// What an update does with a cell that would leave [-limit, limit].
enum class Overflow : uint8_t { Saturate = 0, Refuse = 1 };

/// cells[i] += delta[i] >> shift (toward minus infinity), int32, in place.
struct CrossbarUpdate {
  static constexpr Opcode opcode{514};
  Address cells, delta;
  Count count;
  int64_t shift = 0, limit = 127;
  Overflow overflow = Overflow::Saturate;
  friend bool operator==(const CrossbarUpdate &,
                         const CrossbarUpdate &) = default;
};

/// Results stay: rows [rowStart, +rows) of the first operand of a product and
/// vectors [vecStart, +vectors) of the second pass the array, one contraction
/// position after the other, and cell (i, v) adds up their products. Then each
/// is read out:
///   sum = Σ_j first(rowStart + i, kStart + j) *
///             second(vecStart + v, kStart + j)
///   out(rowStart + i, vecStart + v) = (start == 0 ? 0 : out) + adc(sum)
struct CrossbarOuter {
  static constexpr Opcode opcode{515};
  uint32_t firstConversion = 0, secondConversion = 0;
  uint32_t pass = 0, combine = 0;
  uint32_t firstMap = 0, secondMap = 0; ///< column = contraction position
  uint32_t outMap = 0; ///< row = row of the first, column = row of the second
  Address first, second; ///< int32
  Address out;           ///< int64
  Affine rowStart, vecStart, kStart;
  Count rows, vectors, length;
  uint32_t product = 0;
  Affine start = {}; ///< >= 0
  Affine group = {}; ///< of the product's groups
  friend bool operator==(const CrossbarOuter &,
                         const CrossbarOuter &) = default;
};

/// Leaves out zeros: list[n] becomes the number of the n-th element of `in` that
/// is not zero, values[n] the element itself; how many there are goes to a count
/// register. Behind them both stay as they are.
struct CrossbarCompact {
  static constexpr Opcode opcode{516};
  Address in, values, list; ///< int32
  Count count;              ///< elements of `in`
  uint32_t into = 0;        ///< count register
  friend bool operator==(const CrossbarCompact &,
                         const CrossbarCompact &) = default;
};

using CrossbarInstructions =
    InstructionList<CrossbarLoad, CrossbarDot, CrossbarUpdate, CrossbarOuter,
                    CrossbarCompact>;

//===----------------------------------------------------------------------===//
// Operations of tables
//===----------------------------------------------------------------------===//

/// Two's complement integers of so many bits, as they are in memory.
struct Integer {
  static constexpr const char *operationName = "crossbar.integer";
  int64_t bits = 8;
  friend bool operator==(const Integer &, const Integer &) = default;
};

/// Sum of the products of a row of cells and a vector, exact.
struct CellDot {
  static constexpr const char *operationName = "crossbar.dot";
  friend bool operator==(const CellDot &, const CellDot &) = default;
};

/// s * 2^(bits - 1) / fullScale, rounded half to even and saturated to the
/// two's complement integers of `bits` bits.
struct Adc {
  static constexpr const char *operationName = "crossbar.adc";
  int64_t bits = 8, fullScale = 1;
  friend bool operator==(const Adc &, const Adc &) = default;
};

/// Readouts are added in 64-bit integers.
struct WideAdd {
  static constexpr const char *operationName = "crossbar.add_i64";
  friend bool operator==(const WideAdd &, const WideAdd &) = default;
};

/// A sum times the number of its row.
struct ChannelScale {
  static constexpr const char *operationName = "crossbar.channel_scale";
  friend bool operator==(const ChannelScale &, const ChannelScale &) = default;
};

namespace crossbar {

/// Appends a pass, and a combine if there is none; returns the pass.
uint32_t addPass(Program &program, const Adc &adc);

using Machine = proto::crossbar::Machine;

/// The arrays of a group, as described.
struct Arrays {
  double count = 0, rows = 0, columns = 0;
  const Machine *machine = nullptr;
};
Arrays getArrays(const Target &target, size_t group);

Counter getReadouts();
Counter getCellWrites();
Component getReadoutComponent();
Component getCellsComponent();

/// That the nests of products whose results stay compute them.
Status checkProducts(const LoopTree &tree);
void registerInstructions();
Result<std::unique_ptr<exec::MachineUnit>>
makeUnit(exec::Context &context, const exec::UnitOptions &options);
std::unique_ptr<ClassDurations> makeDurations(const Target &target);
void charge(const ArrayExecution &execution, Counters64 &charges);

/// Makes the class known: targets, instructions, simulation. Idempotent.
void registerClass();

} // namespace crossbar
} // namespace phx

#endif // PHX_UNITTESTS_MACHINE_CROSSBAR_H
