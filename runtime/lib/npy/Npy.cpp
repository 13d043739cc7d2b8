//===- Npy.cpp - NumPy array files -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/npy/Npy.h"

#include "NpyFormat.h"

#include "phx/support/Checksum.h"
#include "phx/support/FileSystem.h"
#include "phx/support/Hex.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>
#include <unistd.h>

using namespace phx;
using namespace phx::npy;

static_assert(std::endian::native == std::endian::little,
              "array files are read without swapping bytes");

static constexpr std::string_view magic = "\x93NUMPY";

/// The text behind `key` in the Python dictionary literal `header`.
static std::string_view findValue(std::string_view header,
                                  std::string_view key) {
  std::string quoted = "'" + std::string(key) + "'";
  size_t at = header.find(quoted);
  if (at == std::string_view::npos)
    return {};
  at = header.find(':', at + quoted.size());
  if (at == std::string_view::npos)
    return {};
  at = header.find_first_not_of(' ', at + 1);
  return at == std::string_view::npos ? std::string_view() : header.substr(at);
}

/// Parses "(2, 3, )"; false if it is something else.
static bool parseShape(std::string_view text, std::vector<int64_t> &shape) {
  if (text.empty() || text.front() != '(')
    return false;
  int64_t number = -1;
  for (char c : text.substr(1)) {
    if (std::isdigit(static_cast<unsigned char>(c))) {
      if (number > (int64_t(1) << 48))
        return false;
      number = (number < 0 ? 0 : number * 10) + (c - '0');
    } else if (c == ',' || c == ')') {
      if (number >= 0)
        shape.push_back(number);
      number = -1;
      if (c == ')')
        return true;
    } else if (c != ' ') {
      return false;
    }
  }
  return false;
}

Result<uint64_t> npy::getDataOffset(const uint8_t *prefix,
                                    const std::string &name) {
  std::string_view text(reinterpret_cast<const char *>(prefix), prefixSize);
  if (text.substr(0, magic.size()) != magic)
    return Error{"'" + name +
                 "' is not a NumPy .npy file (its first bytes are not "
                 "\\x93NUMPY); write it with numpy.save"};
  uint64_t lengthBytes = prefix[6] >= 2 ? 4 : 2;
  uint64_t length = 0;
  std::memcpy(&length, prefix + 8, lengthBytes);
  if (length > longestHeader)
    return Error{"'" + name + "' has a .npy header of " +
                 std::to_string(length) + " bytes, expected at most " +
                 std::to_string(longestHeader) + "; write it with numpy.save"};
  return std::max(8 + lengthBytes + length, prefixSize);
}

Result<NpyHeader> npy::parseHeader(const uint8_t *bytes, uint64_t dataOffset,
                                   const std::string &name) {
  NpyHeader header;
  header.dataOffset = dataOffset;
  uint64_t begin = 8 + (bytes[6] >= 2 ? 4 : 2);
  std::string_view dict(reinterpret_cast<const char *>(bytes + begin),
                        dataOffset - begin);
  std::string_view descr = findValue(dict, "descr");
  std::string_view order = findValue(dict, "fortran_order");
  size_t quote = descr.find('\'', 1);
  if (descr.empty() || descr.front() != '\'' ||
      quote == std::string_view::npos || order.empty() ||
      !parseShape(findValue(dict, "shape"), header.shape))
    return Error{"'" + name + "' has a .npy header that cannot be read: " +
                 std::string(dict)};
  header.descr = descr.substr(1, quote - 1);
  header.fortranOrder = order.substr(0, 4) == "True";
  return header;
}

static std::optional<ElementType> getElementType(const std::string &descr) {
  if (descr == "<f4")
    return ElementType::F32;
  if (descr == "<i4")
    return ElementType::I32;
  if (descr == "<i8")
    return ElementType::I64;
  if (descr == "|u1")
    return ElementType::U8;
  if (descr == "|i1")
    return ElementType::I8;
  if (descr == "<i2")
    return ElementType::I16;
  if (descr == "|b1")
    return ElementType::Bool;
  return std::nullopt;
}

static const char *getDescr(ElementType type) {
  switch (type) {
  case ElementType::F32:
    return "<f4";
  case ElementType::I32:
    return "<i4";
  case ElementType::I64:
    return "<i8";
  case ElementType::U8:
    return "|u1";
  case ElementType::I8:
    return "|i1";
  case ElementType::I16:
    return "<i2";
  case ElementType::Bool:
    return "|b1";
  case ElementType::BF16:
  case ElementType::Block:
    break; // NumPy has none; hosts see binary32, and no blocks
  }
  return "";
}

/// Memory of the machine in bytes.
static uint64_t getMemorySize() {
  return uint64_t(::sysconf(_SC_PHYS_PAGES)) *
         uint64_t(::sysconf(_SC_PAGESIZE));
}

