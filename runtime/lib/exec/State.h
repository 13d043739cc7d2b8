//===- State.h - What persists from run to run ---------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The contents of a program's mutable regions between two runs. A run reads
// them in place, as it reads initial contents from the program file, and only
// the end of a successful run replaces them.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_EXEC_STATE_H
#define PHX_LIB_EXEC_STATE_H

#include "phx/exec/Memory.h"

#include "phx/isa/HostArray.h"

#include <map>
#include <string>
#include <vector>

namespace phx::exec {

class MutableState {
public:
  explicit MutableState(const Program &program);

  /// In program order.
  std::vector<std::string> getNames() const;
  Result<HostArray> get(const std::string &name) const;
  Status set(const std::string &name, const HostArray &value);
  /// Sets several; none after an error or an exception.
  Status setAll(const std::map<std::string, HostArray> &values);
  /// Back to the initial contents.
  void reset() { contents.clear(); }

  /// By region index, where they are not the initial ones; they stay in place
  /// until `commit`, `set`, `setAll` or `reset`.
  Contents getContents() const;
  /// Takes over what the mutable regions hold in `memory`. Errors, without any
  /// change: a value that is not finite.
  Status commit(Memory &memory);

private:
  Result<uint32_t> find(const std::string &name) const;

  const Program &program;
  std::vector<uint32_t> regions;
  std::map<uint32_t, std::vector<uint8_t>> contents;
};

} // namespace phx::exec

#endif // PHX_LIB_EXEC_STATE_H
