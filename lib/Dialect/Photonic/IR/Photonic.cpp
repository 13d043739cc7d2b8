//===- Photonic.cpp - The photonic dialect -------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Registration of attributes and operations.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include "TargetCache.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace photonic::phot;

#include "photonic/Dialect/Photonic/IR/PhotonicDialect.cpp.inc"
#include "photonic/Dialect/Photonic/IR/PhotonicEnums.cpp.inc"

#include "photonic/Dialect/Photonic/IR/PhotonicAttrInterfaces.cpp.inc"
#include "photonic/Dialect/Photonic/IR/PhotonicOpInterfaces.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "photonic/Dialect/Photonic/IR/PhotonicAttrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "photonic/Dialect/Photonic/IR/PhotonicTypes.cpp.inc"

void PhotonicDialect::initialize() {
  targets = std::make_shared<TargetCache>();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "photonic/Dialect/Photonic/IR/PhotonicAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "photonic/Dialect/Photonic/IR/PhotonicTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "photonic/Dialect/Photonic/IR/PhotonicOps.cpp.inc"
      >();
}
