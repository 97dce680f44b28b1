// What it costs to read texts of metrics, in CPU time of one thread: the lines alone, the reading that rows
// are made of, and rows of two readings. exposition_bench [REPETITIONS] FILE...: the best repetition counts.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "optiinfra/exposition/rows_between.hpp"

namespace {

using namespace optiinfra;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <typename T>
T expect(Result<T> result) {
  if (result) return std::move(result).value();
  std::fprintf(stderr, "exposition_bench: %s\n", result.error().message.c_str());
  std::exit(1);
}

std::uint64_t count_samples(const std::string& text) {
  exposition::TextReader reader(text, exposition::guess_text_format(text));
  std::uint64_t count = 0;
  while (expect(reader.next()) != nullptr) ++count;
  return count;
}

exposition::MetricsReading read(const std::string& text, int second) {
  return expect(
      exposition::read_metrics(text, exposition::AliasTable::builtin(),
                               exposition::sys_milliseconds(std::chrono::seconds(1'800'000'000 + second)),
                               {.format = exposition::guess_text_format(text), .limits = {}, .edit = {}}));
}

void bench(const char* what, const std::string& text, std::uint64_t samples, int repetitions,
           const std::function<void()>& work) {
  double best = 1e9;
  for (int i = 0; i < repetitions; ++i) {
    const double begin = cpu_seconds();
    work();
    best = std::min(best, cpu_seconds() - begin);
  }
  std::printf("  %-16s %8.1f MB/s %8.2f M samples/s\n", what, static_cast<double>(text.size()) / best / 1e6,
              static_cast<double>(samples) / best / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::atoi(argv[1]) : 1;
  const exposition::TargetOwner owner{.customer_id = {1, 1}, .service_id = {2, 2}, .instance_id = "host:1"};
  for (int i = 2; i < argc; ++i) {
    std::ifstream file(argv[i]);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::uint64_t samples = count_samples(text);
    std::printf("%s: %zu bytes, %llu samples\n", argv[i], text.size(),
                static_cast<unsigned long long>(samples));
    bench("lines", text, samples, repetitions, [&] { count_samples(text); });
    bench("reading", text, samples, repetitions, [&] { read(text, 0); });
    const exposition::MetricsReading before = read(text, 0), after = read(text, 15);
    bench("rows", text, samples, repetitions,
          [&] { exposition::rows_between(&before, after, exposition::AliasTable::builtin(), owner); });
  }
}
