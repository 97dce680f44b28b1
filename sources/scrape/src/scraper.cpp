#include "optiinfra/scrape/scraper.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_set>

#include "config.hpp"
#include "discovery.hpp"
#include "optiinfra/exposition/rows_between.hpp"
#include "optiinfra/exposition/serving_metric.hpp"
#include "optiinfra/transport/fetch.hpp"
#include "target.hpp"

namespace optiinfra::scrape {
namespace {
using ScrapeClock = Scraper::Clock;

constexpr const char* kAccept =
    "Accept: application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=1.0.0;q=0.5,"
    "text/plain;version=0.0.4;q=0.4,*/*;q=0.1";
/// Sentences that were said of discoveries and are not said again.
constexpr std::size_t kSaidMax = 1'000;

exposition::sys_milliseconds wall_clock() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

/// How long until a target's next turn: its place in the interval follows from its name, so that targets do
/// not all have theirs at once, and keep it when the program starts again.
std::chrono::milliseconds first_delay(const Target& target) {
  const std::string key = target.key();
  const auto interval = target.interval.count();
  const auto offset =
      static_cast<std::int64_t>(XXH3_64bits(key.data(), key.size()) % static_cast<std::uint64_t>(interval));
  const auto phase = wall_clock().time_since_epoch().count() % interval;
  return std::chrono::milliseconds((offset - phase + interval) % interval);
}

struct ScrapedTarget {
  Target target;
  const ScrapeJob* job = nullptr;
  ScrapeClock::time_point due{};
  bool is_running = false;
  bool is_gone = false;  ///< No discovery has it any more.
  std::optional<exposition::MetricsReading> before = {};
  TargetStatus status = {};
};

struct RunningDiscovery {
  const ScrapeJob* job = nullptr;
  const HttpDiscovery* http = nullptr;  ///< Either this one
  const FileDiscovery* file = nullptr;  ///< or that.
  ScrapeClock::time_point due{};
  bool is_running = false;
  std::vector<TargetGroup> groups = {};
};

Result<void> expect_text(const FetchAnswer& answer) {
  if (answer.status != 200)
    return Error{ErrorKind::kUnavailable, "it answers with status " + std::to_string(answer.status)};
  return {};
}

}  // namespace

class Scraper::State {
 public:
  State(ScraperOptions options, ScrapeConfig config, Fetcher fetcher)
      : options_(std::move(options)), config_(std::move(config)), fetcher_(std::move(fetcher)) {
    if (!options_.customer.empty()) config_.external_labels.try_emplace("customer", options_.customer);
    if (!options_.service.empty()) config_.external_labels.try_emplace("service", options_.service);
    for (const ScrapeJob& job : config_.jobs) {
      for (const auto& each : job.file_discoveries) discoveries_.push_back({.job = &job, .file = &each});
      for (const auto& each : job.http_discoveries) discoveries_.push_back({.job = &job, .http = &each});
    }
  }

  Result<void> begin() {
    for (const ScrapeJob& job : config_.jobs) {
      for (const TargetGroup& group : job.static_groups) {
        for (const std::string& address : group.targets) {
          auto target = make_target(job, address, group.labels, config_.external_labels);
          if (!target)
            return with_context(std::move(target).error(), options_.config_file.string() + ": job '" +
                                                               job.name + "': target '" + address + "'");
        }
      }
    }
    refresh_files(ScrapeClock::now());
    renew_targets();
    return {};
  }

  ScrapedRows collect(ScrapeClock::time_point until) {
    while (true) {
      const auto now = ScrapeClock::now();
      refresh_files(now);
      refresh_http(now);
      start_due(now);
      if (now >= until) break;
      fetcher_.work(std::min(until, next_due()));
    }
    return std::exchange(rows_, {});
  }

  std::vector<std::string> take_remarks() {
    if (remarks_unsaid_ != 0)
      remarks_.push_back("and " + std::to_string(remarks_unsaid_) + " more of that kind");
    remarks_unsaid_ = 0;
    return std::exchange(remarks_, {});
  }

  std::vector<TargetStatus> targets() const {
    std::vector<TargetStatus> all;
    for (const auto& [key, each] : targets_) all.push_back(each->status);
    std::sort(all.begin(), all.end(), [](const TargetStatus& a, const TargetStatus& b) {
      return std::tie(a.job, a.url) < std::tie(b.job, b.url);
    });
    return all;
  }

 private:
  using SharedTarget = std::shared_ptr<ScrapedTarget>;

  void remark(std::string sentence) {
    if (remarks_.size() < kScrapeRemarksMax) {
      remarks_.push_back(std::move(sentence));
    } else {
      ++remarks_unsaid_;
    }
  }

  /// Of what happens at each refresh again.
  void remark_once(const std::string& sentence) {
    if (said_.size() < kSaidMax && said_.insert(sentence).second) remark(sentence);
  }

