//===- Labels.h - Class numbers as the machine takes them -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_RUN_LABELS_H
#define PHX_LIB_RUN_LABELS_H

#include "phx/run/Arrays.h"
#include "phx/support/Result.h"

namespace phx {

/// The element types and shape that the host gives for an input:
/// "float32[32, 1, 28, 28]", for labels "int64[32]".
std::string describeInput(const Region &region);

bool isInteger(ElementType type);

/// Element `index` of an array of int32 or int64.
int64_t getInteger(const ArrayView &array, int64_t index);

/// Whether any input takes class numbers.
bool takesLabels(const Program &program);

/// That `value` (int32 or int64) holds nothing but classes and the index to
/// ignore. The error names the first sample that is neither.
Status checkLabels(const Region &region, const ArrayView &value);

/// Makes samples [samples, ...) of `labels` (int32 or int64) take no part in
/// the loss, if the region has an index to ignore. The region has a batch axis.
void ignoreSamples(const Region &region, int64_t samples, HostArray &labels);

} // namespace phx

#endif // PHX_LIB_RUN_LABELS_H
