//===- State.cpp - What persists from run to run --------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "State.h"
#include "phx/exec/Context.h"
#include "Machine.h"
#include "Strided.h"

#include "phx/isa/Footprint.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace phx;
using namespace phx::exec;

MutableState::MutableState(const Program &program) : program(program) {
  for (uint32_t r = 0; r < program.regions.size(); ++r)
    if (program.regions[r].isMutable)
      regions.push_back(r);
}

std::vector<std::string> MutableState::getNames() const {
  std::vector<std::string> names;
  for (uint32_t r : regions)
    names.push_back(program.regions[r].name);
  return names;
}

Result<uint32_t> MutableState::find(const std::string &name) const {
  std::string known;
  for (uint32_t r : regions) {
    if (program.regions[r].name == name)
      return r;
    known += (known.empty() ? "'" : ", '") + program.regions[r].name + "'";
  }
  return Error{"no mutable region is named '" + name +
               "'; those of this program: " + (known.empty() ? "none" : known)};
}

Result<HostArray> MutableState::get(const std::string &name) const {
  Result<uint32_t> index = find(name);
  if (!index)
    return index.error();
  const Region &region = program.regions[*index];
  auto found = contents.find(*index);
  if (found != contents.end())
    return toHost(region.type, region.shape, found->second.data());
  if (region.data)
    return toHost(region.type, region.shape, program.data[*region.data].bytes);
  HostArray value{getHostType(region.type), region.shape, {}};
  value.bytes.assign(size_t(value.getNumElements() * byteWidth(value.type)), 0);
  return value;
}

Status MutableState::set(const std::string &name, const HostArray &value) {
  Result<uint32_t> index = find(name);
  if (!index)
    return index.error();
  const Region &region = program.regions[*index];
  ElementType type = getHostType(region.type);
  if (value.type != type || value.shape != region.shape ||
      int64_t(value.bytes.size()) !=
          value.getNumElements() * byteWidth(value.type))
    return Error{"state '" + name + "': expected " +
                 describe(type, region.shape) + ", found " +
                 describe(value.type, value.shape) + " in " +
                 std::to_string(value.bytes.size()) + " bytes"};
  contents[*index] = toMemory(region.type, value);
  return Status::success();
}

Status MutableState::setAll(const std::map<std::string, HostArray> &values) {
  MutableState fresh(program);
  for (const auto &[name, value] : values)
    if (Status status = fresh.set(name, value); !status)
      return status;
  // What `fresh` lacks moves over without being copied: nothing can fail.
  fresh.contents.merge(contents);
  contents.swap(fresh.contents);
  return Status::success();
}

Contents MutableState::getContents() const {
  Contents result;
  for (const auto &[region, bytes] : contents)
    result[region] = bytes.data();
  return result;
}

/// The layer of the last instruction that may have written to `region`.
static uint32_t findWriter(const Program &program, const Region &region) {
  IntervalSet bytes{{region.address, region.address + region.bytes}};
  LargestCounts largest(program);
  auto writes = [&](size_t begin, size_t end) {
    for (const EngineAccesses &engine :
         getAccesses(largest, begin, end, 0, Counters{}))
      for (const Access &access : engine.accesses)
        if (access.write && access.memory == region.memory &&
            overlaps(access.bytes, bytes))
          return true;
    return false;
  };
  // Backwards, outermost loops as a whole.
  size_t depth = 0, loopEnd = 0;
  for (size_t i = program.code.size(); i-- > 0;) {
    const Body &body = program.code[i].body;
    if (holds<End>(body) && depth++ == 0)
      loopEnd = i + 1;
    bool isLoop = holds<Loop>(body);
    depth -= isLoop;
    size_t end = isLoop ? loopEnd : i + 1;
    if (depth > 0 || !writes(i, end))
      continue;
    for (size_t j = end; j-- > i;)
      if (program.code[j].layer != noLayer)
        return program.code[j].layer;
  }
  return noLayer;
}

/// The first value of a region that is infinite or NaN, as an error.
static Status checkFinite(const Program &program, const Region &region,
                          const uint8_t *bytes) {
  int64_t count = getByteSize(region) / byteWidth(region.type);
  if (getHostType(region.type) != ElementType::F32)
    return Status::success();
  bool isHalf = region.type == ElementType::BF16;
  for (int64_t i = 0; i < count; ++i) {
    // The upper half of a number is as finite as the whole.
    uint8_t half[4] = {};
    if (isHalf)
      std::memcpy(half + 2, bytes + 2 * i, 2);
    float value = loadFloat(isHalf ? half : bytes + 4 * i);
    if (std::isfinite(value))
      continue;
    std::string layer = describeLayer(program, findWriter(program, region));
    return Error{
        layer + (layer.empty() ? "" : ": ") + "the run left " + toText(value) +
        " in " + describeElement(region, i) +
        ", which persists; lower the learning rate, or look for the reason "
        "in the data"};
  }
  return Status::success();
}

Status MutableState::commit(Memory &memory) {
  std::vector<std::pair<uint32_t, const uint8_t *>> changed;
  for (uint32_t r : regions) {
    const Region &region = program.regions[r];
    int64_t size = getByteSize(region);
    if (size == 0)
      continue;
    const uint8_t *now =
        memory.read(region.memory, region.address, region.address + size);
    auto found = contents.find(r);
    bool same = found != contents.end() ? now == found->second.data()
                : region.data ? now == program.data[*region.data].bytes
                              : false;
    if (same) // never written, still in place
      continue;
    if (Status status = checkFinite(program, region, now); !status)
      return status;
    changed.push_back({r, now});
  }
  // A step is kept whole or not at all, so that memory comes first.
  std::map<uint32_t, std::vector<uint8_t>> added;
  for (auto [r, now] : changed)
    if (!contents.count(r))
      added[r].resize(size_t(getByteSize(program.regions[r])));
  contents.merge(added);
  for (auto [r, now] : changed)
    std::memcpy(contents[r].data(), now, contents[r].size());
  return Status::success();
}
