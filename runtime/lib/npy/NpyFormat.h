//===- NpyFormat.h - Pieces of array files ----------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_NPY_NPYFORMAT_H
#define PHX_LIB_NPY_NPYFORMAT_H

#include "phx/isa/HostArray.h"

#include "phx/npy/Npy.h"

#include <cstdint>
#include <string>

namespace phx::npy {

/// The parts of a .npy header.
struct NpyHeader {
  std::string descr;
  bool fortranOrder = false;
  std::vector<int64_t> shape;
  uint64_t dataOffset = 0;
};

/// Bytes in front of the text of a header, with its length in the last of them.
inline constexpr uint64_t prefixSize = 12;
/// Where the data begin, read from `prefixSize` bytes. Errors: no .npy file, a
/// header of more than `longestHeader` bytes.
Result<uint64_t> getDataOffset(const uint8_t *prefix, const std::string &name);
inline constexpr uint64_t longestHeader = uint64_t(1) << 20;

/// Parses the bytes in front of the data.
Result<NpyHeader> parseHeader(const uint8_t *bytes, uint64_t dataOffset,
                              const std::string &name);

/// An array of what `header` says, whose data are the `found` bytes behind it.
/// The memory for them is allocated if they are wanted, and they are as many as
/// the shape needs; `key` is the name of the array for `wanted`.
Result<HostArray> allocate(const NpyHeader &header, uint64_t found,
                           const std::string &name, const std::string &key,
                           const ArrayFilter &wanted);

/// What stands in front of the data of a .npy file, format 1.0.
std::string makeHeader(const HostArray &array);

// Records of the zip format (APPNOTE 6.3.9, sections 4.3.7, 4.3.12 and 4.3.14
// to 4.3.16).
inline constexpr uint32_t localSignature = 0x04034b50;
inline constexpr uint32_t centralSignature = 0x02014b50;
inline constexpr uint32_t endSignature = 0x06054b50;
inline constexpr uint32_t zip64EndSignature = 0x06064b50;
inline constexpr uint32_t zip64LocatorSignature = 0x07064b50;
inline constexpr uint64_t localSize = 30, centralSize = 46, endSize = 22;
inline constexpr uint64_t zip64EndSize = 56, zip64LocatorSize = 20;
inline constexpr uint16_t zip64Extra = 1;
/// Fields of 32 and 16 bits that hold these have their value in a zip64 record.
inline constexpr uint32_t inZip64 = 0xffffffff;
inline constexpr uint16_t countInZip64 = 0xffff;

} // namespace phx::npy

#endif // PHX_LIB_NPY_NPYFORMAT_H
