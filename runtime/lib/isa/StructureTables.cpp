//===- StructureTables.cpp - Structural validation of a program's tables -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"

#include "Magnitudes.h"
#include "phx/isa/Validator.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

using namespace phx;

static Error failTable(const std::string &where, const std::string &expected,
                       const std::string &found) {
  return Error{where + ": expected " + expected + ", found " + found};
}

static Error failTable(const std::string &where, const std::string &expected,
                       int64_t found) {
  return failTable(where, expected, std::to_string(found));
}

static_assert(maxLoopDepth == limits::loopDepth);
static_assert(limits::windowPositions ==
                  std::numeric_limits<uint8_t>::max() + 1,
              "vec_pool_positions writes a position as one byte");

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

static Status checkDigits(const AccessMap &map,
                          const std::vector<MapDigit> &digits,
                          const std::string &where) {
  Int product = 1;
  if (digits.size() > 16)
    return failTable(where, "at most 16", static_cast<int64_t>(digits.size()));
  for (size_t d = 0; d < digits.size(); ++d) {
    std::string name = where + "[" + std::to_string(d) + "] ";
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
    std::string where = "map " + std::to_string(m) + " ";
    if (map.axes.empty() || map.axes.size() > 4)
      return failTable(where + "axes", "1 to 4",
                       static_cast<int64_t>(map.axes.size()));
    for (size_t a = 0; a < map.axes.size(); ++a) {
      std::string name = where + "axis " + std::to_string(a) + " ";
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
      return Error{where + wrong};
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

static Status checkProductShapes(const Program &program) {
  for (size_t p = 0; p < program.products.size(); ++p) {
    const Product &product = program.products[p];
    std::string where = "product " + std::to_string(p) + " ";
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
// Regions, layers, data
//===----------------------------------------------------------------------===//

/// Bytes that shape and type need; nothing if the shape is out of range.
static std::optional<int64_t> getNeededBytes(const Region &region) {
  Int bytes = byteWidth(region.type);
  for (int64_t extent : region.shape) {
    if (extent < 0)
      return std::nullopt;
    bytes *= extent;
    if (bytes > limits::magnitude)
      return std::nullopt;
  }
  return static_cast<int64_t>(bytes);
}

static Status checkLabels(const Region &region, const std::string &where) {
  if (region.role != Role::Input || region.type != ElementType::F32)
    return failTable(where + "labels", "an input of type float32",
                     "another region");
  if (region.labels->classes < 1 ||
      region.labels->classes > limits::wholeNumber)
    return failTable(where + "classes", "1 to 2^24", region.labels->classes);
  int64_t ignore = region.labels->ignoreIndex.value_or(0);
  if (ignore < -limits::wholeNumber || ignore > limits::wholeNumber)
    return failTable(where + "ignore index", "a magnitude of at most 2^24",
                     ignore);
  return Status::success();
}

static Status checkBatchAxis(const Program &program, const Region &region,
                             const std::string &where) {
  if (region.role != Role::Input && region.role != Role::Output)
    return failTable(where + "batch axis", "one of an input or an output only",
                     "one of another region");
  if (*region.batchAxis >= region.shape.size())
    return failTable(where + "batch axis",
                     "a dimension below " + std::to_string(region.shape.size()),
                     *region.batchAxis);
  if (int64_t extent = region.shape[*region.batchAxis]; extent != program.batch)
    return failTable(where + "batch axis",
                     "a dimension of extent " + std::to_string(program.batch) +
                         ", the program's batch",
                     extent);
  return Status::success();
}

static Status checkRegion(const Program &program, const Region &region,
                          const std::string &where) {
  if (region.isMutable && region.role != Role::Parameter &&
      region.role != Role::State)
    return failTable(where + "role", "parameter or state (it is mutable)",
                     static_cast<int64_t>(region.role));
  if (region.labels)
    if (Status status = checkLabels(region, where); !status)
      return status;
  if (region.batchAxis)
    if (Status status = checkBatchAxis(program, region, where); !status)
      return status;
  std::optional<int64_t> needed = getNeededBytes(region);
  if (!needed)
    return failTable(where + "shape",
                     "extents of at least 0 and at most 2^50 bytes", "others");
  if (region.bytes < *needed)
    return failTable(where + "bytes",
                     "at least " + std::to_string(*needed) +
                         " for its shape and type",
                     region.bytes);
  if (region.address < 0 || region.address % 64)
    return failTable(where + "address", "a multiple of 64, at least 0",
                     region.address);
  if (region.memory >= program.memories.size())
    return failTable(where + "memory",
                     "an index below " +
                         std::to_string(program.memories.size()) +
                         " (number of memories)",
                     static_cast<int64_t>(region.memory));
  const ProgramMemory &home = program.memories[region.memory];
  int64_t size = home.bytes;
  if (Int(region.address) + region.bytes > size)
    return failTable(where + "end",
                     "at most " + std::to_string(size) + " (bytes used of " +
                         home.name + ")",
                     toText(Int(region.address) + region.bytes));
  if (program.memoryModel == MemoryModel::Ideal &&
      home.kind == MemoryKind::OffChip)
    return failTable(where + "memory",
                     "one on chip (the ideal memory model has no other)",
                     home.name);
  if (std::find(home.types.begin(), home.types.end(), region.type) ==
      home.types.end())
    return failTable(where + "type", "one that " + home.name + " can hold",
                     getTypeWord(region.type));
  if (!region.data)
    return Status::success();
  if (*region.data >= program.data.size())
    return failTable(where + "data",
                     "an index below " + std::to_string(program.data.size()),
                     *region.data);
  if (uint64_t found = program.data[*region.data].size;
      found != static_cast<uint64_t>(*needed))
    return failTable(where + "data",
                     std::to_string(*needed) + " bytes for its shape and type",
                     std::to_string(found));
  return Status::success();
}

/// What is in memory before the first instruction must not share bytes.
static Status checkInitialContents(const Program &program) {
  std::vector<const Region *> initial;
  for (const Region &region : program.regions)
    if ((region.data || region.role == Role::Input || region.isMutable) &&
        region.bytes > 0)
      initial.push_back(&region);
  std::sort(
      initial.begin(), initial.end(), [](const Region *a, const Region *b) {
        return std::tie(a->memory, a->address) < std::tie(b->memory, b->address);
      });
  const Region *last = nullptr; // reaches furthest so far
  for (const Region *region : initial) {
    bool sharesMemory = last && last->memory == region->memory;
    bool isAlias = sharesMemory && last->address == region->address &&
                   last->data && last->data == region->data &&
                   !last->isMutable && !region->isMutable;
    if (sharesMemory && region->address < last->address + last->bytes &&
        !isAlias)
      return Error{"regions '" + last->name + "' and '" + region->name +
                   "': both are filled before the run and share bytes from " +
                   std::to_string(region->address) + " of " +
                   getMemoryName(program, region->memory)};
    if (!sharesMemory ||
        region->address + region->bytes > last->address + last->bytes)
      last = region;
  }
  return Status::success();
}

static Status checkRegions(const Program &program) {
  std::set<std::string> interface;
  for (size_t r = 0; r < program.regions.size(); ++r) {
    const Region &region = program.regions[r];
    std::string where =
        "region " + std::to_string(r) + " '" + region.name + "' ";
    if (Status status = checkRegion(program, region, where); !status)
      return status;
    // Looked up by name: one input, one output and one mutable of a name.
    const char *kind = region.role == Role::Input    ? "i"
                       : region.role == Role::Output ? "o"
                       : region.isMutable            ? "m"
                                                     : nullptr;
    if (kind && !interface.insert(kind + region.name).second)
      return failTable(where + "name",
                       std::string("a name that no other ") +
                           (region.isMutable ? "mutable region has"
                                             : "region of its role has"),
                       "'" + region.name + "' twice");
  }
  return checkInitialContents(program);
}

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
    std::string where = "layer " + std::to_string(l) + " '" + layer.name + "' ";
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
  }
  return Status::success();
}

static Status checkGroups(const Program &program) {
  int64_t arrays = 0;
  for (size_t g = 0; g < program.groups.size(); ++g) {
    const ArrayGroup &group = program.groups[g];
    std::string where = "group " + std::to_string(g) + " ";
    if (group.name.empty() || group.name == "dma" || group.name == "vec")
      return failTable(where + "name", "a name other than dma and vec",
                       "'" + group.name + "'");
    for (size_t other = 0; other < g; ++other)
      if (program.groups[other].name == group.name)
        return failTable(where + "name", "a name of its own",
                         "'" + group.name + "' again");
    if (!(limits::arraySide.contains(group.rows) &&
          limits::arraySide.contains(group.columns)))
      return failTable(where + "array", "sides of " + limits::arraySide.toText(),
                       std::to_string(group.rows) + " x " +
                           std::to_string(group.columns));
    arrays += group.count;
  }
  if (arrays > limits::arrays)
    return failTable("groups",
                     "at most " + std::to_string(limits::arrays) + " arrays",
                     arrays);
  return Status::success();
}

static Status checkMemory(const Program &program, const ProgramMemory &memory,
                          const std::string &where) {
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
                     "an index below " +
                         std::to_string(program.groups.size()) +
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
    std::string where =
        "memory " + std::to_string(m) + " '" + memory.name + "' ";
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

Status phx::checkTables(const Program &program) {
  if (program.batch < 1)
    return failTable("batch", "at least 1", program.batch);
  if (Status status = checkGroups(program); !status)
    return status;
  if (Status status = checkMemories(program); !status)
    return status;
  for (auto check : {checkMaps, checkOperations, checkProductShapes,
                     checkRegions, checkRng, checkIgnoredInputs, checkLayers})
    if (Status status = check(program); !status)
      return status;
  return Status::success();
}
