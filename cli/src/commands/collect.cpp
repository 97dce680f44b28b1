#include <deque>

#include "api/api_import.hpp"
#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"
#include "interrupt.hpp"
#include "optiinfra/host/host_sampler.hpp"
#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/rows/encode.hpp"
#include "optiinfra/store/retention.hpp"
#include "output/progress.hpp"

namespace optiinfra::cli {
namespace {

using Clock = std::chrono::steady_clock;

/// Rows are stored in groups of so long.
constexpr std::chrono::seconds kInsertAge{10};
/// How long the last rows may take to be stored when the collector stops.
constexpr std::chrono::seconds kCloseTimeout{30};
constexpr std::chrono::hours kDropExpiredEvery{1};
/// Samples that wait while the writer takes none, because the spool's disk or its memory is full.
constexpr std::size_t kSamplesWaitingMax = 3'600;
/// For a service that does not answer, while samples wait to be taken.
constexpr std::chrono::seconds kSendTimeout{5};

struct HostFlags {
  std::optional<std::string> customer;  ///< A UUID or a name.
  std::string instance_id;
  std::chrono::seconds interval{1};
  std::chrono::seconds length{0};  ///< 0: until a signal stops it.
  std::string spool_folder;        ///< Empty: no spool.
};

struct Outcome {
  std::uint64_t samples = 0;
  std::uint64_t rows_stored = 0;
  sys_seconds begin = now();
};

/// Something to do every so often.
class Every {
 public:
  explicit Every(Clock::duration period) : period_(period) {}

  bool is_due(Clock::time_point at) {
    if (at - last_ < period_) return false;
    last_ = at;
    return true;
  }

 private:
  Clock::duration period_;
  Clock::time_point last_ = Clock::now();
};

/// A server expires rows by itself, an embedded engine only while it runs. A store that is away, or too full
/// for it, is asked the next time.
Result<void> drop_expired_rows(const StoreUrl& url) {
  if (url.protocol != Protocol::kEmbedded) return {};
  auto client = Client::open(url, {.use_reserve = true});
  auto dropped = client ? client->with_session([](Session& session) -> Result<void> {
    OPTIINFRA_CHECK(drop_expired(session, now()));
    return {};
  })
                        : std::move(client).error();
  const bool passes = !dropped && (dropped.error().kind == ErrorKind::kUnavailable ||
                                   dropped.error().kind == ErrorKind::kStorage);
  return passes ? Result<void>{} : dropped;
}

Result<Writer> open_writer(const StoreUrl& url, const HostFlags& flags) {
  // A host has a few rows a second at most: a day without the store fits.
  return Writer::open(url, {.spool_folder = flags.spool_folder,
                            .insert_age = kInsertAge,
                            .senders = 1,
                            .when_full = WhenFull::kTryLater});
}

/// Whether the writer takes rows later that it refuses now.
bool passes(const Error& error) {
  return error.kind == ErrorKind::kStorage || error.kind == ErrorKind::kUnavailable ||
         error.kind == ErrorKind::kTimeout;
}

/// Samples on their way to the writer. With a spool a sample is on the disk before the next one is taken.
class Samples {
 public:
  Samples(Writer& writer, bool has_spool, const Context& context)
      : writer_(writer),
        level_(has_spool ? Acknowledgement::kSpooled : Acknowledgement::kAccepted),
        context_(context) {}

  /// Hands over `rows` and those that wait. Errors: only those that waiting does not cure.
  Result<void> add(std::vector<ResourceMetric> rows) {
    waiting_.push_back(std::move(rows));
    if (waiting_.size() > kSamplesWaitingMax) {
      waiting_.pop_front();
      ++lost_;
    }
    return hand_over();
  }

  Result<void> hand_over() {
    while (!waiting_.empty()) {
      auto receipt = writer_.write<ResourceMetric>(waiting_.front(), {.acknowledgement = level_});
      if (!receipt) return later(std::move(receipt).error());
      waiting_.pop_front();
      // The writer has the rows now: handed over again, they would count twice.
      if (auto spooled = receipt->ticket.wait(kCloseTimeout); !spooled)
        return later(std::move(spooled).error());
    }
    if (!reason_.empty()) context_.remark("samples are taken over again");
    reason_.clear();
    return {};
  }

