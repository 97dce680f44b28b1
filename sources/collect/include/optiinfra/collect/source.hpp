/// @file optiinfra/collect/source.hpp
/// What a collector polls: it makes rows and knows no store.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/host/host_sampler.hpp"
#include "optiinfra/schema/metrics.hpp"
#include "optiinfra/scrape/scraper.hpp"

namespace optiinfra::collect {

struct CollectedRows {
  std::vector<ResourceMetric> resources = {};
  std::vector<ServingMetric> servings = {};

  bool is_empty() const noexcept { return resources.empty() && servings.empty(); }
  std::size_t size() const noexcept { return resources.size() + servings.size(); }
};

/// Threads: one call at a time.
class MetricSource {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~MetricSource() = default;

  /// Works, or waits, until `until` at the latest, and returns the rows that were made. None means that
  /// nothing was due. Errors: only those that the next call would have, too.
  virtual Result<CollectedRows> collect(Clock::time_point until) = 0;

  /// What people should know of the last call: a sentence each.
  virtual std::vector<std::string> take_remarks() = 0;
};

/// The targets of a configuration.
class ScrapeSource : public MetricSource {
 public:
  /// The scraper must outlive it.
  explicit ScrapeSource(scrape::Scraper& scraper) : scraper_(scraper) {}

  Result<CollectedRows> collect(Clock::time_point until) override;
  std::vector<std::string> take_remarks() override { return scraper_.take_remarks(); }

 private:
  scrape::Scraper& scraper_;
};

/// This host, at every interval.
class HostSource : public MetricSource {
 public:
  /// The sampler must outlive it. The first sample is due one interval, which must be positive, after the
  /// first call of collect().
  HostSource(host::HostSampler& sampler, Clock::duration interval) : sampler_(sampler), interval_(interval) {}

  Result<CollectedRows> collect(Clock::time_point until) override;
  std::vector<std::string> take_remarks() override { return std::exchange(remarks_, {}); }

 private:
  host::HostSampler& sampler_;
  const Clock::duration interval_;
  std::optional<Clock::time_point> due_ = {};
  std::vector<std::string> remarks_;
};

}  // namespace optiinfra::collect
