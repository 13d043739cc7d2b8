//===- FieldReport.h - What is wrong with an instruction --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the checks of an instruction's description talk to.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_FIELDREPORT_H
#define PHX_ISA_FIELDREPORT_H

#include "phx/isa/Instruction.h"

#include <string>

namespace phx {

/// Rules between the fields of one instruction, and between them and the
/// program's tables, whatever the loop counters. The first failure sticks.
class FieldReport {
public:
  virtual ~FieldReport() = default;
  virtual const Program &getProgram() const = 0;
  virtual bool isClean() const = 0;
  virtual void fail(const std::string &field, const std::string &expected,
                    const std::string &found) = 0;

  /// `strides` of a destination give each element of the `dims` outermost
  /// dimensions an address of its own, as far as repeated addresses (stride 0)
  /// go.
  void checkWritten(const std::string &field, const Stride4 &strides,
                    const Shape4 &shape, unsigned dims);
};

/// Rules that have to hold in every iteration in which the instruction is
/// executed. The first failure sticks.
class BoundsReport {
public:
  virtual ~BoundsReport() = default;
  virtual const Program &getProgram() const = 0;
  /// 0 <= value <= most.
  virtual void checkWithin(const std::string &field, const Affine &value,
                           int64_t most, const std::string &expected) = 0;
  /// Indices start, ..., start + count - 1 belong to one block of `size`.
  virtual void checkBlock(const std::string &field, const std::string &expected,
                          int64_t size, const Affine &start,
                          const Count &count) = 0;
};

/// Adapts a check of one struct to the description's form.
template <typename T, void (*function)(const T &, FieldReport &)>
void checkBody(const Program &, const Instruction &instruction,
               FieldReport &report) {
  function(getAs<T>(instruction.body), report);
}
template <typename T, void (*function)(const T &, BoundsReport &)>
void checkBodyBounds(const Program &, const Instruction &instruction,
                     BoundsReport &report) {
  function(getAs<T>(instruction.body), report);
}

} // namespace phx

#endif // PHX_ISA_FIELDREPORT_H
