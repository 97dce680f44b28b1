#include "optiinfra/ingest/writer.hpp"

#include "optiinfra/schema/batch_columns.hpp"
#include "optiinfra/transport/url.hpp"
#include "writer_state.hpp"

namespace optiinfra {
namespace {

/// A write of kInsertRowsMax rows with long texts; a larger one is refused.
constexpr std::uint64_t kRecordBytesMax = std::uint64_t{256} << 20;
static_assert(kSpoolBytesMin >= 2 * kRecordBytesMax);

Error out_of_range(const char* option, const std::string& range) {
  return invalid_argument(std::string("WriterOptions::") + option + " must be " + range);
}

Result<void> expect_in_range(const WriterOptions& options) {
  if (options.insert_rows < 1 || options.insert_rows > kInsertRowsMax)
    return out_of_range("insert_rows", "from 1 to " + std::to_string(kInsertRowsMax));
  if (options.senders < 1 || options.senders > kSendersMax)
    return out_of_range("senders", "from 1 to " + std::to_string(kSendersMax));
  if (options.memory_bytes_max < kWriterMemoryBytesMin)
    return out_of_range("memory_bytes_max", "at least " + std::to_string(kWriterMemoryBytesMin));
  if (options.spool_bytes_max < kSpoolBytesMin)
    return out_of_range("spool_bytes_max", "at least " + std::to_string(kSpoolBytesMin));
  if (options.insert_age.count() <= 0 || options.write_timeout.count() <= 0)
    return out_of_range("insert_age and write_timeout", "positive");
  return {};
}

spool::SpoolOptions spool_options(const WriterOptions& options) {
  return {.spool_bytes_max = options.spool_bytes_max,
          .record_bytes_max = kRecordBytesMax,
          .buffer_bytes_max = kRecordBytesMax};
}

}  // namespace

Result<WriterDisk> WriterDisk::open(const std::filesystem::path& folder, const spool::SpoolOptions& options,
                                    const RequestBounds& bounds, spool::FileSystem& files) {
  WriterDisk disk;
  if (folder.empty()) return disk;
  OPTIINFRA_TRY(disk.spool, spool::Spool::open(folder, options, files));
  OPTIINFRA_TRY(disk.requests, Requests::open(folder, *disk.spool, files, bounds));
  return disk;
}

Writer WriterOnDisk::open(Client& client, WriterOptions options, WriterDisk disk) {
  auto state = std::make_unique<Writer::State>(client, std::move(options), std::move(disk));
  state->start();
  return Writer(std::move(state));
}

Result<void> Ticket::wait(std::chrono::milliseconds timeout) const {
  if (!rows_->group || rows_->level == Acknowledgement::kAccepted) return {};
  const Fate& fate = rows_->group->fate;
  if (fate.state() == Fate::State::kStored) return {};
  if (rows_->level == Acknowledgement::kSpooled) return rows_->spool->sync(rows_->record);
  switch (fate.wait_until(std::chrono::steady_clock::now() + timeout, true)) {
    case Fate::State::kStored:
      return {};
    case Fate::State::kAbandoned:
      return Error{ErrorKind::kUnavailable,
                   rows_->spool
                       ? "the writer ended before these rows were stored; they are in its spool, and "
                         "the next writer stores them"
                       : "the writer ended before these rows were known to be stored",
                   Applied::kUnknown};
    case Fate::State::kWaiting:
      break;
  }
  return fate.why_not();
}

Writer::Writer(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Writer::~Writer() = default;
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;

Result<Writer> Writer::open(const StoreUrl& url, WriterOptions options) {
  OPTIINFRA_CHECK(expect_in_range(options));
  std::optional<Client> client;
  if (auto opened = Client::open(url, {.log = options.log})) {
    client.emplace(*std::move(opened));
  } else if (options.spool_folder.empty() || !is_retryable(opened.error())) {
    return std::move(opened).error();
  }
  OPTIINFRA_TRY(WriterDisk disk, WriterDisk::open(options.spool_folder, spool_options(options)));
  auto state = std::make_unique<State>(url, std::move(client), std::move(options), std::move(disk));
  state->start();
  return Writer(std::move(state));
}

Result<Writer> Writer::open(Client& client, WriterOptions options) {
  OPTIINFRA_CHECK(expect_in_range(options));
  OPTIINFRA_TRY(WriterDisk disk, WriterDisk::open(options.spool_folder, spool_options(options)));
  return WriterOnDisk::open(client, std::move(options), std::move(disk));
}

template <typename Row>
Result<WriteReceipt> Writer::write(const Batch<Row>& batch, const WriteOptions& options) {
  return state_->write<Row>(batch, options);
}

template <typename Row>
Result<WriteReceipt> Writer::write(std::span<const Row> rows, const WriteOptions& options) {
  Batch<Row> batch;
  batch.reserve(rows.size());
  batch.append(rows);
  return state_->write<Row>(batch, options);
}

Result<void> Writer::flush(std::chrono::milliseconds timeout) { return state_->flush(timeout); }
Result<void> Writer::close(std::chrono::milliseconds timeout) { return state_->close(timeout); }
WriterMetrics Writer::metrics() const { return state_->metrics(); }

#define BEGIN_FAMILY(Name, name)                                                                \
  template Result<WriteReceipt> Writer::write(const Batch<Name##Metric>&, const WriteOptions&); \
  template Result<WriteReceipt> Writer::write(std::span<const Name##Metric>, const WriteOptions&);
#include "optiinfra/schema/families.def"

}  // namespace optiinfra
