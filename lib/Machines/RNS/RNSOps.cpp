//===- RNSOps.cpp - What residue arrays compute in a pass -----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Verifiers, entries of a program's tables, and meaning. Comments carry the
// numbers of the constraints in RNSOps.td.
//
//===----------------------------------------------------------------------===//

#include "photonic/Machines/RNS/RNS.h"

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "machines/rns/Operations.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"

#include <numeric>

using namespace mlir;
using namespace photonic::phot;
using namespace photonic::rns;

#define GET_OP_CLASSES
#include "photonic/Machines/RNS/RNSOps.cpp.inc"

void photonic::rns::registerDialects(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *, PhotonicDialect *dialect) {
    dialect->addRegionOperation<ModularDotOp>();
    dialect->addRegionOperation<ReverseConvertOp>();
  });
}

int64_t photonic::rns::getSignedRange(ArrayRef<int64_t> moduli) {
  int64_t product = 1;
  for (int64_t modulus : moduli)
    product *= modulus;
  return (product - 1) / 2;
}

//===----------------------------------------------------------------------===//
// Verifiers and entries
//===----------------------------------------------------------------------===//

static LogicalResult verifyModulus(Operation *op, int64_t modulus) { // C2
  constexpr phx::limits::Range limit = phx::rns::modulusRange;
  if (!limit.contains(modulus))
    return op->emitOpError("(C2) modulus must lie in [")
           << limit.low << ", " << limit.high << "], got " << modulus;
  return success();
}

LogicalResult ModularDotOp::verify() {
  if (failed(verifyVectors(*this)))
    return failure();
  if (getLhs().getType().getElementType().isF32()) // C1
    return emitOpError("(C1) needs integers, got ") << getLhs().getType();
  return verifyModulus(*this, getModulus());
}

/// A residue.
bool ModularDotOp::isPartial() { return true; }

/// Moduli that are multiplied one after the other are one entry.
LogicalResult ModularDotOp::encode(phx::OperationList &entries) {
  auto modulus = static_cast<int64_t>(getModulus());
  if (!entries.empty())
    if (auto *last = phx::getIf<phx::rns::ModularDot>(entries.back())) {
      phx::rns::ModularDot more = *last;
      more.moduli.push_back(modulus);
      entries.back() = more;
      return success();
    }
  entries.push_back(phx::rns::ModularDot{{modulus}});
  return success();
}

/// C4.
static LogicalResult verifyResidues(ReverseConvertOp op) {
  auto dots = op->getBlock()->getOps<ModularDotOp>();
  auto dot = dots.begin();
  for (auto [index, residue] : llvm::enumerate(op.getResidues())) {
    if (dot == dots.end() || residue != (*dot).getResult())
      return op.emitOpError("(C4) residue ")
             << index << " must be what modular_dot " << index
             << " of the region computes";
    if (int64_t((*dot).getModulus()) != op.getModuli()[index])
      return op.emitOpError("(C4) residue ")
             << index << " is modulo " << (*dot).getModulus() << ", not "
             << op.getModuli()[index];
    ++dot;
  }
  if (dot != dots.end())
    return op.emitOpError("(C4) leaves out a residue that the region computes");
  return success();
}

LogicalResult ReverseConvertOp::verify() {
  ArrayRef<int64_t> moduli = getModuli();
  if (moduli.empty() || moduli.size() != getResidues().size()) // C1
    return emitOpError("(C1) has ") << getResidues().size() << " residues and "
                                    << moduli.size() << " moduli";
  int64_t product = 1;
  for (auto [index, modulus] : llvm::enumerate(moduli)) {
    if (failed(verifyModulus(*this, modulus)))
      return failure();
    if (product > phx::rns::maxModuliProduct / modulus) // C2
      return emitOpError("(C2) product of the moduli exceeds ")
             << phx::rns::maxModuliProduct;
    product *= modulus;
    for (int64_t other : moduli.take_front(index))
      if (int64_t divisor = std::gcd(modulus, other); divisor != 1) // C3
        return emitOpError("(C3) moduli ") << other << " and " << modulus
                                           << " share the factor " << divisor;
  }
  return verifyResidues(*this);
}

LogicalResult ReverseConvertOp::encode(phx::OperationList &entries) {
  entries.push_back(phx::rns::ReverseConvert{});
  return success();
}

