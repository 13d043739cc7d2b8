//===- NonFinite.h - Values that are no numbers -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_RUN_NONFINITE_H
#define PHX_LIB_RUN_NONFINITE_H

#include "phx/isa/HostArray.h"

#include <optional>
#include <string>

namespace phx {

/// Element `index` of a binary32 array.
float getFloat(const HostArray &array, int64_t index);

/// "[1, 0, 2]" of the element with this row-major number.
std::string describePlace(const std::vector<int64_t> &shape, int64_t index);

/// "element [1, 2] is nan" ("it is nan" of an array without dimensions) for the
/// first infinity or NaN of a binary32 array; absent if there is none, and for
/// other element types.
std::optional<std::string> findNonFinite(const HostArray &array);

/// "holds 3 NaN, the first in element [1, 2]" of a binary32 array; absent if
/// there is none, and for other element types.
std::optional<std::string> describeNaN(const HostArray &array);

} // namespace phx

#endif // PHX_LIB_RUN_NONFINITE_H
