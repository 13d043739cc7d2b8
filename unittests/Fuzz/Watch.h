//===- Watch.h - What was going on when it crashed --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_FUZZ_WATCH_H
#define PHOTONIC_UNITTESTS_FUZZ_WATCH_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>

namespace photonic::fuzz {

/// While it lives, a crash, a case that takes too long and memory that runs out
/// end the process with the number of the case and its IR on standard error.
/// One at a time.
class Watch {
public:
  Watch();
  ~Watch();
  Watch(const Watch &) = delete;
  Watch &operator=(const Watch &) = delete;

  /// A case begins, and has its time from now on.
  void begin(uint64_t seed, uint64_t number);
  /// What is being done, and with what: IR, or nothing if that is not known
  /// yet.
  void note(llvm::StringRef doing, const std::string &text);
  void end();

  /// "case 1:42: compiling", for messages.
  std::string describe() const;
};

} // namespace photonic::fuzz

#endif // PHOTONIC_UNITTESTS_FUZZ_WATCH_H
