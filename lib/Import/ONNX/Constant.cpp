//===- Constant.cpp - Tensors known while importing -----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constant.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using ::onnx::TensorProto;

static_assert(llvm::endianness::native == llvm::endianness::little,
              "ONNX stores raw data in little-endian order");

std::optional<int64_t> importer::countElements(ArrayRef<int64_t> shape) {
  int64_t limit = 1;
  bool empty = false;
  for (int64_t extent : shape) {
    empty |= extent == 0;
    if (extent < 0 ||
        llvm::MulOverflow(limit, std::max<int64_t>(extent, 1), limit) ||
        limit > (int64_t(1) << 40))
      return std::nullopt;
  }
  return empty ? 0 : limit;
}

std::string importer::spellShape(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "[";
  llvm::interleaveComma(shape, os);
  os << "]";
  return text;
}

std::string importer::spellNumber(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%g", value);
  return text;
}

//===----------------------------------------------------------------------===//
// Constant
//===----------------------------------------------------------------------===//

std::shared_ptr<Constant> Constant::allocate(int32_t type,
                                             ArrayRef<int64_t> shape) {
  auto constant = std::make_shared<Constant>();
  constant->elementType = type;
  constant->shape.assign(shape.begin(), shape.end());
  size_t size = size_t(*countElements(shape)) * getElementWidth(type);
  // Memory from `new` is aligned for every element type.
  std::shared_ptr<char[]> bytes(new char[size]);
  constant->written = bytes.get();
  constant->storage = {{bytes.get(), size}, std::move(bytes)};
  return constant;
}

std::shared_ptr<Constant> Constant::reshape(ArrayRef<int64_t> newShape) const {
  auto constant = std::make_shared<Constant>();
  constant->elementType = elementType;
  constant->shape.assign(newShape.begin(), newShape.end());
  constant->storage = storage;
  return constant;
}

OwnedFloats Constant::getFloats() const {
  if (elementType == TensorProto::FLOAT)
    return {getElements<float>(), storage.owner};
  auto floats = std::make_shared<std::vector<float>>(getNumElements());
  visitElementType(elementType, [&](auto tag) {
    using T = decltype(tag);
    llvm::transform(getElements<T>(), floats->begin(),
                    [](T element) { return convertElement<float>(element); });
  });
  ArrayRef<float> view = *floats;
  return {view, std::move(floats)};
}

float Constant::getFloat() const { return getFloats().floats.front(); }

std::vector<int64_t> Constant::getIntegers() const {
  std::vector<int64_t> integers;
  visitElementType(elementType, [&](auto tag) {
    using T = decltype(tag);
    if constexpr (!isFloatElement<T>) {
      ArrayRef<T> elements = getElements<T>();
      integers.assign(elements.begin(), elements.end());
    }
  });
  return integers;
}

bool Constant::hasNonZero() const {
  return visitElementType(elementType, [&](auto tag) {
    using T = decltype(tag);
    return llvm::any_of(getElements<T>(), [](T element) {
      return convertElement<ComputeType<T>>(element) != ComputeType<T>();
    });
  });
}

std::string Constant::describe() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "constant " << getElementTypeName(elementType) << " "
     << spellShape(shape);
  if (isFloat() || getNumElements() > 8)
    return text;
  os << " = [";
  visitElementType(elementType, [&](auto tag) {
    using T = decltype(tag);
    if constexpr (std::is_integral_v<T>)
      llvm::interleaveComma(getElements<T>(), os, [&](T element) {
        os << (std::is_signed_v<T> ? llvm::itostr(int64_t(element))
                                   : llvm::utostr(uint64_t(element)));
      });
  });
  os << "]";
  return text;
}

