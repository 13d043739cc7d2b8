//===- Exceptions.h - From exceptions to errors --------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Failures of the runtime are values (Result.h). The standard library throws
// nevertheless, above all where memory runs out; what it throws becomes a value
// before it can reach another thread or code that was built without exceptions.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_SUPPORT_EXCEPTIONS_H
#define PHX_SUPPORT_EXCEPTIONS_H

#include "phx/support/Result.h"

#include <exception>

namespace phx {

/// What `exception`, which is not null, says to the person at the terminal.
Error toError(const std::exception_ptr &exception);

/// What `work` returns, a Result or a Status, or an error with what it throws.
template <typename Work> auto catchExceptions(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (...) {
    return toError(std::current_exception());
  }
}

} // namespace phx

#endif // PHX_SUPPORT_EXCEPTIONS_H
