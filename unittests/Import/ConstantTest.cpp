//===- ConstantTest.cpp - Tensors of models -------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constant.h"
#include "ImportTestUtils.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using namespace photonic::test;
using ::onnx::TensorProto;

namespace {

class ConstantTest : public ImportTest {
protected:
  void SetUp() override {
    model = Model::parse({empty, folder + "/model.onnx"}, context);
    ASSERT_TRUE(model);
  }
  std::shared_ptr<Constant> decode(const std::string &text) {
    EXPECT_TRUE(::google::protobuf::TextFormat::ParseFromString(text, &tensor));
    messages.clear();
    return decodeTensor(*model, tensor, UnknownLoc::get(&context),
                        "initialiser 'w'");
  }
  /// Writes a file beside the model.
  void write(const std::string &name, StringRef bytes) {
    std::error_code error;
    llvm::raw_fd_ostream os(folder + "/" + name, error);
    ASSERT_FALSE(error);
    os << bytes;
  }

  std::string empty = makeModel("").SerializeAsString();
  std::string folder = ::testing::TempDir();
  std::unique_ptr<Model> model;
  TensorProto tensor;
};

TEST_F(ConstantTest, rawFloatsStayWhereTheyAre) {
  auto w = decode("data_type: 1 dims: 2 raw_data: '\\0\\0\\200?\\0\\0\\0@'");
  ASSERT_TRUE(w) << messages;
  EXPECT_EQ(w->getFloats().floats.vec(), std::vector<float>({1, 2}));
  EXPECT_EQ(static_cast<const void *>(w->getFloats().floats.data()),
            tensor.raw_data().data());
}

TEST_F(ConstantTest, listedFloatsStayWhereTheyAre) {
  auto w = decode("data_type: 1 dims: 2 float_data: [0.5, -2]");
  ASSERT_TRUE(w) << messages;
  EXPECT_EQ(w->getFloats().floats.data(), tensor.float_data().data());
}

TEST_F(ConstantTest, halvesAreConverted) {
  // 1, -2, the largest, the smallest subnormal, minus zero, infinity, NaN.
  auto w = decode("data_type: 10 dims: 7 int32_data: [0x3c00, 0xc000, 0x7bff, "
                  "1, 0x8000, 0x7c00, 0x7e00]");
  ASSERT_TRUE(w) << messages;
  EXPECT_EQ(w->getFloats().floats[0], 1);
  EXPECT_EQ(w->getFloats().floats[1], -2);
  EXPECT_EQ(w->getFloats().floats[2], 65504);
  EXPECT_EQ(w->getFloats().floats[3], std::ldexp(1.0f, -24));
  EXPECT_EQ(w->getFloats().floats[4], 0);
  EXPECT_TRUE(std::signbit(w->getFloats().floats[4]));
  EXPECT_TRUE(std::isinf(w->getFloats().floats[5]));
  EXPECT_TRUE(std::isnan(w->getFloats().floats[6]));
}

TEST_F(ConstantTest, otherFloatsAreConverted) {
  auto doubles = decode("data_type: 11 dims: 2 double_data: [0.1, 1e300]");
  ASSERT_TRUE(doubles);
  EXPECT_EQ(doubles->getFloats().floats[0], 0.1f);
  EXPECT_TRUE(std::isinf(doubles->getFloats().floats[1]));
  auto brains = decode("data_type: 16 dims: 1 raw_data: '\\200?'");
  ASSERT_TRUE(brains);
  EXPECT_EQ(brains->getFloats().floats[0], 1);
}

TEST_F(ConstantTest, integersAreWidened) {
  EXPECT_EQ(decode("data_type: 7 dims: 2 int64_data: [-1, 5]")->getIntegers(),
            std::vector<int64_t>({-1, 5}));
  EXPECT_EQ(
      decode("data_type: 6 dims: 1 raw_data: '\\377\\377\\377\\377'")->getIntegers(),
      std::vector<int64_t>({-1}));
  EXPECT_EQ(decode("data_type: 2 dims: 1 raw_data: '\\377'")->getIntegers(),
            std::vector<int64_t>({255}));
  EXPECT_EQ(decode("data_type: 3 dims: 1 raw_data: '\\377'")->getIntegers(),
            std::vector<int64_t>({-1}));
  EXPECT_EQ(decode("data_type: 9 dims: 2 raw_data: '\\0\\2'")->getIntegers(),
            std::vector<int64_t>({0, 1}));
  EXPECT_EQ(decode("data_type: 12 dims: 1 uint64_data: 4000000000")->getIntegers(),
            std::vector<int64_t>({4000000000}));
}

TEST_F(ConstantTest, elementsKeepTheirType) {
  auto doubles = decode("data_type: 11 dims: 1 double_data: 100000001");
  ASSERT_TRUE(doubles);
  EXPECT_EQ(doubles->getElements<double>()[0], 100000001.0);
  auto large =
      decode("data_type: 13 dims: 1 uint64_data: 18446744073709551615");
  ASSERT_TRUE(large);
  EXPECT_EQ(large->getElements<uint64_t>()[0], ~uint64_t(0));
  EXPECT_EQ(large->describe(), "constant UINT64 [1] = [18446744073709551615]");
}

TEST_F(ConstantTest, fieldsHoldNothingElse) {
  EXPECT_FALSE(decode("data_type: 2 dims: 2 int32_data: [255, 300]"));
  EXPECT_SAYS("initialiser 'w' holds 300, which is no UINT8; the file is "
              "damaged");
  EXPECT_FALSE(decode("data_type: 12 dims: 1 uint64_data: 4294967296"));
  EXPECT_SAYS("holds 4294967296, which is no UINT32");
}

TEST_F(ConstantTest, halvesAreRoundedToNearestEven) {
  auto bits = [](float value) { return Half(value).bits; };
  EXPECT_EQ(bits(1), 0x3c00);
  EXPECT_EQ(bits(-2), 0xc000);
  EXPECT_EQ(bits(2049), bits(2048));
  EXPECT_EQ(bits(2051), bits(2052));
  EXPECT_EQ(bits(65519), 0x7bff);
  EXPECT_EQ(bits(65520), 0x7c00);
  EXPECT_EQ(bits(std::ldexp(1.0f, -25)), 0);
  EXPECT_EQ(bits(std::ldexp(3.0f, -25)), 2);
  EXPECT_EQ(bits(std::ldexp(1.0f, -14)), 0x400);
  EXPECT_TRUE(std::isnan(float(Half(NAN))));
  for (uint32_t all = 0; all < 0x10000; ++all) {
    Half half;
    half.bits = all;
    if (!std::isnan(float(half)))
      ASSERT_EQ(bits(float(half)), all);
  }
}

TEST_F(ConstantTest, brainFloatsAreRoundedToNearestEven) {
  auto bits = [](float value) { return BFloat16(value).bits; };
  EXPECT_EQ(bits(1), 0x3f80);
  EXPECT_EQ(bits(257), bits(256));
  EXPECT_EQ(bits(259), bits(260));
  EXPECT_EQ(bits(std::numeric_limits<float>::max()), 0x7f80);
  EXPECT_TRUE(std::isnan(float(BFloat16(NAN))));
}

TEST_F(ConstantTest, scalarsAndEmptyTensors) {
  EXPECT_EQ(decode("data_type: 1 float_data: 3")->getNumElements(), 1);
  EXPECT_EQ(decode("data_type: 7 dims: 0")->getNumElements(), 0);
}

TEST_F(ConstantTest, wrongSizes) {
  EXPECT_FALSE(decode("data_type: 1 dims: 2 raw_data: 'abc'"));
  EXPECT_SAYS("initialiser 'w' of type FLOAT and shape [2] needs 8 bytes, "
              "found 3");
  EXPECT_FALSE(decode("data_type: 1 dims: 3 float_data: [1, 2]"));
  EXPECT_SAYS("of shape [3] needs 3 elements, found 2");
  EXPECT_FALSE(decode("data_type: 7 dims: 3 int64_data: [1, 2]"));
  EXPECT_SAYS("of shape [3] needs 3 elements, found 2");
  EXPECT_FALSE(decode("data_type: 1 dims: -3"));
  EXPECT_SAYS("impossible shape [-3]");
  EXPECT_FALSE(decode("data_type: 1 dims: 4294967296 dims: 4294967296"));
  EXPECT_SAYS("impossible shape");
}

TEST_F(ConstantTest, typesAreNamedOrNumbered) {
  EXPECT_FALSE(decode("data_type: 8 dims: 1 string_data: 'a'"));
  EXPECT_SAYS("elements of type STRING");
  EXPECT_FALSE(decode("data_type: 17 dims: 1"));
  EXPECT_SAYS("elements of type FLOAT8E4M3FN");
  EXPECT_FALSE(decode("data_type: 99 dims: 1"));
  EXPECT_SAYS("elements of type number 99");
}

//===----------------------------------------------------------------------===//
// External data
//===----------------------------------------------------------------------===//

std::string external(const std::string &entries) {
  return "data_type: 1 dims: 2 data_location: EXTERNAL " + entries;
}
std::string entry(const std::string &key, const std::string &value) {
  return "external_data { key: '" + key + "' value: '" + value + "' } ";
}

TEST_F(ConstantTest, externalDataAreRead) {
  write("two.bin", StringRef("\0\0\200?\0\0\0@\0\0@@", 12));
  auto w = decode(external(entry("location", "two.bin")));
  ASSERT_TRUE(w) << messages;
  EXPECT_EQ(w->getFloats().floats.vec(), std::vector<float>({1, 2}));
  w = decode(external(entry("location", "two.bin") + entry("offset", "4") +
                      entry("length", "8")));
  ASSERT_TRUE(w) << messages;
  EXPECT_EQ(w->getFloats().floats.vec(), std::vector<float>({2, 3}));
  // The owner keeps the mapping when the model is gone.
  model.reset();
  EXPECT_EQ(w->getFloats().floats[1], 3);
}

TEST_F(ConstantTest, externalDataMayBeMisaligned) {
  write("odd.bin", StringRef("x\0\0\200?\0\0\0@", 9));
  auto w =
      decode(external(entry("location", "odd.bin") + entry("offset", "1")));
  ASSERT_TRUE(w) << messages;
  EXPECT_EQ(w->getFloats().floats.vec(), std::vector<float>({1, 2}));
}

TEST_F(ConstantTest, externalDataThatAreNotThere) {
  write("short.bin", "12345678");
  EXPECT_FALSE(decode(external(entry("location", "nowhere.bin"))));
  EXPECT_SAYS("initialiser 'w' has its data in 'nowhere.bin': cannot read '" +
              folder);
  EXPECT_SAYS("nowhere.bin': No such file");
  EXPECT_SAYS("put the file beside the model");
  EXPECT_FALSE(decode(external("")));
  EXPECT_SAYS("no 'location'");
  EXPECT_FALSE(
      decode(external(entry("location", "short.bin") + entry("offset", "4"))));
  EXPECT_SAYS("lies at bytes 4 to 12 of 'short.bin', which has only 8 bytes");
  EXPECT_FALSE(decode(external(entry("location", "short.bin") +
                               entry("offset", "18446744073709551615"))));
  EXPECT_SAYS("which has only 8 bytes");
  EXPECT_FALSE(
      decode(external(entry("location", "short.bin") + entry("length", "4"))));
  EXPECT_SAYS("needs 8 bytes of external data, but the model says 4");
  EXPECT_FALSE(
      decode(external(entry("location", "short.bin") + entry("offset", "-1"))));
  EXPECT_SAYS("found '-1'");
}

TEST_F(ConstantTest, externalDataStayBesideTheModel) {
  for (const char *path : {"../two.bin", "/etc/passwd", "a/../../two.bin"}) {
    EXPECT_FALSE(decode(external(entry("location", path))));
    EXPECT_SAYS(std::string("'") + path + "', which leaves the directory");
  }
  EXPECT_FALSE(decode(external(entry("location", "."))));
  EXPECT_SAYS("': Is a directory");
}

TEST(FindNonFinite, findsTheFirst) {
  std::vector<float> values(10000, 1.0f);
  EXPECT_EQ(findNonFinite(values), -1);
  EXPECT_EQ(findNonFinite({}), -1);
  values[9999] = -std::numeric_limits<float>::infinity();
  EXPECT_EQ(findNonFinite(values), 9999);
  values[4096] = std::nanf("");
  EXPECT_EQ(findNonFinite(values), 4096);
  values[0] = std::numeric_limits<float>::max();
  EXPECT_EQ(findNonFinite(values), 4096);
}

} // namespace
