//===- Unit.cpp - What crossbars compute ------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Crossbar.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>

using namespace phx;
using namespace phx::exec;

namespace {

__extension__ using Wide = __int128;

/// What a CrossbarLoad left in an array.
struct Tile {
  int64_t rows = 0, cols = 0;
  std::vector<int32_t> cells; ///< row major
};

class Unit final : public MachineUnit {
public:
  explicit Unit(Context &context) : context(context) {
    for (const OperationList &pass : context.program.passes)
      adcs.push_back(findIn<Adc>(pass));
  }

  Status execute(const Instruction &instruction, LayerStatistics *) override {
    const EngineId &engine = context.engine;
    Tile &tile = tiles[{engine.group, engine.index}];
    if (const auto *load = getIf<CrossbarLoad>(instruction.body))
      return execute(*load, tile);
    if (const auto *dot = getIf<CrossbarDot>(instruction.body))
      return execute(*dot, tile);
    if (const auto *outer = getIf<CrossbarOuter>(instruction.body))
      return execute(*outer);
    if (const auto *compact = getIf<CrossbarCompact>(instruction.body))
      return execute(*compact);
    return execute(getAs<CrossbarUpdate>(instruction.body));
  }

private:
  Status execute(const CrossbarLoad &load, Tile &tile);
  Status execute(const CrossbarDot &dot, const Tile &tile);
  Status execute(const CrossbarUpdate &update);
  Status execute(const CrossbarOuter &outer);
  Status read(const char *name, uint32_t conversion, uint32_t map,
              const Address &address, int64_t row, int64_t rows, int64_t k,
              int64_t length, std::vector<int32_t> &values);
  Status execute(const CrossbarCompact &compact);
  Status gather(const CrossbarDot &dot, std::vector<int32_t> &vector);

  Context &context;
  std::vector<const Adc *> adcs; ///< by pass
  std::map<std::pair<uint16_t, uint32_t>, Tile> tiles; ///< by array
};

} // namespace

template <typename T> static T load(const uint8_t *at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
template <typename T> static void store(uint8_t *at, T value) {
  std::memcpy(at, &value, sizeof value);
}

Status Unit::execute(const CrossbarLoad &l, Tile &tile) {
  const AccessMap &map = context.program.maps[l.map];
  int64_t row = context.value(l.rowStart), k = context.value(l.kStart);
  tile.rows = context.value(l.rows);
  tile.cols = context.value(l.cols);
  tile.cells.assign(size_t(tile.rows * tile.cols), 0);
  Result<SourceView> src = context.source(
      "src", l.src,
      context.getMapBounds(map, l.src, row, row + tile.rows, k,
                           k + tile.cols));
  if (!src)
    return src.error();
  for (int64_t i = 0; i < tile.rows; ++i)
    for (int64_t j = 0; j < tile.cols; ++j)
      if (auto offset = getElementOffset(map, row + i, k + j))
        tile.cells[size_t(i * tile.cols + j)] =
            ::load<int32_t>(src->at(*offset));
  return Status::success();
}

/// The elements that the list names.
Status Unit::gather(const CrossbarDot &dot, std::vector<int32_t> &vector) {
  auto cols = int64_t(vector.size());
  auto list = context.source("list", dot.list, ByteRange{0, 4 * cols});
  if (!list)
    return list.error();
  auto in = context.source("in", dot.in, ByteRange{0, dot.extent});
  if (!in)
    return in.error();
  for (int64_t j = 0; j < cols; ++j) {
    auto number = ::load<int32_t>(list->at(4 * j));
    if (number < 0 || number >= dot.extent / 4)
      return context.fail(
          context.locate(dot.list.memory,
                         context.value(dot.list.offset) + 4 * j) +
          " names element " + std::to_string(number) + " of " +
          std::to_string(dot.extent / 4));
    vector[size_t(j)] = ::load<int32_t>(in->at(4 * int64_t(number)));
  }
  return Status::success();
}

/// What the converter makes of a sum.
static int64_t convert(Wide sum, const Adc &adc) {
  auto [bits, fullScale] = adc;
  Wide numerator = sum * (Wide(1) << (bits - 1)), code = numerator / fullScale;
  Wide rest = numerator % fullScale;
  if (rest < 0) {
    rest += fullScale;
    --code;
  }
  if (2 * rest > fullScale || (2 * rest == fullScale && code % 2 != 0))
    ++code;
  Wide most = (Wide(1) << (bits - 1)) - 1;
  return int64_t(std::clamp<Wide>(code, -most - 1, most));
}

Status Unit::execute(const CrossbarDot &dot, const Tile &tile) {
  int64_t rows = context.value(dot.rows), cols = context.value(dot.cols);
  if (rows != tile.rows || cols != tile.cols)
    return context.fail("the array holds another tile");
  std::vector<int32_t> vector(static_cast<size_t>(cols));
  if (Status status = gather(dot, vector); !status)
    return status;
  auto scale = context.source("scale", dot.scale, ByteRange{0, 4 * rows});
  if (!scale)
    return scale.error();
  auto acc = context.target("acc", dot.acc, ByteRange{0, 8 * rows});
  if (!acc)
    return acc.error();
  auto out = context.target("out", dot.out, ByteRange{0, 4 * rows});
  if (!out)
    return out.error();
  bool continues = context.value(dot.start) != 0;
  const Adc &adc = *adcs[dot.pass];
  std::atomic<bool> overflow{false};
  Status status = context.forEach(rows, cols, [&](size_t i, unsigned) {
    Wide sum = 0;
    for (size_t j = 0; j < vector.size(); ++j)
      sum += Wide(tile.cells[i * vector.size() + j]) * vector[j];
    uint8_t *at = acc->at(int64_t(8 * i));
    int64_t value = continues ? ::load<int64_t>(at) : 0;
    if (__builtin_add_overflow(value, convert(sum, adc),
                               &value))
      overflow = true;
    store(at, value);
    store(out->at(int64_t(4 * i)),
          float(double(value) *
                double(::load<float>(scale->at(int64_t(4 * i))))));
  });
  if (status.ok() && overflow)
    return context.fail("a sum left the range of int64");
  return status;
}

/// Rows of an operand, `length` positions each, in the range of its conversion.
Status Unit::read(const char *name, uint32_t conversion, uint32_t index,
                  const Address &address, int64_t row, int64_t rows, int64_t k,
                  int64_t length, std::vector<int32_t> &values) {
  const AccessMap &map = context.program.maps[index];
  auto source = context.source(name, address,
                               context.getMapBounds(map, address, row,
                                                    row + rows, k, k + length));
  if (!source)
    return source.error();
  const Integer &format =
      *getIf<Integer>(context.program.conversions[conversion]);
  int64_t limit = int64_t(1) << (format.bits - 1);
  values.assign(size_t(rows * length), 0);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < length; ++j) {
      auto offset = getElementOffset(map, row + i, k + j);
      if (!offset)
        continue;
      auto value = ::load<int32_t>(source->at(*offset));
      if (value < -limit || value >= limit)
        return context.fail(
            context.locate(address.memory,
                           context.value(address.offset) + *offset) +
            " is " + std::to_string(value) + ", which " +
            std::to_string(format.bits) + " bits cannot hold");
      values[size_t(i * length + j)] = value;
    }
  return Status::success();
}

