//===- SeparateThread.h - Where memory may run out ------------ -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_PYTHON_SEPARATETHREAD_H
#define PHOTONIC_PYTHON_SEPARATETHREAD_H

#include <functional>

namespace photonic::python {

/// How runSeparately() ended.
enum class Ending { Done, NoMemory, NoThread };

/// Does `work`, which was built without exceptions, on a thread of its own and
/// waits for it. An exception through such code would leave its locks taken
/// and its thread-local pointers on frames that are gone. So where memory runs
/// out, the thread stops for good: nothing of it is undone or freed, and nobody
/// else sees it. `work` therefore has to own what it uses.
Ending runSeparately(std::function<void()> work);

} // namespace photonic::python

#endif // PHOTONIC_PYTHON_SEPARATETHREAD_H
