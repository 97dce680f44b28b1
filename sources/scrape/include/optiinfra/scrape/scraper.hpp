/// @file optiinfra/scrape/scraper.hpp
/// Asks the targets of a configuration for their metrics, each at its interval, and makes rows of what they
/// answer.
///
/// The configuration is the part of Prometheus' own that is about scraping: `global` and `scrape_configs`
/// (docs/sources.md lists the keys). Whose a target is say its labels `customer`, `service`, `instance`,
/// `instance_type` and `model`; the job's name is the service where no label names one, and the address the
/// instance.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/exposition/aliases.hpp"
#include "optiinfra/exposition/reading.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::scrape {

struct ScraperOptions {
  std::filesystem::path config_file;
  std::string customer = {};  ///< For targets without a label `customer`: a name or a UUID. Empty: none.
  std::string service = {};   ///< Likewise.
  exposition::AliasTable aliases = exposition::AliasTable::builtin();
  unsigned connections = 128;  ///< Requests that run at the same time.
};

struct ScrapedRows {
  std::vector<ResourceMetric> resources = {};
  std::vector<ServingMetric> servings = {};
};

/// What is known of one target.
struct TargetStatus {
  std::string url;
  std::string job;
  std::string instance;
  bool is_up = false;  ///< The latest scrape succeeded.
  std::string error;   ///< Of the latest scrape, or of an earlier one; empty when all succeeded.
  std::uint64_t scrapes = 0;
  std::uint64_t failures = 0;  ///< Of these, those that brought nothing.
  std::uint64_t missed = 0;    ///< Scrapes that were due while the one before still ran.
  std::uint64_t rows = 0;
  std::uint64_t resets = 0;           ///< Series that started again.
  std::uint64_t changed_buckets = 0;  ///< Histograms that had no distribution for an interval.
  /// Of the latest scrape that succeeded.
  std::uint64_t samples = 0, understood = 0, absent = 0, duplicates = 0;
  std::chrono::duration<double> duration{};
};

/// Threads: one call at a time; everything happens inside collect().
class Scraper {
 public:
  using Clock = std::chrono::steady_clock;

  /// Reads the configuration and the files that it names. Errors: kStorage for a file that cannot be read;
  /// kInvalidArgument for one that is wrong ("FILE: line N: ...") or whose static targets are; kUnavailable
  /// when libcurl is not installed.
  static Result<Scraper> open(ScraperOptions options);

  ~Scraper();
  Scraper(Scraper&&) noexcept;
  Scraper& operator=(Scraper&&) noexcept;

  /// Scrapes what is due until `until`, and returns the rows that were made. Targets that fail are no error:
  /// see take_remarks() and targets().
  ScrapedRows collect(Clock::time_point until);

  /// What happened since the last call that people should know, a sentence each: a target is down or up
  /// again, a discovery failed. At most kScrapeRemarksMax and one that counts the others.
  std::vector<std::string> take_remarks();

  /// By job and URL.
  std::vector<TargetStatus> targets() const;

 private:
  class State;
  explicit Scraper(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

inline constexpr std::size_t kScrapeRemarksMax = 20;

}  // namespace optiinfra::scrape
