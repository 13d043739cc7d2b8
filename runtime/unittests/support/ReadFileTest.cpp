//===- ReadFileTest.cpp - Tests of reading within limits --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/support/FileSystem.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace phx;
namespace fs = std::filesystem;

namespace {
constexpr ReadLimit small{16, "a small thing"};

class ReadFileTest : public ::testing::Test {
protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "/phx-read-XXXXXX";
    directory = ::mkdtemp(name.data());
    path = directory + "/file";
  }
  void TearDown() override { fs::remove_all(directory); }

  void write(const std::string &contents) {
    ASSERT_TRUE(writeFileAtomically(path, contents).ok());
  }

  std::string directory, path;
};
} // namespace

TEST_F(ReadFileTest, LimitsAreInclusive) {
  write(std::string(16, 'x'));
  EXPECT_TRUE(readFile(path, small).ok());
  EXPECT_EQ(loadFile(path, small)->size, 16u);
  write(std::string(17, 'x'));
  std::string expected =
      "cannot read '" + path +
      "': it has 17 bytes, and a small thing at most 16 bytes";
  EXPECT_EQ(readFile(path, small).error().message, expected);
  EXPECT_EQ(loadFile(path, small).error().message, expected);
}

TEST_F(ReadFileTest, SizesAreJudgedBeforeReading) {
  write("");
  fs::resize_file(path, uintmax_t(8) << 40);
  Result<std::string> text =
      readFile(path, {uint64_t(16) << 20, "a target description"});
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().message,
            "cannot read '" + path +
                "': it has 8796093022208 bytes, and a target description at "
                "most 16 MiB");
}

TEST_F(ReadFileTest, DevicesAreRefused) {
  for (const char *device : {"/dev/zero", "/dev/null", "/dev/full"}) {
    std::string what = std::string("cannot read '") + device +
                       "': it is a device; expected a regular file";
    EXPECT_EQ(readFile(device).error().message, what + " or a pipe");
    EXPECT_EQ(loadFile(device, small).error().message, what + " or a pipe");
    EXPECT_EQ(mapFile(device).error().message, what);
  }
}

TEST_F(ReadFileTest, MappingsDoNotWaitForPipes) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(mapFile(path).error().message,
            "cannot read '" + path +
                "': it is a pipe; expected a regular file");
}

TEST_F(ReadFileTest, PipesAreReadUpToTheLimit) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  for (size_t size : {0, 16, 17}) {
    // Opened by the reader first or by the writer first.
    std::thread writer([&] {
      FILE *file = std::fopen(path.c_str(), "w");
      std::fwrite(std::string(size, 'x').data(), 1, size, file);
      std::fclose(file);
    });
    Result<MappedFile> file = loadFile(path, small);
    writer.join();
    ASSERT_EQ(file.ok(), size <= 16);
    if (file)
      EXPECT_EQ(file->text(), std::string(size, 'x'));
    else
      EXPECT_EQ(file.error().message,
                "cannot read '" + path +
                    "': it has more than 16 bytes, and a small thing at most "
                    "16 bytes");
  }
}

TEST_F(ReadFileTest, FilesOfTheSystemSayThatTheyAreEmpty) {
  Result<std::string> text = readFile("/proc/self/status");
  ASSERT_TRUE(text.ok());
  EXPECT_NE(text->find("Pid:"), std::string::npos);
  EXPECT_GT(loadFile("/proc/self/status", textLimit)->size, 0u);
}

TEST_F(ReadFileTest, AZeroFollows) {
  for (size_t size : {size_t(1), size_t(::getpagesize()) - 1,
                      size_t(::getpagesize()), 3 * size_t(::getpagesize())}) {
    write(std::string(size, 'x'));
    Result<MappedFile> file = mapFile(path);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(file->size, size);
    EXPECT_EQ(file->bytes[size - 1], 'x');
    EXPECT_EQ(file->bytes[size], 0);
  }
  write("");
  EXPECT_EQ(mapFile(path)->text(), "");
}

TEST_F(ReadFileTest, NamesUpToTheLimitOfTheFileSystem) {
  for (size_t length : {244, 245, 255}) {
    path = directory + "/" + std::string(length, 'n');
    ASSERT_TRUE(writeFileAtomically(path, "x").ok()) << length;
    EXPECT_EQ(*readFile(path), "x");
    fs::remove(path);
    // What a killed writer leaves is found, too.
    Result<AtomicFile> file = AtomicFile::create(path);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(std::distance(fs::directory_iterator(directory), {}), 1);
  }
  path = directory + "/" + std::string(256, 'n');
  Status status = writeFileAtomically(path, "x");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message,
            "cannot write '" + path + "': File name too long");
  EXPECT_EQ(checkWritable(path).error().message, status.error().message);
  EXPECT_TRUE(fs::is_empty(directory));
}

TEST_F(ReadFileTest, LinksToNewFilesStayLinks) {
  fs::create_directory(directory + "/far");
  fs::create_symlink("far/new", path);
  ASSERT_TRUE(writeFileAtomically(path, "x").ok());
  EXPECT_TRUE(fs::is_symlink(path));
  EXPECT_EQ(*readFile(directory + "/far/new"), "x");
}
