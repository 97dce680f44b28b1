// The files of benchmarks, proxies and evaluations as they are, imported without a map: each form is known by
// its columns. The same requests written in every form of requests must become the same rows, as far as the
// form tells.
#include <cmath>
#include <sstream>

#include "import_fixture.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra {
namespace {

using testing::HasSubstr;

/// 2026-03-01 10:00:00.
constexpr std::int64_t kBegin = 1'772'359'200;

/// A request, in seconds after kBegin. Fractions that a float has, so that sums are exact.
struct Asked {
  double start;
  unsigned prompt, answer;
  double first;              ///< Until the first token.
  std::vector<double> gaps;  ///< Between the others.
  std::string error;

  double latency() const {
    double sum = first;
    for (const double gap : gaps) sum += gap;
    return sum;
  }
};

const std::vector<Asked> kAsked = {
    {0, 100, 4, 0.25, {0.125, 0.125, 0.25}, ""},
    {1.5, 2048, 3, 0.5, {0.25, 0.5}, ""},
    {2.25, 7, 1, 0.125, {}, ""},
    {3, 50, 0, 0, {}, "Service Unavailable"},
};

/// The parts one after the other, numbers as they are.
template <typename... Parts>
std::string said(const Parts&... parts) {
  std::ostringstream text;
  text.precision(15);
  (text << ... << parts);
  return text.str();
}

/// A JSON list with what `of` makes of each request.
template <typename Of>
std::string list(Of of, const std::vector<Asked>& asked = kAsked) {
  std::string text;
  for (const Asked& each : asked) text += (text.empty() ? "[" : ", ") + std::string(of(each));
  return (text.empty() ? "[" : text) + "]";
}

std::string numbers(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += said(text.empty() ? "" : ", ", value);
  return "[" + text + "]";
}

/// The mean time between two tokens in ms, null where there are no two.
std::string gap_ms(const Asked& each) {
  return each.answer > 1 ? said((each.latency() - each.first) * 1000 / (each.answer - 1)) : "null";
}

/// The lists of `vllm bench serve` and of SGLang's bench_serving.
std::string bench_lists(const std::vector<Asked>& asked = kAsked) {
  return said(R"("input_lens": )", list([](const Asked& each) { return said(each.prompt); }, asked),
              R"(, "output_lens": )", list([](const Asked& each) { return said(each.answer); }, asked),
              R"(, "ttfts": )", list([](const Asked& each) { return said(each.first); }, asked),
              R"(, "itls": )", list([](const Asked& each) { return numbers(each.gaps); }, asked),
              R"(, "generated_texts": )",
              list([](const Asked&) { return R"("a, NaN [\"b\"]: NaN")"; }, asked), R"(, "errors": )",
              list([](const Asked& each) { return '"' + each.error + '"'; }, asked));
}

std::string vllm_bench(const std::string& more, const std::vector<Asked>& asked = kAsked) {
  return R"({"date": "20260301-101000", "endpoint_type": "vllm", "backend": "vllm", "label": null, )"
         R"("model_id": "llama", "tokenizer_id": "llama", "num_prompts": 4, "request_rate": "inf", )"
         R"("burstiness": 1.0, "max_concurrency": null, "duration": 600.0, "completed": 3, )"
         R"("total_input_tokens": 2155, "total_output_tokens": 8, "request_goodput": null, )"
         R"("mean_ttft_ms": NaN, "std_tpot_ms": -Infinity, )" +
         bench_lists(asked) + more + "}";
}

/// What a form does not tell.
struct Untold {
  bool starts = false, tokens = false, first_of_one = false;
};

/// The rows that the requests must become, in the order of their latencies.
std::string rows_of_asked(Untold untold = {}) {
  const auto number = [](double value) { return said(std::round(value * 100) / 100); };
  std::string rows;
  for (const Asked* each : {&kAsked[2], &kAsked[0], &kAsked[1]}) {
    const std::int64_t begin = kBegin + (untold.starts ? 0 : static_cast<std::int64_t>(each->start));
    const bool has_gap = !untold.tokens && each->answer > 1;
    rows += said(rows.empty() ? "" : "\n", begin, "\t", untold.tokens ? "\\N" : said(each->prompt), "\t",
                 untold.tokens ? "\\N" : said(each->answer), "\t", number(each->latency() * 1000), "\t",
                 untold.first_of_one && each->gaps.empty() ? "\\N" : number(each->first * 1000), "\t",
                 has_gap ? number((each->latency() - each->first) * 1000 / (each->answer - 1)) : "\\N");
  }
  return rows;
}

/// One store for all, whose raw tables each test empties.
class RequestFormTest : public ImportTest {
 protected:
  static void TearDownTestSuite() {
    shared_client_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(shared_folder_, ignored);
  }

  void SetUp() override {
    if (!shared_client_) {
      ImportTest::SetUp();
      shared_folder_ = folder_;
    } else {
      client_ = std::move(shared_client_);
      folder_ = shared_folder_;
      empty(Family::kPerformance);
    }
  }

  void TearDown() override { shared_client_ = std::move(client_); }

  void empty(Family family) {
    execute(std::string("TRUNCATE TABLE optiinfra.") + table_of(family).raw_table);
  }

  Result<ImportReport> import_at(Family family, const std::filesystem::path& file,
                                 std::optional<std::int64_t> at) {
    ImportOptions options;
    options.family = family;
    options.files = {file};
    if (at) options.time = sys_seconds{std::chrono::seconds{*at}};
    return import_files(*client_, options);
  }

  /// Imports a file by its columns, into an empty table, without refusing a row.
  FileReport form(Family family, const std::string& name, const std::string& content, const std::string& map,
                  std::optional<std::int64_t> at = {}) {
    empty(family);
    auto report = import_at(family, write(name, content), at);
    EXPECT_TRUE(report) << report.error().message;
    if (!report) return {};
    FileReport file = report->files.at(0);
    EXPECT_EQ(file.map, map);
    EXPECT_EQ(file.rows_refused, 0u) << (file.rows_refused == 0 ? "" : read(file.rejected_path));
    return file;
  }

  std::string why_not(Family family, const std::string& name, const std::string& content,
                      std::optional<std::int64_t> at = {}) {
    auto report = import_at(family, write(name, content), at);
    EXPECT_FALSE(report);
    return report ? "" : report.error().message;
  }

  std::string requests() {
    return ask(
        "SELECT toUnixTimestamp(timestamp), prompt_tokens, completion_tokens, round(latency_ms, 2), "
        "round(time_to_first_token_ms, 2), round(inter_token_latency_ms, 2) FROM "
        "optiinfra.performance_metrics_ts ORDER BY latency_ms");
  }

  static inline std::optional<Client> shared_client_;
  static inline std::filesystem::path shared_folder_;
};

TEST_F(RequestFormTest, VllmBenchIsARowForEachRequest) {
  const std::string starts =
      ", \"start_times\": " + list([](const Asked& each) { return said(5000 + each.start); });
  const FileReport report = form(Family::kPerformance, "bench.json", vllm_bench(starts), "vllm-bench");
  EXPECT_EQ(report.rows_read, 4u);
  EXPECT_EQ(report.rows_left_out, 1u) << "the failed request has no latency";
  EXPECT_EQ(requests(), rows_of_asked());
  EXPECT_EQ(ask("SELECT DISTINCT toString(status), toString(model_name), toString(service_type) FROM "
                "optiinfra.performance_metrics_ts"),
            "ok\tllama\tvllm");
  EXPECT_EQ(ask("SELECT uniqExact(request_id), sum(total_tokens), round(sum(throughput_tokens_per_sec), 3) "
                "FROM optiinfra.performance_metrics_ts"),
            said("3\t", 100 + 4 + 2048 + 3 + 7 + 1, "\t",
                 std::round(1000 * (4 / 0.75 + 3 / 1.25 + 1 / 0.125)) / 1000));

  // Printed over lines, of a version that did not write when each request began.
  std::string printed = vllm_bench("");
  for (std::size_t at = 0; (at = printed.find(", \"", at)) != std::string::npos;)
    printed.replace(at, 2, ",\n ");
  printed.replace(0, 1, "{\n ");
  form(Family::kPerformance, "printed.json", printed, "vllm-bench");
  EXPECT_EQ(requests(), rows_of_asked({.starts = true}));

  // A request that never began has no start, and is not the first one.
  const std::string zero = ", \"start_times\": " + list([](const Asked& each) {
                             return said(each.error.empty() ? 5000 + each.start : 0);
                           });
  form(Family::kPerformance, "zero.json", vllm_bench(zero), "vllm-bench");
  EXPECT_EQ(requests(), rows_of_asked());
}

TEST_F(RequestFormTest, WithoutTheTimesBetweenItsTokensARequestHasNoLatency) {
  std::string text = vllm_bench("");
  const std::size_t begin = text.find("\"itls\": [") + 9;
  text.erase(text.find("], [", begin) + 1, text.find("]]", begin) - text.find("], [", begin));
  auto report = import_at(Family::kPerformance, write("short.json", text), {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rows_stored(), 1u);
  const auto lines = rejected(report->files[0]);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0]["reason"].get<std::string>(), HasSubstr("latency_ms: null"));
}

TEST_F(RequestFormTest, OfManyRequestsInOneObjectEachIsARow) {
  std::vector<Asked> many;
  double latency = 0;
  std::uint64_t tokens = 0;
  for (unsigned i = 0; i < 3'000; ++i) {
    many.push_back({0, i + 1, 3, 0.25, {0.125, i / 8.0}, ""});
    latency += many.back().latency() * 1000;
    tokens += i + 1 + 3;
  }
  const FileReport report = form(Family::kPerformance, "many.json", vllm_bench("", many), "vllm-bench");
  EXPECT_EQ(report.rows_stored, many.size());
  EXPECT_EQ(ask("SELECT sum(latency_ms), sum(total_tokens), uniqExact(request_id) FROM "
                "optiinfra.performance_metrics_ts"),
            said(latency, "\t", tokens, "\t", many.size()));
  EXPECT_EQ(import_at(Family::kPerformance, folder_ / "many.json", {})->files[0].rows_already_stored,
            many.size());
}

TEST_F(RequestFormTest, ARefusedRequestIsDescribedByItself) {
  // Without its time to the first token a request has no latency.
  std::string text = vllm_bench("");
  text.replace(text.find("\"ttfts\": [0.25"), 14, "\"ttfts\": [NaN");
  auto report = import_at(Family::kPerformance, write("one.json", text), {});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rows_stored(), 2u);
  const auto lines = rejected(report->files[0]);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0]["row"], 1);
  EXPECT_FALSE(lines[0].contains("line"));
  EXPECT_THAT(lines[0]["reason"].get<std::string>(), HasSubstr("latency_ms"));
  EXPECT_EQ(lines[0]["raw"][0], 100) << lines[0].dump();
}

