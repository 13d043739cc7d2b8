//===- Counts.cpp - What count registers hold -------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Summary.h"

using namespace phx;
using namespace phx::report;

std::vector<CountSummary>
report::summarizeCounts(const ReportInputs &inputs) {
  std::vector<CountSummary> result;
  const RunCounts &counts = inputs.counts;
  for (uint32_t r = 0; r < inputs.program.registers.size(); ++r) {
    const CountRegister &each = inputs.program.registers[r];
    CountSummary &summary = result.emplace_back();
    summary.name = each.name;
    summary.limit = each.most;
    if (counts.trace) {
      CountStatistics seen = getStatistics(counts.trace->getRuns(r));
      summary.isKnown = true;
      summary.writes = seen.writes;
      if (seen.writes == 0)
        continue;
      summary.least = static_cast<double>(seen.least);
      summary.mean = seen.mean;
      summary.most = static_cast<double>(seen.most);
    } else if (r < counts.assumed.size() && counts.assumed[r]) {
      summary.isKnown = true;
      summary.least = summary.mean = summary.most =
          static_cast<double>(*counts.assumed[r]);
    }
  }
  return result;
}
