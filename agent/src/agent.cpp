#include "optiinfra/agent/agent.hpp"

#include <fstream>
#include <sstream>
#include <thread>

#include "optiinfra/agent/follow.hpp"
#include "optiinfra/collect/source.hpp"
#include "optiinfra/core/identity.hpp"
#include "outbox_sink.hpp"

namespace optiinfra::agent {
namespace {

namespace fs = std::filesystem;
using Clock = collect::MetricSource::Clock;

constexpr std::chrono::milliseconds kStep{100};
/// Blocks that a log may give in one turn, so that a log that is far behind holds nothing else up.
constexpr unsigned kBlocksOfOneTurn = 4;

Uuid customer_of(const std::string& text) {
  const auto id = Uuid::parse(text);
  return id ? *id : identity_of("customer", text);
}

Result<void> make_folder(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) return Error{ErrorKind::kStorage, folder.string() + " cannot be made: " + failed.message()};
  return {};
}

Result<scrape::Scraper> open_scraper(const ScrapeSourceConfig& config) {
  scrape::ScraperOptions options{
      .config_file = config.config_file, .customer = config.customer, .service = config.service};
  for (const fs::path& file : config.alias_files) {
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    if (!stream || !(text << stream.rdbuf()))
      return Error{ErrorKind::kStorage, file.string() + " cannot be read, or is empty"};
    OPTIINFRA_CHECK(options.aliases.add(file.string(), std::move(text).str()));
  }
  return scrape::Scraper::open(std::move(options));
}

Result<host::HostSampler> open_sampler(const HostConfig& config) {
  host::HostSamplerOptions options;
  options.customer_id = customer_of(config.customer);
  options.instance_id = config.instance;
  return host::HostSampler::open(std::move(options));
}

struct FollowedLog {
  std::string name;
  tail::Tail tail;
};

}  // namespace

class Agent::State {
 public:
  explicit State(AgentConfig config) : config_(std::move(config)) {}

  Result<void> open(api::ApiStore service) {
    OPTIINFRA_CHECK(make_folder(config_.folder));
    OPTIINFRA_TRY(outbox_,
                  Outbox::open({config_.folder / "outbox", config_.outbox_bytes_max}, std::move(service)));
    sink_ = std::make_unique<OutboxSink>(*outbox_);
    if (config_.host) {
      OPTIINFRA_TRY(host::HostSampler sampler, open_sampler(*config_.host));
      sampler_ = std::make_unique<host::HostSampler>(std::move(sampler));
      sources_.push_back(std::make_unique<collect::HostSource>(*sampler_, config_.host->interval));
    }
    if (config_.scrape) {
      OPTIINFRA_TRY(scrape::Scraper scraper, open_scraper(*config_.scrape));
      scraper_ = std::make_unique<scrape::Scraper>(std::move(scraper));
      sources_.push_back(std::make_unique<collect::ScrapeSource>(*scraper_));
    }
    for (const TailConfig& each : config_.tails) {
      auto opened = tail::Tail::open({.form = each.form,
                                      .defaults = each.defaults,
                                      .files = each.files,
                                      .state_folder = config_.folder / ("tail-" + each.name)});
      if (!opened) return with_context(std::move(opened).error(), "[[tail]] " + each.name);
      logs_.push_back({each.name, *std::move(opened)});
    }
    return {};
  }

  Result<void> run(const std::function<bool()>& is_stopped, const collect::Remark& remark) {
    while (!is_stopped()) {
      const auto until = Clock::now() + kStep;
      if (!is_blocked()) OPTIINFRA_CHECK(measure(until, remark));
      put_measured(false, remark);
      if (Clock::now() >= logs_due_) OPTIINFRA_CHECK(follow_logs(remark));
      tell(remark);
      std::this_thread::sleep_until(until);
    }
    return {};
  }

  Result<void> close(std::chrono::milliseconds patience, const collect::Remark& remark) {
    put_measured(true, remark);
    if (sink_->is_blocked()) remark("what was measured last is lost: the outbox did not take it");
    for (FollowedLog& log : logs_) OPTIINFRA_CHECK(log.tail.close());
    auto closed = outbox_->close(patience);
    tell(remark);
    return closed;
  }

  AgentStatus status() const {
    AgentStatus status{
        .rows_measured = sink_->rows(), .outbox = outbox_->counts(), .tails = {}, .targets = {}};
    for (const FollowedLog& log : logs_) status.tails.push_back({log.name, log.tail.counts()});
    if (scraper_) status.targets = scraper_->targets();
    return status;
  }

