//===- DescribeInstruction.h - How a description is written -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   struct VecPack {
//     static constexpr Opcode opcode{21};
//     Address dst, a;
//     Count count;
//     friend bool operator==(const VecPack &, const VecPack &) = default;
//   };
//
//   template <>
//   const InstructionDescription &phx::describeInstruction<VecPack>() {
//     static const InstructionDescription description =
//         DescribeInstruction<VecPack>("vec_pack", EnginePlace::Vec)
//             .summary("One bit per element: whether it is positive")
//             .field(&VecPack::dst, "dst", "words of 32 bits")
//             .field(&VecPack::a, "a", "elements")
//             .field(&VecPack::count, "count", "number of elements")
//             .writes(&VecPack::dst, maskWords(&VecPack::count))
//             .reads(&VecPack::a, elements(&VecPack::count))
//             .assembly("$dst `from` $a `count` $count")
//             .build();
//     return description;
//   }
//
// Fields are encoded in the order in which they are described.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_DESCRIBEINSTRUCTION_H
#define PHX_ISA_DESCRIBEINSTRUCTION_H

#include "phx/isa/DescribeStruct.h"
#include "phx/isa/Description.h"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <type_traits>

namespace phx {

/// The words of an enumeration that instructions use.
template <typename E> const EnumDescription &describeEnum();

namespace detail {

template <typename M> constexpr FieldKind getFieldKind() {
  if constexpr (std::is_same_v<M, int64_t>)
    return FieldKind::Number;
  else if constexpr (std::is_same_v<M, uint32_t>)
    return FieldKind::Index;
  else if constexpr (std::is_enum_v<M>)
    return FieldKind::Enum;
  else if constexpr (std::is_same_v<M, bool>)
    return FieldKind::Flag;
  else if constexpr (std::is_same_v<M, float>)
    return FieldKind::Float;
  else if constexpr (std::is_same_v<M, Affine>)
    return FieldKind::Affine;
  else if constexpr (std::is_same_v<M, Count>)
    return FieldKind::Count;
  else if constexpr (std::is_same_v<M, Address>)
    return FieldKind::Address;
  else if constexpr (std::is_same_v<M, Stride4>)
    return FieldKind::Strides;
  else if constexpr (std::is_same_v<M, Shape4>)
    return FieldKind::Shape;
  else if constexpr (std::is_same_v<M, std::optional<uint32_t>>)
    return FieldKind::Register;
  else {
    static_assert(std::is_same_v<M, std::optional<ZeroFill>>,
                  "no kind of field has this type");
    return FieldKind::ZeroFill;
  }
}

/// The unit that all fields of a kind have.
constexpr const char *getKindUnit(FieldKind kind) {
  return kind == FieldKind::Address || kind == FieldKind::Strides ? "bytes"
         : kind == FieldKind::Shape || kind == FieldKind::ZeroFill
             ? "elements"
             : "";
}

/// The process ends where a count or a place of work does not say what it
/// counts: reports and `photonic explain` would name a bare number.
inline void requireUnits(const InstructionDescription &d) {
  for (const FieldDescription &field : d.fields) {
    bool counts = field.kind == FieldKind::Count ||
                  (field.kind == FieldKind::Affine &&
                   field.role != FieldRole::AccumulationStart);
    if (!counts || *field.unit)
      continue;
    std::fprintf(stderr, "the field '%s' of %s has no unit; say .unit(...)\n",
                 field.name, d.mnemonic);
    std::abort();
  }
}

/// Fills in what a pattern of accesses needs; `find` turns a member into its
/// field.
template <typename T> struct Pattern {
  std::function<void(AccessDescription &,
                     const std::function<const FieldDescription *(size_t)> &)>
      apply;
};

template <typename T, typename M> size_t offsetOf(M T::*member) {
  static const T object{};
  return size_t(reinterpret_cast<const char *>(&(object.*member)) -
                reinterpret_cast<const char *>(&object));
}

} // namespace detail

//===----------------------------------------------------------------------===//
// Patterns of accesses
//===----------------------------------------------------------------------===//

/// address + Σ index * stride over the whole shape.
template <typename T>
detail::Pattern<T> strided(Stride4 T::*strides, Shape4 T::*shape) {
  return {[=](AccessDescription &access, auto &find) {
    access.pattern = AccessPattern::Strided;
    access.strides = find(detail::offsetOf(strides));
    access.shape = find(detail::offsetOf(shape));
  }};
}

/// The same without the innermost `dims` dimensions.
template <typename T>
detail::Pattern<T> reduced(Stride4 T::*strides, Shape4 T::*shape,
                           int64_t T::*dims) {
  return {[=](AccessDescription &access, auto &find) {
    strided(strides, shape).apply(access, find);
    access.reducedDims = find(detail::offsetOf(dims));
  }};
}

/// The same, where positions outside an extent touch nothing.
template <typename T>
detail::Pattern<T> zeroFilled(Stride4 T::*strides, Shape4 T::*shape,
                              std::optional<ZeroFill> T::*fill) {
  return {[=](AccessDescription &access, auto &find) {
    strided(strides, shape).apply(access, find);
    access.zeroFill = find(detail::offsetOf(fill));
  }};
}

/// Rows or columns of a map: `count` of them from `start`; a null start is 0, a
/// missing count 1.
template <typename T> struct MapSide {
  Affine T::*start = nullptr;
  Count T::*count = nullptr;
  int64_t T::*fixed = nullptr;
  MapSide() = default;
  MapSide(Affine T::*start, Count T::*count) : start(start), count(count) {}
  MapSide(int64_t T::*fixed) : fixed(fixed) {}

  template <typename Find> IndexFields resolve(Find &find) const {
    IndexFields fields;
    if (start)
      fields.start = find(detail::offsetOf(start));
    if (count)
      fields.count = find(detail::offsetOf(count));
    if (fixed)
      fields.count = find(detail::offsetOf(fixed));
    return fields;
  }
};

/// Rows x columns of a map.
template <typename T>
detail::Pattern<T> mapped(uint32_t T::*map, MapSide<T> rows, MapSide<T> cols) {
  return {[=](AccessDescription &access, auto &find) {
    access.pattern = AccessPattern::Mapped;
    access.map = find(detail::offsetOf(map));
    access.rows = rows.resolve(find);
    access.cols = cols.resolve(find);
  }};
}

/// Rows of a map whose column digits are ignored.
template <typename T>
detail::Pattern<T> mappedRows(uint32_t T::*map, MapSide<T> rows) {
  return {[=](AccessDescription &access, auto &find) {
    mapped(map, rows, MapSide<T>()).apply(access, find);
    access.rowsOnly = true;
  }};
}

/// A pattern with elements of `width` bytes, which is fixed or in a field.
template <typename T>
detail::Pattern<T> wide(int64_t width, detail::Pattern<T> pattern) {
  return {[=](AccessDescription &access, auto &find) {
    pattern.apply(access, find);
    access.width = width;
  }};
}
template <typename T>
detail::Pattern<T> wide(int64_t T::*width, detail::Pattern<T> pattern) {
  return {[=](AccessDescription &access, auto &find) {
    pattern.apply(access, find);
    access.widthField = find(detail::offsetOf(width));
  }};
}

/// A mapped pattern whose operand is made of blocks of the conversion that
/// `conversion` names, always or where `stored` is set.
template <typename T>
detail::Pattern<T> inBlocks(uint32_t T::*conversion, detail::Pattern<T> pattern,
                            bool T::*stored = nullptr) {
  return {[=](AccessDescription &access, auto &find) {
    pattern.apply(access, find);
    access.blocks = find(detail::offsetOf(conversion));
    if (stored)
      access.ifStored = find(detail::offsetOf(stored));
  }};
}

/// A mapped pattern of elements that `conversion` converts as they are read: in
/// whole groups along the contraction axis of `product`, because those of a
/// group share an exponent.
template <typename T>
detail::Pattern<T> inGroups(uint32_t T::*conversion, uint32_t T::*product,
                            detail::Pattern<T> pattern) {
  return {[=](AccessDescription &access, auto &find) {
    pattern.apply(access, find);
    access.converted = find(detail::offsetOf(conversion));
    access.product = find(detail::offsetOf(product));
  }};
}

/// Consecutive elements of `width` bytes.
template <typename T>
detail::Pattern<T> elements(Count T::*count, int64_t width = 4) {
  return {[=](AccessDescription &access, auto &find) {
    access.pattern = AccessPattern::Elements;
    access.width = width;
    access.count = find(detail::offsetOf(count));
  }};
}
template <typename T> detail::Pattern<T> fixedElements(int64_t count) {
  return {[=](AccessDescription &access, auto &) {
    access.pattern = AccessPattern::Elements;
    access.fixedCount = count;
  }};
}

/// One bit for each element.
template <typename T> detail::Pattern<T> maskWords(Count T::*count) {
  return {[=](AccessDescription &access, auto &find) {
    access.pattern = AccessPattern::MaskWords;
    access.count = find(detail::offsetOf(count));
  }};
}

/// One byte for each row; the address is that of row 0.
template <typename T> detail::Pattern<T> rowBytes(MapSide<T> rows) {
  return {[=](AccessDescription &access, auto &find) {
    access.pattern = AccessPattern::RowBytes;
    access.width = 1;
    access.rows = rows.resolve(find);
  }};
}

/// Elements that an index list chooses, anywhere in the `extent` bytes behind
/// the address.
template <typename T>
detail::Pattern<T> listed(int64_t T::*extent, int64_t width = 4) {
  return {[=](AccessDescription &access, auto &find) {
    access.pattern = AccessPattern::Listed;
    access.width = width;
    access.extent = find(detail::offsetOf(extent));
  }};
}

//===----------------------------------------------------------------------===//
// The builder
//===----------------------------------------------------------------------===//

/// Collects the description of the instruction whose fields are the members of
/// `T`. Every member is described as a field, once; the process ends where one
/// is not.
template <typename T>
class DescribeInstruction
    : public detail::DescribeAny<DescribeInstruction<T>,
                                 InstructionDescription> {
  using detail::DescribeAny<DescribeInstruction<T>, InstructionDescription>::d;

public:
  DescribeInstruction(const char *mnemonic, EnginePlace place) {
    d.opcode = T::opcode;
    d.mnemonic = mnemonic;
    d.name = mnemonic;
    if (size_t unit = d.name.find('_'); unit != std::string::npos)
      d.name[unit] = '.';
    d.place = place;
    detail::describeStruct<T>(d);
  }

  DescribeInstruction &example(std::string text) {
    d.examples.push_back(std::move(text));
    return *this;
  }
  /// Operands in assembly: words, and `$attribute` for each field.
  DescribeInstruction &assembly(std::string text) {
    d.assembly = std::move(text);
    return *this;
  }

  /// A field, called `name` in messages and, with underscores, in assembly.
  template <typename M>
  DescribeInstruction &field(M T::*member, const char *name, const char *doc) {
    FieldDescription &f = d.fields.emplace_back();
    f.name = name;
    f.attribute = name;
    for (char &c : f.attribute)
      c = c == ' ' ? '_' : c;
    f.doc = doc;
    f.kind = detail::getFieldKind<M>();
    f.unit = detail::getKindUnit(f.kind);
    f.offset = detail::offsetOf(member);
    if constexpr (std::is_enum_v<M>)
      f.words = &describeEnum<M>();
    if constexpr (std::is_same_v<M, uint32_t>)
      f.most = std::numeric_limits<uint32_t>::max();
    return *this;
  }
  // These say more about the field described last.
  DescribeInstruction &named(const char *attribute) {
    d.fields.back().attribute = attribute;
    return *this;
  }
  /// What one is: "rows". Counts and places of work have to have one; that of
  /// a coordinate of the origin follows from its axis.
  DescribeInstruction &unit(const char *unit) {
    d.fields.back().unit = unit;
    return *this;
  }
  DescribeInstruction &within(int64_t least, int64_t most) {
    d.fields.back().least = least;
    d.fields.back().most = most;
    return *this;
  }
  DescribeInstruction &of(TableKind table) {
    d.fields.back().table = table;
    return *this;
  }
  DescribeInstruction &as(FieldRole role) {
    d.fields.back().role = role;
    return *this;
  }
  /// What the operand is to the array: of an address, and of the conversion
  /// that it is given.
  DescribeInstruction &as(OperandRole role) {
    d.fields.back().operand = role;
    return *this;
  }
  /// A coordinate of the origin in the whole product.
  DescribeInstruction &from(OriginAxis axis) {
    if (d.fields.back().kind != FieldKind::Affine)
      __builtin_trap(); // a coordinate follows loop counters
    d.fields.back().origin = axis;
    return unit(getAxisUnit(axis));
  }
  DescribeInstruction &optional() {
    d.fields.back().optional = true;
    return *this;
  }

  DescribeInstruction &reads(Address T::*address, detail::Pattern<T> pattern,
                             bool (*isUsed)(const void *) = nullptr) {
    return access(AccessMode::Read, address, pattern, nullptr, isUsed);
  }
  DescribeInstruction &writes(Address T::*address, detail::Pattern<T> pattern,
                              bool (*isUsed)(const void *) = nullptr) {
    return access(AccessMode::Write, address, pattern, nullptr, isUsed);
  }
  DescribeInstruction &accumulates(Address T::*address,
                                   detail::Pattern<T> pattern,
                                   uint32_t T::*product) {
    return access(AccessMode::Accumulate, address, pattern, product, nullptr);
  }

  DescribeInstruction &programsArray() {
    d.state = ArrayStateUse::Programs;
    return *this;
  }
  /// `members` equal those of the instruction that programmed the array.
  template <typename... M> DescribeInstruction &usesArray(M T::*...members) {
    d.state = ArrayStateUse::Uses;
    (matched.push_back(detail::offsetOf(members)), ...);
    return *this;
  }
  /// Counts, or shapes of them, whose value the duration depends on.
  template <typename... M> DescribeInstruction &timedBy(M T::*...members) {
    static_assert(
        ((std::is_same_v<M, Count> || std::is_same_v<M, Shape4>) && ...),
        "timing follows counts and shapes alone");
    (timed.push_back(detail::offsetOf(members)), ...);
    return *this;
  }
  /// Affine fields whose value charges depend on.
  template <typename... M> DescribeInstruction &chargedBy(M T::*...members) {
    static_assert((std::is_same_v<M, Affine> && ...),
                  "charges see counts as they are; list affine fields");
    (charged.push_back(detail::offsetOf(members)), ...);
    return *this;
  }
  DescribeInstruction &checks(decltype(InstructionDescription::check) check) {
    d.check = check;
    return *this;
  }
  DescribeInstruction &
  checksBounds(decltype(InstructionDescription::checkBounds) check) {
    d.checkBounds = check;
    return *this;
  }

  /// Moving the result keeps its pointers valid; it is not copied.
  InstructionDescription build() {
    detail::requireEachMember<T>(d.mnemonic, d.fields);
    detail::requireUnits(d);
    auto find = [this](size_t offset) -> const FieldDescription * {
      for (const FieldDescription &f : d.fields)
        if (f.offset == offset)
          return &f;
      __builtin_trap(); // each member has a field
    };
    for (const Access &a : accesses) {
      AccessDescription &access = d.accesses.emplace_back();
      a.pattern.apply(access,
                      std::function<const FieldDescription *(size_t)>(find));
      access.mode = a.mode;
      access.address = find(a.address);
      if (a.product)
        access.product = find(*a.product);
      access.isUsed = a.isUsed;
    }
    for (size_t offset : matched)
      d.matched.push_back(find(offset));
    for (size_t offset : timed)
      d.timed.push_back(find(offset));
    for (size_t offset : charged)
      d.charged.push_back(find(offset));
    return std::move(d);
  }

private:
  struct Access {
    AccessMode mode;
    size_t address;
    detail::Pattern<T> pattern;
    std::optional<size_t> product;
    bool (*isUsed)(const void *);
  };
  DescribeInstruction &access(AccessMode mode, Address T::*address,
                              detail::Pattern<T> pattern,
                              uint32_t T::*product,
                              bool (*isUsed)(const void *)) {
    std::optional<size_t> owner;
    if (product)
      owner = detail::offsetOf(product);
    accesses.push_back(
        {mode, detail::offsetOf(address), std::move(pattern), owner, isUsed});
    return *this;
  }

  std::vector<Access> accesses;
  std::vector<size_t> matched, timed, charged;
};

} // namespace phx

#endif // PHX_ISA_DESCRIBEINSTRUCTION_H
