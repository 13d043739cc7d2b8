//===- Bindings.h - What the extension modules share ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_PYTHON_BINDINGS_H
#define PHOTONIC_PYTHON_BINDINGS_H

#include "Strings.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <string>

namespace photonic::python {

namespace nb = nanobind;

/// Raises photonic.TYPE(message).
[[noreturn]] inline void raise(const char *type, const std::string &message) {
  nb::object exception = nb::module_::import_("photonic.errors").attr(type);
  // Names of nodes and files may hold any bytes.
  nb::object text = nb::steal(PyUnicode_DecodeUTF8(
      message.data(), Py_ssize_t(message.size()), "replace"));
  PyErr_SetObject(exception.ptr(), text.ptr());
  throw nb::python_error();
}

} // namespace photonic::python

#endif // PHOTONIC_PYTHON_BINDINGS_H