 private:
  bool is_blocked() const { return blocked_since_.has_value(); }

  /// Sources that only look whether something is due come first; the last one works until `until`.
  Result<void> measure(Clock::time_point until, const collect::Remark& remark) {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      OPTIINFRA_TRY(const collect::CollectedRows rows,
                    sources_[i]->collect(i + 1 < sources_.size() ? Clock::now() : until));
      for (const std::string& each : sources_[i]->take_remarks()) remark(each);
      if (!rows.is_empty()) sink_->add(rows);
    }
    return {};
  }

  void put_measured(bool all, const collect::Remark& remark) {
    auto put = sink_->work(all);
    if (!put) note(std::move(put).error(), remark);
    if (put && *put) note({}, remark);
  }

  /// While the outbox is full, or its disk, nothing is taken: a log keeps its lines, and what is not measured
  /// is said.
  void note(const Result<void>& put, const collect::Remark& remark) {
    if (!put && !blocked_since_) {
      blocked_since_ = Clock::now();
      remark(
          "no more rows can be kept on this machine, so nothing is measured and no log is read until they "
          "can: " +
          put.error().message);
    }
    if (!put || !blocked_since_) return;
    const auto length = std::chrono::ceil<std::chrono::seconds>(Clock::now() - *blocked_since_);
    remark("rows are kept again; nothing was measured for " + std::to_string(length.count()) + " s");
    blocked_since_.reset();
  }

  Result<void> follow_logs(const collect::Remark& remark) {
    bool is_behind = false;
    for (FollowedLog& log : logs_) {
      OPTIINFRA_TRY(const bool has_more, follow_log(log, remark));
      is_behind = is_behind || has_more;
      for (const std::string& each : log.tail.take_remarks()) remark(each);
    }
    logs_due_ = Clock::now() + (is_behind ? std::chrono::milliseconds{0} : kFollowStep);
    return {};
  }

  /// Whether the log has more blocks now. A disk that fails may recover.
  Result<bool> follow_log(FollowedLog& log, const collect::Remark& remark) {
    for (unsigned count = 0; count < kBlocksOfOneTurn; ++count) {
      auto next = log.tail.next();
      if (!next && !collect::may_pass(next.error()))
        return with_context(std::move(next).error(), "[[tail]] " + log.name);
      if (!next) note(std::move(next).error(), remark);
      if (!next || *next == nullptr) return false;
      const tail::TailBlock& block = **next;
      auto put = block.rows.size() == 0
                     ? Result<void>{}
                     : outbox_->put(Family::kPerformance, block_key(block), block_lines(block));
      if (block.rows.size() != 0) note(put, remark);
      if (!put) return false;
      log.tail.stored();
    }
    return true;
  }

  void tell(const collect::Remark& remark) {
    for (const std::string& each : outbox_->take_remarks()) remark(each);
  }

  const AgentConfig config_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<OutboxSink> sink_;
  std::unique_ptr<host::HostSampler> sampler_;
  std::unique_ptr<scrape::Scraper> scraper_;
  std::vector<std::unique_ptr<collect::MetricSource>> sources_;
  std::vector<FollowedLog> logs_;
  Clock::time_point logs_due_ = Clock::now();
  std::optional<Clock::time_point> blocked_since_ = {};
};

Agent::Agent(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Agent::~Agent() = default;
Agent::Agent(Agent&&) noexcept = default;
Agent& Agent::operator=(Agent&&) noexcept = default;

Result<Agent> Agent::open(AgentConfig config, api::ApiStore service) {
  auto state = std::make_unique<State>(std::move(config));
  OPTIINFRA_CHECK(state->open(std::move(service)));
  return Agent(std::move(state));
}

Result<void> Agent::run(const std::function<bool()>& is_stopped, const collect::Remark& remark) {
  return state_->run(is_stopped, remark);
}
Result<void> Agent::close(std::chrono::milliseconds patience, const collect::Remark& remark) {
  return state_->close(patience, remark);
}
AgentStatus Agent::status() const { return state_->status(); }

Result<void> check_sources(const AgentConfig& config) {
  if (config.host) OPTIINFRA_CHECK(open_sampler(*config.host));
  if (config.scrape) OPTIINFRA_CHECK(open_scraper(*config.scrape));
  return {};
}

}  // namespace optiinfra::agent
