// compare_client FAMILY ROWS END rows FILE                            the rows as tab-separated values
//                                optiinfra URL CONNECTIONS QUESTIONS   inserted and asked through our client
//                                duckdb LIBRARY FILE QUESTIONS         through DuckDB's appender
// The rows are made before any clock starts. Answers in one line of JSON; tools/measure/compare/compare.py
// reads it.
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "client.hpp"

namespace {

using namespace compare;
using namespace optiinfra;

template <typename T>
T expect(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "compare_client: %s\n", result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

void print(const nlohmann::json& answer) { std::printf("%s\n", answer.dump().c_str()); }

void print(const Course& course) {
  print({{"seconds", course.seconds},
         {"cpu_seconds", course.cpu_seconds},
         {"question_ms", course.question_ms},
         {"answer", course.answer},
         {"bytes", course.bytes},
         {"version", course.version}});
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  const std::string what = argc > 5 ? words[4] : "";
  if (!(what == "rows" && argc == 6) && !((what == "optiinfra" || what == "duckdb") && argc == 8)) {
    std::fprintf(stderr, "usage: compare_client FAMILY ROWS END rows|optiinfra|duckdb ...; see main.cpp\n");
    return 2;
  }
  const Rows rows = expect(make_rows(words[1], std::stoul(words[2]), expect(parse_time(words[3]))));
  if (what == "rows") {
    expect(write_rows(rows, words[5]));
    print({{"customer", rows.busiest_customer.to_string()},
           {"key", rows.busiest},
           {"begin", format_time(rows.range.begin)},
           {"end", format_time(rows.range.end)}});
  } else if (what == "optiinfra") {
    print(expect(
        run_optiinfra(words[5], rows, static_cast<unsigned>(std::stoul(words[6])), std::stoi(words[7]))));
  } else {
    print(expect(run_duckdb(words[5], words[6], rows, std::stoi(words[7]))));
  }
}
