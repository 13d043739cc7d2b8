//===- TableOperation.h - What tables of a program name ---------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program says in tables what its arrays compute: number formats of operands
// (conversions), what one pass of an array makes of two operands (passes), and
// how the values of passes meet the accumulator (combines). Each entry names
// operations that are described once: a name and named parameters with units
// and ranges. Assembly, the program file, checks and documentation are generic
// over the description; machine classes register operations of their own, and
// give them meaning. DescribeOperation.h shows how one is written.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_ISA_TABLEOPERATION_H
#define PHX_ISA_TABLEOPERATION_H

#include "phx/support/Result.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace phx {

struct EnumDescription;
struct OperationDescription;

/// The table that an operation belongs in.
enum class OperationTable : uint8_t {
  Conversion, ///< number formats of operands
  Pass,       ///< what one pass of an array computes
  Combine,    ///< how values of passes meet the accumulator
};
inline constexpr unsigned numOperationTables = 3;
/// "conversion", "pass", "combine".
const char *getTableName(OperationTable table);

//===----------------------------------------------------------------------===//
// Descriptions
//===----------------------------------------------------------------------===//

/// What a parameter holds; the C++ type of the member decides it.
enum class ParameterKind : uint8_t {
  Number,  ///< int64_t
  Numbers, ///< std::vector<int64_t>
  Word,    ///< an enumeration of one byte
  Real,    ///< double, finite
};

struct ParameterDescription {
  const char *name = ""; ///< in assembly: "full_scale"
  const char *unit = ""; ///< "bit"; empty: none
  const char *doc = "";  ///< one line
  ParameterKind kind = ParameterKind::Number;
  /// Legal values of a Number and of each of Numbers, inclusive.
  int64_t least = std::numeric_limits<int64_t>::min();
  int64_t most = std::numeric_limits<int64_t>::max();
  /// Legal values of a Real, inclusive.
  double lowest = std::numeric_limits<double>::lowest();
  double highest = std::numeric_limits<double>::max();
  /// How many Numbers there are, inclusive.
  int64_t fewest = 1, longest = 4096;
  const EnumDescription *words = nullptr; ///< of a Word
  /// A Number: bits of the mantissas of a number format, by which charges are
  /// priced.
  bool isMantissa = false;
  size_t offset = 0; ///< of the member in the operation's struct

  template <typename T> const T &as(const void *body) const {
    return *reinterpret_cast<const T *>(static_cast<const char *>(body) +
                                        offset);
  }
  template <typename T> T &as(void *body) const {
    return *reinterpret_cast<T *>(static_cast<char *>(body) + offset);
  }
};

/// A rule between parameters that does not hold.
struct BrokenRule {
  std::string parameter, expected, found;
};

struct OperationDescription {
  std::string name; ///< in assembly: "bfp"; of a class: "rns.modular_dot"
  OperationTable table = OperationTable::Conversion;
  std::string machineClass; ///< empty: of the base instruction set
  const char *summary = ""; ///< one line
  std::string description;  ///< semantics; may be empty
  /// In the order of the assembly. An operation has each exactly once.
  std::vector<ParameterDescription> parameters;

  /// Rules between parameters, each of them in its range. May be null.
  std::vector<BrokenRule> (*check)(const void *body) = nullptr;
  /// Whether it needs the random key of the program. Null: it does not.
  bool (*drawsRandomNumbers)(const void *body) = nullptr;
  /// How reports name it: "bfp:4:16". Null: its assembly.
  std::string (*spell)(const void *body) = nullptr;

  // The struct behind the parameters.
  void *(*create)() = nullptr;
  void *(*clone)(const void *body) = nullptr;
  void (*destroy)(void *body) = nullptr;
  bool (*equal)(const void *a, const void *b) = nullptr;
};

/// A struct with parameters as members and its name as `operationName`.
template <typename T>
concept DescribedOperation = requires { T::operationName; };

/// The description of an operation's struct: specialised for each.
template <DescribedOperation T>
const OperationDescription &describeOperation();

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

/// One operation with its parameters; or none, which is legal in no table.
class TableOperation {
public:
  TableOperation() = default;
  template <DescribedOperation T>
  TableOperation(T value)
      : description(&describeOperation<T>()), body(new T(std::move(value))) {}
  /// What a fresh struct holds.
  explicit TableOperation(const OperationDescription &description)
      : description(&description), body(description.create()) {}
  TableOperation(const TableOperation &other)
      : description(other.description),
        body(other.body ? description->clone(other.body) : nullptr) {}
  TableOperation(TableOperation &&other) noexcept
      : description(std::exchange(other.description, nullptr)),
        body(std::exchange(other.body, nullptr)) {}
  TableOperation &operator=(TableOperation other) noexcept {
    std::swap(description, other.description);
    std::swap(body, other.body);
    return *this;
  }
  ~TableOperation() {
    if (body)
      description->destroy(body);
  }