Result<HostArray> npy::allocate(const NpyHeader &header, uint64_t found,
                                const std::string &name, const std::string &key,
                                const ArrayFilter &wanted) {
  std::optional<ElementType> type = getElementType(header.descr);
  if (!type)
    return Error{
        "'" + name + "' has element type '" + header.descr +
        "'; expected little-endian float32, int8, int16, int32, "
        "int64, uint8 or bool; convert it with array.astype(numpy.float32)"};
  if (header.fortranOrder && header.shape.size() > 1)
    return Error{"'" + name +
                 "' is in Fortran order; save numpy.ascontiguousarray(array)"};
  HostArray array{*type, header.shape, {}};
  uint64_t needed = byteWidth(*type);
  for (int64_t extent : array.shape)
    if (__builtin_mul_overflow(needed, static_cast<uint64_t>(extent), &needed))
      return Error{"'" + name + "' has a shape that is too large"};
  if (found != needed)
    return Error{"'" + name + "' holds " + std::to_string(found) +
                 " bytes of data, " + describe(*type, array.shape) + " needs " +
                 std::to_string(needed)};
  Result<bool> isWanted = wanted ? wanted(key, *type, array.shape) : true;
  if (!isWanted)
    return isWanted.error();
  if (!*isWanted)
    return array;
  if (needed > getMemorySize())
    return Error{"'" + name + "' " + describe(*type, array.shape) + " takes " +
                 std::to_string(needed) + " bytes, and this machine has " +
                 std::to_string(getMemorySize()) +
                 " bytes of memory; give fewer samples at a time"};
  array.bytes.resize(needed);
  return array;
}

/// The header at the beginning of a file of `size` bytes.
static Result<NpyHeader> parseFile(const uint8_t *bytes, uint64_t size,
                                   const std::string &name) {
  uint8_t prefix[prefixSize] = {};
  std::copy_n(bytes, std::min(size, prefixSize), prefix);
  Result<uint64_t> offset = getDataOffset(prefix, name);
  if (!offset)
    return offset.error();
  if (*offset > size)
    return Error{"'" + name + "' is truncated: its header ends at byte " +
                 std::to_string(*offset) + ", the file at byte " +
                 std::to_string(size)};
  return parseHeader(bytes, *offset, name);
}

Result<HostArray> phx::parseNpy(const uint8_t *bytes, uint64_t size,
                                const std::string &name,
                                const ArrayFilter &wanted) {
  Result<NpyHeader> header = parseFile(bytes, size, name);
  if (!header)
    return header.error();
  Result<HostArray> array =
      allocate(*header, size - header->dataOffset, name, "", wanted);
  if (array)
    std::copy_n(bytes + header->dataOffset, array->bytes.size(),
                array->bytes.data());
  return array;
}

Result<HostArray> phx::readNpy(const std::string &path,
                               const ArrayFilter &wanted) {
  Result<MappedFile> file = mapFile(path);
  if (!file)
    return file.error();
  return parseNpy(file->bytes, file->size, path, wanted);
}

std::string npy::makeHeader(const HostArray &array) {
  std::string dict = "{'descr': '" + std::string(getDescr(array.type)) +
                     "', 'fortran_order': False, 'shape': (";
  for (int64_t size : array.shape)
    dict += std::to_string(size) + ",";
  dict += "), }";
  // Magic, version and length take 10 bytes; data start at a multiple of 64.
  size_t total = (10 + dict.size() + 1 + 63) / 64 * 64;
  dict.append(total - 10 - dict.size() - 1, ' ');
  dict.push_back('\n');
  uint16_t length = static_cast<uint16_t>(dict.size());
  std::string head(magic);
  head += {'\x01', '\x00', static_cast<char>(length & 0xff),
           static_cast<char>(length >> 8)};
  return head + dict;
}

Status phx::writeNpy(const HostArray &array, const std::string &path) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file)
    return file.error();
  if (Status s = file->write(npy::makeHeader(array)); !s)
    return s;
  if (Status s = file->write(array.bytes.data(), array.bytes.size()); !s)
    return s;
  return file->commit();
}

std::string phx::encodeFileName(const std::string &name) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string encoded;
  for (unsigned char c : name) {
    bool plain = std::isalnum(c) || c == '_' || c == '-' || c == '.';
    if (plain && !(c == '.' && encoded.empty())) {
      encoded.push_back(static_cast<char>(c));
      continue;
    }
    encoded += {'%', digits[c >> 4], digits[c & 15]};
  }
  // ".npy" and, in what is cut, the hash have to fit as well.
  constexpr size_t longest = 255 - 4, kept = 230;
  if (encoded.size() <= longest)
    return encoded;
  // Not in the middle of an escape.
  size_t end = kept;
  for (size_t at : {kept - 1, kept - 2})
    if (encoded[at] == '%')
      end = at;
  return encoded.substr(0, end) + "~" + toHex(hashText(name));
}
