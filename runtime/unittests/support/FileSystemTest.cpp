//===- FileSystemTest.cpp - Tests of whole-or-nothing files -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/support/FileSystem.h"

#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <set>
#include <sys/file.h>
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

TEST_F(FileSystemTest, DurableFilesReplaceToo) {
  for (const char *contents : {"old", "new"}) {
    Result<AtomicFile> file = AtomicFile::create(path);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->write(std::string_view(contents)).ok());
    Status status = file->commitDurably();
    ASSERT_TRUE(status.ok()) << status.error().message;
    EXPECT_EQ(*readFile(path), contents);
  }
  EXPECT_EQ(list(), std::set<std::string>{"out"});
  // A file without a directory in its name is in the current one.
  char before[4096];
  ASSERT_NE(getcwd(before, sizeof(before)), nullptr);
  ASSERT_EQ(chdir(directory.c_str()), 0);
  Result<AtomicFile> here = AtomicFile::create("here");
  ASSERT_TRUE(here.ok());
  EXPECT_TRUE(here->commitDurably().ok());
  ASSERT_EQ(chdir(before), 0);
}

TEST_F(FileSystemTest, DurableWritesToDevicesNeedNoDisk) {
  Result<AtomicFile> file = AtomicFile::create("/dev/null");
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->write("abc").ok());
  Status status = file->commitDurably();
  EXPECT_TRUE(status.ok()) << status.error().message;
}

TEST_F(FileSystemTest, RemovesWhatKilledWritersLeft) {
  auto makeOld = [&](const std::string &name) {
    timespec old[2] = {{1000, 0}, {1000, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, (directory + "/" + name).c_str(), old, 0), 0);
  };
  for (const char *name : {"out.tmp-AbCdEf", "out.tmp-ghijkl", "out.tmp-long77",
                           "other.tmp-AbCdEf", "out.tmp-longer77"})
    ASSERT_TRUE(writeFileAtomically(directory + "/" + name, "x").ok());
  for (const char *name : {"out.tmp-AbCdEf", "other.tmp-AbCdEf",
                           "out.tmp-long77", "out.tmp-longer77"})
    makeOld(name);
  // One of another process that is still writing.
  int held = open((directory + "/out.tmp-long77").c_str(), O_RDONLY);
  ASSERT_EQ(flock(held, LOCK_EX), 0);
  Result<AtomicFile> mine = AtomicFile::create(path);
  ASSERT_TRUE(mine.ok());
  for (const std::string &name : list())
    if (name != "out.tmp-ghijkl")
      makeOld(name);
  size_t before = list().size();
  AtomicFile::removeAbandoned(path);
  close(held);
  EXPECT_EQ(list().size(), before - 1);
  EXPECT_EQ(list().count("out.tmp-AbCdEf"), 0u);
  EXPECT_TRUE(mine->commit().ok());
  EXPECT_EQ(list().count("out"), 1u);
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