LogicalResult
ReverseConvertOp::checkRange(int64_t bound,
                             function_ref<InFlightDiagnostic()> emitError) {
  int64_t range = getSignedRange(getModuli());
  if (range >= bound)
    return success();
  return emitError() << "sums of a pass reach " << bound
                     << ", but the moduli represent only [" << -range << ", "
                     << range << "]";
}

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

static int64_t floorMod(int64_t value, int64_t modulus) {
  int64_t remainder = value % modulus;
  return remainder < 0 ? remainder + modulus : remainder;
}

/// Forward conversion of both operands, then products and sums of residues.
template <typename Residue, typename Element, typename Sum>
static void multiplyResidues(ModularDotOp dot,
                             PassValues<Element, Sum> &values) {
  int64_t modulus = dot.getModulus();
  const Pairs<Element> &pairs = values.getPairs();
  auto convert = [&](const Element *from, int64_t count) {
    std::vector<Residue> residues(count);
    for (int64_t i = 0; i < count; ++i)
      residues[i] = Residue(floorMod(int64_t(from[i]), modulus));
    return residues;
  };
  std::vector<Residue> lhs = convert(pairs.lhs, pairs.rows * pairs.length);
  std::vector<Residue> rhs = convert(pairs.rhs, pairs.columns * pairs.length);
  Pairs<Residue> residues{lhs.data(), rhs.data(), pairs.rows, pairs.columns,
                          pairs.length};
  MutableArrayRef<Sum> sums = values.create(dot.getResult());
  if (pairs.length * (modulus - 1) * (modulus - 1) <= INT32_MAX) {
    multiply(residues, sums.data());
    for (Sum &sum : sums)
      sum = Sum(uint32_t(sum) % uint32_t(modulus));
    return;
  }
  std::vector<int64_t> wide(sums.size());
  multiply(residues, wide.data());
  for (auto [sum, value] : llvm::zip_equal(sums, wide))
    sum = Sum(value % modulus);
}

/// Calls `function` with the values of integers; reals have no residues, as the
/// verifiers see to.
static void visitIntegers(PassBlock block, auto function) {
  std::visit(
      [&]<typename Element, typename Sum>(PassValues<Element, Sum> *values) {
        if constexpr (std::is_integral_v<Sum>)
          function(*values);
        else
          llvm_unreachable("residues of reals");
      },
      block);
}

void ModularDotOp::evaluate(PassBlock block) {
  visitIntegers(block, [&](auto &values) {
    // The narrow type is for speed.
    if (int64_t(getModulus()) <= INT16_MAX)
      multiplyResidues<int16_t>(*this, values);
    else
      multiplyResidues<int32_t>(*this, values);
  });
}

/// x = sum of r_i * (P / m_i) * ((P / m_i)^-1 mod m_i), modulo P, moved into
/// the signed range.
template <typename Total, typename Element, typename Sum>
static void reconstruct(ReverseConvertOp convert, int64_t product,
                        PassValues<Element, Sum> &values) {
  MutableArrayRef<Sum> sums = values.create(convert.getResult());
  std::vector<Total> totals(sums.size(), 0);
  for (auto [residue, modulus] :
       llvm::zip_equal(convert.getResidues(), convert.getModuli())) {
    int64_t others = product / modulus, inverse = 1;
    while (floorMod(others % modulus * inverse, modulus) != 1 % modulus)
      ++inverse;
    Total weight = Total(others) * Total(inverse) % Total(product);
    for (auto [total, value] : llvm::zip_equal(totals, values.get(residue)))
      total += weight * Total(value);
  }
  int64_t range = (product - 1) / 2;
  for (auto [sum, total] : llvm::zip_equal(sums, totals)) {
    auto x = int64_t(total % Total(product));
    sum = Sum(x > range ? x - product : x);
  }
}

void ReverseConvertOp::evaluate(PassBlock block) {
  int64_t product = 1;
  for (int64_t modulus : getModuli())
    product *= modulus;
  visitIntegers(block, [&](auto &values) {
    // At most 15 weights below the product, times residues of 16 bits.
    if (product <= int64_t(1) << 40)
      reconstruct<uint64_t>(*this, product, values);
    else
      reconstruct<unsigned __int128>(*this, product, values);
  });
}
