//===- StructureRegions.cpp - Validation of regions and data ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Structure.h"

#include "TablePlace.h"
#include "phx/isa/Blocks.h"
#include "phx/isa/Validator.h"

#include <algorithm>
#include <set>
#include <tuple>

using namespace phx;
using namespace phx::detail;

/// Bytes that shape and type need; nothing if the shape is out of range.
static std::optional<int64_t> getNeededBytes(const Program &program,
                                             const Region &region) {
  Int bytes = getElementBytes(program, region);
  for (int64_t extent : region.shape) {
    if (extent < 0)
      return std::nullopt;
    bytes *= extent;
    if (bytes > limits::magnitude)
      return std::nullopt;
  }
  return static_cast<int64_t>(bytes);
}

static Status checkLabels(const Region &region, const Place &where) {
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
                             const Place &where) {
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

/// What a region of blocks names, and a region of anything else does not.
static Status checkBlockRegion(const Program &program, const Region &region,
                               const Place &where) {
  if (region.type != ElementType::Block)
    return region.conversion
               ? failTable(where + "conversion",
                           "none (its elements are " +
                               std::string(getTypeWord(region.type)) + ")",
                           int64_t(*region.conversion))
               : Status::success();
  if (!region.conversion)
    return failTable(where + "conversion", "the one that made its blocks",
                     "none");
  if (*region.conversion >= program.conversions.size())
    return failTable(where + "conversion",
                     "an index below " +
                         std::to_string(program.conversions.size()) +
                         " (number of conversions)",
                     int64_t(*region.conversion));
  if (!findBlockFormat(program, *region.conversion))
    return failTable(where + "conversion",
                     "bfp (others have no blocks; keep the elements as f32)",
                     toAssembly(program.conversions[*region.conversion]));
  if (region.role == Role::Input || region.role == Role::Output ||
      region.isMutable)
    return failTable(where + "type",
                     "one that the host can give and take (inputs, outputs and "
                     "what is mutable are f32; core_convert makes blocks)",
                     "block");
  return Status::success();
}

/// Initial contents that are blocks of the region's conversion.
static Status checkBlockData(const Program &program, const Region &region,
                             const Place &where) {
  const Bfp &format = *findBlockFormat(program, *region.conversion);
  const DataSection &section = program.data[*region.data];
  auto bytes = static_cast<uint64_t>(getBlockBytes(format));
  for (uint64_t block = 0; (block + 1) * bytes <= section.size; ++block)
    if (auto fault = findBlockFault(format, section.bytes + block * bytes))
      return failTable(where + ("data block " + std::to_string(block) + " " +
                                fault->parameter),
                       fault->expected, fault->found);
  return Status::success();
}

/// That it lies in its memory, which holds such elements. `needed`: bytes for its
/// shape and type.
static Status checkHome(const Program &program, const Region &region,
                        int64_t needed, const Place &where) {
  if (region.bytes < needed)
    return failTable(where + "bytes",
                     "at least " + std::to_string(needed) +
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
  if (Int(region.address) + region.bytes > home.bytes)
    return failTable(where + "end",
                     "at most " + std::to_string(home.bytes) +
                         " (bytes used of " + home.name + ")",
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
  return Status::success();
}

/// Its initial contents.
static Status checkData(const Program &program, const Region &region,
                        int64_t needed, const Place &where) {
  if (*region.data >= program.data.size())
    return failTable(where + "data",
                     "an index below " + std::to_string(program.data.size()),
                     *region.data);
  uint64_t found = program.data[*region.data].size;
  if (found != static_cast<uint64_t>(needed))
    return failTable(where + "data",
                     std::to_string(needed) + " bytes for its shape and type",
                     std::to_string(found));
  return region.type == ElementType::Block
             ? checkBlockData(program, region, where)
             : Status::success();
}

static Status checkRegion(const Program &program, const Region &region,
                          const Place &where) {
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
  if (Status status = checkBlockRegion(program, region, where); !status)
    return status;
  std::optional<int64_t> needed = getNeededBytes(program, region);
  if (!needed)
    return failTable(where + "shape",
                     "extents of at least 0 and at most 2^50 bytes", "others");
  if (Status status = checkHome(program, region, *needed, where); !status)
    return status;
  return region.data ? checkData(program, region, *needed, where)
                     : Status::success();
}

/// Data sections are numbered as regions first use them: in assembly they have
/// no numbers.
static Status checkDataOrder(const Program &program) {
  size_t next = 0;
  for (size_t r = 0; r < program.regions.size(); ++r) {
    const Region &region = program.regions[r];
    if (region.data && *region.data > next)
      return failTable(Place::at("region", r, region.name) + "data",
                       "section " + std::to_string(next) +
                           ", the next one, or that of a region before it",
                       static_cast<int64_t>(*region.data));
    if (region.data == next)
      ++next;
  }
  if (next == program.data.size())
    return Status::success();
  return failTable("data sections", "each used by a region",
                   std::to_string(program.data.size() - next) +
                       " that none uses");
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
                       "': both are filled before the run and share bytes "
                       "from " +
                       std::to_string(region->address) + " of " +
                       getMemoryName(program, region->memory),
                   ProgramEntry{"region",
                                size_t(region - program.regions.data())}};
    if (!sharesMemory ||
        region->address + region->bytes > last->address + last->bytes)
      last = region;
  }
  return Status::success();
}

Status phx::checkRegions(const Program &program) {
  std::set<std::string> interface;
  for (size_t r = 0; r < program.regions.size(); ++r) {
    const Region &region = program.regions[r];
    Place where = Place::at("region", r, region.name);
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
  if (Status status = checkDataOrder(program); !status)
    return status;
  return checkInitialContents(program);
}
