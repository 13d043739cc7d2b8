//===- Exceptions.cpp - From exceptions to errors -------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/support/Exceptions.h"

#include <new>
#include <stdexcept>

using namespace phx;

Error phx::toError(const std::exception_ptr &exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::bad_alloc &) {
    return Error{"there is not enough memory; use fewer threads, compile the "
                 "program for a smaller batch, or use a machine with more "
                 "memory"};
  } catch (const std::length_error &) {
    return Error{"an array is larger than any memory; compile the program for "
                 "a smaller batch"};
  } catch (const std::exception &other) {
    return Error{std::string("unexpected failure: ") + other.what() +
                 "; please report it"};
  } catch (...) {
    return Error{"unexpected failure; please report it"};
  }
}
