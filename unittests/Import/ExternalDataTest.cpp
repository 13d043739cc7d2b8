//===- ExternalDataTest.cpp - Which files a model may name ----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ImportTestUtils.h"
#include "Model.h"

#include "phx/support/FileSystem.h"

#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using namespace photonic::test;
namespace fs = std::filesystem;

namespace {
class ExternalDataTest : public ImportTest {
protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "/external-XXXXXX";
    root = fs::canonical(::mkdtemp(name.data()));
    folder = root + "/model";
    fs::create_directory(folder);
    write(folder + "/two.bin");
    setModel(folder + "/m.onnx");
  }
  void TearDown() override { fs::remove_all(root); }

  static void write(const std::string &path) {
    ASSERT_TRUE(phx::writeFileAtomically(path, "12345678").ok());
  }
  void setModel(const std::string &path) {
    model = Model::parse({empty, path}, context);
    ASSERT_TRUE(model);
  }
  /// The eight bytes of a tensor whose data lie in that file.
  std::string read(const std::string &location) {
    ::onnx::TensorProto tensor;
    auto &entry = *tensor.add_external_data();
    entry.set_key("location");
    entry.set_value(location);
    messages.clear();
    auto bytes = model->getExternalBytes(
        tensor, 8, UnknownLoc::get(&context), "initialiser 'w'");
    return succeeded(bytes) ? std::string(bytes->bytes.data(), 8) : "";
  }
  void refuse(const std::string &location, const std::string &text) {
    EXPECT_EQ(read(location), "");
    EXPECT_SAYS(text);
    EXPECT_SAYS("initialiser 'w' has its data in '" + location + "': ");
    EXPECT_SAYS("put the file beside the model");
  }

  std::string empty = makeModel("").SerializeAsString();
  std::string root, folder;
  std::unique_ptr<Model> model;
};
} // namespace

TEST_F(ExternalDataTest, linksMayStayInside) {
  fs::create_directory(folder + "/deep");
  fs::create_symlink("../two.bin", folder + "/deep/in");
  fs::create_hard_link(folder + "/two.bin", folder + "/hard");
  for (const char *name : {"two.bin", "./two.bin", "deep/in", "hard"})
    EXPECT_EQ(read(name), "12345678") << name << messages;
}

TEST_F(ExternalDataTest, linksMayNotLeave) {
  fs::create_directory(root + "/outside");
  write(root + "/outside/two.bin");
  // A folder whose name begins with that of the model's.
  fs::create_directory(folder + "2");
  write(folder + "2/two.bin");
  fs::create_symlink(root + "/outside/two.bin", folder + "/out");
  fs::create_symlink("../outside", folder + "/far");
  fs::create_symlink("../model2/two.bin", folder + "/near");
  fs::create_symlink("out", folder + "/twice");
  for (const char *name : {"out", "far/two.bin", "near", "twice"})
    refuse(name, "two.bin', outside of that folder");
}

/// Caches of downloads: names in one folder, contents in another.
TEST_F(ExternalDataTest, dataMayLieWhereTheModelDoes) {
  for (const char *name : {"blobs", "snapshots", "snapshots/1", "other"})
    fs::create_directory(root + "/" + name);
  write(root + "/blobs/abc");
  write(root + "/blobs/def");
  write(root + "/other/ghi");
  std::string snapshot = root + "/snapshots/1/";
  fs::create_symlink("../../blobs/abc", snapshot + "m.onnx");
  fs::create_symlink("../../blobs/def", snapshot + "m.onnx.data");
  fs::create_symlink("../../other/ghi", snapshot + "elsewhere");
  setModel(snapshot + "m.onnx");
  EXPECT_EQ(read("m.onnx.data"), "12345678") << messages;
  refuse("elsewhere", "outside of that folder");
}

TEST_F(ExternalDataTest, onlyRegularFiles) {
  fs::create_symlink("/dev/zero", folder + "/zero");
  refuse("zero", "it is a device; expected a regular file");
  // Nobody writes to it.
  ASSERT_EQ(::mkfifo((folder + "/pipe").c_str(), 0600), 0);
  refuse("pipe", "it is a pipe; expected a regular file");
  fs::create_directory(folder + "/deep");
  refuse("deep", "Is a directory");
  refuse("none", "No such file");
  fs::create_symlink("loop", folder + "/loop");
  refuse("loop", "Too many levels of symbolic links");
  int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::string name = folder + "/socket";
  ASSERT_LT(name.size(), sizeof(address.sun_path));
  name.copy(address.sun_path, name.size());
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr *>(&address),
                   sizeof(address)),
            0);
  refuse("socket", "socket");
  ::close(socket);
}

/// The size is known before anything is read: a file of 8 TiB costs nothing.
TEST_F(ExternalDataTest, largeFilesAreNotRead) {
  fs::resize_file(folder + "/two.bin", uintmax_t(8) << 40);
  EXPECT_EQ(read("two.bin"), "12345678") << messages;
}