Status Unit::execute(const CrossbarOuter &o) {
  int64_t row = context.value(o.rowStart), vec = context.value(o.vecStart);
  int64_t k = context.value(o.kStart), length = context.value(o.length);
  int64_t rows = context.value(o.rows), vectors = context.value(o.vectors);
  std::vector<int32_t> first, second;
  if (Status s = read("first", o.firstConversion, o.firstMap, o.first, row,
                      rows, k, length, first);
      !s)
    return s;
  if (Status s = read("second", o.secondConversion, o.secondMap, o.second, vec,
                      vectors, k, length, second);
      !s)
    return s;
  const AccessMap &map = context.program.maps[o.outMap];
  auto out = context.target(
      "out", o.out,
      context.getMapBounds(map, o.out, row, row + rows, vec, vec + vectors));
  if (!out)
    return out.error();
  bool continues = context.value(o.start) != 0;
  const Adc &adc = *adcs[o.pass];
  std::vector<Wide> cells(size_t(rows * vectors), 0);
  for (int64_t j = 0; j < length; ++j)
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t v = 0; v < vectors; ++v)
        cells[size_t(i * vectors + v)] += Wide(first[size_t(i * length + j)]) *
                                          second[size_t(v * length + j)];
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t v = 0; v < vectors; ++v) {
      auto offset = getElementOffset(map, row + i, vec + v);
      if (!offset)
        continue;
      int64_t value = continues ? ::load<int64_t>(out->at(*offset)) : 0;
      if (__builtin_add_overflow(
              value, convert(cells[size_t(i * vectors + v)], adc), &value))
        return context.fail("a sum left the range of int64");
      store(out->at(*offset), value);
    }
  return Status::success();
}

Status Unit::execute(const CrossbarUpdate &update) {
  int64_t count = context.value(update.count);
  auto delta = context.source("delta", update.delta, ByteRange{0, 4 * count});
  if (!delta)
    return delta.error();
  auto cells = context.target("cells", update.cells, ByteRange{0, 4 * count});
  if (!cells)
    return cells.error();
  for (int64_t i = 0; i < count; ++i) {
    int64_t cell = ::load<int32_t>(cells->at(4 * i));
    cell += int64_t(::load<int32_t>(delta->at(4 * i))) >> update.shift;
    int64_t inside = std::clamp(cell, -update.limit, update.limit);
    if (inside != cell && update.overflow == Overflow::Refuse)
      return context.fail(
          context.locate(update.cells.memory,
                         context.value(update.cells.offset) + 4 * i) +
          " would become " + std::to_string(cell) + ", the limit is " +
          std::to_string(update.limit));
    store(cells->at(4 * i), int32_t(inside));
  }
  return Status::success();
}

Status Unit::execute(const CrossbarCompact &compact) {
  int64_t count = context.value(compact.count), left = 0;
  ByteRange range{0, 4 * count};
  auto in = context.source("in", compact.in, range);
  if (!in)
    return in.error();
  auto values = context.target("values", compact.values, range);
  if (!values)
    return values.error();
  auto list = context.target("list", compact.list, range);
  if (!list)
    return list.error();
  for (int64_t i = 0; i < count; ++i) {
    auto value = ::load<int32_t>(in->at(4 * i));
    if (value == 0)
      continue;
    store(values->at(4 * left), value);
    store(list->at(4 * left++), int32_t(i));
  }
  return context.writeRegister(compact.into, left, [&] {
    return "the number of elements that are not zero";
  });
}

Result<std::unique_ptr<MachineUnit>>
crossbar::makeUnit(Context &context, const UnitOptions &) {
  return std::unique_ptr<MachineUnit>(new Unit(context));
}
