//===- OutputGuardTest.cpp - Tests of the rule about outputs ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/support/OutputGuard.h"

#include "phx/support/FileSystem.h"

#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace phx;
namespace fs = std::filesystem;

namespace {
class OutputGuardTest : public ::testing::Test {
protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "/phx-guard-XXXXXX";
    directory = fs::canonical(::mkdtemp(name.data()));
    ASSERT_TRUE(writeFileAtomically(at("in"), "input").ok());
    fs::create_directory(at("deep"));
  }
  void TearDown() override { fs::remove_all(directory); }

  std::string at(const std::string &name) const {
    return directory + "/" + name;
  }
  /// The same file by other names.
  std::vector<std::string> spell(const std::string &name) {
    fs::create_symlink(name, at("link"));
    fs::create_symlink(at("link"), at("deep/link"));
    fs::create_symlink(".", at("here"));
    fs::create_hard_link(at(name), at("hard"));
    return {at(name),           at("./" + name), at("deep/../" + name),
            at("link"),         at("deep/link"), at("here/" + name),
            at("hard"),         fs::relative(at(name)).string()};
  }

  std::string directory;
};
} // namespace

TEST_F(OutputGuardTest, RefusesInputsHoweverTheyAreSpelled) {
  for (const std::string &path : spell("in")) {
    OutputGuard guard;
    guard.addRead(at("in"));
    guard.addWrite("-o", path);
    Status status = guard.check();
    ASSERT_FALSE(status.ok()) << path;
    std::string other =
        path == at("in") ? "" : "the file '" + at("in") + "', which is ";
    EXPECT_EQ(status.error().message,
              "'" + path + "' is " + other +
                  "read by this run and would be overwritten by it (-o); "
                  "choose another output file");
  }
}

TEST_F(OutputGuardTest, DescriptorsNameFilesToo) {
  int descriptor = ::open(at("in").c_str(), O_RDONLY);
  OutputGuard guard;
  guard.addRead(at("in"));
  guard.addWrite("-o", "/proc/self/fd/" + std::to_string(descriptor));
  EXPECT_FALSE(guard.check().ok());
  ::close(descriptor);
}

TEST_F(OutputGuardTest, SeesWhatIsOpened) {
  fs::copy(at("in"), at("other"));
  OutputGuard guard;
  guard.addWrite("-o", at("in"));
  EXPECT_TRUE(guard.check().ok());
  ASSERT_TRUE(mapFile(at("./in")).ok());
  ASSERT_TRUE(readFile(at("other")).ok());
  EXPECT_FALSE(guard.check().ok());
  // Also for those who do not ask.
  for (const std::string &path : spell("in")) {
    Status status = writeFileAtomically(path, "output");
    ASSERT_FALSE(status.ok()) << path;
    EXPECT_NE(status.error().message.find("is read by this run"),
              std::string::npos)
        << status.error().message;
  }
  EXPECT_FALSE(writeFileAtomically(at("other"), "output").ok());
  EXPECT_EQ(*readFile(at("in")), "input");
}

TEST_F(OutputGuardTest, FilesReadWhileAnOutputIsOpenAreSafe) {
  OutputGuard guard;
  Result<AtomicFile> file = AtomicFile::create(at("in"));
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->write("output").ok());
  ASSERT_TRUE(readFile(at("in")).ok());
  EXPECT_FALSE(file->commit().ok());
  EXPECT_EQ(*readFile(at("in")), "input");
}

TEST_F(OutputGuardTest, GuardsNestAndEnd) {
  {
    OutputGuard outer;
    ASSERT_TRUE(readFile(at("in")).ok());
    {
      OutputGuard inner;
      EXPECT_TRUE(writeFileAtomically(at("in"), "input").ok());
    }
    ASSERT_TRUE(readFile(at("in")).ok());
    EXPECT_FALSE(writeFileAtomically(at("in"), "").ok());
  }
  EXPECT_TRUE(writeFileAtomically(at("in"), "output").ok());
}

TEST_F(OutputGuardTest, OutputsHaveFilesOfTheirOwn) {
  fs::create_symlink("new", at("dangling"));
  for (const char *other : {"new", "./new", "deep/../new", "dangling"}) {
    OutputGuard guard;
    guard.addWrite("--report", at("new"));
    guard.addWrite("--trace", at(other));
    Status status = guard.check();
    ASSERT_FALSE(status.ok()) << other;
    EXPECT_NE(status.error().message.find("--trace both name"),
              std::string::npos)
        << status.error().message;
  }
  for (const std::string &other : spell("in")) {
    OutputGuard guard;
    guard.addWrite("--report", at("in"));
    guard.addWrite("--trace", other);
    EXPECT_FALSE(guard.check().ok()) << other;
  }
}

TEST_F(OutputGuardTest, DevicesTakeEverything) {
  OutputGuard guard;
  guard.addRead("/dev/null");
  guard.addRead(at("none"));
  guard.addRead("");
  guard.addWrite("--report", "/dev/null");
  guard.addWrite("--trace", "/dev/null");
  guard.addWrite("-o", at("none"));
  EXPECT_TRUE(guard.check().ok());
}
