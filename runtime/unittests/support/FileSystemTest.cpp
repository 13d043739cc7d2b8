//===- FileSystemTest.cpp - Tests of whole-or-nothing files -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/support/FileSystem.h"

#include <csignal>
#include <dirent.h>
#include <gtest/gtest.h>
#include <set>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace phx;

namespace {

class FileSystemTest : public ::testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/phx-support-XXXXXX";
    directory = mkdtemp(name);
    path = directory + "/out";
  }
  void TearDown() override { std::system(("rm -rf " + directory).c_str()); }

  std::set<std::string> list() const {
    std::set<std::string> names;
    DIR *entries = opendir(directory.c_str());
    while (dirent *entry = readdir(entries))
      if (entry->d_name[0] != '.')
        names.insert(entry->d_name);
    closedir(entries);
    return names;
  }

  /// Runs `body` in a child and returns its wait status.
  template <typename F> int inChild(F body) {
    pid_t child = fork();
    if (child == 0) {
      body();
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status;
  }

  std::string directory, path;
};

} // namespace

TEST_F(FileSystemTest, VisibleOnlyWhenCommitted) {
  {
    Result<AtomicFile> file = AtomicFile::create(path);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->write("abc").ok());
    EXPECT_EQ(access(path.c_str(), F_OK), -1);
    EXPECT_EQ(file->tell(), 3u);
    ASSERT_TRUE(file->commit().ok());
  }
  EXPECT_EQ(*readFile(path), "abc");
  EXPECT_EQ(list(), std::set<std::string>{"out"});
}

TEST_F(FileSystemTest, AbandonedFilesDisappear) {
  ASSERT_TRUE(writeFileAtomically(path, "old").ok());
  {
    Result<AtomicFile> file = AtomicFile::create(path);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->write("new").ok());
    EXPECT_EQ(list().size(), 2u);
  }
  EXPECT_EQ(list().size(), 1u);
  EXPECT_EQ(*readFile(path), "old");
}

TEST_F(FileSystemTest, HolesReadAsZeros) {
  Result<AtomicFile> file = AtomicFile::create(path);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->write("a").ok());
  ASSERT_TRUE(file->skip(3).ok());
  ASSERT_TRUE(file->skip(100000).ok());
  ASSERT_TRUE(file->write("b").ok());
  ASSERT_TRUE(file->commit().ok());
  EXPECT_EQ(*readFile(path), "a" + std::string(100003, '\0') + "b");
}

TEST_F(FileSystemTest, PermissionsOfAnOrdinaryFile) {
  mode_t old = umask(027);
  ASSERT_TRUE(writeFileAtomically(path, "x").ok());
  umask(old);
  struct stat status;
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
  // An existing file keeps its own.
  chmod(path.c_str(), 0600);
  ASSERT_TRUE(writeFileAtomically(path, "y").ok());
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(FileSystemTest, SymbolicLinksStayLinks) {
  ASSERT_TRUE(writeFileAtomically(path, "x").ok());
  std::string link = directory + "/link";
  ASSERT_EQ(symlink(path.c_str(), link.c_str()), 0);
  ASSERT_TRUE(writeFileAtomically(link, "y").ok());
  EXPECT_EQ(*readFile(path), "y");
  struct stat status;
  ASSERT_EQ(lstat(link.c_str(), &status), 0);
  EXPECT_TRUE(S_ISLNK(status.st_mode));
}

TEST_F(FileSystemTest, SignalsRemoveTemporaries) {
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
    int status = inChild([&] {
      Result<AtomicFile> file = AtomicFile::create(path);
      (void)file->write("partial").ok();
      raise(signal);
    });
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), signal);
    EXPECT_EQ(list().size(), 0u);
  }
}

TEST_F(FileSystemTest, ExitRemovesTemporaries) {
  int status = inChild([&] {
    Result<AtomicFile> file = AtomicFile::create(path);
    (void)file->write("partial").ok();
    exit(3); // no destructors of locals
  });
  EXPECT_EQ(WEXITSTATUS(status), 3);
  EXPECT_EQ(list().size(), 0u);
}

TEST_F(FileSystemTest, EarlierHandlersDecide) {
  int status = inChild([&] {
    signal(SIGINT, [](int) {});
    Result<AtomicFile> file = AtomicFile::create(path);
    raise(SIGINT); // handled: work goes on
    (void)file->write("whole").ok();
    _exit(file->commit().ok() ? 0 : 1);
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(*readFile(path), "whole");
}

TEST_F(FileSystemTest, IgnoredSignalsStayIgnored) {
  int status = inChild([&] {
    signal(SIGHUP, SIG_IGN);
    Result<AtomicFile> file = AtomicFile::create(path);
    raise(SIGHUP);
    _exit(file->commit().ok() ? 0 : 1);
  });
  EXPECT_EQ(status, 0);
}

TEST_F(FileSystemTest, Errors) {
  EXPECT_EQ(writeFileAtomically("/nowhere/x", "").error().message,
            "cannot write '/nowhere/x': No such file or directory");
  EXPECT_EQ(writeFileAtomically(directory, "").error().message,
            "cannot write '" + directory + "': Is a directory");
  EXPECT_EQ(readFile("/nowhere/x").error().message,
            "cannot read '/nowhere/x': No such file or directory");
  EXPECT_EQ(readFile(directory).error().message,
            "cannot read '" + directory + "': Is a directory");
  EXPECT_EQ(mapFile(directory).error().message,
            "cannot read '" + directory + "': Is a directory");
  EXPECT_TRUE(writeFileAtomically("/dev/null", "abc").ok());
  EXPECT_EQ(writeFileAtomically("/dev/full", "abc").error().message,
            "cannot write '/dev/full': No space left on device");
}

TEST_F(FileSystemTest, MappingsAreCopyOnWrite) {
  ASSERT_TRUE(writeFileAtomically(path, "abc").ok());
  Result<MappedFile> file = mapFile(path);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->size, 3u);
  file->bytes[0] = 'x';
  EXPECT_EQ(*readFile(path), "abc");
  ASSERT_TRUE(writeFileAtomically(path, "").ok());
  EXPECT_EQ(file->bytes[1], 'b'); // still the old file
  Result<MappedFile> empty = mapFile(path);
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(empty->size, 0u);
  EXPECT_EQ(empty->bytes, nullptr);
}
