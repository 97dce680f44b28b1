// What remote write costs after it is decompressed, in CPU time of one thread: to decode requests of both
// versions, and to gather their samples into rows. remote_write_bench [TARGETS] FILE: each target says what
// the text says, in requests of 2,000 samples, every 15 seconds.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "optiinfra/remote_write/gather.hpp"

namespace {

using namespace optiinfra;

constexpr std::size_t kSamplesOfARequest = 2'000;
constexpr int kScrapes = 8;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <typename T>
T expect(Result<T> result) {
  if (result) return std::move(result).value();
  std::fprintf(stderr, "remote_write_bench: %s\n", result.error().message.c_str());
  std::exit(1);
}

struct Series {
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

std::vector<Series> series_of(const std::string& text, int targets) {
  std::vector<Series> all;
  for (int i = 0; i < targets; ++i) {
    exposition::TextReader reader(text, exposition::guess_text_format(text));
    while (const exposition::TextSample* const sample = expect(reader.next())) {
      Series& each = all.emplace_back();
      each.labels = {{"__name__", std::string(sample->name)},
                     {"customer", "acme"},
                     {"instance", "10.0.0." + std::to_string(i) + ":8000"},
                     {"job", "vllm"}};
      for (const exposition::MetricLabel& label : sample->labels)
        each.labels.emplace_back(label.name, label.value);
      each.value = sample->value;
    }
  }
  return all;
}

void add_sample(protozero::pbf_writer& series, double value, std::int64_t time_ms) {
  protozero::pbf_writer sample(series, 2);
  sample.add_double(1, value);
  sample.add_int64(2, time_ms);
}

std::string body_v1(const std::vector<Series>& all, std::size_t begin, std::size_t end, std::int64_t time_ms,
                    double gained) {
  std::string text;
  protozero::pbf_writer request(text);
  for (std::size_t i = begin; i < end; ++i) {
    protozero::pbf_writer series(request, 1);
    for (const auto& [name, value] : all[i].labels) {
      protozero::pbf_writer label(series, 1);
      label.add_string(1, name);
      label.add_string(2, value);
    }
    add_sample(series, all[i].value + gained, time_ms);
  }
  return text;
}

std::string body_v2(const std::vector<Series>& all, std::size_t begin, std::size_t end,
                    std::int64_t time_ms) {
  std::unordered_map<std::string, std::uint32_t> symbols{{"", 0}};
  std::vector<std::string> in_order{""};
  const auto reference = [&](const std::string& text) {
    const auto [at, is_new] = symbols.emplace(text, static_cast<std::uint32_t>(in_order.size()));
    if (is_new) in_order.push_back(text);
    return at->second;
  };
  std::string series_text, text;
  protozero::pbf_writer all_series(series_text), request(text);
  for (std::size_t i = begin; i < end; ++i) {
    protozero::pbf_writer series(all_series, 5);
    std::vector<std::uint32_t> references;
    for (const auto& [name, value] : all[i].labels) {
      references.push_back(reference(name));
      references.push_back(reference(value));
    }
    series.add_packed_uint32(1, references.begin(), references.end());
    add_sample(series, all[i].value, time_ms);
  }
  for (const std::string& each : in_order) request.add_string(4, each);
  return text + series_text;
}

void report(const char* what, std::size_t samples, double seconds) {
  std::printf("%-28s %9.0f samples/s\n", what, static_cast<double>(samples) / seconds);
}

void measure_decoding(const std::vector<Series>& all, remote_write::RemoteWriteProtocol protocol,
                      const char* what) {
  const std::size_t end = std::min(all.size(), kSamplesOfARequest);
  const std::string body = protocol == remote_write::RemoteWriteProtocol::kV1 ? body_v1(all, 0, end, 1'000, 0)
                                                                              : body_v2(all, 0, end, 1'000);
  std::size_t samples = 0;
  const double begin = cpu_seconds();
  while (cpu_seconds() - begin < 1)
    samples += expect(remote_write::decode_remote_write(body, protocol)).samples.size();
  report(what, samples, cpu_seconds() - begin);
}

void measure_gathering(const std::vector<Series>& all) {
  remote_write::RemoteWriteGatherer gatherer(exposition::AliasTable::builtin());
  std::uint64_t record = 0, samples = 0, rows = 0;
  double decoding = 0, gathering = 0;
  for (int scrape = 0; scrape < kScrapes; ++scrape) {
    const std::int64_t time_ms = 1'800'000'000'000 + scrape * 15'000;
    const exposition::sys_milliseconds time{std::chrono::milliseconds(time_ms)};
    for (std::size_t i = 0; i < all.size(); i += kSamplesOfARequest) {
      const std::size_t end = std::min(all.size(), i + kSamplesOfARequest);
      const std::string body = body_v1(all, i, end, time_ms, scrape);
      const double begin = cpu_seconds();
      const remote_write::RemoteWriteRequest request =
          expect(remote_write::decode_remote_write(body, remote_write::RemoteWriteProtocol::kV1));
      const double decoded = cpu_seconds();
      samples += gatherer.add({++record, time, time}, request, {}).samples;
      decoding += decoded - begin;
      gathering += cpu_seconds() - decoded;
    }
  }
  const double begin = cpu_seconds();
  gatherer.settle(exposition::sys_milliseconds(std::chrono::hours{1'000'000}));
  for (const remote_write::GatheredRows& each : gatherer.take_rows())
    rows += each.servings.size() + each.resources.size();
  gathering += cpu_seconds() - begin;
  report("gather, rows included", samples, gathering);
  report("decode 1.0 and gather", samples, decoding + gathering);
  const remote_write::RemoteWriteCounts& counts = gatherer.counts();
  std::printf("%llu samples, %llu understood, %llu rows\n", static_cast<unsigned long long>(samples),
              static_cast<unsigned long long>(counts.understood), static_cast<unsigned long long>(rows));
  if (counts.refused.total() != 0) std::exit(1);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  const int targets = count > 2 ? std::atoi(arguments[1]) : 50;
  std::ifstream file(arguments[count - 1]);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::vector<Series> all = series_of(text, targets);
  measure_decoding(all, remote_write::RemoteWriteProtocol::kV1, "decode 1.0");
  measure_decoding(all, remote_write::RemoteWriteProtocol::kV2, "decode 2.0");
  measure_gathering(all);
  return 0;
}