  std::uint64_t lost() const { return lost_ + waiting_.size(); }

 private:
  Result<void> later(Error error) {
    if (!passes(error)) return error;
    if (reason_.empty()) context_.remark("samples wait: " + error.message);
    reason_ = std::move(error.message);
    return {};
  }

  Writer& writer_;
  const Acknowledgement level_;
  const Context& context_;
  std::deque<std::vector<ResourceMetric>> waiting_;
  std::uint64_t lost_ = 0;
  std::string reason_;  ///< Why samples wait; empty while none does.
};

/// Says once what keeps rows from being stored, and once that they are stored again.
class Complaints {
 public:
  explicit Complaints(const Context& context) : context_(context) {}

  void look_at(const Writer& writer) {
    const WriterMetrics metrics = writer.metrics();
    const bool waits = !metrics.last_error.empty();
    if (waits && !waits_)
      context_.remark("kept " + std::to_string(metrics.rows_queued) +
                      " rows for later: " + metrics.last_error);
    if (!waits && waits_) context_.remark("rows are stored again");
    waits_ = waits;
  }

 private:
  const Context& context_;
  bool waits_ = false;
};

/// Where samples go.
class SampleStore {
 public:
  virtual ~SampleStore() = default;
  /// Errors: only those that waiting does not cure.
  virtual Result<void> add(std::vector<ResourceMetric> rows) = 0;
  /// Stores what is left. Returns how many rows are stored in all.
  virtual Result<std::uint64_t> close() = 0;
};

/// What the store did not take in time stays in the spool, for the next run; without one it is lost.
Result<void> close(Writer& writer, const HostFlags& flags, const Context& context) {
  auto closed = writer.close(kCloseTimeout);
  if (closed || flags.spool_folder.empty() || !passes(closed.error())) return closed;
  context.remark("rows wait in the spool for the next run with --spool: " + closed.error().message);
  return {};
}

/// A store that this process writes to.
class WrittenSamples final : public SampleStore {
 public:
  WrittenSamples(Writer writer, const StoreUrl& url, const HostFlags& flags, const Context& context)
      : writer_(std::move(writer)),
        url_(url),
        flags_(flags),
        context_(context),
        samples_(writer_, !flags.spool_folder.empty(), context),
        complaints_(context) {}

  Result<void> add(std::vector<ResourceMetric> rows) override {
    OPTIINFRA_CHECK(samples_.add(std::move(rows)));
    complaints_.look_at(writer_);
    return expire_.is_due(Clock::now()) ? drop_expired_rows(url_) : Result<void>{};
  }

  Result<std::uint64_t> close() override {
    OPTIINFRA_CHECK(samples_.hand_over());
    if (samples_.lost() != 0)
      context_.remark(std::to_string(samples_.lost()) + " samples are lost: there was no room for them");
    OPTIINFRA_CHECK(cli::close(writer_, flags_, context_));
    const std::uint64_t stored = writer_.metrics().rows_stored;
    OPTIINFRA_CHECK(drop_expired_rows(url_));
    return stored;
  }

 private:
  Writer writer_;
  const StoreUrl url_;
  const HostFlags& flags_;
  const Context& context_;
  Samples samples_;
  Complaints complaints_;
  Every expire_{kDropExpiredEvery};
};

/// A store behind an API. Rows wait in memory while the service is away.
class SentSamples final : public SampleStore {
 public:
  SentSamples(ApiStore store, const Context& context) : store_(std::move(store)), context_(context) {}

  Result<void> add(std::vector<ResourceMetric> rows) override {
    waiting_.push_back(std::move(rows));
    if (waiting_.size() > kSamplesWaitingMax) {
      waiting_.pop_front();
      ++lost_;
    }
    return send_.is_due(Clock::now()) ? send(std::chrono::seconds{0}) : Result<void>{};
  }

  Result<std::uint64_t> close() override {
    OPTIINFRA_CHECK(send(kCloseTimeout));
    if (text_.empty())
      OPTIINFRA_CHECK(send(kCloseTimeout));  // Those that came after a piece that had to be repeated.
    if (lost_ + waiting_.size() != 0 || !text_.empty())
      context_.remark("samples are lost, because the service did not take them: " + reason_);
    return stored_;
  }

