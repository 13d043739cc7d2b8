//===- Photonic.h - The photonic dialect ------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Dialect, attributes and operations of `photonic`, the level at which analog
// products, number formats, residues and array tiles are explicit.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONIC_H
#define PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONIC_H

#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Dialect/Photonic/IR/PassValues.h"
#include "photonic/Dialect/Photonic/IR/ViewDigit.h"

#include "phx/isa/TableOperation.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <memory>

namespace phx {
template <typename T> class Result;
struct Target;
} // namespace phx

namespace photonic::phot {
class TargetAttr;
class TargetCache;
} // namespace photonic::phot

#include "photonic/Dialect/Photonic/IR/PhotonicDialect.h.inc"
#include "photonic/Dialect/Photonic/IR/PhotonicEnums.h.inc"

#include "photonic/Dialect/Photonic/IR/PhotonicAttrInterfaces.h.inc"
#include "photonic/Dialect/Photonic/IR/PhotonicOpInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "photonic/Dialect/Photonic/IR/PhotonicAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "photonic/Dialect/Photonic/IR/PhotonicTypes.h.inc"

#define GET_OP_CLASSES
#include "photonic/Dialect/Photonic/IR/PhotonicOps.h.inc"

#endif // PHOTONIC_DIALECT_PHOTONIC_IR_PHOTONIC_H
