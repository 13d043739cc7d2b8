//===- NpzWriter.cpp - Writing archives of NumPy arrays ---------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Members are stored, not compressed: numbers of a network hardly compress.
// Equal arrays give equal files; the time of every member is the earliest that
// the format can express.
//
//===----------------------------------------------------------------------===//

#include "phx/npy/Npy.h"

#include "NpyFormat.h"

#include "phx/support/FileSystem.h"

#include <zlib.h>

using namespace phx;
using namespace phx::npy;

namespace {

constexpr uint16_t plainVersion = 20, zip64Version = 45;
constexpr uint16_t utf8Names = 1 << 11;
constexpr uint16_t firstOfJanuary1980 = 1 << 5 | 1;

/// A little-endian record.
class Record {
public:
  template <typename T> void put(T value) {
    for (size_t i = 0; i < sizeof(T); ++i)
      text.push_back(static_cast<char>(uint64_t(value) >> (8 * i)));
  }
  std::string text;
};

/// A member that has been written.
struct ZipEntry {
  std::string name;
  uint32_t crc = 0;
  uint64_t bytes = 0, offset = 0;

  bool isLarge() const { return bytes >= inZip64; }
  bool isFar() const { return offset >= inZip64; }
};

/// Whether readers may take the bytes for UTF-8.
bool isUtf8(const std::string &text) {
  size_t following = 0;
  for (unsigned char c : text) {
    bool continues = (c & 0xc0) == 0x80;
    if (continues != (following > 0))
      return false;
    if (continues)
      --following;
    else if (c >= 0x80)
      following = c >= 0xf8 ? SIZE_MAX : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    if (following > 3)
      return false;
  }
  return following == 0;
}

uint32_t clip(uint64_t value) {
  return static_cast<uint32_t>(std::min<uint64_t>(value, inZip64));
}

/// The fields that a local header and an entry of the directory share.
void putCommon(Record &record, const ZipEntry &entry, bool needsZip64,
               uint16_t extra) {
  record.put<uint16_t>(needsZip64 ? zip64Version : plainVersion);
  record.put<uint16_t>(isUtf8(entry.name) ? utf8Names : 0);
  record.put<uint16_t>(0); // stored
  record.put<uint16_t>(0); // midnight
  record.put<uint16_t>(firstOfJanuary1980);
  record.put<uint32_t>(entry.crc);
  record.put<uint32_t>(clip(entry.bytes));
  record.put<uint32_t>(clip(entry.bytes));
  record.put<uint16_t>(uint16_t(entry.name.size()));
  record.put<uint16_t>(extra);
}

std::string makeLocal(const ZipEntry &entry) {
  Record record;
  record.put<uint32_t>(localSignature);
  putCommon(record, entry, entry.isLarge(), entry.isLarge() ? 20 : 0);
  record.text += entry.name;
  if (entry.isLarge()) {
    record.put<uint16_t>(zip64Extra);
    record.put<uint16_t>(16);
    record.put<uint64_t>(entry.bytes);
    record.put<uint64_t>(entry.bytes);
  }
  return record.text;
}

std::string makeCentral(const ZipEntry &entry) {
  uint16_t extra = (entry.isLarge() ? 16 : 0) + (entry.isFar() ? 8 : 0);
  Record record;
  record.put<uint32_t>(centralSignature);
  record.put<uint16_t>(zip64Version);
  putCommon(record, entry, extra != 0, extra ? extra + 4 : 0);
  record.put<uint16_t>(0); // comment
  record.put<uint16_t>(0); // disk
  record.put<uint16_t>(0); // internal attributes
  record.put<uint32_t>(0); // external attributes
  record.put<uint32_t>(clip(entry.offset));
  record.text += entry.name;
  if (!extra)
    return record.text;
  record.put<uint16_t>(zip64Extra);
  record.put<uint16_t>(extra);
  if (entry.isLarge()) {
    record.put<uint64_t>(entry.bytes);
    record.put<uint64_t>(entry.bytes);
  }
  if (entry.isFar())
    record.put<uint64_t>(entry.offset);
  return record.text;
}

std::string makeZip64End(uint64_t members, uint64_t at, uint64_t size) {
  Record record;
  record.put<uint32_t>(zip64EndSignature);
  record.put<uint64_t>(zip64EndSize - 12);
  record.put<uint16_t>(zip64Version);
  record.put<uint16_t>(zip64Version);
  record.put<uint32_t>(0); // disk
  record.put<uint32_t>(0); // disk of the directory
  record.put<uint64_t>(members);
  record.put<uint64_t>(members);
  record.put<uint64_t>(size);
  record.put<uint64_t>(at);
  record.put<uint32_t>(zip64LocatorSignature);
  record.put<uint32_t>(0); // disk of the record
  record.put<uint64_t>(at + size);
  record.put<uint32_t>(1); // disks
  return record.text;
}

std::string makeEnd(uint64_t members, uint64_t at, uint64_t size) {
  Record record;
  if (members >= countInZip64 || at >= inZip64 || size >= inZip64)
    record.text = makeZip64End(members, at, size);
  auto count = uint16_t(std::min<uint64_t>(members, countInZip64));
  record.put<uint32_t>(endSignature);
  record.put<uint16_t>(0); // disk
  record.put<uint16_t>(0); // disk of the directory
  record.put<uint16_t>(count);
  record.put<uint16_t>(count);
  record.put<uint32_t>(clip(size));
  record.put<uint32_t>(clip(at));
  record.put<uint16_t>(0); // comment
  return record.text;
}

} // namespace

static Status writeMember(AtomicFile &file, const HostArray &array,
                          ZipEntry &entry) {
  std::string head = makeHeader(array);
  uLong crc =
      crc32_z(0, reinterpret_cast<const Bytef *>(head.data()), head.size());
  // A null pointer would ask for the initial value.
  if (!array.bytes.empty())
    crc = crc32_z(crc, array.bytes.data(), array.bytes.size());
  entry.crc = uint32_t(crc);
  entry.bytes = head.size() + array.bytes.size();
  entry.offset = file.tell();
  if (Status status = file.write(makeLocal(entry)); !status)
    return status;
  if (Status status = file.write(head); !status)
    return status;
  return file.write(array.bytes.data(), array.bytes.size());
}

Status phx::writeNpz(const std::map<std::string, HostArray> &arrays,
                     const std::string &path) {
  AtomicFile::removeAbandoned(path);
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file)
    return file.error();
  std::string directory;
  for (const auto &[name, array] : arrays) {
    ZipEntry entry;
    entry.name = name + ".npy";
    if (entry.name.size() > 0xffff)
      return Error{"cannot write '" + path + "': the name of an array has " +
                   std::to_string(name.size()) +
                   " bytes, an archive takes at most 65531"};
    if (Status status = writeMember(*file, array, entry); !status)
      return status;
    directory += makeCentral(entry);
  }
  uint64_t at = file->tell();
  if (Status status = file->write(directory); !status)
    return status;
  if (Status status = file->write(makeEnd(arrays.size(), at, directory.size()));
      !status)
    return status;
  return file->commitDurably();
}
