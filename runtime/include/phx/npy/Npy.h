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

#include <functional>
#include <map>
#include <string>

namespace phx {

/// Whether the data of an array are wanted, judged by what the file says in
/// front of them: a few bytes of an archive can stand for any amount of memory.
/// Arrays that are not wanted are read without their data: their `bytes` are
/// empty. An error refuses the file.
using ArrayFilter = std::function<Result<bool>(
    const std::string &name, ElementType type,
    const std::vector<int64_t> &shape)>;

/// Reads an array; `wanted` is called with an empty name. Errors name the file
/// and say what was found: not a .npy file, a byte order, element type or
/// memory order that is not supported, other than the bytes that the shape
/// needs, more of them than the machine has memory.
Result<HostArray> readNpy(const std::string &path,
                          const ArrayFilter &wanted = {});

/// Parses the contents of a .npy file; `name` is used in messages.
Result<HostArray> parseNpy(const uint8_t *bytes, uint64_t size,
                           const std::string &name,
                           const ArrayFilter &wanted = {});

/// Reads every member of an archive, by name without ".npy". Errors: no
/// archive, anything truncated, damaged (every member that is wanted has a
/// checksum) or given twice.
Result<std::map<std::string, HostArray>>
readNpz(const std::string &path, const ArrayFilter &wanted = {});

/// Writes an array in format 1.0, atomically.
Status writeNpy(const HostArray &array, const std::string &path);

/// Writes an archive whose members are stored, atomically and durably: after a
/// crash at any moment the old file or the new one is there, whole. What killed
/// writers left beside it is removed. Equal arrays give equal files.
Status writeNpz(const std::map<std::string, HostArray> &arrays,
                const std::string &path);

/// `name` with the characters that a file name cannot hold percent-encoded. If
/// that and ".npy" are more than the 255 bytes that a file name takes, the
/// first 230 remain (or 228, not to cut an escape), followed by '~' and a hash
/// of the whole name in sixteen hexadecimal digits.
std::string encodeFileName(const std::string &name);

} // namespace phx

#endif // PHX_NPY_NPY_H
