//===- DescribeOperation.h - How an operation is described ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   struct Adc {
//     static constexpr const char *operationName = "crossbar.adc";
//     int64_t bits = 8, fullScale = 1;
//     friend bool operator==(const Adc &, const Adc &) = default;
//   };
//
//   template <> const OperationDescription &phx::describeOperation<Adc>() {
//     static const OperationDescription description =
//         DescribeOperation<Adc>(OperationTable::Pass)
//             .ofClass("crossbar")
//             .summary("Convert a sum to an integer of finite resolution")
//             .parameter(&Adc::bits, "bits", "bit", "resolution")
//             .within(1, 16)
//             .parameter(&Adc::fullScale, "full_scale", "", "sum that saturates")
//             .within(1, limits::magnitude)
//             .build();
//     return description;
//   }
//
// Assembly and file have the parameters in the order in which they are
// described.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_DESCRIBEOPERATION_H
#define PHX_ISA_DESCRIBEOPERATION_H

#include "phx/isa/DescribeInstruction.h"
#include "phx/isa/DescribeStruct.h"
#include "phx/isa/TableOperation.h"

#include <type_traits>

namespace phx {

namespace detail {

template <typename M> constexpr ParameterKind getParameterKind() {
  if constexpr (std::is_same_v<M, int64_t>)
    return ParameterKind::Number;
  else if constexpr (std::is_same_v<M, std::vector<int64_t>>)
    return ParameterKind::Numbers;
  else if constexpr (std::is_same_v<M, double>)
    return ParameterKind::Real;
  else {
    static_assert(std::is_enum_v<M> && sizeof(M) == 1,
                  "no kind of parameter has this type");
    return ParameterKind::Word;
  }
}

} // namespace detail

/// Collects the description of the operation whose parameters are the members
/// of `T`. Every member is described, once; the process ends where one is not.
template <DescribedOperation T>
class DescribeOperation
    : public detail::DescribeAny<DescribeOperation<T>, OperationDescription> {
  using detail::DescribeAny<DescribeOperation<T>, OperationDescription>::d;

public:
  explicit DescribeOperation(OperationTable table) {
    d.name = T::operationName;
    d.table = table;
    detail::describeStruct<T>(d);
  }

  template <typename M>
  DescribeOperation &parameter(M T::*member, const char *name, const char *unit,
                               const char *doc) {
    ParameterDescription &p = d.parameters.emplace_back();
    p.name = name;
    p.unit = unit;
    p.doc = doc;
    p.kind = detail::getParameterKind<M>();
    p.offset = detail::offsetOf(member);
    if constexpr (std::is_enum_v<M>)
      p.words = &describeEnum<M>();
    return *this;
  }
  // These say more about the parameter described last.
  DescribeOperation &within(int64_t least, int64_t most) {
    d.parameters.back().least = least;
    d.parameters.back().most = most;
    return *this;
  }
  DescribeOperation &withinReals(double lowest, double highest) {
    d.parameters.back().lowest = lowest;
    d.parameters.back().highest = highest;
    return *this;
  }
  DescribeOperation &counted(int64_t fewest, int64_t longest) {
    d.parameters.back().fewest = fewest;
    d.parameters.back().longest = longest;
    return *this;
  }

  /// Its bits decide what charges of a conversion cost: PriceContext has them.
  DescribeOperation &mantissa() {
    d.parameters.back().isMantissa = true;
    return *this;
  }

  template <std::vector<BrokenRule> (*function)(const T &)>
  DescribeOperation &checks() {
    d.check = [](const void *body) {
      return function(*static_cast<const T *>(body));
    };
    return *this;
  }
  template <bool (*function)(const T &)> DescribeOperation &draws() {
    d.drawsRandomNumbers = [](const void *body) {
      return function(*static_cast<const T *>(body));
    };
    return *this;
  }
  template <std::string (*function)(const T &)> DescribeOperation &spelled() {
    d.spell = [](const void *body) {
      return function(*static_cast<const T *>(body));
    };
    return *this;
  }

  OperationDescription build() {
    detail::requireEachMember<T>(d.name.c_str(), d.parameters);
    return std::move(d);
  }
};

} // namespace phx

#endif // PHX_ISA_DESCRIBEOPERATION_H
