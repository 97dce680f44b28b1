// One class per family that writes a row into a batch from only the row's number. Numbers are asked
// for in rising order. start_batch() comes first for every batch that was emptied.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/schema/histogram.hpp"
#include "requests.hpp"

namespace optiinfra::fleet {

constexpr float tenths(std::uint32_t value) { return static_cast<float>(value / 10.0); }

/// The indexes of texts in the dictionary of the present batch, each looked up on first use.
class Labels {
 public:
  explicit Labels(std::size_t count) : indexes_(count) {}
  void start_batch() { indexes_.assign(indexes_.size(), kUnknown); }
  void append(Dictionary& values, std::size_t label, std::string_view text) {
    if (indexes_[label] == kUnknown) indexes_[label] = values.intern(text);
    values.append_index(indexes_[label]);
  }

 private:
  static constexpr std::uint32_t kUnknown = UINT32_MAX;
  std::vector<std::uint32_t> indexes_;
};

/// What wrote the rows of a fleet with all columns.
inline constexpr const char* kSource = "generate";

class PerformanceWriter {
 public:
  explicit PerformanceWriter(const Plan& plan);
  void start_batch();
  void append(PerformanceBatch& batch, std::uint64_t index);

 private:
  void append_course(PerformanceBatch& batch, const Request& request);

  const Plan& plan_;
  RequestSequence requests_;
  Labels types_, models_, instances_;
};

class QualityWriter {
 public:
  explicit QualityWriter(const Plan& plan);
  void start_batch();
  void append(QualityBatch& batch, std::uint64_t index);

 private:
  std::uint64_t sampled_request(std::uint64_t index, Random& random) const;

  const Plan& plan_;
  std::uint64_t stream_;
  double requests_per_row_;
  RequestSequence requests_;
  Quantiles normal_;
  std::vector<std::string> prompt_hashes_;  ///< kPromptsPerService for each service.
  Labels models_;
};

class ResourceWriter {
 public:
  explicit ResourceWriter(const Plan& plan);
  void start_batch();
  void append(ResourceBatch& batch, std::uint64_t index);

 private:
  struct Place {
    std::uint32_t instance;
    std::uint8_t gpu_index;
  };
  /// What all rows of an instance share in a round.
  struct Host {
    double busy;
    std::uint32_t cpu_tenths, memory_tenths_gb, received_tenths_mbps, sent_tenths_mbps;
  };
  struct Gpu {
    std::uint32_t utilization, memory_mb, temperature;
  };

  void enter(std::uint64_t round);
  Host host_in_round(std::size_t instance, double busy) const;
  Gpu gpu_in_round(std::size_t place) const;
  void append_gpu(ResourceBatch& batch, std::size_t place, const Gpu& gpu);

  const Plan& plan_;
  std::uint64_t row_stream_, gpu_stream_;
  std::vector<Place> places_;
  std::uint64_t round_ = UINT64_MAX;
  sys_seconds time_;
  std::vector<Host> hosts_;
  std::vector<std::string> gpu_uuids_;  ///< By place; of a fleet with all columns.
  Labels ids_, types_, gpus_;
};

class CostWriter {
 public:
  explicit CostWriter(const Plan& plan);
  void start_batch();
  void append(CostBatch& batch, std::uint64_t index);

 private:
  std::uint64_t rows_before(std::uint64_t hour) const;

  const Plan& plan_;
  std::uint64_t hour_ = 0;
  Labels providers_, service_names_, ids_, types_, regions_;
};

class ServingWriter {
 public:
  explicit ServingWriter(const Plan& plan);
  void start_batch();
  void append(ServingBatch& batch, std::uint64_t index);

 private:
  /// What the requests of one engine in one round add up to.
  struct Engine {
    std::uint32_t prompt_tokens = 0, completion_tokens = 0, cached_tokens = 0;
    std::uint32_t finished = 0, by_length = 0, aborted = 0, failed = 0, served = 0;
    std::uint64_t queue_tenths_ms = 0, prefill_tenths_ms = 0, decode_tenths_ms = 0;
    Histogram first_token, inter_token, latency, queue;
  };

  sys_seconds round_begin(std::uint64_t round) const;
  void enter(std::uint64_t round);
  void count(Engine& engine, const Request& request) const;

  const Plan& plan_;
  RequestSequence requests_;
  std::uint64_t next_request_ = 0;
  std::uint64_t round_ = UINT64_MAX;
  std::vector<Engine> engines_;
  std::vector<std::uint32_t> engine_of_;  ///< By instance: the index in engines_.
  Labels ids_, types_, models_;
};

}  // namespace optiinfra::fleet
