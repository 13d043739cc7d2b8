//===- Origin.cpp - Where in a product an instruction begins ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Origin.h"

using namespace phx;

Origins::Origins(const Program &program)
    : program(program), nests(program.code.size()) {
  for (const Product &product : program.products)
    for (const ProductNest &nest : product.nests)
      for (size_t i = nest.loopBegin; i < nest.loopEnd && i < nests.size(); ++i)
        nests[i] = &nest;
}

/// The value of a coordinate's field.
static int64_t getOwn(const Body &body, OriginAxis axis,
                      const Counters &counters) {
  const FieldDescription *field = body.getDescription().findOrigin(axis);
  return field ? evaluate(field->as<Affine>(body.data()), counters) : 0;
}

Origin Origins::get(size_t pc, const Counters &counters) const {
  const Body &body = program.code[pc].body;
  Origin origin{getOwn(body, OriginAxis::Group, counters),
                getOwn(body, OriginAxis::Row, counters),
                getOwn(body, OriginAxis::Contraction, counters),
                getOwn(body, OriginAxis::Vector, counters)};
  const FieldDescription *owner = body.getDescription().findProduct();
  const ProductNest *nest = nests[pc];
  if (!nest || !owner)
    return origin;
  const Product &product = program.products[owner->as<uint32_t>(body.data())];
  int64_t row = evaluate(nest->rows.start, counters);
  int64_t column = evaluate(nest->columns.start, counters);
  bool isSecond = product.stationary == Stationary::Second;
  origin.row += isSecond ? column : row;
  origin.vector += isSecond ? row : column;
  origin.contraction += evaluate(nest->contraction.start, counters);
  return origin;
}
