// Compressed frames against a program of the engine's makers: it reads ours, we read its.
#include <gtest/gtest.h>

#include <fstream>

#include "optiinfra/testing/program.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "streams.hpp"

namespace optiinfra {
namespace {

using testing::Bytes;
using testing::run_program;
using testing::telemetry;

struct Method {
  Compression compression;
  std::string option;  ///< Of clickhouse-compressor.
};

class Compressor : public ::testing::TestWithParam<Method> {
 protected:
  void SetUp() override {
    if (run_program({"clickhouse-compressor", "--help"}).exit_code == 127)
      GTEST_SKIP() << "clickhouse-compressor is not installed (Debian package clickhouse-tools)";
  }

  /// Runs it from `input` to what it writes.
  Bytes run(const std::string& options, const Bytes& input) {
    const auto in = folder_ / "in", out = folder_ / "out";
    std::ofstream(in, std::ios::binary)
        .write(reinterpret_cast<const char*>(input.data()), static_cast<std::streamsize>(input.size()));
    const auto result = run_program(
        {"sh", "-c",
         "exec clickhouse-compressor " + options + " <'" + in.string() + "' >'" + out.string() + "'"});
    EXPECT_EQ(result.exit_code, 0) << result.error_output;
    std::ifstream file(out, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
  }

 private:
  testing::TemporaryFolder folder_;
};
INSTANTIATE_TEST_SUITE_P(Each, Compressor,
                         ::testing::Values(Method{Compression::kNone, "--none"},
                                           Method{Compression::kLz4, ""},
                                           Method{Compression::kZstd, "--zstd"}),
                         [](const auto& method) {
                           return method.param.option.empty() ? "lz4" : method.param.option.substr(2);
                         });

TEST_P(Compressor, ReadsOurFramesOfEveryLength) {
  std::vector<std::size_t> sizes;
  for (std::size_t size = 1; size <= 300; ++size) sizes.push_back(size);
  for (const std::size_t size : {1000, 4096, 65'535, 65'536, 1'000'000}) sizes.push_back(size);
  sizes.push_back(2 * kFrameBytes + 1);

  Bytes frames, expected;
  FrameWriter writer(GetParam().compression, testing::sink_to(frames));
  for (const std::size_t size : sizes) {
    const Bytes bytes = telemetry(size);
    ASSERT_TRUE(writer.write(bytes));
    ASSERT_TRUE(writer.flush());
    expected.insert(expected.end(), bytes.begin(), bytes.end());
  }
  EXPECT_TRUE(run("-d", frames) == expected);
}

TEST_P(Compressor, WritesFramesThatWeRead) {
  for (const std::size_t block : {1, 2, 3, 7, 16, 31, 64, 111, 120, 128, 257, 1000, 65'536, 1 << 20}) {
    const Bytes bytes = telemetry(std::min<std::size_t>(block * 40, 3'000'000));
    const Bytes frames = run(GetParam().option + " -b " + std::to_string(block), bytes);
    const auto read = testing::from_frames(frames);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(*read == bytes) << "in blocks of " << block;
  }
}

}  // namespace
}  // namespace optiinfra
