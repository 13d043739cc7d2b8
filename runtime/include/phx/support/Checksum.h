//===- Checksum.h - Checksums and hashes -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_SUPPORT_CHECKSUM_H
#define PHX_SUPPORT_CHECKSUM_H

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace phx {

/// CRC-32 (polynomial of zlib and PNG) of `size` bytes. Buffers above 64 MiB
/// are split over two threads; the result does not depend on that.
uint32_t crc32(const void *bytes, uint64_t size);

/// CRC-32 of the concatenation of a buffer whose CRC is `crc` and `size` bytes.
uint32_t extendCrc32(uint32_t crc, const void *bytes, uint64_t size);

/// FNV-1a, 64 bits.
uint64_t hashText(std::string_view text);

} // namespace phx

#endif // PHX_SUPPORT_CHECKSUM_H
