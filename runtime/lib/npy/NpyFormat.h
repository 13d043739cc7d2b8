//===- NpyFormat.h - Pieces of array files ----------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_NPY_NPYFORMAT_H
#define PHX_LIB_NPY_NPYFORMAT_H

#include "phx/isa/HostArray.h"

#include <cstdint>
#include <string>

namespace phx::npy {

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
