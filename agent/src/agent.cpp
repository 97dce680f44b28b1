#include "optiinfra/agent/agent.hpp"

#include <algorithm>
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

/// Something that does not go on now and then. People are told once when that begins, and when it has been
/// over for a while: a box that is full takes a request whenever the service has taken some.
class HeldUp {
 public:
  void begin(const std::string& sentence, const collect::Remark& remark) {
    if (!is_now_) since_ = Clock::now();
    is_now_ = true;
    if (!std::exchange(is_said_, true)) remark(sentence);
  }

  void end() {
    if (!is_now_) return;
    is_now_ = false;
    length_ += Clock::now() - since_;
    since_ = Clock::now();
  }

  /// `sentence` is what goes on again; " after N s" follows.
  void tell_end(const std::string& sentence, const collect::Remark& remark, bool at_once = false) {
    if (!is_said_ || is_now_ || (!at_once && Clock::now() - since_ < kCalm)) return;
    const auto length = std::chrono::ceil<std::chrono::seconds>(std::exchange(length_, {}));
    remark(sentence + " after " + std::to_string(length.count()) + " s");
    is_said_ = false;
  }

 private:
  static constexpr std::chrono::seconds kCalm{10};

  bool is_now_ = false, is_said_ = false;
  Clock::time_point since_ = {};  ///< It began or ended.
  Clock::duration length_{};      ///< Of what was said and is over.
};

struct PolledSource {
  std::string name;
  std::unique_ptr<collect::MetricSource> source;
  HeldUp fault = {};
};

struct FollowedLog {
  std::string name;
  tail::Tail tail;
  bool is_refused = false;  ///< The outbox did not take its block.
  HeldUp fault = {};        ///< Of its state.

  std::string label() const { return "[[tail]] " + name; }
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
      sources_.push_back(
          {"[host]", std::make_unique<collect::HostSource>(*sampler_, config_.host->interval)});
    }
    if (config_.scrape) {
      OPTIINFRA_TRY(scrape::Scraper scraper, open_scraper(*config_.scrape));
      scraper_ = std::make_unique<scrape::Scraper>(std::move(scraper));
      sources_.push_back({"[scrape]", std::make_unique<collect::ScrapeSource>(*scraper_)});
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
      if (!sink_->is_blocked()) OPTIINFRA_CHECK(measure(until, remark));
      put_measured(false, remark);
      if (Clock::now() >= logs_due_) OPTIINFRA_CHECK(follow_logs(remark));
      tell(remark);
      std::this_thread::sleep_until(until);
    }
    return {};
  }

  Result<void> close(std::chrono::milliseconds patience, const collect::Remark& remark) {
    Result<void> first;
    const auto keep = [&first](Result<void> closed, const std::string& of) {
      if (!closed && first) first = with_context(std::move(closed).error(), of);
    };
    put_measured(true, remark);
    if (sink_->is_blocked()) remark("what was measured last is lost: the outbox did not take it");
    for (FollowedLog& log : logs_) keep(log.tail.close(), log.label());
    tell(remark, true);
    keep(outbox_->close(patience), "the outbox");
    tell(remark, true);
    return first;
  }

  AgentStatus status() const {
    AgentStatus status{
        .rows_measured = sink_->rows(), .outbox = outbox_->counts(), .tails = {}, .targets = {}};
    for (const FollowedLog& log : logs_) status.tails.push_back({log.name, log.tail.counts()});
    if (scraper_) status.targets = scraper_->targets();
    return status;
  }

 private:
  /// Sources that only look whether something is due come first; the last one works until `until`. What a
  /// source fails with, too many open files for example, may pass.
  Result<void> measure(Clock::time_point until, const collect::Remark& remark) {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      PolledSource& each = sources_[i];
      const auto rows = each.source->collect(i + 1 < sources_.size() ? Clock::now() : until);
      for (const std::string& sentence : each.source->take_remarks()) remark(sentence);
      if (!rows && !collect::may_pass(rows.error())) return with_context(rows.error(), each.name);
      if (!rows) each.fault.begin(each.name + " is not measured now: " + rows.error().message, remark);
      if (!rows || rows->is_empty()) continue;
      each.fault.end();
      sink_->add(*rows);
    }
    return {};
  }

  void put_measured(bool all, const collect::Remark& remark) {
    const auto put = sink_->work(all);
    if (!put)
      measuring_.begin("nothing is measured until this machine can keep rows again: " + put.error().message,
                       remark);
    if (put && *put) measuring_.end();
  }

  Result<void> follow_logs(const collect::Remark& remark) {
    bool is_behind = false;
    for (FollowedLog& log : logs_) {
      OPTIINFRA_TRY(const bool has_more, follow_log(log, remark));
      is_behind = is_behind || has_more;
      for (const std::string& each : log.tail.take_remarks()) remark(each);
    }
    if (std::ranges::none_of(logs_, &FollowedLog::is_refused)) reading_.end();
    logs_due_ = Clock::now() + (is_behind ? std::chrono::milliseconds{0} : kFollowStep);
    return {};
  }

  /// Whether the log has more blocks now. A disk that fails may recover. A log whose block the outbox does
  /// not take keeps its lines; what it holds up is itself alone.
  Result<bool> follow_log(FollowedLog& log, const collect::Remark& remark) {
    for (unsigned count = 0; count < kBlocksOfOneTurn; ++count) {
      const auto next = log.tail.next();
      if (!next && !collect::may_pass(next.error())) return with_context(next.error(), log.label());
      if (!next) log.fault.begin(log.label() + " waits: " + next.error().message, remark);
      if (!next) return false;
      log.fault.end();
      if (*next == nullptr) return false;
      if (const auto put = put_block(**next); !put) {
        log.is_refused = true;
        reading_.begin("logs wait until this machine can keep rows again: " + put.error().message, remark);
        return false;
      }
      log.is_refused = false;
      log.tail.stored();
    }
    return true;
  }

  Result<void> put_block(const tail::TailBlock& block) {
    if (block.rows.size() == 0) return {};
    return outbox_->put(Family::kPerformance, block_key(block), block_lines(block));
  }

  void tell(const collect::Remark& remark, bool at_once = false) {
    for (const std::string& each : outbox_->take_remarks()) remark(each);
    measuring_.tell_end("this host and its targets are measured again", remark, at_once);
    reading_.tell_end("logs are read again", remark, at_once);
    for (PolledSource& each : sources_)
      each.fault.tell_end(each.name + " is measured again", remark, at_once);
    for (FollowedLog& each : logs_) each.fault.tell_end(each.label() + " goes on", remark, at_once);
  }

  const AgentConfig config_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<OutboxSink> sink_;
  std::unique_ptr<host::HostSampler> sampler_;
  std::unique_ptr<scrape::Scraper> scraper_;
  std::vector<PolledSource> sources_;
  std::vector<FollowedLog> logs_;
  Clock::time_point logs_due_ = Clock::now();
  HeldUp measuring_, reading_;  ///< By an outbox or a disk that is full.
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