TEST_F(RequestFormTest, TextsThatSayNaNAreReadAsTheyAre) {
  const FileReport report = form(
      Family::kPerformance, "texts.jsonl",
      said(R"({"timestamp": )", kBegin, R"(, "customer_id": ")", kCustomer, R"(", "service_id": ")", kService,
           R"(", "latency_ms": 1, "gpu_utilization": NaN, "model_name": "a, NaN [\"b\"]: -Infinity"})", "\n"),
      kContractMap);
  EXPECT_EQ(report.rows_stored, 1u);
  EXPECT_EQ(ask("SELECT toString(model_name), gpu_utilization FROM optiinfra.performance_metrics_ts"),
            "a, NaN [\"b\"]: -Infinity\t\\N");
}

TEST_F(RequestFormTest, GenaiPerfAndGuidellmAndAiperfAreKnownByWhatTheyHold) {
  const auto ns = [](double seconds) {
    return std::to_string(kBegin * 1'000'000'000 + std::int64_t(seconds * 1e9));
  };
  const std::vector<Asked> answered(kAsked.begin(), kAsked.begin() + 3);
  const auto genai = [&](const Asked& each) {
    double at = each.start + each.first;
    std::string times = ns(at);
    for (const double gap : each.gaps) times += "," + ns(at += gap);
    return said(R"({"timestamp": )", ns(each.start),
                R"(, "request_inputs": {"payload": "{\"model\":\"llama\",\"messages\":[]}"}, )",
                R"("response_timestamps": [)", times, R"(], "response_outputs": [{"response": "data"}]})");
  };
  const std::string failed_request =
      said(R"({"timestamp": )", ns(3), R"(, "response_timestamps": [], "response_outputs": []})");
  std::string requests_of_genai = list(genai, answered);
  requests_of_genai.insert(requests_of_genai.size() - 1, ", " + failed_request);
  const FileReport profile = form(
      Family::kPerformance, "profile_export.json",
      said(R"({"service_kind": "openai", "endpoint": "v1/chat/completions", "experiments": [{"experiment": )",
           R"({"mode": "concurrency", "value": 2}, "requests": )", requests_of_genai,
           R"(, "window_boundaries": []}], "version": "2.1"})"),
      "genai-perf");
  EXPECT_EQ(profile.rows_left_out, 1u);
  EXPECT_EQ(requests(), rows_of_asked({.tokens = true, .first_of_one = true}));
  EXPECT_EQ(ask("SELECT DISTINCT toString(model_name) FROM optiinfra.performance_metrics_ts"), "llama");

  const auto guide = [](const Asked& each) {
    const bool failed = !each.error.empty();
    return said(R"({"type_": "generative_request_stats", "request_id": "r-)", each.start,
                R"(", "info": {"status": ")", failed ? "errored" : "completed", R"(", "error": )",
                failed ? '"' + each.error + '"' : "null", R"(}, "request_start_time": )",
                static_cast<double>(kBegin) + each.start, R"(, "request_latency": )",
                failed ? "null" : said(each.latency()), R"(, "prompt_tokens": )", each.prompt,
                R"(, "output_tokens": )", each.answer, R"(, "time_to_first_token_ms": )",
                failed ? "null" : said(each.first * 1000), R"(, "inter_token_latency_ms": )", gap_ms(each),
                "}");
  };
  const FileReport guidellm =
      form(Family::kPerformance, "benchmarks.json",
           said(R"({"metadata": {"version": 1}, "args": {"model": "llama"}, "benchmarks": [{"type_": )",
                R"("generative_benchmark", "requests": {"successful": )", list(guide, answered),
                R"(, "incomplete": [], "errored": )", list(guide, {kAsked[3]}), "}}]}"),
           "guidellm");
  EXPECT_EQ(guidellm.rows_left_out, 1u);
  EXPECT_EQ(requests(), rows_of_asked());

  std::string aiperf;
  for (const Asked& each : answered)
    aiperf += said(R"({"metadata": {"request_start_ns": )", ns(each.start), R"(, "request_end_ns": )",
                   ns(each.start + each.latency()),
                   R"(, "benchmark_phase": "profiling"}, "metrics": {"time_to_first_token": {"value": )",
                   each.first * 1000,
                   each.answer > 1 ? said(R"(}, "inter_token_latency": {"value": )", gap_ms(each)) : "",
                   R"(}, "request_latency": {"value": )", each.latency() * 1000,
                   R"(}, "output_sequence_length": {"value": )", each.answer,
                   R"(}, "input_sequence_length": {"value": )", each.prompt, "}}, \"error\": null}\n");
  form(Family::kPerformance, "profile_export.jsonl", aiperf, "aiperf");
  EXPECT_EQ(requests(), rows_of_asked());
}

