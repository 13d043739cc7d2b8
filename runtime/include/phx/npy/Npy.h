//===- Npy.h - NumPy array files -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The .npy format 1.0 to 3.0 and .npz archives (zip files of .npy members,
// stored or deflated), as numpy.lib.format documents them.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_NPY_NPY_H
#define PHX_NPY_NPY_H

#include "phx/isa/HostArray.h"
#include "phx/support/Result.h"

#include <map>
#include <string>

namespace phx {

/// Reads an array. Errors name the file and say what was found: not a .npy
/// file, a byte order, element type or memory order that is not supported,
/// fewer bytes than the shape needs.
Result<HostArray> readNpy(const std::string &path);

/// Parses the contents of a .npy file; `name` is used in messages.
Result<HostArray> parseNpy(const uint8_t *bytes, uint64_t size,
                           const std::string &name);

/// Reads every member of an archive, by name without ".npy". Errors: no
/// archive, anything truncated, damaged (every member has a checksum) or given
/// twice.
Result<std::map<std::string, HostArray>> readNpz(const std::string &path);

/// Writes an array in format 1.0, atomically.
Status writeNpy(const HostArray &array, const std::string &path);

/// Writes an archive whose members are stored, atomically and durably: after a
/// crash at any moment the old file or the new one is there, whole. What killed
/// writers left beside it is removed. Equal arrays give equal files.
Status writeNpz(const std::map<std::string, HostArray> &arrays,
                const std::string &path);

/// `name` with the characters that a file name cannot hold percent-encoded.
std::string encodeFileName(const std::string &name);

} // namespace phx

#endif // PHX_NPY_NPY_H
