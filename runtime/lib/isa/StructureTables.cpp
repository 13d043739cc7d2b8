//===- StructureTables.cpp - Validation of a program's tables ---*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"

#include "Magnitudes.h"
#include "ProgramNames.h"
#include "TablePlace.h"
#include "phx/isa/Validator.h"

#include <algorithm>
#include <limits>
#include <set>

using namespace phx;
using namespace phx::detail;

static_assert(maxLoopDepth == limits::loopDepth);
static_assert(limits::windowPositions ==
                  std::numeric_limits<uint8_t>::max() + 1,
              "vec_pool_positions writes a position as one byte");

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

static Status checkDigits(const AccessMap &map,
                          const std::vector<MapDigit> &digits,
                          const Place &where) {
  Int product = 1;
  if (digits.size() > 16)
    return failTable(where, "at most 16", static_cast<int64_t>(digits.size()));
  for (size_t d = 0; d < digits.size(); ++d) {
    Place name = where + ("[" + std::to_string(d) + "] ");
    const MapDigit &digit = digits[d];
    if (digit.radix < 1)
      return failTable(name + "radix", "at least 1", digit.radix);
    if (digit.axis >= map.axes.size())
      return failTable(name + "axis",
                       "one of the map's " + std::to_string(map.axes.size()) +
                           " axes",
                       digit.axis);
    if (digit.step < -limits::magnitude || digit.step > limits::magnitude)
      return failTable(name + "step", "a magnitude of at most 2^50",
                       digit.step);
    product *= digit.radix;
    if (product > limits::magnitude)
      return failTable(where, "a product of radices of at most 2^50",
                       toText(product));
  }
  return Status::success();
}

