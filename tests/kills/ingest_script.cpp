// A fixed set of writes through a Writer, which may be killed anywhere and is then run again until it is
// through.
//
//   ingest_script init URL TIME                           makes the store, with some rows in it
//   ingest_script run URL SPOOL|- TIME JOURNAL [requests] writes what the journal does not call done;
//                                                         ends the writer
//   ingest_script finish ...                              the same, and compares the store with the journal
//
// Every write is one family's rows of one customer, so that the store can be compared write by write. Most
// are named by a token, as by a producer that knows where it was; a third is not, where there is a spool.
// With "requests" they are named by the key of a request instead, and every run hands them over twice, also
// those that are done. The journal has "begun i" before a write and "done i" once its ticket was reached.
#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <map>
#include <set>

#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/verify.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra {
namespace {

/// Every family spooled and stored, in two partitions and in one. Few, because after a kill each is looked
/// for.
constexpr int kWrites = 8;
constexpr int kRowsOfWrite = 3, kWritesAtATime = 4;
/// Inserts into each table by `init`: with those of the script enough parts to be merged.
constexpr int kInsertsBefore = 3;
constexpr std::chrono::seconds kPatience{60};

Uuid customer_of(int write) { return {7, static_cast<std::uint64_t>(write) + 1}; }
Family family_of(int write) { return kFamilies[write % 4]; }
bool is_named(int write, bool has_spool) { return !has_spool || write % 3 != 0; }
bool is_spooled(int write, bool has_spool) { return has_spool && write < kWrites / 2; }

void fill(std::string& text) { text = "x"; }
void fill(Uuid& name) { name = {1, 1}; }
template <typename Value>
void fill(Value&) {}

/// Texts and names must not be empty; numbers may be 0.
template <typename Row>
void fill_required(Row& row) {
  for_each_column<Row>([&](const auto& access) {
    if (access.definition.presence == Presence::kRequired) fill(row.*access.row);
  });
}

template <typename Row>
std::vector<Row> rows_of(int write, sys_seconds time) {
  std::vector<Row> rows(kRowsOfWrite);
  for (int i = 0; i < kRowsOfWrite; ++i) {
    Row& row = rows[static_cast<std::size_t>(i)];
    fill_required(row);
    // In the first writes the last row lies on the day before: another partition, and so another insert.
    const bool is_of_day_before = i + 1 == kRowsOfWrite && write < kWrites / 2;
    row.timestamp = time + std::chrono::seconds{write} - std::chrono::days{is_of_day_before ? 1 : 0};
    row.customer_id = customer_of(write);
  }
  return rows;
}

struct Journal {
  explicit Journal(const char* path) : file(::open(path, O_CREAT | O_APPEND | O_RDWR | O_CLOEXEC, 0600)) {
    std::ifstream lines(path);
    std::string word;
    for (int write = 0; lines >> word >> write;) (word == "done" ? done : begun).insert(write);
  }

