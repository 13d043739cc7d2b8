//===- Npz.cpp - Archives of NumPy arrays -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/npy/Npy.h"

#include "NpyFormat.h"

#include "phx/support/FileSystem.h"

#include <algorithm>
#include <cstring>
#include <optional>
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

/// NumPy appends ".npy".
static std::string getArrayName(const Member &member) {
  std::string name = member.name;
  if (name.ends_with(".npy"))
    name.resize(name.size() - 4);
  return name;
}

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

namespace {
/// The contents of a member, piece by piece, with their checksum.
class Contents {
public:
  Contents(const uint8_t *from, const Member &member)
      : from(from), compressed(member.compressed),
        deflated(member.method == 8) {
    isGood = !deflated || inflateInit2(&stream, -MAX_WBITS) == Z_OK;
    opened = deflated && isGood;
  }
  Contents(const Contents &) = delete;
  ~Contents() {
    if (opened)
      inflateEnd(&stream);
  }

  /// The next `size` bytes; false if there are fewer or they are damaged.
  bool read(uint8_t *to, uint64_t size) {
    isGood = isGood && (deflated ? inflateTo(to, size) : copyTo(to, size));
    if (isGood && size)
      crc = crc32_z(crc, to, size);
    return isGood;
  }
  /// Nothing follows.
  bool isAtEnd() {
    uint8_t more = 0;
    // The end of the stream may be all that is left of it.
    if (deflated && isGood && !ended)
      return !inflateTo(&more, 1) && ended;
    return isGood && (deflated || consumed == compressed);
  }
  uint32_t getCrc() const { return uint32_t(crc); }

private:
  bool copyTo(uint8_t *to, uint64_t size) {
    if (size > compressed - consumed)
      return false;
    std::copy_n(from + consumed, size, to);
    consumed += size;
    return true;
  }
  bool inflateTo(uint8_t *to, uint64_t size);

  const uint8_t *from;
  uint64_t compressed, consumed = 0;
  bool deflated, isGood = true, opened = false, ended = false;
  z_stream stream{};
  uLong crc = 0;
};
} // namespace

bool Contents::inflateTo(uint8_t *to, uint64_t size) {
  uint64_t written = 0;
  while (written < size && !ended) {
    // zlib counts in 32 bits.
    constexpr uint64_t step = 1u << 30;
    uInt in = static_cast<uInt>(std::min(step, compressed - consumed));
    uInt out = static_cast<uInt>(std::min(step, size - written));
    stream.next_in = const_cast<Bytef *>(from + consumed);
    stream.avail_in = in;
    stream.next_out = to + written;
    stream.avail_out = out;
    int code = inflate(&stream, Z_NO_FLUSH);
    consumed += in - stream.avail_in;
    written += out - stream.avail_out;
    ended = code == Z_STREAM_END;
    bool moved = in != stream.avail_in || out != stream.avail_out;
    if (!ended && (code != Z_OK || !moved))
      return false;
  }
  return written == size;
}

/// Finds the contents of a member.
static Result<const uint8_t *> findContents(Reader &r, const Member &m,
                                            const std::string &name) {
  uint64_t at = m.localOffset;
  uint64_t data =
      at + localSize + r.get<uint16_t>(at + 26) + r.get<uint16_t>(at + 28);
  if (r.damaged || r.get<uint32_t>(at) != localSignature ||
      !r.contains(data, m.compressed))
    return Error{"'" + name + "' is damaged or truncated"};
  // No deflate stream expands more than 1032 times (zlib's documentation).
  if (m.method == 8 && m.uncompressed / 1100 > m.compressed)
    return Error{"'" + name + "' states an impossible size"};
  if (m.method != 8 && (m.method != 0 || m.compressed != m.uncompressed))
    return Error{"'" + name + "' is compressed by method " +
                 std::to_string(m.method) +
                 "; write the archive with numpy.savez"};
  return r.bytes + data;
}

/// Reads what is in front of the data.
static Result<NpyHeader> readHeader(Contents &contents, const Member &m,
                                    const std::string &name) {
  auto damaged = [&] {
    return Error{"'" + name + "' is damaged: it does not decompress"};
  };
  std::vector<uint8_t> head(prefixSize);
  if (!contents.read(head.data(), std::min(m.uncompressed, prefixSize)))
    return damaged();
  Result<uint64_t> offset = getDataOffset(head.data(), name);
  if (!offset)
    return offset.error();
  if (*offset > m.uncompressed)
    return Error{"'" + name + "' is truncated: its header ends at byte " +
                 std::to_string(*offset) + ", the file at byte " +
                 std::to_string(m.uncompressed)};
  head.resize(*offset);
  if (!contents.read(head.data() + prefixSize, *offset - prefixSize))
    return damaged();
  return parseHeader(head.data(), *offset, name);
}

static Result<HostArray> extract(Reader &r, const Member &m,
                                 const std::string &path,
                                 const ArrayFilter &wanted) {
  std::string name = path + ":" + m.name;
  Result<const uint8_t *> bytes = findContents(r, m, name);
  if (!bytes)
    return bytes.error();
  Contents contents(*bytes, m);
  Result<NpyHeader> header = readHeader(contents, m, name);
  if (!header)
    return header.error();
  uint64_t size = m.uncompressed - header->dataOffset;
  bool isWanted = false;
  Result<HostArray> array = allocate(
      *header, size, name, getArrayName(m),
      [&](const std::string &key, ElementType type,
          const std::vector<int64_t> &shape) -> Result<bool> {
        Result<bool> answer = wanted ? wanted(key, type, shape) : true;
        isWanted = answer && *answer;
        return answer;
      });
  if (!array || !isWanted)
    return array;
  if (!contents.read(array->bytes.data(), size) || !contents.isAtEnd())
    return Error{"'" + name + "' is damaged: it does not decompress"};
  if (contents.getCrc() != m.crc)
    return Error{"'" + name + "' is damaged: its checksum does not match"};
  return array;
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

/// The members of an archive, in the order of its directory.
static Result<std::vector<Member>> readDirectory(Reader &r,
                                                 const std::string &path) {
  std::optional<Directory> directory = findDirectory(r);
  if (!directory)
    return Error{"'" + path +
                 "' is not a .npz archive, or its end is missing; write it "
                 "with numpy.savez"};
  uint64_t at = directory->at;
  std::vector<Member> members;
  for (uint64_t i = 0; i < directory->members; ++i) {
    uint64_t next = 0;
    if (!r.damaged)
      members.push_back(readMember(r, at, next));
    if (r.damaged)
      return Error{"'" + path + "' is damaged or truncated"};
    at = next;
  }
  if (at != directory->at + directory->size)
    return Error{"'" + path + "' is damaged: its directory lists " +
                 std::to_string(directory->members) +
                 " arrays but holds another number"};
  return members;
}

Result<std::map<std::string, HostArray>>
phx::readNpz(const std::string &path, const ArrayFilter &wanted) {
  Result<MappedFile> file = mapFile(path);
  if (!file)
    return file.error();
  Reader r(file->bytes, file->size);
  Result<std::vector<Member>> members = readDirectory(r, path);
  if (!members)
    return members.error();
  std::map<std::string, HostArray> arrays;
  for (const Member &m : *members) {
    std::string name = getArrayName(m);
    if (arrays.count(name))
      return Error{"'" + path + "' holds the array '" + name + "' twice"};
    Result<HostArray> array = extract(r, m, path, wanted);
    if (!array)
      return array.error();
    arrays.emplace(std::move(name), std::move(*array));
  }
  return arrays;
}