TEST_F(RequestFormTest, FormsWithoutATimeNeedOneThatIsStated) {
  const std::string sglang =
      R"({"backend": "sglang", "dataset_name": "random", "request_rate": 2.0, "max_concurrency": 4, "duration": 4.5, "completed": 3, "total_input_tokens": 2155, "total_output_tokens": 8, "total_output_tokens_retokenized": 8, )" +
      bench_lists() + "}\n";
  EXPECT_THAT(why_not(Family::kPerformance, "sglang.jsonl", sglang),
              HasSubstr("sglang-bench does not say when its rows were made: state it with --at"));
  const FileReport report = form(Family::kPerformance, "sglang.jsonl", sglang, "sglang-bench", kBegin);
  EXPECT_EQ(report.rows_left_out, 1u);
  EXPECT_EQ(requests(), rows_of_asked({.starts = true}));
  // The same file at another time would count twice.
  EXPECT_THAT(why_not(Family::kPerformance, "sglang.jsonl", sglang, kBegin + 60), HasSubstr("--replace"));

  const auto llmperf = [](const Asked& each) {
    return said(R"({"error_code": )", each.error.empty() ? "null" : "503", R"(, "error_msg": ")", each.error,
                R"(", "inter_token_latency_s": )", each.latency() / (each.answer + 1), R"(, "ttft_s": )",
                each.first, R"(, "end_to_end_latency_s": )", each.latency(),
                R"(, "request_output_throughput_token_per_s": 0, "number_total_tokens": )",
                each.prompt + each.answer, R"(, "number_output_tokens": )", each.answer,
                R"(, "number_input_tokens": )", each.prompt, R"(, "start_time": )", each.start, "}");
  };
  form(Family::kPerformance, "llama_individual_responses.json", list(llmperf), "llmperf", kBegin);
  EXPECT_EQ(requests(), rows_of_asked());

  const auto lifecycle = [](const Asked& each) {
    const double start = 900 + each.start;
    double at = start + each.first;
    std::string times = each.answer == 0 ? "" : said(at);
    for (const double gap : each.gaps) times += said(", ", at += gap);
    return said(R"({"start_time": )", start, R"(, "end_time": )", start + each.latency(),
                R"(, "request": "{\"model\": \"llama\"}", "response": "", "info": {"input_tokens": )",
                each.prompt, R"(, "output_tokens": )", each.answer, R"(, "output_token_times": [)", times,
                R"(]}, "error": )",
                each.error.empty() ? "null" : R"({"error_type": "HTTP", "error_msg": "503"})", "}");
  };
  form(Family::kPerformance, "per_request_lifecycle_metrics.json", list(lifecycle), "inference-perf", kBegin);
  EXPECT_EQ(requests(), rows_of_asked({.starts = true}));

  EXPECT_THAT(why_not(Family::kPerformance, "bench-at.json", vllm_bench(", \"x\": 1"), kBegin),
              HasSubstr("--at states the time for files that say none"));
}

