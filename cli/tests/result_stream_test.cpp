#include "output/result_stream.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace optiinfra::cli {
namespace {

constexpr const char* kHeadings = "[\"a\",\"b\"]\n[\"UInt8\",\"String\"]\n";

/// Writes what it is told of as text.
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
  int ends[2];
  if (::pipe(ends) != 0) return "no pipe";
  Screen screen(ends[1]);
  const auto writer = make(screen);
  ResultReader reader(*writer);
  const auto taken = reader.take(std::string(kHeadings) + "[1,\"x,\\\"y\"]\n[null,\"\"]\n");
  const auto finished = reader.finish(1.5);
  ::close(ends[1]);
  std::string text(4096, '\0');
  const auto size = ::read(ends[0], text.data(), text.size());
  ::close(ends[0]);
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return taken && finished ? text : "error";
}

TEST(ResultWriters, WriteJsonThatParsesBack) {
  const auto text = written([](Screen& screen) { return make_json_writer(screen, "sql"); });
  EXPECT_EQ(nlohmann::json::parse(text),
            nlohmann::json::parse(
                R"({"command":"sql","data":[{"a":1,"b":"x,\"y"},{"a":null,"b":""}],"elapsed_ms":1.5})"));
}

TEST(ResultWriters, WriteCsv) {
  EXPECT_EQ(written([](Screen& screen) { return make_csv_writer(screen); }), "a,b\n1,\"x,\"\"y\"\n,\n");
}

TEST(ResultWriters, WriteATable) {
  EXPECT_EQ(written([](Screen& screen) { return make_table_writer(screen, Terminal{}); }),
            "a  b\n-  ----\n1  x,\"y\n-  \n1.5 ms\n");
}

}  // namespace
}  // namespace optiinfra::cli