int64_t importer::findNonFinite(ArrayRef<float> values) {
  // An exponent of all ones. Blocks without one are scanned without branches.
  constexpr uint32_t exponent = 0x7f800000;
  const char *bytes = reinterpret_cast<const char *>(values.data());
  auto isNonFinite = [&](size_t i) {
    uint32_t bits;
    std::memcpy(&bits, bytes + 4 * i, 4);
    return (bits & exponent) == exponent;
  };
  constexpr size_t block = 4096;
  for (size_t begin = 0; begin < values.size(); begin += block) {
    size_t end = std::min(begin + block, values.size());
    unsigned found = 0;
    for (size_t i = begin; i < end; ++i)
      found |= isNonFinite(i);
    if (!found)
      continue;
    for (size_t i = begin; i < end; ++i)
      if (isNonFinite(i))
        return i;
  }
  return -1;
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

namespace {
/// Reads one TensorProto.
class Decoder {
public:
  Decoder(Model &model, const TensorProto &tensor, Location where,
          StringRef what)
      : model(model), tensor(tensor), where(where), what(what) {}

  std::shared_ptr<Constant> decode();

private:
  InFlightDiagnostic error() { return emitError(where) << what; }
  LogicalResult readBytes(OwnedBytes raw);
  /// The bytes of the elements if they lie in raw data or in another file.
  FailureOr<std::optional<OwnedBytes>> findRawBytes();
  /// Elements in the field of their type, or in a wider one.
  LogicalResult readFields();
  template <typename T, typename Field> LogicalResult readField(Field field);
  LogicalResult checkCount(int64_t found);

  Model &model;
  const TensorProto &tensor;
  Location where;
  StringRef what;
  int64_t count = 0;
  std::shared_ptr<Constant> result;
};
} // namespace

FailureOr<std::optional<OwnedBytes>> Decoder::findRawBytes() {
  uint64_t size = uint64_t(count) * getElementWidth(tensor.data_type());
  if (tensor.data_location() == TensorProto::EXTERNAL) {
    auto external = model.getExternalBytes(tensor, size, where, what);
    if (failed(external))
      return failure();
    return std::optional(*external);
  }
  if (!tensor.has_raw_data())
    return std::optional<OwnedBytes>();
  if (tensor.raw_data().size() != size)
    return error() << " of type " << getElementTypeName(tensor.data_type())
                   << " and shape " << spellShape(result->shape) << " needs "
                   << size << " bytes, found " << tensor.raw_data().size()
                   << "; the file is damaged";
  return std::optional(
      OwnedBytes{{tensor.raw_data().data(), size}, model.getProto()});
}

LogicalResult Decoder::readBytes(OwnedBytes raw) {
  int32_t type = tensor.data_type();
  // Data in an external file may lie at any offset.
  uintptr_t address = reinterpret_cast<uintptr_t>(raw.bytes.data());
  bool isAligned = address % getElementWidth(type) == 0;
  bool isValid = type != TensorProto::BOOL ||
                 llvm::all_of(raw.bytes, [](char c) { return c == c % 2; });
  if (isAligned && isValid) {
    result->storage = std::move(raw);
    return success();
  }
  std::shared_ptr<Constant> copy = Constant::allocate(type, result->shape);
  visitElementType(type, [&](auto tag) {
    using T = decltype(tag);
    MutableArrayRef<T> elements = copy->getMutable<T>();
    if constexpr (std::is_same_v<T, bool>)
      llvm::transform(raw.bytes, elements.begin(),
                      [](char byte) { return byte != 0; });
    else
      std::memcpy(elements.data(), raw.bytes.data(), raw.bytes.size());
  });
  result->storage = copy->storage;
  return success();
}

LogicalResult Decoder::checkCount(int64_t found) {
  if (found == count)
    return success();
  return error() << " of shape " << spellShape(result->shape) << " needs "
                 << count << " elements, found " << found
                 << "; the file is damaged";
}

/// `element` of a field as T; nothing if T cannot hold it.
template <typename T, typename Element>
static std::optional<T> narrow(Element element) {
  if constexpr (isNarrowFloat<T>) {
    T half;
    half.bits = uint16_t(element);
    return half;
  } else if constexpr (std::is_same_v<T, bool>) {
    return element != 0;
  } else {
    T narrowed = T(element);
    return Element(narrowed) == element ? std::optional(narrowed)
                                        : std::nullopt;
  }
}

template <typename T, typename Field>
LogicalResult Decoder::readField(Field field) {
  using Element = typename Field::value_type;
  if (failed(checkCount(field.size())))
    return failure();
  if constexpr (std::is_same_v<T, Element>) {
    result->storage = {{reinterpret_cast<const char *>(field.data()),
                        field.size() * sizeof(T)},
                       model.getProto()};
    return success();
  } else {
    std::shared_ptr<Constant> copy =
        Constant::allocate(tensor.data_type(), result->shape);
    for (auto [element, target] :
         llvm::zip_equal(field, copy->getMutable<T>())) {
      std::optional<T> narrowed = narrow<T>(element);
      if (!narrowed)
        return error() << " holds " << element << ", which is no "
                       << getElementTypeName(tensor.data_type())
                       << "; the file is damaged";
      target = *narrowed;
    }
    result->storage = copy->storage;
    return success();
  }
}

template <typename Field> static auto viewOf(const Field &field) {
  using Element = std::decay_t<decltype(field.Get(0))>;
  return ArrayRef<Element>(field.data(), size_t(field.size()));
}

LogicalResult Decoder::readFields() {
  return visitElementType(tensor.data_type(), [&](auto tag) {
    using T = decltype(tag);
    if constexpr (std::is_same_v<T, float>)
      return readField<T>(viewOf(tensor.float_data()));
    else if constexpr (std::is_same_v<T, double>)
      return readField<T>(viewOf(tensor.double_data()));
    else if constexpr (std::is_same_v<T, int64_t>)
      return readField<T>(viewOf(tensor.int64_data()));
    else if constexpr (std::is_same_v<T, uint64_t> ||
                       std::is_same_v<T, uint32_t>)
      return readField<T>(viewOf(tensor.uint64_data()));
    else
      return readField<T>(viewOf(tensor.int32_data()));
  });
}

std::shared_ptr<Constant> Decoder::decode() {
  result = std::make_shared<Constant>();
  result->elementType = tensor.data_type();
  result->shape.assign(tensor.dims().begin(), tensor.dims().end());
  result->name = tensor.name();
  std::optional<int64_t> elements = countElements(result->shape);
  if (!elements) {
    error() << " has the impossible shape " << spellShape(result->shape)
            << "; the file is damaged";
    return nullptr;
  }
  count = *elements;
  if (getElementWidth(tensor.data_type()) == 0) {
    error() << " has elements of type "
            << getElementTypeName(tensor.data_type())
            << "; expected floats of 16, 32 or 64 bits, integers or booleans: "
               "export the model in FP32";
    return nullptr;
  }
  if (tensor.has_segment()) {
    error() << " is stored in segments, which no exporter should write; export "
               "the model again";
    return nullptr;
  }
  FailureOr<std::optional<OwnedBytes>> raw = findRawBytes();
  if (failed(raw) ||
      failed(*raw ? readBytes(std::move(**raw)) : readFields()))
    return nullptr;
  return std::move(result);
}

std::shared_ptr<Constant> importer::decodeTensor(Model &model,
                                                 const TensorProto &tensor,
                                                 Location where,
                                                 StringRef what) {
  return Decoder(model, tensor, where, what).decode();
}
