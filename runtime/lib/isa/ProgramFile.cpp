//===- ProgramFile.cpp - Reading and writing .phx files -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/ProgramFile.h"

#include "Encoding.h"
#include "ProgramHeader.h"
#include "phx/support/Checksum.h"
#include "phx/support/FileSystem.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

using namespace phx;

static_assert(std::endian::native == std::endian::little,
              "program files are little-endian and mapped as they are");

namespace {

/// The first bytes of every file. `crc` covers all fields before it.
struct Preamble {
  char magic[8];
  uint32_t formatVersion;
  uint32_t preambleSize;
  uint64_t fileSize;
  uint64_t headerSize;
  uint32_t headerCrc;
  uint32_t reserved[6];
  uint32_t crc;
};
static_assert(sizeof(Preamble) == 64);

} // namespace

// The bytes after the name catch transfers in text mode.
static constexpr char magic[8] = {'P',  'H',  'X',    '\0',
                                  '\r', '\n', '\x1a', '\n'};
static constexpr uint64_t pageAlignment = 4096, sectionAlignment = 64;

static uint64_t alignTo(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

/// Where data section `index` begins, given where the bytes before it end.
static uint64_t getDataOffset(uint64_t end, size_t index) {
  return alignTo(end, index == 0 ? pageAlignment : sectionAlignment);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// Appends `size` bytes; whole blocks of zeros become holes.
static Status writeSection(AtomicFile &file, const void *bytes, uint64_t size) {
  constexpr uint64_t block = 1 << 20;
  static const std::vector<uint8_t> zeros(block);
  const uint8_t *next = static_cast<const uint8_t *>(bytes);
  while (size) {
    uint64_t chunk = std::min(size, block);
    bool isHole = chunk == block && std::memcmp(next, zeros.data(), block) == 0;
    Status status = isHole ? file.skip(chunk) : file.write(next, chunk);
    if (!status)
      return status;
    next += chunk;
    size -= chunk;
  }
  return Status::success();
}

static Result<std::string> serialize(const proto::Program &header) {
  std::string text;
  google::protobuf::io::StringOutputStream stream(&text);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  if (!header.SerializeToCodedStream(&coded) || coded.HadError())
    return Error{"the program's tables cannot be serialised"};
  coded.Trim();
  return text;
}

/// Fills in the section table for a header of `headerSize` bytes; returns the
/// file's size.
static uint64_t placeSections(proto::Program &header, uint64_t headerSize) {
  uint64_t offset = alignTo(sizeof(Preamble) + headerSize, pageAlignment);
  header.mutable_code()->set_offset(offset);
  uint64_t end = offset + header.code().size();
  for (int i = 0; i < header.data_size(); ++i) {
    offset = getDataOffset(end, static_cast<size_t>(i));
    header.mutable_data(i)->set_offset(offset);
    end = offset + header.data(i).size();
  }
  return end;
}

Status phx::writeProgram(const Program &program, const std::string &path) {
  Result<proto::Program> made = makeHeader(program);
  if (!made)
    return Error{"cannot write '" + path + "': " + made.error().message};
  proto::Program &header = *made;
  std::vector<uint64_t> code = encodeCode(program.code);
  header.mutable_code()->set_size(code.size() * sizeof(uint64_t));
  header.mutable_code()->set_crc(
      crc32(code.data(), code.size() * sizeof(uint64_t)));
  for (const DataSection &section : program.data) {
    proto::Program::Section *entry = header.add_data();
    entry->set_size(section.size);
    entry->set_crc(crc32(section.bytes, section.size));
  }
  // Offsets have a fixed width: placing twice gives the final size of the
  // header, then the final offsets.
  placeSections(header, 0);
  uint64_t fileSize = placeSections(header, header.ByteSizeLong());
  Result<std::string> text = serialize(header);
  if (!text)
    return text.error();

  Preamble preamble = {};
  std::memcpy(preamble.magic, magic, sizeof(magic));
  preamble.formatVersion = formatVersion;
  preamble.preambleSize = sizeof(Preamble);
  preamble.fileSize = fileSize;
  preamble.headerSize = text->size();
  preamble.headerCrc = crc32(text->data(), text->size());
  preamble.crc = crc32(&preamble, offsetof(Preamble, crc));

  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file)
    return file.error();
  if (Status s = file->write(&preamble, sizeof(preamble)); !s)
    return s;
  if (Status s = file->write(*text); !s)
    return s;
  if (Status s = file->skip(header.code().offset() - file->tell()); !s)
    return s;
  if (Status s = writeSection(*file, code.data(), header.code().size()); !s)
    return s;
  for (int i = 0; i < header.data_size(); ++i) {
    if (Status s = file->skip(header.data(i).offset() - file->tell()); !s)
      return s;
    const DataSection &section = program.data[static_cast<size_t>(i)];
    if (Status s = writeSection(*file, section.bytes, section.size); !s)
      return s;
  }
  return file->commit();
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {

/// Checks one file front to back. Nothing is used before it was verified.
class ProgramReader {
public:
  ProgramReader(const std::string &path, MappedFile file)
      : path(path), file(std::move(file)) {}

  Result<Program> read();

private:
  Error fail(const std::string &message) const {
    return Error{"'" + path + "': " + message};
  }
  Error failChecksum(const std::string &section) const {
    return fail("checksum mismatch in " + section +
                "; the file is damaged, recompile the model or copy it again");
  }
  Status checkPreamble();
  Status checkSections(const proto::Program &header);
  Status checkKnown(proto::Program header);
  /// `offset` must equal `expected`, the section must end inside the file, and
  /// its bytes and the padding before it must be what was written.
  Status checkSection(const proto::Program::Section &section, uint64_t expected,
                      const std::string &name);

  std::string path;
  MappedFile file;
  Preamble preamble = {};
  uint64_t end = 0; ///< of what has been verified
};

} // namespace

Status ProgramReader::checkPreamble() {
  size_t present = std::min<uint64_t>(file.size, sizeof(magic));
  if (present == 0 || std::memcmp(file.bytes, magic, present) != 0)
    return fail("not a .phx program file (its first bytes are not those of "
                "one); photonic-compile writes them");
  if (file.size < sizeof(Preamble))
    return fail("truncated: expected at least " +
                std::to_string(sizeof(Preamble)) + " bytes, found " +
                std::to_string(file.size));
  std::memcpy(&preamble, file.bytes, sizeof(Preamble));
  if (preamble.formatVersion != formatVersion)
    return fail("written by format version " +
                std::to_string(preamble.formatVersion) + ", this build reads " +
                std::to_string(formatVersion) + "; recompile the model");
  if (preamble.crc != crc32(&preamble, offsetof(Preamble, crc)) ||
      preamble.preambleSize != sizeof(Preamble))
    return failChecksum("the preamble");
  for (uint32_t word : preamble.reserved)
    if (word != 0)
      return fail("reserved fields of the preamble are not zero");
  if (preamble.fileSize != file.size)
    return fail((file.size < preamble.fileSize
                     ? std::string("truncated: ")
                     : std::string("bytes follow its end: ")) +
                "expected " + std::to_string(preamble.fileSize) +
                " bytes, found " + std::to_string(file.size));
  if (preamble.headerSize > file.size - sizeof(Preamble))
    return fail("header: expected at most " +
                std::to_string(file.size - sizeof(Preamble)) +
                " bytes, found " + std::to_string(preamble.headerSize));
  if (preamble.headerSize > 0x7fffffff ||
      crc32(file.bytes + sizeof(Preamble), preamble.headerSize) !=
          preamble.headerCrc)
    return failChecksum("the header");
  end = sizeof(Preamble) + preamble.headerSize;
  return Status::success();
}

Status ProgramReader::checkSection(const proto::Program::Section &section,
                                   uint64_t expected, const std::string &name) {
  if (section.offset() != expected)
    return fail(name + ": expected at offset " + std::to_string(expected) +
                ", found " + std::to_string(section.offset()));
  if (expected > file.size || section.size() > file.size - expected)
    return fail(name + ": expected to end inside " + std::to_string(file.size) +
                " bytes, found " + std::to_string(section.size()) +
                " bytes at offset " + std::to_string(expected));
  for (uint64_t i = end; i < expected; ++i)
    if (file.bytes[i] != 0)
      return failChecksum("the padding before " + name);
  if (crc32(file.bytes + expected, section.size()) != section.crc())
    return failChecksum(name);
  end = expected + section.size();
  return Status::success();
}

Status ProgramReader::checkSections(const proto::Program &header) {
  if (Status s = checkSection(header.code(), alignTo(end, pageAlignment),
                              "the code section");
      !s)
    return s;
  uint64_t codeSize = header.code().size();
  if (codeSize % sizeof(uint64_t) != 0)
    return fail("code section: expected a multiple of 8 bytes, found " +
                std::to_string(codeSize));
  for (int i = 0; i < header.data_size(); ++i)
    if (Status s = checkSection(header.data(i),
                                getDataOffset(end, static_cast<size_t>(i)),
                                "data section " + std::to_string(i));
        !s)
      return s;
  if (end != file.size)
    return fail("expected to end at byte " + std::to_string(end) + ", found " +
                std::to_string(file.size) + " bytes");
  return Status::success();
}

/// What this version does not know would be lost without a word.
Status ProgramReader::checkKnown(proto::Program header) {
  header.DiscardUnknownFields();
  std::string_view found(
      reinterpret_cast<const char *>(file.bytes + sizeof(Preamble)),
      preamble.headerSize);
  if (Result<std::string> known = serialize(header); !known || *known != found)
    return fail("the header has fields that this version does not know, or not "
                "in their order; compile the model again with this version");
  return Status::success();
}

Result<Program> ProgramReader::read() {
  if (Status status = checkPreamble(); !status)
    return status.error();
  proto::Program header;
  if (!header.ParseFromArray(file.bytes + sizeof(Preamble),
                             static_cast<int>(preamble.headerSize)))
    return fail("the header is not a program message");
  if (Status status = checkSections(header); !status)
    return status.error();
  Result<Program> program = parseHeader(header);
  if (!program)
    return fail(program.error().message);
  if (Status status = checkKnown(header); !status)
    return status.error();
  // Sections are aligned to more than a word, so the mapping can be read as is.
  Result<std::vector<Instruction>> code = decodeCode(
      {reinterpret_cast<const uint64_t *>(file.bytes + header.code().offset()),
       header.code().size() / sizeof(uint64_t)});
  if (!code)
    return fail(code.error().message);
  program->code = std::move(*code);
  for (const proto::Program::Section &section : header.data())
    program->data.push_back(
        {file.bytes + section.offset(), section.size(), file.owner});
  return program;
}

Result<Program> phx::readProgram(const std::string &path) {
  Result<MappedFile> file = mapFile(path);
  if (!file)
    return file.error();
  return ProgramReader(path, std::move(*file)).read();
}
