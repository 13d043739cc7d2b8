//===- ResidentTest.cpp - Cells of arrays as a memory -----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Network.h"

#include "../support/ExpectError.h"
#include "phx/isa/TokenInsertion.h"
#include "phx/isa/Validator.h"
#include "phx/run/MachineCheck.h"

using namespace phx;
using namespace phx::testing;

namespace {

/// A matrix of M x K int32 numbers that lives in the cells: dma programs it,
/// a product reads it transposed, an update changes it in place, dma drains it.
struct Bank {
  static constexpr int64_t m = 8, k = 4;
  ProgramBuilder builder;
  uint32_t w, x, delta, cells, list, scale, acc, y, out;
  size_t programs = 0, load = 0, update = 0, drain = 0;

  Bank() {
    Program &program = builder.program;
    program.groups = {{"narrow", "crossbar", 3, 4, 8},
                      {"wide", "crossbar", 2, 16, 16}};
    program.memories = makeCrossbarMemories();
    auto add = [&](const char *name, Role role, std::vector<int64_t> shape,
                   uint32_t memory, ElementType type = ElementType::I32) {
      return builder.addRegion(name, role, std::move(shape), memory, type);
    };
    w = add("w", Role::Input, {m, k}, mem::dram);
    x = add("x", Role::Input, {m}, mem::act);
    delta = add("delta", Role::Input, {m, k}, mem::act);
    list = add("list", Role::Constant, {m}, mem::act);
    scale = add("scale", Role::Constant, {k}, mem::act, ElementType::F32);
    acc = add("acc", Role::Workspace, {k}, mem::grad, ElementType::I64);
    y = add("y", Role::Output, {k}, mem::grad, ElementType::F32);
    out = add("out", Role::Output, {m, k}, mem::dram);
    cells = add("cells", Role::Workspace, {m, k}, cellsMemory);
    std::vector<int32_t> numbers(m);
    for (int64_t i = 0; i < m; ++i)
      numbers[size_t(i)] = int32_t(i);
    builder.setData(list, numbers.data(), numbers.size() * 4);
    builder.setData(scale, std::vector<float>(k, 1.0f));
    program.memoryModel = MemoryModel::Hierarchy;
    programs = addCopy(cells, w);
    addProduct();
    addUpdate();
    drain = addCopy(out, cells);
  }

  Program finish() {
    Program program = builder.finish();
    Status status = insertTokens(program);
    EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
    return program;
  }

private:
  size_t add(EngineId engine, Body body) {
    builder.add(engine, std::move(body));
    return builder.program.code.size() - 1;
  }
  size_t addCopy(uint32_t to, uint32_t from) {
    DmaCopy copy;
    copy.dst = builder.at(to);
    copy.src = builder.at(from);
    copy.dstStride = copy.srcStride = {0, 0, 0, 4};
    copy.shape = {Count{1}, Count{1}, Count{1}, Count{m * k}};
    return add({EngineKind::Dma, 0}, copy);
  }
  void addProduct() {
    // Rows of the tile are columns of the matrix.
    AccessMap transposed;
    transposed.rows = {{k, 0, 1}};
    transposed.cols = {{m, 1, 1}};
    transposed.axes = {{k, 4, 0, 0, 0}, {m, 4 * k, 0, 0, 0}};
    CrossbarLoad tile;
    tile.map = builder.addMap(transposed);
    tile.src = builder.at(cells);
    tile.rows.cap = k;
    tile.cols.cap = m;
    load = add(narrow0, tile);
    CrossbarDot dot;
    dot.list = builder.at(list);
    dot.in = builder.at(x);
    dot.extent = 4 * m;
    dot.scale = builder.at(scale);
    dot.acc = builder.at(acc);
    dot.out = builder.at(y);
    dot.rows = tile.rows;
    dot.cols = tile.cols;
    dot.pass = crossbar::addPass(builder.program, {16, 1 << 15});
    add(narrow0, dot);
  }
  void addUpdate() {
    CrossbarUpdate change;
    change.cells = builder.at(cells);
    change.delta = builder.at(delta);
    change.count.cap = m * k;
    change.limit = 1000;
    update = add(narrow1, change);
  }
};

std::vector<int32_t> count(int64_t size, int32_t first, int32_t step) {
  std::vector<int32_t> values;
  for (int64_t i = 0; i < size; ++i)
    values.push_back(first + int32_t(i) * step);
  return values;
}

} // namespace