static Status checkMaps(const Program &program) {
  for (size_t m = 0; m < program.maps.size(); ++m) {
    const AccessMap &map = program.maps[m];
    Place where = Place::at("map", m);
    if (map.axes.empty() || map.axes.size() > limits::mapAxes)
      return failTable(where + "axes",
                       "1 to " + std::to_string(limits::mapAxes),
                       static_cast<int64_t>(map.axes.size()));
    for (size_t a = 0; a < map.axes.size(); ++a) {
      Place name = where + ("axis " + std::to_string(a) + " ");
      const MapAxis &axis = map.axes[a];
      if (axis.extent < 0 || axis.extent > limits::magnitude)
        return failTable(name + "extent", "0 to 2^50", axis.extent);
      if (axis.stride < 0 || axis.stride > limits::magnitude)
        return failTable(name + "stride", "0 to 2^50", axis.stride);
      if (axis.offset < -limits::magnitude || axis.offset > limits::magnitude)
        return failTable(name + "offset", "a magnitude of at most 2^50",
                         axis.offset);
      if (axis.marginLow < 0 || axis.marginLow > limits::magnitude)
        return failTable(name + "low margin", "0 to 2^50", axis.marginLow);
      if (axis.marginHigh < 0 || axis.marginHigh > limits::magnitude)
        return failTable(name + "high margin", "0 to 2^50", axis.marginHigh);
    }
    if (Status s = checkDigits(map, map.rows, where + "row digits"); !s)
      return s;
    if (Status s = checkDigits(map, map.cols, where + "column digits"); !s)
      return s;
    if (std::string wrong = detail::findMagnitude(map); !wrong.empty())
      return Error{where.text + wrong, where.entry};
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

static Status checkProductShapes(const Program &program) {
  for (size_t p = 0; p < program.products.size(); ++p) {
    const Product &product = program.products[p];
    Place where = Place::at("product", p);
    if (product.layer != noLayer && product.layer >= program.layers.size())
      return failTable(where + "layer",
                       "an index below " +
                           std::to_string(program.layers.size()),
                       product.layer);
    for (auto [name, value] : {std::pair("m", product.m),
                               {"n", product.n},
                               {"k", product.k},
                               {"groups", product.groups},
                               {"positions", product.positions}})
      if (value < 1 || value > limits::magnitude)
        return failTable(where + name, "1 to 2^50", value);
    if (!limits::productStream.contains(product.stream))
      return failTable(where + "stream", limits::productStream.toText(),
                       product.stream);
    if (Int rows = Int(product.m) * product.positions; rows > limits::magnitude)
      return failTable(where + "m * positions", "at most 2^50", toText(rows));
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Layers, groups, memories, registers
//===----------------------------------------------------------------------===//

/// The region of the key of random numbers.
static Status checkRng(const Program &program) {
  if (!program.rng) {
    if (std::string entry = findRandomEntry(program); !entry.empty())
      return failTable("rng",
                       "a region of [seed, trial, step] (" + entry +
                           " draws random numbers)",
                       "none");
    return Status::success();
  }
  if (*program.rng >= program.regions.size())
    return failTable("rng",
                     "an index below " +
                         std::to_string(program.regions.size()) +
                         " (number of regions)",
                     *program.rng);
  const Region &region = program.regions[*program.rng];
  if (region.type != ElementType::F32 ||
      region.shape != std::vector<int64_t>{3})
    return failTable("rng", "a region of 3 elements of type float32",
                     "region '" + region.name + "'");
  return Status::success();
}

static Status checkIgnoredInputs(const Program &program) {
  std::set<std::string> names;
  for (const Region &region : program.regions)
    if (region.role == Role::Input)
      names.insert(region.name);
  for (const std::string &name : program.ignoredInputs)
    if (!names.insert(name).second)
      return failTable("ignored inputs", "names of no other input",
                       "'" + name + "'");
  return Status::success();
}

static Status checkLayers(const Program &program) {
  for (size_t l = 0; l < program.layers.size(); ++l) {
    const Layer &layer = program.layers[l];
    Place where = Place::at("layer", l, layer.name);
    if (static_cast<unsigned>(layer.phase) >= numPhases)
      return failTable(where + "phase",
                       "a phase below " + std::to_string(numPhases),
                       static_cast<int64_t>(layer.phase));
    if (layer.output && *layer.output >= program.regions.size())
      return failTable(where + "output",
                       "an index below " +
                           std::to_string(program.regions.size()) +
                           " (number of regions)",
                       *layer.output);
    if (layer.output &&
        program.regions[*layer.output].type == ElementType::Block)
      return failTable(
          where + "output", "a region that the host can read, or none",
          "blocks, region '" + program.regions[*layer.output].name + "'");
  }
  return Status::success();
}

static Status checkGroups(const Program &program) {
  int64_t arrays = 0;
  for (size_t g = 0; g < program.groups.size(); ++g) {
    const ArrayGroup &group = program.groups[g];
    Place where = Place::at("group", g);
    if (group.name.empty() || findEngineKind(group.name))
      return failTable(where + "name",
                       std::string("a name other than ") +
                           getEngineWord(EngineKind::Dma) + " and " +
                           getEngineWord(EngineKind::Vec),
                       "'" + group.name + "'");
    for (size_t other = 0; other < g; ++other)
      if (program.groups[other].name == group.name)
        return failTable(where + "name", "a name of its own",
                         "'" + group.name + "' again");
    if (!(limits::arraySide.contains(group.rows) &&
          limits::arraySide.contains(group.columns)))
      return failTable(
          where + "array", "sides of " + limits::arraySide.toText(),
          std::to_string(group.rows) + " x " + std::to_string(group.columns));
    arrays += group.count;
  }
  if (arrays > limits::arrays)
    return failTable("groups",
                     "at most " + std::to_string(limits::arrays) + " arrays",
                     arrays);
  return Status::success();
}

static Status checkMemory(const Program &program, const ProgramMemory &memory,
                          const Place &where) {
  if (static_cast<unsigned>(memory.kind) >= numMemoryKinds)
    return failTable(where + "kind", "off_chip, on_chip or resident",
                     static_cast<int64_t>(memory.kind));
  bool isResident = memory.kind == MemoryKind::Resident;
  if (memory.group.has_value() != isResident)
    return failTable(where + "group",
                     isResident ? "the group of arrays whose cells it is"
                                : "none (it is not resident)",
                     isResident ? "none" : "one");
  if (memory.group && *memory.group >= program.groups.size())
    return failTable(where + "group",
                     "an index below " + std::to_string(program.groups.size()) +
                         " (number of groups)",
                     static_cast<int64_t>(*memory.group));
  if (memory.capacity < 0 || memory.capacity > limits::magnitude)
    return failTable(where + "capacity", "0 to 2^50", memory.capacity);
  if (memory.bytes < 0 || memory.bytes > limits::magnitude)
    return failTable(where + "bytes used", "0 to 2^50", memory.bytes);
  if (program.memoryModel == MemoryModel::Hierarchy &&
      memory.bytes > memory.capacity)
    return failTable(where + "bytes used",
                     "at most its capacity, " + std::to_string(memory.capacity),
                     memory.bytes);
  for (size_t t = 0; t < memory.types.size(); ++t)
    if (static_cast<unsigned>(memory.types[t]) >= numElementTypes ||
        (t && memory.types[t] <= memory.types[t - 1]))
      return failTable(where + "types", "element types, each once, ascending",
                       getTypeWord(memory.types[t]));
  return Status::success();
}

static Status checkMemories(const Program &program) {
  if (program.memories.size() > static_cast<size_t>(limits::memories))
    return failTable("memories", "at most " + std::to_string(limits::memories),
                     static_cast<int64_t>(program.memories.size()));
  for (size_t m = 0; m < program.memories.size(); ++m) {
    const ProgramMemory &memory = program.memories[m];
    Place where = Place::at("memory", m, memory.name);
    if (memory.name.empty())
      return failTable(where + "name", "a name", "none");
    for (size_t other = 0; other < m; ++other)
      if (program.memories[other].name == memory.name)
        return failTable(where + "name", "a name of its own",
                         "'" + memory.name + "' again");
    if (Status status = checkMemory(program, memory, where); !status)
      return status;
  }
  return Status::success();
}

static Status checkRegisterTable(const Program &program) {
  if (program.registers.size() > static_cast<size_t>(limits::registers))
    return failTable("registers",
                     "at most " + std::to_string(limits::registers),
                     static_cast<int64_t>(program.registers.size()));
  for (size_t r = 0; r < program.registers.size(); ++r) {
    const CountRegister &each = program.registers[r];
    Place where = Place::at("register", r, each.name);
    if (each.name.empty())
      return failTable(where + "name", "a name", "none");
    for (size_t other = 0; other < r; ++other)
      if (program.registers[other].name == each.name)
        return failTable(where + "name", "a name of its own",
                         "'" + each.name + "' again");
    if (!limits::registerValue.contains(each.most))
      return failTable(where + "most", limits::registerValue.toText(),
                       each.most);
  }
  return Status::success();
}

Status phx::checkTables(const Program &program) {
  if (program.batch < 1)
    return failTable("batch", "at least 1", program.batch);
  if (Status status = checkNames(program); !status)
    return status;
  if (Status status = checkGroups(program); !status)
    return status;
  if (Status status = checkMemories(program); !status)
    return status;
  for (auto check :
       {checkRegisterTable, checkMaps, checkOperations, checkProductShapes,
        checkRegions, checkRng, checkIgnoredInputs, checkLayers})
    if (Status status = check(program); !status)
      return status;
  return Status::success();
}
