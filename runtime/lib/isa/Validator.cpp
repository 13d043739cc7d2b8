//===- Validator.cpp - Structure, purpose, hazards -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Validator.h"

using namespace phx;

Status phx::validate(const Program &program) {
  if (Status status = validateStructure(program); !status)
    return status;
  if (Status status = validatePurpose(program); !status)
    return status;
  return validateHazards(program);
}
