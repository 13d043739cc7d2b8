//===- Checksum.cpp - CRC-32 of large buffers -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/support/Checksum.h"

#include <algorithm>
#include <thread>
#include <zlib.h>

using namespace phx;

static uint32_t crc32OneThread(uint32_t crc, const uint8_t *bytes,
                               uint64_t size) {
  // zlib takes 32-bit lengths.
  while (size) {
    uInt chunk = static_cast<uInt>(std::min<uint64_t>(size, 1u << 30));
    crc = static_cast<uint32_t>(::crc32(crc, bytes, chunk));
    bytes += chunk;
    size -= chunk;
  }
  return crc;
}

uint32_t phx::extendCrc32(uint32_t crc, const void *bytes, uint64_t size) {
  const uint8_t *begin = static_cast<const uint8_t *>(bytes);
  if (size <= (uint64_t(64) << 20))
    return crc32OneThread(crc, begin, size);
  uint64_t half = size / 2;
  uint32_t second = 0;
  std::thread worker;
  try {
    worker = std::thread(
        [&] { second = crc32OneThread(0, begin + half, size - half); });
  } catch (...) { // no thread, or no memory for one: it was only for speed
    return crc32OneThread(crc, begin, size);
  }
  uint32_t first = crc32OneThread(crc, begin, half);
  worker.join();
  return static_cast<uint32_t>(
      crc32_combine64(first, second, static_cast<z_off64_t>(size - half)));
}

uint64_t phx::hashText(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (unsigned char byte : text)
    hash = (hash ^ byte) * 0x100000001b3u;
  return hash;
}

uint32_t phx::crc32(const void *bytes, uint64_t size) {
  return extendCrc32(0, bytes, size);
}
