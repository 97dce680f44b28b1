#include "optiinfra/report/result_stream.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace optiinfra::report {
namespace {

constexpr const char* kHeadings = "[\"a\",\"b\"]\n[\"UInt8\",\"String\"]\n";

/// Writes each call as text.
class Recorder final : public ResultWriter {
 public:
  Result<void> begin(const std::vector<std::string>& names, const std::vector<std::string>& types) override {
    for (std::size_t i = 0; i < names.size(); ++i) text += names[i] + ":" + types[i] + " ";
    return {};
  }
  Result<void> row(std::string_view row) override {
    text += row;
    return {};
  }
  Result<void> end(double) override {
    text += " end";
    return {};
  }
  std::string text;
};

std::string read_pieces(const std::vector<std::string>& pieces) {
  Recorder recorder;
  ResultReader reader(recorder);
  for (const std::string& piece : pieces) {
    if (auto taken = reader.take(piece); !taken) return "error: " + taken.error().message;
  }
  if (auto finished = reader.finish(0); !finished) return "error: " + finished.error().message;
  return recorder.text;
}

TEST(ResultReader, TakesHeadingsOnceThoughEachPieceRepeatsThem) {
  EXPECT_EQ(read_pieces({std::string(kHeadings) + "[1,\"x\"]\n", std::string(kHeadings) + "[2,\"y\"]\n"}),
            "a:UInt8 b:String [1,\"x\"][2,\"y\"] end");
}

TEST(ResultReader, DoesNotCareWhereAPieceEnds) {
  const std::string whole = std::string(kHeadings) + "[1,\"x\"]\n[2,\"y\"]\n";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut)
    EXPECT_EQ(read_pieces({whole.substr(0, cut), whole.substr(cut)}),
              "a:UInt8 b:String [1,\"x\"][2,\"y\"] end")
        << cut;
}

TEST(ResultReader, KeepsARowThatLooksLikeTheNames) {
  EXPECT_EQ(read_pieces({std::string("[\"a\"]\n[\"String\"]\n"), "[\"a\"]\n[\"x\"]\n"}),
            "a:String [\"a\"][\"x\"] end");
  EXPECT_EQ(read_pieces({std::string("[\"a\"]\n[\"String\"]\n"), "[\"a\"]\n"}), "a:String [\"a\"] end");
}

TEST(ResultReader, TakesAnAnswerWithoutRowsOrWithoutAnything) {
  EXPECT_EQ(read_pieces({kHeadings}), "a:UInt8 b:String  end");
  EXPECT_EQ(read_pieces({}), " end");
}

TEST(ResultReader, SaysWhatToDoAboutAnotherFormat) {
  EXPECT_NE(read_pieces({"{\n\t\"meta\":\n"}).find("--format"), std::string::npos);
  EXPECT_NE(read_pieces({"1\n2\n3\n"}).find("--format"), std::string::npos);
}

/// What a writer writes of two rows.
template <typename Make>
std::string written(Make make) {
  std::string text;
  const auto writer = make([&text](std::string_view piece) -> Result<void> {
    text += piece;
    return {};
  });
  ResultReader reader(*writer);
  const auto taken = reader.take(std::string(kHeadings) + "[1,\"x,\\\"y\"]\n[null,\"\"]\n");
  const auto finished = reader.finish(1.5);
  return taken && finished ? text : "error";
}

TEST(ResultWriters, WriteJsonThatParsesBack) {
  const auto text = written([](TextOutput output) { return make_json_writer(std::move(output), "sql"); });
  EXPECT_EQ(nlohmann::json::parse(text),
            nlohmann::json::parse(
                R"({"command":"sql","data":[{"a":1,"b":"x,\"y"},{"a":null,"b":""}],"elapsed_ms":1.5})"));
}

TEST(ResultWriters, WriteCsv) {
  EXPECT_EQ(written([](TextOutput output) { return make_csv_writer(std::move(output)); }),
            "a,b\n1,\"x,\"\"y\"\n,\n");
}

}  // namespace
}  // namespace optiinfra::report
