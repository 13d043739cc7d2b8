//===- PriceContext.cpp - What prices depend on -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/Energy.h"
#include "phx/isa/TableOperation.h"

using namespace phx;

PriceContext phx::getPriceContext(const Target &target) {
  return {0, target.spec.format().mantissa_bits().value()};
}

/// The conversion of an instruction of an array; null for others.
static const TableOperation *findConversion(const Program &program,
                                            const Instruction &instruction) {
  for (const FieldDescription &field : instruction.getDescription().fields)
    if (field.table == TableKind::Conversions) {
      auto index = field.as<uint32_t>(instruction.body.data());
      return index < program.conversions.size() ? &program.conversions[index]
                                                : nullptr;
    }
  return nullptr;
}

PriceContext phx::getPriceContext(const Program &program,
                                  const Instruction &instruction,
                                  const Target &target) {
  PriceContext context = getPriceContext(target);
  if (instruction.engine.kind == EngineKind::Core)
    context.group = instruction.engine.group;
  // The bypass costs what the format of the machine does.
  const TableOperation *conversion = findConversion(program, instruction);
  if (auto bits = conversion ? getMantissaBits(*conversion) : std::nullopt)
    context.mantissaBits = *bits;
  return context;
}
