//===- Result.h - Values or located error messages --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The runtime is called from code built without exceptions, so a failure is a
// value. An error message says what was expected, what was found and what to
// do; it is written for the person at the terminal.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_SUPPORT_RESULT_H
#define PHX_SUPPORT_RESULT_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace phx {

/// One of numbered things of a kind: instruction 7, map 2.
struct ProgramEntry {
  const char *kind = ""; ///< as messages and assembly name it: "map"
  uint64_t number = 0;
  friend bool operator==(const ProgramEntry &a, const ProgramEntry &b) {
    return a.number == b.number && std::string_view(a.kind) == b.kind;
  }
};

/// Why something could not be done.
struct Error {
  std::string message;
  /// Of a program, what the message is about, if it is one thing: who has the
  /// program as text can say where that stands.
  std::optional<ProgramEntry> entry = std::nullopt;
};

/// A `T`, or the reason why there is none.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : storage(std::move(value)) {}
  Result(Error error) : storage(std::move(error)) {}

  bool ok() const { return std::holds_alternative<T>(storage); }
  explicit operator bool() const { return ok(); }

  /// The value; only after `ok()`.
  T &operator*() { return std::get<T>(storage); }
  const T &operator*() const { return std::get<T>(storage); }
  T *operator->() { return &std::get<T>(storage); }
  const T *operator->() const { return &std::get<T>(storage); }

  /// The error; only after `!ok()`.
  const Error &error() const { return std::get<Error>(storage); }

private:
  std::variant<T, Error> storage;
};

/// Success, or the reason of a failure.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(Error error) : failure(std::move(error)) {}

  static Status success() { return Status(); }
  bool ok() const { return !failure.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error &error() const { return *failure; }

private:
  std::optional<Error> failure;
};

/// `status`; its error is about `entry` if it does not say what it is about.
inline Status about(ProgramEntry entry, const Status &status) {
  if (status)
    return status;
  Error error = status.error();
  if (!error.entry)
    error.entry = entry;
  return error;
}

} // namespace phx

#endif // PHX_SUPPORT_RESULT_H