  ScrapeClock::time_point next_due() const {
    auto due = ScrapeClock::time_point::max();
    if (!schedule_.empty()) due = schedule_.begin()->first;
    for (const RunningDiscovery& each : discoveries_)
      if (!each.is_running) due = std::min(due, each.due);
    return due;
  }

  void refresh_files(ScrapeClock::time_point now) {
    bool has_changed = false;
    for (RunningDiscovery& each : discoveries_) {
      if (each.file == nullptr || each.due > now) continue;
      std::vector<std::string> errors;
      auto groups = discover_files(*each.file, errors);
      // A file that is being written is read again the next time.
      if (errors.empty() || each.groups.empty()) each.groups = std::move(groups);
      for (const std::string& error : errors) remark_once("targets stay as they are: " + error);
      each.due = now + each.file->refresh_interval;
      has_changed = true;
    }
    if (has_changed) renew_targets();
  }

  void refresh_http(ScrapeClock::time_point now) {
    for (RunningDiscovery& each : discoveries_) {
      if (each.http == nullptr || each.is_running || each.due > now) continue;
      each.due = now + each.http->refresh_interval;
      FetchRequest request{.url = each.http->url,
                           .headers = {"Accept: application/json",
                                       "X-Prometheus-Refresh-Interval-Seconds: " +
                                           std::to_string(each.http->refresh_interval.count() / 1'000)},
                           .body_bytes_max = kDiscoveryBytesMax};
      auto started = each.http->access.apply_to(request);
      if (started) {
        started = fetcher_.start(std::move(request), [this, &each](Result<FetchAnswer> answer) {
          each.is_running = false;
          take_discovery(each, std::move(answer));
        });
      }
      each.is_running = started.has_value();
      if (!started) remark_once(each.http->url + ": " + started.error().message);
    }
  }

  void take_discovery(RunningDiscovery& discovery, Result<FetchAnswer> answer) {
    auto read = [&]() -> Result<std::vector<TargetGroup>> {
      if (!answer) return std::move(answer).error();
      OPTIINFRA_CHECK(expect_text(*answer));
      return parse_target_json(answer->body);
    }();
    if (!read)
      return remark_once("targets of " + discovery.http->url + " stay as they are: " + read.error().message);
    discovery.groups = *std::move(read);
    renew_targets();
  }

  /// Targets that stay keep their place and what they said last.
  void renew_targets() {
    std::map<std::string, SharedTarget> found;
    for (const ScrapeJob& job : config_.jobs)
      for (const TargetGroup& group : job.static_groups) add_group(job, group, found);
    for (const RunningDiscovery& each : discoveries_)
      for (const TargetGroup& group : each.groups) add_group(*each.job, group, found);
    for (auto& [key, each] : targets_) {
      if (found.contains(key)) continue;
      each->is_gone = true;
      schedule_.erase({each->due, each});
    }
    targets_ = std::move(found);
  }

  void add_group(const ScrapeJob& job, const TargetGroup& group, std::map<std::string, SharedTarget>& found) {
    for (const std::string& address : group.targets) {
      auto target = make_target(job, address, group.labels, config_.external_labels);
      if (!target) {
        remark_once("job '" + job.name + "': target '" + address +
                    "' is left out: " + target.error().message);
        continue;
      }
      if (!*target) continue;
      if (found.size() == kTargetsMax) {
        remark_once("targets over " + std::to_string(kTargetsMax) + " are left out");
        return;
      }
      std::string key = (*target)->key();
      if (const auto known = targets_.find(key); known != targets_.end()) {
        found.emplace(std::move(key), known->second);
      } else if (const auto [at, is_new] = found.try_emplace(std::move(key)); is_new) {
        at->second = make(job, std::move(**target));
      }
    }
  }

  SharedTarget make(const ScrapeJob& job, Target target) {
    auto made = std::make_shared<ScrapedTarget>(ScrapedTarget{.target = std::move(target), .job = &job});
    made->status.url = made->target.url;
    made->status.job = made->target.job;
    made->status.instance = made->target.owner.instance_id;
    made->due = ScrapeClock::now() + first_delay(made->target);
    schedule_.emplace(made->due, made);
    return made;
  }

  void start_due(ScrapeClock::time_point now) {
    while (!schedule_.empty() && schedule_.begin()->first <= now) {
      const SharedTarget target = schedule_.begin()->second;
      schedule_.erase(schedule_.begin());
      target->due += target->target.interval;
      for (; target->due <= now; target->due += target->target.interval) ++target->status.missed;
      schedule_.emplace(target->due, target);
      if (target->is_running) {
        ++target->status.missed;
      } else {
        start(target);
      }
    }
  }

  void start(const SharedTarget& target) {
    const double seconds = std::chrono::duration<double>(target->target.timeout).count();
    FetchRequest request{
        .url = target->target.url,
        .headers = {kAccept, "X-Prometheus-Scrape-Timeout-Seconds: " + std::to_string(seconds)},
        .timeout = target->target.timeout,
        .body_bytes_max = target->job->body_bytes_max};
    const exposition::sys_milliseconds time = wall_clock();
    auto started = target->job->access.apply_to(request);
    if (started) {
      started = fetcher_.start(std::move(request), [this, target, time](Result<FetchAnswer> answer) {
        target->is_running = false;
        if (!target->is_gone) take(*target, time, std::move(answer));
      });
    }
    target->is_running = started.has_value();
    if (!started) take(*target, time, std::move(started).error());
  }

  void take(ScrapedTarget& target, exposition::sys_milliseconds time, Result<FetchAnswer> answer) {
    TargetStatus& status = target.status;
    ++status.scrapes;
    auto reading = read(target, time, answer);
    if (!reading) {
      ++status.failures;
      if (status.is_up || status.error.empty())
        remark("target " + status.url + " is down: " + reading.error().message);
      status.error = std::move(reading).error().message;
      status.is_up = false;
      return;
    }
    if (!status.is_up && status.failures != 0) remark("target " + status.url + " is up again");
    status.is_up = true;
    status.duration = answer->elapsed;
    status.samples = reading->samples;
    status.understood = reading->understood;
    status.absent = reading->absent;
    status.duplicates = reading->duplicates;
    if (reading->understood == 0)
      remark_once("target " + status.url + " says nothing that is understood; 'optiinfra explain-metrics " +
                  status.url + "' shows what it says");
    add_rows(target, *reading);
    target.before = *std::move(reading);
  }

  Result<exposition::MetricsReading> read(const ScrapedTarget& target, exposition::sys_milliseconds time,
                                          const Result<FetchAnswer>& answer) {
    if (!answer) return answer.error();
    OPTIINFRA_CHECK(expect_text(*answer));
    exposition::ReadOptions options{
        .format = exposition::text_format_of(answer->content_type), .limits = target.job->limits, .edit = {}};
    // The older format has no mark at its end, and a number that was cut is still a number.
    if (options.format == exposition::TextFormat::kPrometheus && !answer->body.empty() &&
        !answer->body.ends_with('\n'))
      return Error{ErrorKind::kCorrupt, "the answer is cut: its last line has no end"};
    if (!target.job->metric_relabel_rules.empty()) options.edit = editor(target.job->metric_relabel_rules);
    return exposition::read_metrics(answer->body, options_.aliases, time, options);
  }

  static exposition::SampleEditor editor(const std::vector<RelabelRule>& rules) {
    return [&rules, edited = std::make_shared<EditedLabels>()](std::vector<exposition::MetricLabel>& labels) {
      edited->texts.clear();
      edited->labels.swap(labels);
      const bool stays = relabel(rules, *edited);
      edited->labels.swap(labels);
      return stays;
    };
  }

  void add_rows(ScrapedTarget& target, const exposition::MetricsReading& reading) {
    const exposition::TargetOwner& owner = target.target.owner;
    exposition::RowsBetween rows =
        exposition::rows_between(target.before ? &*target.before : nullptr, reading, options_.aliases, owner);
    target.status.resets += rows.resets;
    target.status.changed_buckets += rows.changed_buckets;
    target.status.rows += rows.resources.size() + rows.servings.size();
    std::move(rows.resources.begin(), rows.resources.end(), std::back_inserter(rows_.resources));
    for (const exposition::ServingInterval& each : rows.servings)
      rows_.servings.push_back(exposition::serving_metric(each, owner, reading.time));
  }

  ScraperOptions options_;
  ScrapeConfig config_;
  std::vector<RunningDiscovery> discoveries_;
  std::map<std::string, SharedTarget> targets_;
  std::set<std::pair<ScrapeClock::time_point, SharedTarget>> schedule_;
  ScrapedRows rows_;
  std::vector<std::string> remarks_;
  std::size_t remarks_unsaid_ = 0;
  std::unordered_set<std::string> said_;
  Fetcher fetcher_;  ///< Last: its callbacks use the others.
};

Scraper::Scraper(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Scraper::~Scraper() = default;
Scraper::Scraper(Scraper&&) noexcept = default;
Scraper& Scraper::operator=(Scraper&&) noexcept = default;

Result<Scraper> Scraper::open(ScraperOptions options) {
  OPTIINFRA_TRY(const std::string text, read_small_file(options.config_file, kConfigBytesMax));
  OPTIINFRA_TRY(ScrapeConfig config,
                parse_scrape_config(text, options.config_file.string(), options.config_file.parent_path()));
  OPTIINFRA_TRY(Fetcher fetcher, Fetcher::open(options.connections));
  auto state = std::make_unique<State>(std::move(options), std::move(config), std::move(fetcher));
  OPTIINFRA_CHECK(state->begin());
  return Scraper(std::move(state));
}

ScrapedRows Scraper::collect(Clock::time_point until) { return state_->collect(until); }
std::vector<std::string> Scraper::take_remarks() { return state_->take_remarks(); }
std::vector<TargetStatus> Scraper::targets() const { return state_->targets(); }

}  // namespace optiinfra::scrape
