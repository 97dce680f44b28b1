#include "optiinfra/spool/spool.hpp"

#include "recovery.hpp"
#include "room.hpp"
#include "state.hpp"
#include "survey.hpp"

namespace optiinfra::spool {
namespace {

Error out_of_bounds(const std::string& option, const std::string& bounds) {
  return invalid_argument("the spool's option " + option + " must be " + bounds);
}

Result<void> check(const SpoolOptions& options) {
  if (options.segment_bytes < kSpoolSegmentBytesMin || options.segment_bytes > kSpoolSegmentBytesMax)
    return out_of_bounds("segment_bytes", "from 512 bytes to 1 GiB");
  if (options.record_bytes_max == 0 || options.record_bytes_max > kSpoolRecordBytesMax)
    return out_of_bounds("record_bytes_max", "from 1 byte to 1 GiB");
  if (options.buffer_bytes_max < options.record_bytes_max)
    return out_of_bounds("buffer_bytes_max", "at least record_bytes_max");
  const std::uint64_t largest_segment =
      segment_bytes_for(kRecordHeaderBytes + options.record_bytes_max, options.segment_bytes);
  if (options.spool_bytes_max < 2 * largest_segment)
    return out_of_bounds("spool_bytes_max",
                         "at least twice segment_bytes and twice what a largest record takes (" +
                             std::to_string(2 * largest_segment) + " bytes)");
  if (options.checkpoint_interval.count() < 0) return out_of_bounds("checkpoint_interval", "0 or more");
  return {};
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(const std::filesystem::path& folder, const SpoolOptions& options,
                                           FileSystem& files) {
  OPTIINFRA_CHECK(check(options));
  OPTIINFRA_CHECK(files.create_folder(folder));
  OPTIINFRA_CHECK(expect_spool_or_empty(files, folder));
  OPTIINFRA_TRY(auto lock, files.lock_folder(folder));
  OPTIINFRA_TRY(auto recovered, recover(files, folder));
  return std::unique_ptr<Spool>(
      new Spool(std::make_unique<State>(files, folder, options, std::move(lock), std::move(recovered))));
}

Spool::Spool(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Spool::~Spool() = default;

const Uuid& Spool::identity() const noexcept { return state_->identity(); }
Sequence Spool::first_sequence() const noexcept { return state_->first_sequence(); }
const RecoveryReport& Spool::recovery() const noexcept { return state_->recovery(); }
Result<Sequence> Spool::append(std::span<const std::span<const std::byte>> parts) {
  return state_->append(parts);
}
Result<void> Spool::sync(Sequence through) { return state_->sync(through); }
Result<void> Spool::acknowledge(Sequence sequence) { return state_->acknowledge(sequence); }
Result<void> Spool::replay(const SpoolRecordSink& sink) { return state_->replay(sink); }
SpoolUsage Spool::usage() const { return state_->usage(); }
Result<void> Spool::close() { return state_->close(); }

}  // namespace optiinfra::spool
