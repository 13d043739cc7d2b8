//===- DescribeStruct.h - Values of a described struct ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Instructions and operations of tables are structs behind a pointer without
// type; what is done to all of them alike is the same for both.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_DESCRIBESTRUCT_H
#define PHX_ISA_DESCRIBESTRUCT_H

#include "phx/isa/Fields.h"

#include <concepts>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace phx::detail {

/// What a member of a described struct can be.
template <typename M>
concept DescribedMember =
    std::is_enum_v<M> || std::same_as<M, bool> || std::same_as<M, int64_t> ||
    std::same_as<M, uint32_t> || std::same_as<M, float> ||
    std::same_as<M, double> || std::same_as<M, std::vector<int64_t>> ||
    std::same_as<M, Affine> || std::same_as<M, Count> ||
    std::same_as<M, Address> || std::same_as<M, Stride4> ||
    std::same_as<M, Shape4> || std::same_as<M, std::optional<ZeroFill>> ||
    std::same_as<M, std::optional<uint32_t>>;

/// Stands for the value of any one member.
struct AnyMember {
  template <DescribedMember M> operator M() const;
};

/// Number of members of an aggregate: the most values that initialise it.
template <typename T, typename... Members> constexpr size_t countMembers() {
  if constexpr (requires { T{Members()..., AnyMember()}; })
    return countMembers<T, Members..., AnyMember>();
  else
    return sizeof...(Members);
}

/// Ends the process unless each member of `T` is described, once: one that is
/// not would be neither in files nor in assembly, and no check would see it.
/// `parts` are its fields or parameters.
template <typename T, typename Parts>
void requireEachMember(const char *name, const Parts &parts) {
  std::set<size_t> offsets;
  for (const auto &part : parts)
    offsets.insert(part.offset);
  constexpr size_t members = countMembers<T>();
  if (offsets.size() == members && parts.size() == members)
    return;
  const char *advice = offsets.size() < parts.size()
                           ? "describe each once"
                       : parts.size() < members
                           ? "describe the others as well"
                           : "DescribedMember in DescribeStruct.h lacks the "
                             "type of one of them";
  std::fprintf(stderr,
               "the description of %s has %zu parts, its struct %zu members; "
               "%s\n",
               name, parts.size(), members, advice);
  std::abort();
}

/// How values of `T` are made, copied, removed and compared: the functions
/// `create`, `clone`, `destroy` and `equal` of a description.
template <typename T, typename Description>
void describeStruct(Description &d) {
  d.create = [] { return static_cast<void *>(new T()); };
  d.clone = [](const void *body) {
    return static_cast<void *>(new T(*static_cast<const T *>(body)));
  };
  d.destroy = [](void *body) { delete static_cast<T *>(body); };
  d.equal = [](const void *a, const void *b) {
    return *static_cast<const T *>(a) == *static_cast<const T *>(b);
  };
}

/// What builders of descriptions say alike, whatever they describe. `Self` is
/// the builder.
template <typename Self, typename Description> class DescribeAny {
public:
  Self &summary(const char *text) {
    d.summary = text;
    return self();
  }
  Self &semantics(std::string text) {
    d.description = std::move(text);
    return self();
  }
  /// The machine class that it is of; names of operations begin with it and a
  /// dot.
  Self &ofClass(const char *name) {
    d.machineClass = name;
    return self();
  }

protected:
  Self &self() { return static_cast<Self &>(*this); }
  Description d;
};

} // namespace phx::detail

#endif // PHX_ISA_DESCRIBESTRUCT_H
