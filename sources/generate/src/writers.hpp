// One class per family that writes a row into a batch from only the row's number. Numbers are asked
// for in rising order. start_batch() comes first for every batch that was emptied.
#pragma once

#include <string>
#include <string_view>
#include <vector>

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

class PerformanceWriter {
 public:
  explicit PerformanceWriter(const Plan& plan);
  void start_batch();
  void append(PerformanceBatch& batch, std::uint64_t index);

 private:
  const Plan& plan_;
  RequestSequence requests_;
  Labels types_, models_;
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

  const Plan& plan_;
  std::uint64_t row_stream_, gpu_stream_;
  std::vector<Place> places_;
  std::uint64_t round_ = UINT64_MAX;
  sys_seconds time_;
  std::vector<Host> hosts_;
  Labels ids_, types_;
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

}  // namespace optiinfra::fleet