  /// Null if there is none.
  const OperationDescription *getDescription() const { return description; }
  /// The struct; what the parameters of the description refer to.
  const void *data() const { return body; }
  void *data() { return body; }

  friend bool operator==(const TableOperation &a, const TableOperation &b) {
    return a.description == b.description &&
           (!a.description || a.description->equal(a.body, b.body));
  }

private:
  const OperationDescription *description = nullptr;
  void *body = nullptr;
};

/// An entry of the table of passes or combines: operations in their order.
using OperationList = std::vector<TableOperation>;

/// The struct of `operation` if it is a T, otherwise null.
template <DescribedOperation T> const T *getIf(const TableOperation &operation) {
  return operation.getDescription() == &describeOperation<T>()
             ? static_cast<const T *>(operation.data())
             : nullptr;
}
template <DescribedOperation T> T *getIf(TableOperation &operation) {
  return const_cast<T *>(getIf<T>(std::as_const(operation)));
}
/// The first T of a list, otherwise null.
template <DescribedOperation T> const T *findIn(const OperationList &list) {
  for (const TableOperation &operation : list)
    if (const T *found = getIf<T>(operation))
      return found;
  return nullptr;
}

/// Calls `visit(parameter, value)` with the value of its C++ type (a word as
/// uint8_t). `BodyPointer` is `void *` or `const void *`.
template <typename BodyPointer, typename Visitor>
void visitParameter(const ParameterDescription &parameter, BodyPointer body,
                    Visitor &&visit) {
  switch (parameter.kind) {
  case ParameterKind::Number:
    return visit(parameter, parameter.as<int64_t>(body));
  case ParameterKind::Numbers:
    return visit(parameter, parameter.as<std::vector<int64_t>>(body));
  case ParameterKind::Word:
    return visit(parameter, parameter.as<uint8_t>(body));
  case ParameterKind::Real:
    return visit(parameter, parameter.as<double>(body));
  }
}

/// As in assembly: "bfp mantissa 4 group 16 rounding trunc"; lists in brackets.
std::string toAssembly(const TableOperation &operation);
std::string toAssembly(const OperationList &list);
/// As in reports: "bfp:4:16".
std::string spell(const TableOperation &operation);
/// A Real: the shortest decimal form that reads back as the same number, with a
/// point or an exponent.
std::string toRealText(double value);

/// Whether it needs the random key of the program.
bool drawsRandomNumbers(const TableOperation &operation);

/// Bits of the mantissas of a conversion; nothing if none of its parameters is
/// described as these.
std::optional<int64_t> getMantissaBits(const TableOperation &operation);

/// That it may stand in `table`, each parameter is in its range and the rules
/// between them hold. Errors begin with `where`: "conversion 0".
Status checkOperation(const TableOperation &operation, OperationTable table,
                      const std::string &where);

//===----------------------------------------------------------------------===//
// Which operations there are
//===----------------------------------------------------------------------===//

/// Those of the base instruction set, and what machine classes have registered.
class OperationSet {
public:
  static OperationSet &get();

  /// Adds an operation; the description outlives the process's use of it.
  /// Adding it again changes nothing. Two of one name are a fault of the
  /// program that registers them: it ends with a message.
  void add(const OperationDescription &description);
  template <DescribedOperation... T> void add() {
    (add(describeOperation<T>()), ...);
  }

  /// Null if there is none.
  const OperationDescription *find(const std::string &name) const;
  /// By table; base operations first, then as registered.
  std::vector<const OperationDescription *> list() const;

  /// Why there is none of that name in `table`, or in any: a slip of the fingers, another
  /// table, or a machine class that is not registered.
  std::string
  explainUnknown(const std::string &name,
                 std::optional<OperationTable> table = std::nullopt) const;

private:
  OperationSet();
  std::vector<const OperationDescription *> all;
};

/// What a parameter holds: "integer, 1 to 15", "trunc, nearest or stochastic".
std::string getKindText(const ParameterDescription &parameter);

} // namespace phx

#endif // PHX_ISA_TABLEOPERATION_H
