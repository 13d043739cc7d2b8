//===- Instruction.cpp - One instruction of a program ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Instruction.h"

#include "phx/isa/FieldReport.h"
#include "phx/isa/Instructions.h"
#include "phx/isa/Program.h"

#include <algorithm>

using namespace phx;

Body::Body() : Body(Halt()) {}

std::optional<CounterRange> phx::getCountersInside(const Guard &g,
                                                   int64_t last) {
  __extension__ using Int = __int128;
  // index = counter * scale + offset; scale >= 1.
  Int most = Int(g.extent) - 1 - g.offset, least = Int(g.low) - g.offset;
  if (most < 0)
    return std::nullopt;
  Int first = least <= 0 ? 0 : (least + g.scale - 1) / g.scale;
  Int end = std::min<Int>(last, most / g.scale);
  if (first > end)
    return std::nullopt;
  return CounterRange{static_cast<int64_t>(first), static_cast<int64_t>(end)};
}

bool phx::isExecuted(const Instruction &instruction, const Counters &counters) {
  if (!evaluate(instruction.guard, counters))
    return false;
  bool positive = true;
  visitCounts(instruction.body, [&](const FieldDescription &, const Count &n) {
    positive = positive && evaluate(n, counters) > 0;
  });
  return positive;
}

namespace {

/// Whether the lane has a say in what decides.
struct LaneFinder {
  bool found = false;

  void onCount(const FieldDescription &, const Count &count) {
    if (count.remaining)
      onValue(*count.remaining);
  }
  void onZeroFill(const ZeroFill &fill, const Shape4 &) { onValue(fill.start); }
  void onStart(const Affine &value) { onValue(value); }
  void onValue(const Affine &value) {
    for (const DigitTerm &digit : value.terms)
      found |= digit.loop == laneLoop;
  }
};

} // namespace

bool phx::variesByLane(const Instruction &instruction) {
  if (instruction.arrays.lanes == 1)
    return false;
  LaneFinder lanes;
  visitDeciding(instruction.body, lanes);
  return lanes.found ||
         (instruction.guard && instruction.guard->loop == laneLoop);
}

void FieldReport::checkWritten(const std::string &field, const Stride4 &strides,
                               const Shape4 &shape, unsigned dims) {
  for (unsigned d = 0; d < dims; ++d)
    if (strides[d] == 0 && shape[d].cap > 1)
      fail(field + "[" + std::to_string(d) + "]",
           "at least 4 (shape[" + std::to_string(d) + "] is above 1)", "0");
}

int64_t phx::byteWidth(ElementType type) {
  switch (type) {
  case ElementType::F32:
  case ElementType::I32:
    return 4;
  case ElementType::I64:
    return 8;
  case ElementType::BF16:
  case ElementType::I16:
    return 2;
  case ElementType::U8:
  case ElementType::I8:
  case ElementType::Bool:
  case ElementType::Block:
    return 1;
  }
  return 0;
}

const char *phx::getStationaryName(Stationary stationary) {
  static const char *const names[numStationary] = {"first", "second", "result"};
  return names[static_cast<unsigned>(stationary)];
}

std::vector<unsigned> phx::getOperands(const Product &product,
                                       OperandRole role) {
  std::optional<unsigned> stays = getStationaryOperand(product);
  if (role == OperandRole::Stationary && stays)
    return {*stays};
  if (role == OperandRole::Streamed)
    return stays ? std::vector<unsigned>{1 - *stays}
                 : std::vector<unsigned>{0, 1};
  return {};
}

const char *phx::getRoleName(Role role) {
  switch (role) {
  case Role::Parameter:
    return "parameter";
  case Role::State:
    return "state";
  case Role::Constant:
    return "constant";
  case Role::Input:
    return "input";
  case Role::Output:
    return "output";
  case Role::Workspace:
    return "workspace";
  }
  return "?";
}

const char *phx::getPhaseName(Phase phase) {
  static const char *const names[numPhases] = {
      "forward", "loss", "input_gradient", "weight_gradient", "update"};
  return names[static_cast<unsigned>(phase)];
}