TEST_F(RequestFormTest, LogsOfSglangAndLangfuse) {
  form(
      Family::kPerformance, "sglang-request-metrics-20260301_10.log",
      R"({"request_parameters": "{\"rid\": \"a\"}", "id": "a", "finish_reason": {"type": "stop", "matched": 2}, "prompt_tokens": 100, "weight_version": "default", "completion_tokens": 4, "cached_tokens": 64, "e2e_latency": 0.75, "queue_time": 0.0625, "request_received_ts": 1772359200.5, "prefill_finished_ts": 1772359200.75})"
      "\n"
      R"({"request_parameters": "{}", "id": "b", "finish_reason": {"type": "abort", "message": "x"}, "prompt_tokens": 7, "completion_tokens": 0, "e2e_latency": 0.5, "request_received_ts": 1772359201.0})"
      "\n",
      "sglang-requests");
  EXPECT_EQ(
      ask("SELECT toUnixTimestamp(timestamp), prompt_tokens, completion_tokens, cached_tokens, latency_ms, "
          "time_to_first_token_ms, queue_ms, toString(status), toString(finish_reason) FROM "
          "optiinfra.performance_metrics_ts ORDER BY timestamp"),
      "1772359200\t100\t4\t64\t750\t250\t62.5\tok\tstop\n"
      "1772359201\t7\t0\t\\N\t500\t\\N\t\\N\taborted\tabort");

  const std::string columns =
      "SELECT timestamp, toString(model_name), latency_ms, time_to_first_token_ms, prompt_tokens, "
      "completion_tokens, total_tokens, cached_tokens, toString(status), session_id FROM "
      "optiinfra.performance_metrics_ts ORDER BY latency_ms";
  const FileReport csv = form(
      Family::kPerformance, "observations.csv",
      "id,trace_id,project_id,environment,type,parent_observation_id,start_time,end_time,name,level,"
      "provided_model_name,usage_details,completion_start_time,latency,session_id\n"
      "o-1,t-1,p,production,GENERATION,,2026-03-01 10:00:00.500000,2026-03-01 "
      "10:00:02.000000,chat,DEFAULT,gpt-4o,"
      "\"{\"\"input\"\":100,\"\"output\"\":50,\"\"total\"\":150,\"\"input_cached_tokens\"\":64}\",2026-03-01 "
      "10:00:00.750000,1.5,s-1\n"
      "o-2,t-1,p,production,SPAN,,2026-03-01 10:00:00.000000,2026-03-01 "
      "10:00:03.000000,chain,DEFAULT,,{},,3,s-1\n"
      "o-3,t-2,p,production,GENERATION,,2026-03-01 10:00:05.000000,2026-03-01 "
      "10:00:05.250000,chat,ERROR,gpt-4o,{},,"
      "0.25,\n"
      "o-4,t-2,p,production,GENERATION,,2026-03-01 10:00:06.000000,,chat,DEFAULT,gpt-4o,{},,,\n",
      "langfuse");
  EXPECT_EQ(csv.rows_left_out, 2u) << "a span, and what has not ended";
  EXPECT_EQ(ask(columns),
            "2026-03-01 10:00:05\tgpt-4o\t250\t\\N\t\\N\t\\N\t\\N\t\\N\t\t\n"
            "2026-03-01 10:00:00\tgpt-4o\t1500\t250\t100\t50\t150\t64\tok\ts-1");
  form(
      Family::kPerformance, "observations.json",
      R"([{"id": "o-1", "traceId": "t-1", "type": "GENERATION", "startTime": "2026-03-01T10:00:00.500Z", "endTime": "2026-03-01T10:00:02.000Z", "completionStartTime": "2026-03-01T10:00:00.750Z", "model": "gpt-4o", "level": "DEFAULT", "usage": {"input": 100, "output": 50, "total": 150, "unit": "TOKENS"}, "usageDetails": {"input": 100, "output": 50, "total": 150}}])",
      "langfuse");
  EXPECT_EQ(ask(columns), "2026-03-01 10:00:00\tgpt-4o\t1500\t250\t100\t50\t150\t\\N\tok\t");

  const FileReport scores = form(
      Family::kQuality, "scores.jsonl",
      R"({"id": "s-1", "timestamp": "2026-03-01 10:00:00.000000", "trace_id": "t-1", "observation_id": "o-1", "name": "faithfulness", "value": 0.75, "source": "EVAL", "data_type": "NUMERIC", "string_value": null})"
      "\n"
      R"({"id": "s-2", "timestamp": "2026-03-01 10:00:01.000000", "trace_id": "t-1", "observation_id": null, "name": "toxicity", "value": 0.25, "source": "EVAL", "data_type": "NUMERIC"})"
      "\n"
      R"({"id": "s-3", "timestamp": "2026-03-01 10:00:02.000000", "trace_id": "t-1", "name": "tone", "value": 1, "source": "ANNOTATION", "data_type": "CATEGORICAL", "string_value": "kind"})"
      "\n",
      "langfuse-scores");
  EXPECT_EQ(scores.rows_left_out, 1u);
  EXPECT_EQ(ask("SELECT timestamp, factuality_score, toxicity_score, overall_quality_score, response_id, "
                "toString(evaluator), request_id = toUUID('00000000-0000-0000-0000-000000000000') FROM "
                "optiinfra.quality_metrics_ts ORDER BY timestamp"),
            "2026-03-01 10:00:00\t0.75\t\\N\t0.75\to-1\tlangfuse/faithfulness\t0\n"
            "2026-03-01 10:00:01\t\\N\t0.25\t0.75\tt-1\tlangfuse/toxicity\t1");
}

