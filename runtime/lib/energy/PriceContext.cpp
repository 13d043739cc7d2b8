//===- PriceContext.cpp - What prices depend on -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/energy/Energy.h"

using namespace phx;

PriceContext phx::getPriceContext(const Target &target) {
  return {0, target.spec.format().mantissa_bits().value()};
}

/// The format of an instruction of an array; null for others.
static const NumberFormat *findFormat(const Program &program,
                                      const Instruction &instruction) {
  for (const FieldDescription &field : instruction.getDescription().fields)
    if (field.table == TableKind::Formats) {
      auto format = field.as<uint32_t>(instruction.body.data());
      return format < program.formats.size() ? &program.formats[format]
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
  const NumberFormat *format = findFormat(program, instruction);
  if (format && format->kind == FormatKind::Bfp)
    context.mantissaBits = format->mantissaBits;
  return context;
}
