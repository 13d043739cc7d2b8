//===- DescribeStruct.h - Values of a described struct ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Instructions and operations of tables are structs behind a pointer without
// type; what is done to all of them alike is the same for both.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_DESCRIBESTRUCT_H
#define PHX_ISA_DESCRIBESTRUCT_H

namespace phx::detail {

/// How values of `T` are made, copied, removed and compared: the functions
/// `create`, `clone`, `destroy` and `equal` of a description.
template <typename T, typename Description>
void describeStruct(Description &d) {
  d.create = [] { return static_cast<void *>(new T()); };
  d.clone = [](const void *body) {
    return static_cast<void *>(new T(*static_cast<const T *>(body)));
  };
  d.destroy = [](void *body) { delete static_cast<T *>(body); };
  d.equal = [](const void *a, const void *b) {
    return *static_cast<const T *>(a) == *static_cast<const T *>(b);
  };
}

} // namespace phx::detail

#endif // PHX_ISA_DESCRIBESTRUCT_H