TEST_F(RequestFormTest, OfAFormWithoutWhatARowNeedsTheErrorSaysWhat) {
  EXPECT_THAT(
      why_not(
          Family::kPerformance, "summary.json",
          R"({"date": "20260301-101000", "backend": "vllm", "model_id": "llama", "duration": 600.0, "completed": 3, "total_input_tokens": 2155, "mean_ttft_ms": 3.5})"),
      HasSubstr("a result of `vllm bench serve` without its requests: it has means and percentiles of the "
                "run and no "
                "request. Run the benchmark with --save-result --save-detailed"));
  EXPECT_THAT(
      why_not(Family::kPerformance, "trace.jsonl",
              "{\"timestamp\": 0, \"input_length\": 6755, \"output_length\": 500, \"hash_ids\": [0, 1]}\n"),
      HasSubstr("a request trace of Mooncake: it has when requests came"));
  EXPECT_THAT(why_not(Family::kPerformance, "AzureLLMInferenceTrace_code.csv",
                      "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n"),
              HasSubstr("an Azure LLM inference trace (2023, 2024): it has when requests came"));
  EXPECT_THAT(
      why_not(
          Family::kQuality, "pairs.jsonl",
          R"({"question_id": 81, "model_1": "a", "model_2": "b", "g1_winner": "model_1", "g2_winner": "tie", "judge": ["gpt-4", "pair-v2"], "turn": 1, "tstamp": 1772359200.5})"
          "\n"),
      HasSubstr("pairwise judgments of MT-bench: they say which of two answers is better"));
}

