//===- SystemError.h - Messages about files ---------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_SUPPORT_SYSTEMERROR_H
#define PHX_LIB_SUPPORT_SYSTEMERROR_H

#include "phx/support/Result.h"

#include <cstring>
#include <string>

namespace phx {

/// "cannot read 'x': No such file or directory".
inline Error systemError(const std::string &path, const char *verb, int code) {
  return Error{"cannot " + std::string(verb) + " '" + path +
               "': " + std::strerror(code)};
}

} // namespace phx

#endif // PHX_LIB_SUPPORT_SYSTEMERROR_H
