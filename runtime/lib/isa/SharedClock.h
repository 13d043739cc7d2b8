//===- SharedClock.h - What an engine knows of the others -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_SHAREDCLOCK_H
#define PHX_LIB_ISA_SHAREDCLOCK_H

#include "WorkLimit.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace phx::detail {

/// A vector clock: by block of engines, the latest epoch that is known to be
/// over; 0 of all that nothing is known of. Copies share their contents until
/// one of them changes: after a token for all, thousands of engines know the
/// same. Contents of its own take memory, which is counted in `work`.
class SharedClock {
public:
  using Epochs = std::vector<uint64_t>;

  uint64_t operator[](uint32_t block) const {
    return epochs && block < epochs->size() ? (*epochs)[block] : 0;
  }
  /// Null: nothing is known. Equal addresses mean equal contents.
  const Epochs *get() const { return epochs.get(); }

  /// Notes that `epoch` of `block` is over.
  void raise(uint32_t block, uint64_t epoch, WorkLimit &work) {
    if ((*this)[block] >= epoch)
      return;
    makeOwn(std::max<size_t>(block + 1, epochs ? epochs->size() : 0), work);
    if (epochs->size() <= block)
      epochs->resize(block + 1);
    (*epochs)[block] = epoch;
  }

  /// Learns what `other` knows. True if that was more.
  bool join(const SharedClock &other, WorkLimit &work) {
    if (!other.epochs || epochs == other.epochs)
      return false;
    if (!epochs) {
      epochs = other.epochs;
      return true;
    }
    bool learns = other.epochs->size() > epochs->size();
    bool teaches = epochs->size() > other.epochs->size();
    size_t common = std::min(epochs->size(), other.epochs->size());
    for (size_t i = 0; i < common && !(learns && teaches); ++i) {
      learns |= (*other.epochs)[i] > (*epochs)[i];
      teaches |= (*epochs)[i] > (*other.epochs)[i];
    }
    if (!learns)
      return false;
    if (!teaches) {
      epochs = other.epochs;
      return true;
    }
    makeOwn(std::max(epochs->size(), other.epochs->size()), work);
    epochs->resize(std::max(epochs->size(), other.epochs->size()));
    for (size_t i = 0; i < other.epochs->size(); ++i)
      (*epochs)[i] = std::max((*epochs)[i], (*other.epochs)[i]);
    return true;
  }

private:
  /// Before it grows to `size`.
  void makeOwn(size_t size, WorkLimit &work) {
    if (!epochs)
      epochs = std::make_shared<Epochs>();
    else if (epochs.use_count() > 1)
      epochs = std::make_shared<Epochs>(*epochs);
    else
      size -= epochs->size();
    work.spend(int64_t(size / epochsPerStep));
  }

  std::shared_ptr<Epochs> epochs; ///< the last one is not 0
};

} // namespace phx::detail

#endif // PHX_LIB_ISA_SHAREDCLOCK_H
