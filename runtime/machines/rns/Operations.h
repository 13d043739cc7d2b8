//===- Operations.h - What residue arrays compute ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operations of the tables of passes, and which entries of the tables belong
// together on residue arrays. Compiler and runtime share it.
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_RNS_OPERATIONS_H
#define MACHINES_RNS_OPERATIONS_H

#include "phx/isa/BaseOperations.h"
#include "phx/isa/Limits.h"
#include "phx/isa/Program.h"

#include <variant>

namespace phx::rns {

//===----------------------------------------------------------------------===//
// Limits
//===----------------------------------------------------------------------===//

/// One modulus: residues from 0 on have 16 bits.
inline constexpr limits::Range modulusRange{2, 65536};
/// The product of the moduli of a pass. Reconstruction sums residues times
/// weights below it, in 128 bits, and takes differences of its result in 64.
inline constexpr int64_t maxModuliProduct = int64_t(1) << 62;
/// Moduli of a pass: the product of the first 16 primes is above 2^62, so that
/// no more are pairwise coprime.
inline constexpr limits::Range moduliCount{1, 15};

static_assert(limits::groupLength.high * (modulusRange.high - 1) *
                      (modulusRange.high - 1) <
                  int64_t(1) << 53,
              "products of residues are summed in 64 bits");

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

/// Σ a * b of the columns of a pass, modulo each of the moduli.
struct ModularDot {
  static constexpr const char *operationName = "rns.modular_dot";
  std::vector<int64_t> moduli; ///< pairwise coprime
  friend bool operator==(const ModularDot &, const ModularDot &) = default;
};

/// The signed integer that has the residues of the operation before.
struct ReverseConvert {
  static constexpr const char *operationName = "rns.reverse_convert";
  friend bool operator==(const ReverseConvert &,
                         const ReverseConvert &) = default;
};

/// The pass of an array with these moduli.
OperationList makePass(std::vector<int64_t> moduli);
/// Their product.
int64_t multiplyModuli(const std::vector<int64_t> &moduli);

/// What entries of the tables say that an array computes.
struct Computation {
  /// Of the first and the second operand; under the bypass the groups alone
  /// have a meaning.
  std::array<Bfp, 2> operands;
  /// Terms of the accumulator: the shorter of the operands' groups, of which
  /// the longer one is a multiple.
  int64_t group = 1;
  const ModularDot *dot = nullptr; ///< null: the bypass
};

/// What `product`, whose indices are in range, computes; or why residue arrays
/// do not: `parameter` is the field of an instruction.
std::variant<Computation, BrokenRule> getComputation(const Program &program,
                                                     const Product &product);
/// The operand (0 or 1) of `product` that is stationary, or streamed, in
/// residue arrays, which keep one of both.
inline unsigned getOperand(const Product &product, OperandRole role) {
  bool firstStays = product.stationary == Stationary::First;
  return (role == OperandRole::Stationary) == firstStays ? 0 : 1;
}
/// Why a pass of an array of `columns` may leave the signed range of its
/// moduli; nothing if it cannot.
std::optional<BrokenRule> findOverflow(const Computation &computation,
                                       int64_t columns);
/// The group of a product's terms, and the longer one of both operands; 1 if
/// there is none.
int64_t getTermGroup(const Program &program, const Product &product);
int64_t getLongestGroup(const Program &program, const Product &product);

/// How often an array of `columns` takes a part of `length` contraction
/// positions in groups: a group longer than the array takes several passes, a
/// shorter one takes one of its own.
int64_t countGroupPasses(int64_t length, int64_t group, int64_t columns);

/// Makes the operations known. Idempotent.
void registerOperations();

} // namespace phx::rns

#endif // MACHINES_RNS_OPERATIONS_H