TEST_F(RequestFormTest, ScoresOfEvaluationsAreOnOneScale) {
  const std::string rows =
      "SELECT toUnixTimestamp(timestamp), toString(model_name), relevance_score, factuality_score, "
      "toxicity_score, round(overall_quality_score, 4), toString(evaluator), response_id FROM "
      "optiinfra.quality_metrics_ts ORDER BY response_id, evaluator";
  const FileReport evals = form(
      Family::kQuality, "evals.jsonl",
      R"({"spec": {"completion_fns": ["gpt-4"], "eval_name": "test-match.s1.simple-v0", "run_id": "r"}})"
      "\n"
      R"({"run_id": "r", "event_id": 0, "sample_id": "s.0", "type": "sampling", "data": {"prompt": [], "sampled": ["x"]}, "created_by": "", "created_at": "2026-03-01 10:00:00.123456+00:00"})"
      "\n"
      R"({"run_id": "r", "event_id": 1, "sample_id": "s.0", "type": "match", "data": {"correct": true, "expected": "x", "picked": "x"}, "created_by": "", "created_at": "2026-03-01 10:00:00.123456+00:00"})"
      "\n"
      R"({"run_id": "r", "event_id": 2, "sample_id": "s.1", "type": "match", "data": {"correct": false, "expected": "x", "picked": null}, "created_by": "", "created_at": "2026-03-01 10:00:00.223456+00:00"})"
      "\n"
      R"({"run_id": "r", "event_id": 3, "sample_id": "s.2", "type": "metrics", "data": {"choice": "B", "score": 0.5}, "created_by": "", "created_at": "2026-03-01 10:00:00.323456+00:00"})"
      "\n"
      R"({"final_report": {"accuracy": 0.5}})"
      "\n",
      "openai-evals");
  EXPECT_EQ(evals.rows_left_out, 3u);
  EXPECT_EQ(
      ask(rows),
      "1772359200\t\t\\N\t\\N\t\\N\t1\tevals/match\ts.0\n1772359200\t\t\\N\t\\N\t\\N\t0\tevals/match\ts.1\n"
      "1772359200\t\t\\N\t\\N\t\\N\t0.5\tevals/metrics\ts.2");

  form(
      Family::kQuality, "samples_gsm8k.jsonl",
      R"({"doc_id": 0, "doc": {"question": "q"}, "target": "18", "arguments": {}, "resps": [["18"]], "filtered_resps": ["18"], "filter": "strict-match", "metrics": ["exact_match"], "doc_hash": "d", "prompt_hash": "p", "target_hash": "t", "exact_match": 1.0})"
      "\n"
      R"({"doc_id": 1, "doc": {"question": "r"}, "target": "3", "arguments": {}, "resps": [["4"]], "filtered_resps": ["4"], "filter": "strict-match", "metrics": ["exact_match"], "doc_hash": "e", "prompt_hash": "p", "target_hash": "t", "exact_match": 0.0})"
      "\n",
      "lm-eval", kBegin);
  EXPECT_EQ(
      ask(rows),
      "1772359200\t\t\\N\t\\N\t\\N\t1\tlm-eval/strict-match\t0\n1772359200\t\t\\N\t\\N\t\\N\t0\tlm-eval/"
      "strict-match\t1");
  form(
      Family::kQuality, "samples_ifeval.jsonl",
      R"({"doc_id": 0, "doc": {"key": 1}, "target": "", "arguments": {}, "resps": [["a"]], "filtered_resps": ["a"], "prompt_level_strict_acc": true, "inst_level_strict_acc": [true]})"
      "\n"
      R"({"doc_id": 1, "doc": {"key": 2}, "target": "", "arguments": {}, "resps": [["b"]], "filtered_resps": ["b"], "prompt_level_strict_acc": false, "inst_level_strict_acc": [false]})"
      "\n",
      "lm-eval", kBegin);
  EXPECT_EQ(ask(rows),
            "1772359200\t\t\\N\t\\N\t\\N\t1\tlm-eval\t0\n1772359200\t\t\\N\t\\N\t\\N\t0\tlm-eval\t1");

  const FileReport judged = form(
      Family::kQuality, "gpt-4_single.jsonl",
      R"({"question_id": 81, "model": "vicuna", "judge": ["gpt-4", "single-v1"], "user_prompt": "u", "judgment": "j", "score": 10, "turn": 1, "tstamp": 1772359200.5})"
      "\n"
      R"({"question_id": 82, "model": "vicuna", "judge": ["gpt-4", "single-v1"], "user_prompt": "u", "judgment": "j", "score": 5.5, "turn": 1, "tstamp": 1772359201.5})"
      "\n"
      R"({"question_id": 83, "model": "vicuna", "judge": ["gpt-4", "single-v1"], "user_prompt": "u", "judgment": "?", "score": -1, "turn": 2, "tstamp": 1772359202.5})"
      "\n",
      "mt-bench");
  EXPECT_EQ(judged.rows_left_out, 1u);
  EXPECT_EQ(ask(rows),
            "1772359200\tvicuna\t\\N\t\\N\t\\N\t1\tgpt-4\t81/"
            "1\n1772359201\tvicuna\t\\N\t\\N\t\\N\t0.5\tgpt-4\t82/1");

  form(Family::kQuality, "ragas.csv",
       "question,answer,contexts,ground_truth,faithfulness,answer_relevancy,context_precision\n"
       "q,a,\"['c']\",g,0.5,1.0,0.25\nq2,a2,\"['c']\",g,0.75,,0.25\n",
       "ragas", kBegin);
  EXPECT_EQ(ask("SELECT relevance_score, factuality_score, overall_quality_score FROM "
                "optiinfra.quality_metrics_ts ORDER BY factuality_score"),
            "1\t0.5\t0.75\n\\N\t0.75\t0.75");

  form(
      Family::kQuality, "test_run.json",
      R"({"testCases": [{"name": "c-0", "input": "i", "actualOutput": "o", "success": true, "metricsData": [{"name": "Answer Relevancy", "threshold": 0.5, "success": true, "score": 1.0, "evaluationModel": "gpt-4o", "error": null}, {"name": "Toxicity", "threshold": 0.5, "success": true, "score": 0.25, "evaluationModel": "gpt-4o"}, {"name": "Faithfulness", "score": null, "error": "timeout", "evaluationModel": "gpt-4o"}], "runDuration": 1.5, "order": 0}], "conversationalTestCases": [], "metricsScores": [{"metric": "Toxicity", "scores": [0.25]}], "testPassed": 1, "testFailed": 0, "runDuration": 2.0})",
      "deepeval", kBegin);
  EXPECT_EQ(ask(rows), "1772359200\t\t1\t\\N\t0.25\t0.875\tgpt-4o\tc-0");
}

}  // namespace
}  // namespace optiinfra
