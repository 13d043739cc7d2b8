//===- ToolFiles.cpp - From a file to a file ------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Support/ToolFiles.h"

#include "phx/support/FileSystem.h"
#include "phx/support/OutputGuard.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace photonic;

namespace {
/// A stream into a file that is not there yet.
class FileStream : public raw_ostream {
public:
  explicit FileStream(phx::AtomicFile &file)
      : raw_ostream(/*unbuffered=*/false), file(file) {}
  ~FileStream() override { flush(); }

  /// That of the first write that failed.
  phx::Status status;

private:
  void write_impl(const char *bytes, size_t size) override {
    if (status)
      status = file.write(bytes, size);
  }
  uint64_t current_pos() const override { return file.tell(); }

  phx::AtomicFile &file;
};
} // namespace

static phx::Status checkOutputs(const ToolFiles &files,
                                phx::OutputGuard &guard) {
  guard.addRead(files.input);
  for (const std::string &path : files.reads)
    guard.addRead(path);
  if (files.output != "-")
    guard.addWrite("-o", files.output);
  for (const auto &[option, path] : files.writes)
    if (path != "-")
      guard.addWrite(option, path);
  if (phx::Status status = guard.check(); !status)
    return status;
  return files.output == "-" ? phx::Status() : phx::checkWritable(files.output);
}

static phx::Result<phx::MappedFile> readInput(const std::string &path) {
  constexpr phx::ReadLimit pipeLimit{uint64_t(2) << 30,
                                     "a tool takes from a pipe"};
  if (path == "-")
    return phx::loadStandardInput(pipeLimit);
  // What is mapped takes no memory, whatever its size.
  return sys::fs::is_regular_file(path) ? phx::mapFile(path)
                                        : phx::loadFile(path, pipeLimit);
}

int photonic::runOnFiles(
    const ToolFiles &files,
    function_ref<LogicalResult(std::unique_ptr<MemoryBuffer>, raw_ostream &)>
        work) {
  auto fail = [&](const phx::Error &error) {
    errs() << files.tool << ": error: " << error.message << "\n";
    return 1;
  };
  phx::OutputGuard guard;
  if (phx::Status status = checkOutputs(files, guard); !status)
    return fail(status.error());
  phx::Result<phx::MappedFile> input = readInput(files.input);
  if (!input)
    return fail(input.error());
  // Standard input may be a file as well.
  if (phx::Status status = guard.check(); !status)
    return fail(status.error());
  auto buffer = MemoryBuffer::getMemBuffer(
      input->text(), files.input == "-" ? "<stdin>" : files.input);
  if (files.output == "-")
    return succeeded(work(std::move(buffer), outs())) ? 0 : 1;
  phx::Result<phx::AtomicFile> output = phx::AtomicFile::create(files.output);
  if (!output)
    return fail(output.error());
  FileStream stream(*output);
  if (failed(work(std::move(buffer), stream)))
    return 1;
  stream.flush();
  if (!stream.status)
    return fail(stream.status.error());
  if (phx::Status status = output->commit(); !status)
    return fail(status.error());
  return 0;
}

std::vector<std::string> photonic::findOption(int argc, const char *const *argv,
                                              StringRef option) {
  std::vector<std::string> values;
  for (int i = 1; i < argc; ++i) {
    StringRef word = argv[i];
    if (!word.consume_front("-"))
      continue;
    word.consume_front("-");
    if (!word.consume_front(option))
      continue;
    if (word.consume_front("="))
      values.push_back(word.str());
    else if (word.empty() && i + 1 < argc)
      values.push_back(argv[i + 1]);
  }
  return values;
}
