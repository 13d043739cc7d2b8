//===- Arrays.h - NumPy arrays and the runtime's ----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_PYTHON_ARRAYS_H
#define PHOTONIC_PYTHON_ARRAYS_H

#include "Bindings.h"

#include "phx/run/Session.h"

#include <nanobind/ndarray.h>

namespace photonic::python {

/// Any array in main memory, row major, read only.
using InputArray = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;
using OutputArray = nb::ndarray<nb::numpy>;

/// A view of the array's own memory. Raises InputError for element types that
/// the runtime does not know.
phx::ArrayView toView(const InputArray &array, const std::string &name);

/// An array that owns the bytes of `array`; they are not copied.
OutputArray toNumpy(phx::HostArray array);

} // namespace photonic::python

#endif // PHOTONIC_PYTHON_ARRAYS_H