  void note(const char* word, int write) {
    const std::string line = std::string(word) + " " + std::to_string(write) + "\n";
    if (::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
    (std::string_view(word) == "done" ? done : begun).insert(write);
  }

  int file;
  std::set<int> begun, done;
};

Result<void> await(std::map<int, Ticket>& tickets, Journal& journal) {
  for (const auto& [write, ticket] : tickets) {
    OPTIINFRA_CHECK(ticket.wait(kPatience));
    journal.note("done", write);
  }
  tickets.clear();
  return {};
}

enum class Naming { kTokens, kRequests };

WriteOptions options_of(int write, bool has_spool, Naming naming) {
  WriteOptions options;
  if (is_spooled(write, has_spool)) options.acknowledgement = Acknowledgement::kSpooled;
  if (!is_named(write, has_spool)) return options;
  if (naming == Naming::kRequests)
    options.request =
        spool::RequestKey{{11, static_cast<std::uint64_t>(write)}, static_cast<std::uint64_t>(write)};
  else
    options.token = "script:" + std::to_string(write);
  return options;
}

Result<void> run(Client& client, const std::string& spool, sys_seconds time, Journal& journal,
                 Naming naming) {
  const bool has_spool = spool != "-";
  OPTIINFRA_TRY(Writer writer, Writer::open(client, {.spool_folder = has_spool ? spool : "",
                                                     .insert_rows = 8,
                                                     .insert_age = std::chrono::milliseconds{2}}));
  std::map<int, Ticket> tickets;
  for (int write = 0; write < kWrites; ++write) {
    const WriteOptions options = options_of(write, has_spool, naming);
    const bool named = is_named(write, has_spool);
    const bool was_done = journal.done.contains(write);
    // A producer that does not name its rows cannot hand them over again.
    if ((was_done && !options.request) || (!named && journal.begun.contains(write))) continue;
    if (!named) journal.note("begun", write);
    OPTIINFRA_CHECK(with_metric(family_of(write), [&]<typename Row>() -> Result<void> {
      const auto rows = rows_of<Row>(write, time);
      for (int times = options.request ? 2 : 1; times > 0; --times) {
        auto receipt = writer.write<Row>(std::span(rows), options);
        if (!receipt) return std::move(receipt).error();
        if (options.request && (was_done || times == 1) && !receipt->is_repeated)
          return Error{ErrorKind::kCorrupt, "request " + std::to_string(write) + " was taken again"};
        tickets.insert_or_assign(write, receipt->ticket);
      }
      return {};
    }));
    if (tickets.size() == kWritesAtATime) OPTIINFRA_CHECK(await(tickets, journal));
  }
  OPTIINFRA_CHECK(await(tickets, journal));
  return writer.close(kPatience);
}

struct Tally {
  int lost = 0, doubled = 0, partial = 0;
};

void compare(int write, std::uint64_t rows, const Journal& journal, Tally& tally) {
  const bool is_promised = journal.done.contains(write);
  if (rows == kRowsOfWrite || (rows == 0 && !is_promised)) return;
  if (rows > kRowsOfWrite) {
    ++tally.doubled;
  } else if (rows == 0) {
    ++tally.lost;
  } else {
    ++tally.partial;
  }
  std::cout << "write " << write << (is_promised ? " (promised)" : "") << " has " << rows << " rows\n";
}

/// Rows of each write in the raw table of its family.
Result<std::vector<std::uint64_t>> count_rows(Session& session, Family family) {
  std::string customers;
  for (int write = 0; write < kWrites; ++write)
    customers += (write == 0 ? "'" : ",'") + customer_of(write).to_string() + "'";
  return query_numbers(
      session, {.sql = "SELECT toUInt64(countEqual(all, customer)) FROM (SELECT groupArray(customer_id) AS "
                       "all FROM " +
                       qualified(session.database(), table_of(family).raw_table) +
                       ") ARRAY JOIN {customers:Array(UUID)} AS customer",
                .parameters = {{"customers", "[" + customers + "]"}}});
}

Result<void> check(Session& session, const Journal& journal) {
  Tally tally;
  for (const Family family : kFamilies) {
    OPTIINFRA_TRY(const auto rows, count_rows(session, family));
    for (int write = 0; write < kWrites; ++write) {
      if (family_of(write) == family)
        compare(write, rows.at(static_cast<std::size_t>(write)), journal, tally);
    }
  }
  // Its questions are long, and there is little to read: compiling them, and more threads, only cost time.
  for (const char* setting :
       {"compile_expressions = 0", "compile_aggregate_expressions = 0", "max_threads = 1"})
    OPTIINFRA_CHECK(session.execute({.sql = std::string("SET ") + setting}));
  OPTIINFRA_TRY(const store::VerifyReport report, store::verify(session));
  for (const store::HourDifference& difference : report.differences)
    std::cout << difference.key << " " << difference.measure << ": raw " << difference.raw << ", rollup "
              << difference.rollup << "\n";
  std::cout << "lost " << tally.lost << " doubled " << tally.doubled << " partial " << tally.partial
            << " hours_differing " << report.hours_differing << "\n";
  if (journal.done.size() < 2 * kWrites / 3)
    return Error{ErrorKind::kCorrupt, "the script has not been through"};
  if (report.hours_compared < journal.done.size())
    return Error{ErrorKind::kCorrupt, "rollup hours are missing from the comparison"};
  return {};
}

Result<void> make_store(const StoreUrl& url, sys_seconds time) {
  OPTIINFRA_TRY(Client client, Client::open(url, {.create = true}));
  for (int insert = 0; insert < kInsertsBefore; ++insert) {
    for (const Family family : kFamilies) {
      OPTIINFRA_CHECK(with_metric(family, [&]<typename Row>() -> Result<void> {
        Batch<Row> batch;
        const std::vector<Row> rows = rows_of<Row>(kWrites, time);
        batch.append(std::span<const Row>(rows));
        return done(client.insert<Row>(batch));
      }));
    }
  }
  return {};
}

Result<void> perform(const std::vector<std::string>& words) {
  OPTIINFRA_TRY(const StoreUrl url, parse_store_url(words.at(1)));
  const bool makes = words.at(0) == "init";
  const sys_seconds time{std::chrono::seconds{std::stoll(words.at(makes ? 2 : 3))}};
  if (makes) return make_store(url, time);
  OPTIINFRA_TRY(Client client, Client::open(url));
  Journal journal(words.at(4).c_str());
  const Naming naming = words.size() > 5 ? Naming::kRequests : Naming::kTokens;
  OPTIINFRA_CHECK(run(client, words.at(2), time, journal, naming));
  if (words.at(0) == "run") return {};
  return client.with_session([&](Session& session) { return check(session, journal); });
}

}  // namespace
}  // namespace optiinfra

int main(int argc, char** argv) {
  const auto performed = optiinfra::perform({argv + 1, argv + argc});
  if (performed) return 0;
  std::cerr << performed.error().message << "\n";
  return 1;
}
