//===- Memory.cpp - The memories of one run -------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/exec/Memory.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>

using namespace phx;
using namespace phx::exec;

ZeroedBuffer::~ZeroedBuffer() {
  if (start)
    munmap(start, length);
}

bool ZeroedBuffer::allocate(int64_t size) {
  if (size <= 0)
    return true;
  void *where = mmap(nullptr, size_t(size), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (where == MAP_FAILED)
    return false;
  start = static_cast<uint8_t *>(where);
  length = size_t(size);
  return true;
}

int64_t exec::getByteSize(const Region &region) {
  int64_t bytes = byteWidth(region.type);
  for (int64_t extent : region.shape)
    bytes *= extent;
  return bytes;
}

static std::string describe(const Region &region) {
  return "region '" + region.name + "'";
}

Result<std::unique_ptr<Memory>> Memory::create(const Program &program,
                                               const Contents &contents) {
  auto memory = std::make_unique<Memory>();
  memory->banks.resize(program.memories.size());
  for (size_t b = 0; b < program.memories.size(); ++b) {
    BankState &state = memory->banks[b];
    state.bytes = program.memories[b].bytes;
    if (!state.buffer.allocate(state.bytes))
      return Error{"cannot allocate " + std::to_string(state.bytes) +
                   " bytes for memory '" + program.memories[b].name +
                   "'; compile the program for a smaller batch, or use a "
                   "machine with more memory"};
  }
  for (uint32_t r = 0; r < program.regions.size(); ++r) {
    const Region &region = program.regions[r];
    auto found = contents.find(r);
    if (found != contents.end()) {
      BankState &state = memory->banks[region.memory];
      int64_t size = getByteSize(region);
      if (size)
        state.segments.push_back(
            {region.address, region.address + size, found->second});
      continue;
    }
    if (!region.data)
      continue;
    if (*region.data >= program.data.size())
      return Error{describe(region) + " refers to data section " +
                   std::to_string(*region.data) + " of " +
                   std::to_string(program.data.size())};
    const DataSection &section = program.data[*region.data];
    BankState &state = memory->banks[region.memory];
    int64_t end = region.address + int64_t(section.size);
    if (int64_t(section.size) > region.bytes || region.address < 0 ||
        end > state.bytes)
      return Error{describe(region) + " holds " + std::to_string(region.bytes) +
                   " bytes at address " + std::to_string(region.address) +
                   " of " + std::to_string(state.bytes) +
                   ", but its initial contents have " +
                   std::to_string(section.size)};
    if (section.size)
      state.segments.push_back({region.address, end, section.bytes});
  }
  for (BankState &state : memory->banks) {
    auto &segments = state.segments;
    std::sort(
        segments.begin(), segments.end(),
        [](const Segment &a, const Segment &b) { return a.begin < b.begin; });
    // Constants may share one place and what it holds.
    segments.erase(std::unique(segments.begin(), segments.end()),
                   segments.end());
    for (size_t i = 1; i < segments.size(); ++i)
      if (segments[i].begin < segments[i - 1].end)
        return Error{"initial contents of two regions overlap at address " +
                     std::to_string(segments[i].begin)};
  }
  return memory;
}

void Memory::materialise(BankState &state, int64_t low, int64_t high) {
  auto &segments = state.segments;
  auto first = std::upper_bound(
      segments.begin(), segments.end(), low,
      [](int64_t value, const Segment &s) { return value < s.end; });
  auto last = first;
  for (; last != segments.end() && last->begin < high; ++last)
    std::memcpy(state.buffer.data() + last->begin, last->bytes,
                size_t(last->end - last->begin));
  segments.erase(first, last);
}

const uint8_t *Memory::read(uint32_t bank, int64_t low, int64_t high) {
  BankState &state = banks[bank];
  auto at = std::upper_bound(
      state.segments.begin(), state.segments.end(), low,
      [](int64_t value, const Segment &s) { return value < s.end; });
  if (at != state.segments.end() && at->begin < high) {
    if (at->begin <= low && high <= at->end)
      return at->bytes + (low - at->begin);
    // Rare: an operand across the border of a region.
    materialise(state, low, high);
  }
  return state.buffer.data() + low;
}

uint8_t *Memory::write(uint32_t bank, int64_t low, int64_t high) {
  BankState &state = banks[bank];
  materialise(state, low, high);
  return state.buffer.data() + low;
}

uint8_t *Memory::partialSums(uint32_t bank) {
  BankState &state = banks[bank];
  if (!state.partial.data() && !state.partial.allocate(2 * state.bytes))
    return nullptr;
  return state.partial.data();
}
