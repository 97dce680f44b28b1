// The program that the soak kills and that writes to breathing disks: four producers, one a family, hand over
// writes as fast as the writer takes them, until SIGTERM; then it closes in order. Killed and started again
// it goes on where its journal ends.
//
//   soak_writer run URL SPOOL|- TIME JOURNAL
//   soak_writer check URL TIME JOURNAL       compares the store with the journal
//
// A write is numbered within its family, and its rows follow from the number, so that they can be handed over
// again under their token. Every fourth write has no token and asks for its rows to be spooled: it is handed
// over once. The journal has "begun FAMILY NUMBER" before a write and "done FAMILY NUMBER" once its ticket
// was reached.
//
//   OPTIINFRA_SOAK_ROWS       of each write; 5,000
//   OPTIINFRA_SOAK_PAUSE_MS   of a producer after each write; 0
//   OPTIINFRA_SOAK_MERGE_MS   between two forced merges of all raw tables; 0: none are forced
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <thread>

#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/verify.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra {
namespace {

constexpr std::size_t kTicketsMax = 8;
constexpr std::chrono::seconds kPatience{60};

std::size_t number_of(const char* variable, std::size_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoul(text);
}

const std::size_t kRowsOfWrite = number_of("OPTIINFRA_SOAK_ROWS", 5'000);
const std::chrono::milliseconds kPause{number_of("OPTIINFRA_SOAK_PAUSE_MS", 0)};
const std::chrono::milliseconds kMergeInterval{number_of("OPTIINFRA_SOAK_MERGE_MS", 0)};

std::atomic<bool> stopping{false};

/// Few, because nobody reads them before this process ends.
void complain(const char* call, const Error& error) {
  constexpr int kComplaintsMax = 50;
  static std::atomic<int> complaints{0};
  if (++complaints <= kComplaintsMax) std::cerr << call << ": " << error.message << std::endl;
}

Uuid customer_of(Family family, std::uint64_t number) {
  return {static_cast<std::uint64_t>(family) + 1, number};
}
bool is_named(std::uint64_t number, bool has_spool) { return !has_spool || number % 4 != 0; }

struct Written {
  std::set<std::uint64_t> begun, done;
};

struct Journal {
  explicit Journal(const std::string& path)
      : file(::open(path.c_str(), O_CREAT | O_APPEND | O_RDWR | O_CLOEXEC, 0600)) {
    std::ifstream lines(path);
    std::string word;
    std::size_t family = 0;
    std::uint64_t number = 0;
    while (lines >> word >> family >> number)
      (word == "done" ? of_family.at(family).done : of_family.at(family).begun).insert(number);
  }

  void note(const char* word, Family family, std::uint64_t number) const {
    const std::string line = std::string(word) + " " + std::to_string(static_cast<int>(family)) + " " +
                             std::to_string(number) + "\n";
    if (::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
  }

  int file;
  std::array<Written, std::size(kFamilies)> of_family;  ///< As the file was when it was opened.
};

void fill(std::string& text, std::uint64_t) { text = "x"; }
void fill(Uuid& name, std::uint64_t value) { name = {1, value % 3}; }
void fill(std::uint8_t& value, std::uint64_t) { value = 0; }
[[maybe_unused]] void fill(std::uint32_t& number, std::uint64_t value) {
  number = static_cast<std::uint32_t>(value % 4'000);
}
void fill(float& number, std::uint64_t value) { number = static_cast<float>(value % 10) / 10; }
void fill(double& number, std::uint64_t value) { number = static_cast<double>(value % 1'000) / 100; }
template <typename Value>
void fill(std::optional<Value>& optional, std::uint64_t value) {
  if (value % 3 != 0) fill(optional.emplace(), value);
}
template <typename Value>
void fill(Value&, std::uint64_t) {}

/// Not the columns that take only certain words.
bool takes_any_text(Rule rule) {
  return rule != Rule::kCharge && rule != Rule::kStatus && rule != Rule::kCurrency &&
         rule != Rule::kHistogram;
}

template <typename Row>
Batch<Row> rows_of(std::uint64_t number, sys_seconds time) {
  Batch<Row> batch;
  batch.reserve(kRowsOfWrite);
  std::uint64_t value = number * 0x9E3779B97F4A7C15;
  for (std::size_t i = 0; i < kRowsOfWrite; ++i) {
    Row row;
    value = value * 6364136223846793005 + 1442695040888963407;
    for_each_column<Row>([&](const auto& access) {
      if (takes_any_text(access.definition.rule)) fill(row.*access.row, value >> 33);
    });
    row.timestamp = time + std::chrono::seconds{i % 3'600};
    row.customer_id = customer_of(MetricTraits<Row>::kFamily, number);
    batch.append(row);
  }
  return batch;
}

/// One family's writes, a few of them on their way at a time.
template <typename Row>
class Producer {
 public:
  Producer(Writer& writer, bool has_spool, const Journal& journal, sys_seconds time)
      : writer_(writer), has_spool_(has_spool), journal_(journal), time_(time) {}

  void run() {
    const Written& before = journal_.of_family[static_cast<std::size_t>(kFamily)];
    for (const std::uint64_t number : before.begun) {
      if (is_named(number, has_spool_) && !before.done.contains(number)) hand_over(number);
    }
    std::uint64_t next = before.begun.empty() ? 1 : *before.begun.rbegin() + 1;
    while (!stopping) {
      journal_.note("begun", kFamily, next);
      hand_over(next++);
    }
    while (!tickets_.empty()) await_oldest();
  }

 private:
  static constexpr Family kFamily = MetricTraits<Row>::kFamily;

  void hand_over(std::uint64_t number) {
    const auto batch = rows_of<Row>(number, time_);
    const WriteOptions options =
        is_named(number, has_spool_)
            ? WriteOptions{.token = std::to_string(static_cast<int>(kFamily)) + ":" + std::to_string(number)}
            : WriteOptions{.acknowledgement = Acknowledgement::kSpooled};
    auto receipt = writer_.write<Row>(batch, options);
    while (!receipt) {
      complain("write", receipt.error());
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
      receipt = writer_.write<Row>(batch, options);
    }
    tickets_.emplace_back(number, receipt->ticket);
    if (tickets_.size() == kTicketsMax) await_oldest();
    std::this_thread::sleep_for(kPause);
  }

  void await_oldest() {
    const auto& [number, ticket] = tickets_.front();
    auto reached = ticket.wait(kPatience);
    while (!reached) {
      complain("wait", reached.error());
      std::this_thread::sleep_for(std::chrono::milliseconds{200});
      reached = ticket.wait(kPatience);
    }
    journal_.note("done", kFamily, number);
    tickets_.pop_front();
  }

  Writer& writer_;
  const bool has_spool_;
  const Journal& journal_;
  const sys_seconds time_;
  std::deque<std::pair<std::uint64_t, Ticket>> tickets_;
};

/// Merges that fail, as those on a full disk do, are counted; what was merged must be right all the same.
class Merges {
 public:
  explicit Merges(const StoreUrl& url) : url_(url) {
    if (kMergeInterval.count() > 0) thread_ = std::thread([this] { run(); });
  }
  ~Merges() {
    if (thread_.joinable()) thread_.join();
  }
  std::string text() const {
    return "merges " + std::to_string(done_) + " and " + std::to_string(failed_) + " that failed";
  }

 private:
  void run() {
    while (!stopping) {
      std::this_thread::sleep_for(kMergeInterval);
      // A session of its own each time: an embedded store that failed is opened again when none is left.
      for (const Family family : kFamilies) ++(merge(family) ? done_ : failed_);
    }
  }

  bool merge(Family family) const {
    auto client = Client::open(url_);
    return client && client->with_session([&](Session& session) -> Result<void> {
      return session.execute(
          {.sql = "OPTIMIZE TABLE " + qualified(session.database(), table_of(family).raw_table) + " FINAL",
           .timeout = kPatience});
    });
  }

  const StoreUrl url_;
  std::atomic<int> done_{0}, failed_{0};
  std::thread thread_;
};

Result<void> run(const StoreUrl& url, const std::string& spool, sys_seconds time, const Journal& journal) {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const bool has_spool = spool != "-";
  OPTIINFRA_TRY(Writer writer, Writer::open(url, {.spool_folder = has_spool ? spool : "",
                                                  .memory_bytes_max = std::size_t{128} << 20}));
  std::vector<std::thread> producers;
  for (const Family family : kFamilies) {
    producers.emplace_back([&, family] {
      with_metric(family, [&]<typename Row>() { Producer<Row>(writer, has_spool, journal, time).run(); });
    });
  }
  const Merges merges(url);
  int received = 0;
  ::sigwait(&signals, &received);
  stopping = true;
  for (std::thread& producer : producers) producer.join();
  const auto closed = writer.close(kPatience);
  const WriterMetrics metrics = writer.metrics();
  std::cout << "stored " << metrics.rows_stored << " recovered " << metrics.rows_recovered << " inserts "
            << metrics.inserts << " retries " << metrics.retries << " " << merges.text() << "\n";
  for (const std::string& problem : metrics.spool_problems) std::cout << "spool: " << problem << "\n";
  return closed;
}

struct Tally {
  std::uint64_t rows = 0, writes = 0, lost = 0, doubled = 0, partial = 0;
};

void compare(std::uint64_t number, std::uint64_t rows, bool is_promised, Tally& tally) {
  ++tally.writes;
  tally.rows += rows;
  if (rows == kRowsOfWrite || (rows == 0 && !is_promised)) return;
  ++(rows > kRowsOfWrite ? tally.doubled : rows == 0 ? tally.lost : tally.partial);
  std::cout << "write " << number << (is_promised ? " (promised)" : "") << " has " << rows << " rows\n";
}

/// A write with a token was handed over until it was stored; one without is there wholly or, unless it was
/// promised, not at all.
Result<void> check_family(Session& session, Family family, const Written& written, Tally& tally) {
  OPTIINFRA_TRY(const auto rows,
                query_texts(session, {.sql = "SELECT toString(customer_id), toString(count()) FROM " +
                                             qualified(session.database(), table_of(family).raw_table) +
                                             " GROUP BY customer_id",
                                      .timeout = std::chrono::minutes{10}}));
  std::map<std::string, std::uint64_t> counts;
  for (const auto& row : rows) counts[row[0]] = std::stoull(row[1]);
  for (const std::uint64_t number : written.begun) {
    const auto found = counts.find(customer_of(family, number).to_string());
    compare(number, found == counts.end() ? 0 : found->second, written.done.contains(number), tally);
    if (found != counts.end()) counts.erase(found);
  }
  if (!counts.empty()) return Error{ErrorKind::kCorrupt, "rows that nobody wrote: " + counts.begin()->first};
  return {};
}

Result<void> check(const StoreUrl& url, const Journal& journal) {
  OPTIINFRA_TRY(Client client, Client::open(url));
  return client.with_session([&](Session& session) -> Result<void> {
    Tally tally;
    for (const Family family : kFamilies)
      OPTIINFRA_CHECK(
          check_family(session, family, journal.of_family[static_cast<std::size_t>(family)], tally));
    OPTIINFRA_TRY(const store::VerifyReport report, store::verify(session));
    std::cout << "rows " << tally.rows << " writes " << tally.writes << " lost " << tally.lost << " doubled "
              << tally.doubled << " partial " << tally.partial << " hours " << report.hours_compared
              << " hours_differing " << report.hours_differing << "\n";
    return {};
  });
}

Result<void> perform(const std::vector<std::string>& words) {
  OPTIINFRA_TRY(const StoreUrl url, parse_store_url(words.at(1)));
  const bool runs = words.at(0) == "run";
  const sys_seconds time{std::chrono::seconds{std::stoll(words.at(runs ? 3 : 2))}};
  const Journal journal(words.back());
  return runs ? run(url, words.at(2), time, journal) : check(url, journal);
}

}  // namespace
}  // namespace optiinfra

int main(int argc, char** argv) {
  const auto performed = optiinfra::perform({argv + 1, argv + argc});
  if (performed) return 0;
  std::cerr << performed.error().message << "\n";
  return 1;
}
