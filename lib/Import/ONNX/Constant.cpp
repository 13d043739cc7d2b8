//===- Constant.cpp - Tensors known while importing -----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constant.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
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

std::shared_ptr<Constant> Constant::getInts(ArrayRef<int64_t> shape,
                                            std::vector<int64_t> values,
                                            int32_t type) {
  auto constant = std::make_shared<Constant>();
  constant->elementType = type;
  constant->shape.assign(shape.begin(), shape.end());
  constant->ints = std::move(values);
  return constant;
}

std::shared_ptr<Constant> Constant::getFloats(ArrayRef<int64_t> shape,
                                              std::vector<float> values) {
  auto constant = std::make_shared<Constant>();
  constant->shape.assign(shape.begin(), shape.end());
  auto storage = std::make_shared<std::vector<float>>(std::move(values));
  constant->floats = *storage;
  constant->owner = std::move(storage);
  return constant;
}

std::string Constant::describe() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "constant " << getElementTypeName(elementType) << " "
     << spellShape(shape);
  if (isFloat() || ints.size() > 8)
    return text;
  os << " = " << spellShape(ints);
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

static float halfToFloat(uint16_t half) {
  uint32_t sign = uint32_t(half & 0x8000) << 16;
  uint32_t exponent = (half >> 10) & 31, mantissa = half & 1023;
  if (exponent == 0) {
    float magnitude = std::ldexp(float(mantissa), -24);
    return sign ? -magnitude : magnitude;
  }
  uint32_t biased = exponent == 31 ? 255 : exponent + 112;
  return llvm::bit_cast<float>(sign | biased << 23 | mantissa << 13);
}

static float bfloat16ToFloat(uint16_t bits) {
  return llvm::bit_cast<float>(uint32_t(bits) << 16);
}

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
  /// Bytes of an element in raw data, 0 if the type is not understood.
  static unsigned getWidth(int32_t type);
  LogicalResult findRawBytes();
  LogicalResult checkCount(int64_t found);
  LogicalResult decodeFloats();
  LogicalResult decodeInts();

  /// Elements of type T in raw data, each converted.
  template <typename T, typename To, typename Fn>
  void convertRaw(std::vector<To> &out, Fn convert) {
    out.resize(count);
    for (int64_t i = 0; i < count; ++i) {
      T element;
      std::memcpy(&element, raw->bytes.data() + i * sizeof(T), sizeof(T));
      out[i] = convert(element);
    }
  }
  template <typename Field, typename To, typename Fn>
  LogicalResult convertField(const Field &field, std::vector<To> &out,
                             Fn convert) {
    if (failed(checkCount(field.size())))
      return failure();
    out.reserve(count);
    for (auto element : field)
      out.push_back(convert(element));
    return success();
  }

  Model &model;
  const TensorProto &tensor;
  Location where;
  StringRef what;
  int64_t count = 0;
  std::optional<OwnedBytes> raw;
  std::shared_ptr<Constant> result = std::make_shared<Constant>();
};
} // namespace

unsigned Decoder::getWidth(int32_t type) {
  switch (type) {
  case TensorProto::BOOL:
  case TensorProto::INT8:
  case TensorProto::UINT8:
    return 1;
  case TensorProto::INT16:
  case TensorProto::UINT16:
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
    return 2;
  case TensorProto::FLOAT:
  case TensorProto::INT32:
  case TensorProto::UINT32:
    return 4;
  case TensorProto::DOUBLE:
  case TensorProto::INT64:
  case TensorProto::UINT64:
    return 8;
  default:
    return 0;
  }
}

LogicalResult Decoder::findRawBytes() {
  uint64_t size = uint64_t(count) * getWidth(tensor.data_type());
  if (tensor.data_location() == TensorProto::EXTERNAL) {
    auto external = model.getExternalBytes(tensor, size, where, what);
    if (failed(external))
      return failure();
    raw = *external;
    return success();
  }
  if (!tensor.has_raw_data())
    return success();
  if (tensor.raw_data().size() != size)
    return error() << " of type " << getElementTypeName(tensor.data_type())
                   << " and shape " << spellShape(result->shape) << " needs "
                   << size << " bytes, found " << tensor.raw_data().size()
                   << "; the file is damaged";
  raw = OwnedBytes{{tensor.raw_data().data(), size}, model.getProto()};
  return success();
}

