//===- Memory.h - The memories of one run --------------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each memory is a zeroed buffer, allocated page by page as it is touched.
// Initial contents of regions are read where the program keeps them (a mapped
// file) and never copied, until something is written there: then the region's
// contents move into the buffer, and the file stays as it is.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_EXEC_MEMORY_H
#define PHX_EXEC_MEMORY_H

#include "phx/isa/Program.h"
#include "phx/support/Result.h"

#include <map>
#include <memory>
#include <vector>

namespace phx::exec {

/// Bytes that the shape of `region` takes.
int64_t getByteSize(const Region &region);

/// Zeroed anonymous memory; pages exist from the first touch on.
class ZeroedBuffer {
public:
  ZeroedBuffer() = default;
  ZeroedBuffer(ZeroedBuffer &&other) noexcept { swap(other); }
  ZeroedBuffer &operator=(ZeroedBuffer &&other) noexcept {
    swap(other);
    return *this;
  }
  ~ZeroedBuffer();

  /// False if the system has no such amount of address space.
  bool allocate(int64_t size);
  uint8_t *data() const { return start; }

private:
  void swap(ZeroedBuffer &other) noexcept {
    std::swap(start, other.start);
    std::swap(length, other.length);
  }
  uint8_t *start = nullptr;
  size_t length = 0;
};

/// Contents of regions by index that stand in for those of the program.
using Contents = std::map<uint32_t, const uint8_t *>;

class Memory {
public:
  /// `contents` stay in place. Errors: no memory; initial contents larger than
  /// their region, outside their memory or on top of each other.
  static Result<std::unique_ptr<Memory>> create(const Program &program,
                                                const Contents &contents = {});

  /// Bytes in memory `bank`, an index into Program::memories; every address is
  /// below.
  int64_t size(uint32_t bank) const { return banks[bank].bytes; }

  /// The byte at `low`, with [low, high) readable behind it. The range lies in
  /// the memory.
  const uint8_t *read(uint32_t bank, int64_t low, int64_t high);
  /// Likewise, writable.
  uint8_t *write(uint32_t bank, int64_t low, int64_t high);
  /// Eight bytes of scratch per four bytes of `bank`, for sums that are not
  /// yet complete: of the word at address a, at 2 a. Null without memory.
  uint8_t *partialSums(uint32_t bank);

private:
  /// Initial contents still in place, [begin, end) of the memory.
  struct Segment {
    int64_t begin = 0, end = 0;
    const uint8_t *bytes = nullptr;
    friend bool operator==(const Segment &, const Segment &) = default;
  };
  struct BankState {
    int64_t bytes = 0;
    ZeroedBuffer buffer, partial;
    std::vector<Segment> segments; ///< sorted, disjoint
  };
  /// Moves every segment that meets [low, high) into the buffer.
  void materialise(BankState &state, int64_t low, int64_t high);

  std::vector<BankState> banks;
};

} // namespace phx::exec

#endif // PHX_EXEC_MEMORY_H
