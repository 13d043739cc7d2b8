//===- Npz.cpp - Archives of NumPy arrays -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/npy/Npy.h"

#include "NpyFormat.h"

#include "phx/support/FileSystem.h"

#include <cstring>
#include <zlib.h>

using namespace phx;
using namespace phx::npy;

namespace {

/// Reads numbers from a mapped archive; out-of-range reads give 0 and are
/// remembered.
class Reader {
public:
  Reader(const uint8_t *bytes, uint64_t size) : bytes(bytes), size(size) {}

  template <typename T> T get(uint64_t at) {
    T value = 0;
    if (at > size || size - at < sizeof(T))
      damaged = true;
    else
      std::memcpy(&value, bytes + at, sizeof(T));
    return value;
  }
  bool contains(uint64_t at, uint64_t length) const {
    return at <= size && length <= size - at;
  }

  const uint8_t *bytes;
  uint64_t size;
  bool damaged = false;
};

/// One entry of the central directory.
struct Member {
  std::string name;
  uint16_t method = 0;
  uint32_t crc = 0;
  uint64_t compressed = 0, uncompressed = 0, localOffset = 0;
};

} // namespace

/// Replaces sizes that are 0xffffffff by those of the zip64 extra field.
static void readZip64(Reader &r, Member &m, uint64_t at, uint64_t length) {
  uint64_t end = at + length;
  while (at + 4 <= end && !r.damaged) {
    uint16_t id = r.get<uint16_t>(at), size = r.get<uint16_t>(at + 2);
    uint64_t field = at + 4;
    if (id == zip64Extra)
      for (uint64_t *value : {&m.uncompressed, &m.compressed, &m.localOffset})
        if (*value == inZip64) {
          *value = r.get<uint64_t>(field);
          field += 8;
        }
    at += 4 + size;
  }
}

static Member readMember(Reader &r, uint64_t at, uint64_t &next) {
  Member m;
  if (r.get<uint32_t>(at) != centralSignature) {
    r.damaged = true;
    return m;
  }
  m.method = r.get<uint16_t>(at + 10);
  m.crc = r.get<uint32_t>(at + 16);
  m.compressed = r.get<uint32_t>(at + 20);
  m.uncompressed = r.get<uint32_t>(at + 24);
  uint16_t nameLength = r.get<uint16_t>(at + 28);
  uint16_t extraLength = r.get<uint16_t>(at + 30);
  uint16_t commentLength = r.get<uint16_t>(at + 32);
  m.localOffset = r.get<uint32_t>(at + 42);
  if (!r.contains(at + centralSize, nameLength)) {
    r.damaged = true;
    return m;
  }
  m.name.assign(reinterpret_cast<const char *>(r.bytes + at + centralSize),
                nameLength);
  readZip64(r, m, at + centralSize + nameLength, extraLength);
  next = at + centralSize + nameLength + extraLength + commentLength;
  return m;
}

/// Inflates raw deflate data; false if it is damaged.
static bool inflateTo(const uint8_t *from, uint64_t fromSize,
                      std::vector<uint8_t> &to) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return false;
  uint64_t read = 0, written = 0;
  int code = Z_OK;
  while (code == Z_OK) {
    // zlib counts in 32 bits.
    constexpr uint64_t step = 1u << 30;
    uInt in = static_cast<uInt>(std::min(step, fromSize - read));
    uInt out = static_cast<uInt>(std::min(step, to.size() - written));
    stream.next_in = const_cast<Bytef *>(from + read);
    stream.avail_in = in;
    stream.next_out = to.data() + written;
    stream.avail_out = out;
    code = inflate(&stream, Z_NO_FLUSH);
    read += in - stream.avail_in;
    written += out - stream.avail_out;
    if (in == stream.avail_in && out == stream.avail_out)
      break;
  }
  inflateEnd(&stream);
  return code == Z_STREAM_END && written == to.size();
}