LogicalResult Decoder::checkCount(int64_t found) {
  if (found == count)
    return success();
  return error() << " of shape " << spellShape(result->shape) << " needs "
                 << count << " elements, found " << found
                 << "; the file is damaged";
}

LogicalResult Decoder::decodeFloats() {
  int32_t type = tensor.data_type();
  if (type == TensorProto::FLOAT && !raw) {
    if (failed(checkCount(tensor.float_data_size())))
      return failure();
    result->floats = {tensor.float_data().data(), size_t(count)};
    result->owner = model.getProto();
    return success();
  }
  // Data in an external file may lie at any offset.
  if (type == TensorProto::FLOAT &&
      llvm::isAddrAligned(llvm::Align::Of<float>(), raw->bytes.data())) {
    result->floats = {reinterpret_cast<const float *>(raw->bytes.data()),
                      size_t(count)};
    result->owner = raw->owner;
    return success();
  }
  auto storage = std::make_shared<std::vector<float>>();
  auto narrow = [](double value) { return float(value); };
  auto half = [&](uint16_t bits) {
    return type == TensorProto::FLOAT16 ? halfToFloat(bits)
                                        : bfloat16ToFloat(bits);
  };
  if (type == TensorProto::FLOAT)
    convertRaw<float>(*storage, [](float value) { return value; });
  else if (type == TensorProto::DOUBLE && raw)
    convertRaw<double>(*storage, narrow);
  else if (type != TensorProto::DOUBLE && raw)
    convertRaw<uint16_t>(*storage, half);
  else if (failed(type == TensorProto::DOUBLE
                      ? convertField(tensor.double_data(), *storage, narrow)
                      : convertField(tensor.int32_data(), *storage, half)))
    return failure();
  result->floats = *storage;
  result->owner = std::move(storage);
  return success();
}

LogicalResult Decoder::decodeInts() {
  auto widen = [](auto value) { return static_cast<int64_t>(value); };
  std::vector<int64_t> &out = result->ints;
  int32_t type = tensor.data_type();
  if (!raw) {
    if (type == TensorProto::INT64)
      return convertField(tensor.int64_data(), out, widen);
    if (type == TensorProto::UINT64 || type == TensorProto::UINT32)
      return convertField(tensor.uint64_data(), out, widen);
    return convertField(tensor.int32_data(), out, widen);
  }
  switch (type) {
  case TensorProto::BOOL:
    convertRaw<uint8_t>(out, [](uint8_t value) { return int64_t(value != 0); });
    break;
  case TensorProto::INT8:
    convertRaw<int8_t>(out, widen);
    break;
  case TensorProto::UINT8:
    convertRaw<uint8_t>(out, widen);
    break;
  case TensorProto::INT16:
    convertRaw<int16_t>(out, widen);
    break;
  case TensorProto::UINT16:
    convertRaw<uint16_t>(out, widen);
    break;
  case TensorProto::INT32:
    convertRaw<int32_t>(out, widen);
    break;
  case TensorProto::UINT32:
    convertRaw<uint32_t>(out, widen);
    break;
  default:
    convertRaw<int64_t>(out, widen);
    break;
  }
  return success();
}

std::shared_ptr<Constant> Decoder::decode() {
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
  if (getWidth(tensor.data_type()) == 0) {
    error() << " has elements of type "
            << getElementTypeName(tensor.data_type())
            << "; expected FLOAT, or integers for shapes: export the model in "
               "FP32";
    return nullptr;
  }
  if (tensor.has_segment()) {
    error() << " is stored in segments, which no exporter should write; export "
               "the model again";
    return nullptr;
  }
  if (failed(findRawBytes()) ||
      failed(result->isFloat() ? decodeFloats() : decodeInts()))
    return nullptr;
  return std::move(result);
}

std::shared_ptr<Constant> importer::decodeTensor(Model &model,
                                                 const TensorProto &tensor,
                                                 Location where,
                                                 StringRef what) {
  return Decoder(model, tensor, where, what).decode();
}