 private:
  /// Sends a piece until the service has it, with the same key, and only then takes the next samples.
  Result<void> send(std::chrono::seconds patience) {
    if (text_.empty()) {
      for (const auto& rows : waiting_)
        for (const ResourceMetric& row : rows) append_json_line(text_, row);
      waiting_.clear();
      key_ = Uuid::random();
    }
    if (text_.empty()) return {};
    auto inserted = insert_rows(store_, Family::kResource, "application/x-ndjson", key_, text_,
                                {.call = kSendTimeout, .all = patience});
    if (!inserted) {
      if (!passes(inserted.error())) return std::move(inserted).error();
      if (reason_.empty()) context_.remark("samples wait: " + inserted.error().message);
      reason_ = inserted.error().message;
      return {};
    }
    if (!reason_.empty()) context_.remark("samples are taken over again");
    reason_.clear();
    text_.clear();
    stored_ += inserted->accepted + inserted->duplicates;
    if (inserted->rejected != 0)
      return Error{ErrorKind::kRejected,
                   "the service refuses samples: " + (inserted->described.empty()
                                                          ? std::string("without a reason")
                                                          : inserted->described.front().reason)};
    return {};
  }

  ApiStore store_;
  const Context& context_;
  std::deque<std::vector<ResourceMetric>> waiting_;
  std::string text_;  ///< What is being sent; empty when the service has all that was sent.
  Uuid key_;
  std::uint64_t stored_ = 0, lost_ = 0;
  std::string reason_;  ///< Why samples wait; empty while none does.
  Every send_{kInsertAge};
};

/// Samples at every interval until the time is over or a signal comes.
Result<Outcome> collect(HostSampler& sampler, SampleStore& store, const HostFlags& flags,
                        const Context& context) {
  const auto total = static_cast<std::uint64_t>(flags.length / flags.interval);
  const bool shows_progress = !context.quiet && (total != 0 || context.console_terminal.interactive);
  Progress progress("sampling", "samples", total, !shows_progress, context.console_terminal);
  Outcome outcome;
  Clock::time_point tick = Clock::now();
  while (total == 0 || outcome.samples < total) {
    tick += flags.interval;
    InterruptGuard::sleep_until(tick);
    if (InterruptGuard::is_requested()) break;
    OPTIINFRA_TRY(auto rows, sampler.sample(now()));
    OPTIINFRA_CHECK(store.add(std::move(rows)));
    for (const std::string& warning : sampler.warnings()) context.remark(warning);
    progress.set(++outcome.samples, total);
  }
  OPTIINFRA_TRY(outcome.rows_stored, store.close());
  return outcome;
}

Value text_or_nothing(const std::string& text) {
  if (text.empty()) return {};
  return text;
}

std::string gpu_names(const HostSampler& sampler) {
  std::string names;
  for (const HostGpu& gpu : sampler.gpus()) names += (names.empty() ? "" : ", ") + gpu.name;
  return names;
}

/// The id of a name in a list of an API.
Result<Uuid> customer_in(const Report& names, const std::string& name) {
  for (const Row& row : names.sections.front().records.rows)
    if (row.size() > 2 && row[1] == Value(name)) return Uuid::parse(std::get<std::string>(row[2]));
  return invalid_argument("--customer: no customer is called '" + name +
                          "'; give a UUID, or a name that "
                          "`optiinfra names list` has");
}

/// A UUID needs no store, which may be away while samples are taken.
Result<Uuid> customer_of(const HostFlags& flags, ApiStore* api, const Context& context) {
  if (const auto id = Uuid::parse(*flags.customer)) return *id;
  if (api != nullptr) {
    OPTIINFRA_TRY(const ApiAnswer listed, api->ask("/api/v1/names", {{"kind", "customer"}}));
    return customer_in(listed.report, *flags.customer);
  }
  OPTIINFRA_TRY(Client client, context.open(false));
  OPTIINFRA_TRY(const Names names, client.names());
  auto id = names.id_of(NameKind::kCustomer, *flags.customer);
  if (!id) return with_context(std::move(id).error(), "--customer");
  return Uuid::parse(*id);
}

/// Where the samples go. A service that is away may come back; a store that is opened here must be there.
Result<std::unique_ptr<SampleStore>> open_store(const HostFlags& flags, std::optional<ApiStore> api,
                                                const Context& context) {
  using Opened = std::unique_ptr<SampleStore>;
  if (api) return Opened(std::make_unique<SentSamples>(*std::move(api), context));
  OPTIINFRA_TRY(const StoreUrl url, context.store_url());
  OPTIINFRA_TRY(Writer writer, open_writer(url, flags));
  for (const std::string& problem : writer.metrics().spool_problems) context.remark(problem);
  return Opened(std::make_unique<WrittenSamples>(std::move(writer), url, flags, context));
}

Report make_report(const Uuid& customer, const HostSampler& sampler, const Outcome& outcome) {
  Report report{.command = "collect host",
                .window = TimeRange{outcome.begin, now() + std::chrono::seconds{1}}};
  report.sections.push_back(
      object_section("host",
                     {{"customer_id", "customer"},
                      {"instance_id", "instance"},
                      {"instance_type", "type"},
                      {"gpu_count", "GPUs", Look::kCount},
                      {"gpus", "which"},
                      {"gpu_note", "without GPUs because"},
                      {"samples", "samples", Look::kCount},
                      {"rows_stored", "rows stored", Look::kCount}},
                     {customer.to_string(), sampler.instance_id(), text_or_nothing(sampler.instance_type()),
                      std::uint64_t{sampler.gpus().size()}, text_or_nothing(gpu_names(sampler)),
                      text_or_nothing(sampler.gpu_note()), outcome.samples, outcome.rows_stored}));
  return report;
}

Result<ExitCode> run(const HostFlags& flags, Context& context) {
  if (flags.length.count() != 0 && flags.length < flags.interval)
    return Error{ErrorKind::kInvalidArgument,
                 "--for is shorter than --interval, so that no sample would be taken"};
  const Stopwatch watch;
  const InterruptGuard guard;
  OPTIINFRA_TRY(auto api, context.api());
  if (api && !flags.spool_folder.empty())
    return invalid_argument(
        "--spool keeps samples for a store that is opened here; through an API the service keeps them");
  HostSamplerOptions options;
  OPTIINFRA_TRY(options.customer_id, customer_of(flags, api ? &*api : nullptr, context));
  const Uuid customer = options.customer_id;
  options.instance_id = flags.instance_id;
  OPTIINFRA_TRY(HostSampler sampler, HostSampler::open(std::move(options)));
  if (flags.length.count() == 0) context.remark("sampling " + sampler.instance_id() + "; Ctrl-C stops");
  OPTIINFRA_TRY(const auto store, open_store(flags, std::move(api), context));
  OPTIINFRA_TRY(const Outcome outcome, collect(sampler, *store, flags, context));
  Report report = make_report(customer, sampler, outcome);
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

void describe(CLI::App& app, HostFlags& flags) {
  add_id(app, "--customer", flags.customer, "The customer whose host this is")->required();
  app.add_option("--instance", flags.instance_id, "The name to store it under")
      ->type_name("NAME")
      ->required();
  add_duration(app, "--interval", flags.interval, "Time between samples; default 1s");
  add_duration(app, "--for", flags.length,
               "How long to sample; default until SIGINT or SIGTERM, after which all is stored");
  app.add_option("--spool", flags.spool_folder,
                 "A folder of this machine that keeps samples until the store has them")
      ->type_name("DIR");
}

}  // namespace

void define_collect(CLI::App& parent, Action& action) {
  CLI::App* const collect = parent.add_subcommand("collect", "Measure and store");
  collect->require_subcommand(1);
  define_command<HostFlags>(*collect, action, "host",
                            "Sample this host's CPU, memory, network and GPUs into resource_metrics_ts",
                            "  optiinfra collect host --customer UUID --instance $(uname -n) --for 10s\n"
                            "  optiinfra collect host --customer UUID --instance web-1 --interval 1m",
                            describe, run);
  define_collect_scrape(*collect, action);
}

}  // namespace optiinfra::cli
