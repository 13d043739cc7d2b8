//===- Strings.h - Strings of Python and of C++ -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Names of files and of nodes may hold any bytes. Python has those that are no
// UTF-8 as lone surrogates ("surrogateescape"); here they are bytes again, both
// ways, which nanobind's own conversion refuses. Instead of stl/string.h.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_PYTHON_STRINGS_H
#define PHOTONIC_PYTHON_STRINGS_H

#include <nanobind/nanobind.h>

#include <string>

NAMESPACE_BEGIN(NB_NAMESPACE)
NAMESPACE_BEGIN(detail)

template <> struct type_caster<std::string> {
  NB_TYPE_CASTER(std::string, const_name("str"))

  bool from_python(handle source, uint32_t, cleanup_list *) noexcept {
    if (!PyUnicode_Check(source.ptr()))
      return false;
    object bytes = encode(source, "surrogateescape");
    // Surrogates that stand for no byte are in no name that there is.
    if (!bytes.is_valid())
      bytes = encode(source, "backslashreplace");
    if (!bytes.is_valid())
      return false;
    value.assign(PyBytes_AS_STRING(bytes.ptr()),
                 size_t(PyBytes_GET_SIZE(bytes.ptr())));
    return true;
  }

  static object encode(handle source, const char *errors) noexcept {
    PyObject *bytes = PyUnicode_AsEncodedString(source.ptr(), "utf-8", errors);
    if (!bytes)
      PyErr_Clear();
    return steal(bytes);
  }

  static handle from_cpp(const std::string &text, rv_policy,
                         cleanup_list *) noexcept {
    return PyUnicode_DecodeUTF8(text.data(), Py_ssize_t(text.size()),
                                "surrogateescape");
  }
};

NAMESPACE_END(detail)
NAMESPACE_END(NB_NAMESPACE)

#endif // PHOTONIC_PYTHON_STRINGS_H