TEST(CrossbarResident, ProgrammedReadTransposedUpdatedAndDrained) {
  constexpr int64_t m = Bank::m, k = Bank::k;
  Program program = Bank().finish();
  Status valid = validate(program);
  ASSERT_TRUE(valid.ok()) << valid.error().message;
  EXPECT_GT(program.tokens, 0u);
  std::vector<int32_t> w = count(m * k, -9, 3), x = count(m, 2, 1),
                       delta = count(m * k, 5, -1);
  for (const char *kind : {"reference", "fast"}) {
    auto executor = createExecutor(kind, program);
    ASSERT_TRUE(executor.ok()) << executor.error().message;
    auto outputs =
        (*executor)->run({{"w", phx::testing::toArray(w, {m, k})},
                          {"x", phx::testing::toArray(x, {m})},
                          {"delta", phx::testing::toArray(delta, {m, k})}},
                         threads(2));
    ASSERT_TRUE(outputs.ok()) << outputs.error().message;
    std::vector<float> y = toVector(outputs->at("y"));
    for (int64_t j = 0; j < k; ++j) {
      int64_t sum = 0;
      for (int64_t i = 0; i < m; ++i)
        sum += int64_t(w[size_t(i * k + j)]) * x[size_t(i)];
      EXPECT_EQ(y[size_t(j)], float(sum)) << j;
    }
    std::vector<int32_t> out(size_t(m * k));
    std::memcpy(out.data(), outputs->at("out").bytes.data(), 4 * out.size());
    for (size_t i = 0; i < out.size(); ++i)
      EXPECT_EQ(out[i], w[i] + delta[i]) << i;
  }
}

TEST(CrossbarResident, ReachedByItsArraysAndDma) {
  auto error = [](auto change) {
    Bank bank;
    change(bank, bank.builder.program);
    return validateStructure(bank.builder.finish());
  };
  EXPECT_TRUE(error([](Bank &, Program &) {}).ok());
  EXPECT_ERROR(error([](Bank &bank, Program &program) {
                 program.code[bank.update].engine = wide0;
               }),
               "cells: expected a memory that wide[0] reaches (cells of group "
               "'narrow' are reached by its arrays and by dma), found cells");
  EXPECT_ERROR(error([](Bank &bank, Program &program) {
                 VecMap fill;
                 fill.fn = VecFn::Fill;
                 fill.dst = bank.builder.at(bank.cells);
                 fill.dstStride = {0, 0, 0, 4};
                 fill.shape = {Count{1}, Count{1}, Count{1}, Count{4}};
                 program.code[bank.update] = {
                     {EngineKind::Vec, 0}, noLayer, {}, fill};
               }),
               "dst: expected a memory that vec reaches");
  // The elements of a bank are words.
  EXPECT_ERROR(error([](Bank &bank, Program &program) {
                 auto &copy = getAs<DmaCopy>(program.code[bank.drain].body);
                 copy.width = 2;
               }),
               "expected elements that ");
  EXPECT_ERROR(error([](Bank &bank, Program &program) {
                 program.regions[bank.cells].type = ElementType::F32;
               }),
               "type: expected one that cells can hold, found f32");
  EXPECT_ERROR(error([](Bank &, Program &program) {
                 program.memories[cellsMemory].capacity = 64;
               }),
               "memory 4 'cells' bytes used: expected at most its capacity");
}

TEST(CrossbarResident, RacesAreFound) {
  Bank bank;
  EXPECT_ERROR(validateHazards(bank.builder.finish()),
               "hazard in memory 'cells' at byte 0");
}

TEST(CrossbarResident, PricedAsItsTargetSays) {
  crossbar::registerClass();
  Bank bank;
  Program program = bank.builder.finish();
  Target target = makeCrossbarTarget({"narrow.adc_bits=16"});
  program.target = target.spec.name();
  Status fits = checkMachine(program, target);
  ASSERT_TRUE(fits.ok()) << fits.error().message;
  constexpr uint64_t bytes = 4 * Bank::m * Bank::k;
  auto charge = [&](size_t index) {
    return getCharges(program, program.code[index], {}, target);
  };
  EXPECT_EQ(get(charge(bank.programs), getWriteCounter(cellsMemory)), bytes);
  EXPECT_EQ(get(charge(bank.load), getReadCounter(cellsMemory)), bytes);
  EXPECT_EQ(get(charge(bank.load), getWriteCounter(cellsMemory)), 0u);
  Counters64 update = charge(bank.update);
  EXPECT_EQ(get(update, getReadCounter(cellsMemory)), bytes);
  EXPECT_EQ(get(update, getWriteCounter(cellsMemory)), bytes);
  EXPECT_EQ(get(update, getReadCounter(mem::act)), bytes);
  Energies energies = priceCharges(update, target);
  EXPECT_DOUBLE_EQ(get(energies, components::scratchpad),
                   double(bytes) * (0.125 + 2 + 0.48));
  EXPECT_DOUBLE_EQ(get(getStaticPower(target, MemoryModel::Ideal),
                       components::scratchpad),
                   0.25e-3);
}
