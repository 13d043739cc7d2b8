//===- ProgramSummary.cpp - What a program file says ----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/report/ProgramSummary.h"

#include "Summary.h"

#include "phx/isa/Inventory.h"
#include "phx/support/Hex.h"

#include <nlohmann/json.hpp>

using namespace phx;
using Json = nlohmann::ordered_json;

static Json makeHeader(const Program &program) {
  Json groups = Json::array();
  for (const ArrayGroup &group : program.groups)
    groups.push_back(std::to_string(group.count) + " " + group.name + " of " +
                     group.machineClass + ", " + std::to_string(group.rows) +
                     " x " + std::to_string(group.columns));
  return {{"name", program.name},
          {"target", program.target},
          {"target_hash", toHex(program.targetHash)},
          {"memory_model", report::getMemoryModelName(program.memoryModel)},
          {"kind", getKindName(program.kind)},
          {"batch", program.batch},
          {"compiler", program.compiler},
          {"groups", groups},
          {"tokens", program.tokens},
          {"registers", program.registers.size()},
          {"machine", program.machine}};
}

static Json makeMemories(const Program &program) {
  Json list = Json::array();
  for (const ProgramMemory &memory : program.memories)
    list.push_back({{"name", memory.name},
                    {"kind", getKindName(memory.kind)},
                    {"capacity_bytes", memory.capacity},
                    {"used_bytes", memory.bytes}});
  return list;
}

static Json makeRegions(const Program &program) {
  Json list = Json::array();
  for (const Region &region : program.regions)
    list.push_back({{"name", region.name},
                    {"role", getRoleName(region.role)},
                    {"type", getTypeWord(region.type)},
                    {"shape", region.shape},
                    {"memory", getMemoryName(program, region.memory)},
                    {"bytes", region.bytes}});
  return list;
}

static Json makeProduct(const Program &program, const Product &product) {
  auto [first, second] = product.conversions;
  return {{"m", product.m},
          {"n", product.n},
          {"k", product.k},
          {"groups", product.groups},
          {"positions", product.positions},
          {"stationary", getStationaryName(product.stationary)},
          {"first_format", spell(program.conversions[first])},
          {"second_format", spell(program.conversions[second])},
          {"pass", toAssembly(program.passes[product.pass])},
          {"combine", toAssembly(program.combines[product.combine])}};
}

static Json makeInventory(const Program &program, const LayerInventory &layer) {
  Json instructions = Json::array(), transfers = Json::array();
  for (const auto &[what, count] : layer.instructions)
    instructions.push_back({{"kind", what.first},
                            {"engine", what.second},
                            {"instructions", count.instructions},
                            {"executions", count.executions}});
  for (const auto &[way, bytes] : layer.transferred)
    transfers.push_back({{"from", getMemoryName(program, way.first)},
                         {"to", getMemoryName(program, way.second)},
                         {"bytes", bytes}});
  return {{"instructions", instructions}, {"transfers", transfers}};
}

static Json makeLayers(const Program &program, const Inventory &inventory) {
  Json list = Json::array();
  for (size_t i = 0; i < program.layers.size(); ++i) {
    const Layer &layer = program.layers[i];
    Json products = Json::array();
    for (const Product &product : program.products)
      if (product.layer == i)
        products.push_back(makeProduct(program, product));
    Json entry = {{"name", layer.name},
                  {"op", layer.op},
                  {"phase", getPhaseName(layer.phase)}};
    entry.update(makeInventory(program, inventory.layers[i]));
    entry["products"] = products;
    list.push_back(entry);
  }
  return list;
}

Result<std::string> phx::makeProgramSummary(const Program &program) {
  Result<Inventory> inventory = takeInventory(program);
  if (!inventory)
    return inventory.error();
  Json summary = {{"header", makeHeader(program)},
                  {"memories", makeMemories(program)},
                  {"regions", makeRegions(program)},
                  {"layers", makeLayers(program, *inventory)},
                  {"rest", makeInventory(program, inventory->rest)},
                  {"is_bound", inventory->isBound}};
  // ONNX names may hold any bytes; JSON holds UTF-8.
  return summary.dump(-1, ' ', false, Json::error_handler_t::replace);
}
