//===- LayerTables.h - Layers in rows ---------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_REPORT_LAYERTABLES_H
#define PHX_LIB_REPORT_LAYERTABLES_H

#include "Summary.h"
#include "TextTable.h"

namespace phx::report {

/// One row for each layer of an inference.
TextTable makeLayerTable(const ReportInputs &inputs, const Summary &summary);

/// One row for each node of the network, with time and energy of forward (and
/// loss), input gradient, weight gradient and update. Below 96 columns energies
/// are in a second row. `heading`, `plain`: see TextTable::format.
std::string formatStepLayers(const Summary &summary, unsigned columns,
                             const std::string &heading,
                             const std::string &plain);

} // namespace phx::report

#endif // PHX_LIB_REPORT_LAYERTABLES_H