static Result<HostArray> extract(Reader &r, const Member &m,
                                 const std::string &path) {
  std::string name = path + ":" + m.name;
  uint64_t at = m.localOffset;
  uint64_t data =
      at + localSize + r.get<uint16_t>(at + 26) + r.get<uint16_t>(at + 28);
  if (r.damaged || r.get<uint32_t>(at) != localSignature ||
      !r.contains(data, m.compressed))
    return Error{"'" + name + "' is damaged or truncated"};
  std::vector<uint8_t> inflated;
  const uint8_t *bytes = r.bytes + data;
  if (m.method == 8) {
    // No deflate stream expands more than 1032 times (zlib's documentation).
    if (m.uncompressed / 1100 > m.compressed)
      return Error{"'" + name + "' states an impossible size"};
    inflated.resize(m.uncompressed);
    if (!inflateTo(bytes, m.compressed, inflated))
      return Error{"'" + name + "' is damaged: it does not decompress"};
    bytes = inflated.data();
  } else if (m.method != 0 || m.compressed != m.uncompressed) {
    return Error{"'" + name + "' is compressed by method " +
                 std::to_string(m.method) +
                 "; write the archive with numpy.savez"};
  }
  if (crc32_z(0, bytes, m.uncompressed) != m.crc)
    return Error{"'" + name + "' is damaged: its checksum does not match"};
  return parseNpy(bytes, m.uncompressed, name);
}

namespace {
/// Where the members of an archive are listed.
struct Directory {
  uint64_t members = 0, at = 0, size = 0;
};
} // namespace

/// Follows the locator in front of the end record at `end`.
static void readZip64End(Reader &r, uint64_t end, Directory &directory) {
  uint64_t locator = end - zip64LocatorSize;
  if (end < zip64LocatorSize ||
      r.get<uint32_t>(locator) != zip64LocatorSignature) {
    r.damaged = true;
    return;
  }
  uint64_t record = r.get<uint64_t>(locator + 8);
  if (r.get<uint32_t>(record) != zip64EndSignature) {
    r.damaged = true;
    return;
  }
  directory.members = r.get<uint64_t>(record + 32);
  directory.size = r.get<uint64_t>(record + 40);
  directory.at = r.get<uint64_t>(record + 48);
}

/// The end record is behind everything else but a comment of at most 64 KiB.
static std::optional<Directory> findDirectory(Reader &r) {
  for (uint64_t back = endSize; back <= r.size && back <= endSize + 0xffff;
       ++back) {
    uint64_t end = r.size - back;
    if (r.get<uint32_t>(end) != endSignature ||
        r.get<uint16_t>(end + 20) != back - endSize)
      continue;
    Directory directory{r.get<uint16_t>(end + 10), r.get<uint32_t>(end + 16),
                        r.get<uint32_t>(end + 12)};
    if (directory.members == countInZip64 || directory.at == inZip64 ||
        directory.size == inZip64)
      readZip64End(r, end, directory);
    return directory;
  }
  return std::nullopt;
}

Result<std::map<std::string, HostArray>> phx::readNpz(const std::string &path) {
  Result<MappedFile> file = mapFile(path);
  if (!file)
    return file.error();
  Reader r(file->bytes, file->size);
  std::optional<Directory> directory = findDirectory(r);
  if (!directory)
    return Error{"'" + path +
                 "' is not a .npz archive, or its end is missing; write it "
                 "with numpy.savez"};
  uint64_t at = directory->at;
  std::map<std::string, HostArray> arrays;
  for (uint64_t i = 0; i < directory->members; ++i) {
    uint64_t next = 0;
    Member m = r.damaged ? Member() : readMember(r, at, next);
    if (r.damaged)
      return Error{"'" + path + "' is damaged or truncated"};
    Result<HostArray> array = extract(r, m, path);
    if (!array)
      return array.error();
    std::string name = m.name;
    if (name.ends_with(".npy"))
      name.resize(name.size() - 4);
    if (!arrays.emplace(name, std::move(*array)).second)
      return Error{"'" + path + "' holds the array '" + name + "' twice"};
    at = next;
  }
  if (at != directory->at + directory->size)
    return Error{"'" + path + "' is damaged: its directory lists " +
                 std::to_string(directory->members) +
                 " arrays but holds another number"};
  return arrays;
}
