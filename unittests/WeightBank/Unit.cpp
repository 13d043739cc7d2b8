//===- Unit.cpp - What weight banks compute ---------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WeightBank.h"

#include <algorithm>
#include <atomic>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <map>

using namespace phx;
using namespace phx::exec;
using namespace phx::weightbank;

namespace {

/// Exact for every sum of an accumulator and a readout that rounds.
__extension__ using Quad = __float128;

/// What a BankSet left in an array.
struct Rings {
  int64_t rows = 0, cols = 0;
  std::vector<int32_t> values; ///< row major
};

/// Rows of an operand, converted.
struct Operand {
  const char *name;
  const AccessMap &map;
  const Address &address;
  const Fixed &format;
};

class Unit final : public MachineUnit {
public:
  explicit Unit(Context &context) : context(context) {}

  Status execute(const Instruction &instruction, LayerStatistics *) override {
    Rings &rings = arrays[{context.engine.group, context.engine.index}];
    if (const auto *set = getIf<BankSet>(instruction.body))
      return execute(*set, rings);
    return execute(getAs<BankRead>(instruction.body), rings);
  }

private:
  Status execute(const BankSet &set, Rings &rings);
  Status execute(const BankRead &read, const Rings &rings);
  Status convert(const Operand &operand, int64_t row, int64_t rows, int64_t k,
                 int64_t cols, std::vector<int32_t> &values);
  const Fixed &getFormat(uint32_t conversion) const {
    return *getIf<Fixed>(context.program.conversions[conversion]);
  }

  Context &context;
  std::map<std::pair<uint16_t, uint32_t>, Rings> arrays;
};

} // namespace

static float loadFloat(const uint8_t *at) {
  float value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// Errors: an element that is no number.
Status Unit::convert(const Operand &operand, int64_t row, int64_t rows,
                     int64_t k, int64_t cols, std::vector<int32_t> &values) {
  auto source =
      context.source(operand.name, operand.address,
                     context.getMapBounds(operand.map, operand.address, row,
                                          row + rows, k, k + cols));
  if (!source)
    return source.error();
  double most = double((int64_t(1) << (operand.format.bits - 1)) - 1);
  values.assign(size_t(rows * cols), 0);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < cols; ++j) {
      auto offset = getElementOffset(operand.map, row + i, k + j);
      if (!offset)
        continue;
      float value = loadFloat(source->at(*offset));
      if (!std::isfinite(value))
        return context.fail(
            context.locate(operand.address.memory,
                           context.value(operand.address.offset) + *offset) +
            " is " + exec::toText(value) + ": fixed point has no such number");
      double scaled = std::nearbyint(
          std::ldexp(double(value), int(operand.format.fraction)));
      values[size_t(i * cols + j)] = int32_t(std::clamp(scaled, -most, most));
    }
  return Status::success();
}

Status Unit::execute(const BankSet &set, Rings &rings) {
  rings.rows = context.value(set.rows);
  rings.cols = context.value(set.cols);
  return convert({"src", context.program.maps[set.map], set.src,
                  getFormat(set.conversion)},
                 context.value(set.rowStart), rings.rows,
                 context.value(set.kStart), rings.cols, rings.values);
}

/// The readout of a sum.
static int64_t readOut(int64_t sum, const Adc &adc) {
  int64_t codes = int64_t(1) << (adc.bits - 1), step = adc.fullScale / codes;
  int64_t code = sum / step, rest = sum % step; // toward zero
  int64_t away = sum < 0 ? -1 : 1, twice = 2 * std::abs(rest);
  if (twice > step || (twice == step && code % 2 != 0))
    code += away;
  return std::clamp(code, -codes, codes - 1) * step;
}

/// +0 where the magnitude is below 2^-126.
static float flush(float value) {
  return std::fabs(value) < FLT_MIN ? 0.0f : value;
}

/// The element of an accumulator when `readout` * 2^scale has been added.
static float add(float accumulator, int64_t readout, int scale) {
  return flush(float(Quad(flush(accumulator)) +
                     Quad(std::ldexp(double(readout), scale))));
}

Status Unit::execute(const BankRead &r, const Rings &rings) {
  const Program &program = context.program;
  int64_t row = context.value(r.rowStart), vec = context.value(r.vecStart);
  int64_t length = context.value(r.length);
  const Product &product = program.products[r.product];
  const AccessMap &outMap = program.maps[r.outMap];
  std::vector<int32_t> in;
  if (Status status =
          convert({"in", program.maps[r.inMap], r.in, getFormat(r.conversion)},
                  vec, length, context.value(r.kStart), rings.cols, in);
      !status)
    return status;
  auto out =
      context.target("out", r.out,
                     context.getMapBounds(outMap, r.out, row, row + rings.rows,
                                          vec, vec + length));
  if (!out)
    return out.error();
  const Adc &adc = *findIn<Adc>(program.passes[r.pass]);
  int scale = -int(getFormat(product.conversions[0]).fraction +
                   getFormat(product.conversions[1]).fraction);
  bool continues = context.value(r.start) != 0;
  std::atomic<bool> overflow{false};
  Status status =
      context.forEach(length, rings.rows * rings.cols, [&](size_t v, unsigned) {
        for (int64_t i = 0; i < rings.rows; ++i) {
          auto offset = getElementOffset(outMap, row + i, vec + int64_t(v));
          if (!offset)
            continue;
          int64_t sum = 0;
          for (int64_t j = 0; j < rings.cols; ++j)
            sum += int64_t(rings.values[size_t(i * rings.cols + j)]) *
                   in[v * size_t(rings.cols) + size_t(j)];
          uint8_t *at = out->at(*offset);
          float value =
              add(continues ? loadFloat(at) : 0.0f, readOut(sum, adc), scale);
          if (!std::isfinite(value))
            overflow = true;
          std::memcpy(at, &value, sizeof value);
        }
      });
  if (status.ok() && overflow)
    return context.fail("a sum left the range of binary32");
  return status;
}

Result<std::unique_ptr<MachineUnit>> weightbank::makeUnit(Context &context,
                                                          const UnitOptions &) {
  return std::unique_ptr<MachineUnit>(new Unit(context));
}
