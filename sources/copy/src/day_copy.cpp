#include "day_copy.hpp"

#include <unordered_map>

#include "gathering.hpp"
#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::copy {
namespace {

/// Rows whose hashes are compared at once, when a day has changed.
constexpr std::uint64_t kRowsOfSliceMax = 1'000'000;

void add(Content& content, std::uint64_t hash) {
  content.rows += 1;
  content.hash_sum += hash;
}

class Copying {
 public:
  explicit Copying(const DayCopy& day)
      : day_(day), gathered_(make_gathering(day.sql.table().family, day.sql.tier())) {}

  Result<std::uint64_t> copy(const Content& present) {
    const DayState known = day_.ledger.find(day_.day).value_or(DayState{});
    if (known.is_finished) {
      // Fewer rows: some are past the source's retention now, and all of them were copied.
      if (known.content == present || present.rows < known.content.rows) return std::uint64_t{0};
      OPTIINFRA_CHECK(add_missing(present));
    } else {
      OPTIINFRA_TRY(const bool unchanged, copy_in_order(known));
      if (!unchanged) OPTIINFRA_CHECK(add_missing(present));
    }
    return stored_;
  }

 private:
  /// Copies block by block from the last one that was begun, whose outcome is not known, to the end of the
  /// day. False, having stored nothing, when the rows up to there are not those that were read then. One
  /// answer of the source holds the day as it was at one moment, without rows that come meanwhile.
  Result<bool> copy_in_order(const DayState& known) {
    DayState state;
    state.blocks = known.blocks == 0 ? 0 : known.blocks - 1;
    const std::uint64_t rows_stored = known.content.rows - known.block_rows;
    bool unchanged = true;
    const auto take = [&](const Block& block, std::size_t row, std::uint64_t hash) -> Result<bool> {
      add(state.content, hash);
      if (state.content.rows <= rows_stored) return true;
      OPTIINFRA_CHECK(gathered_->append(block, row));
      if (state.content.rows == known.content.rows) {
        unchanged = state.content == known.content;
        if (unchanged) OPTIINFRA_CHECK(store_block(state, false));
        return unchanged;
      }
      const bool is_new_ground = state.content.rows > known.content.rows;
      if (is_new_ground && gathered_->is_full()) OPTIINFRA_CHECK(store_block(state, true));
      return true;
    };
    OPTIINFRA_CHECK(read([&](Session& session) { return day_.sql.rows(session, day_.day); }, take));
    if (!unchanged || state.content.rows < known.content.rows) {
      gathered_->clear();
      return false;
    }
    if (gathered_->rows() > 0) OPTIINFRA_CHECK(store_block(state, true));
    state.is_finished = true;
    OPTIINFRA_CHECK(day_.ledger.record(day_.day, state));
    return true;
  }

  /// Records that the block is begun and stores it. Repeated after a kill, it has the same token and the
  /// same rows, and counts once.
  Result<void> store_block(DayState& state, bool is_new) {
    const std::string token = std::string(day_.sql.tier() == store::Tier::kRaw ? "copy:" : "copy rollup:") +
                              day_.source_id.to_string() + ":" + day_.day + ":" +
                              std::to_string(state.blocks);
    state.blocks += 1;
    state.block_rows = gathered_->rows();
    if (is_new) OPTIINFRA_CHECK(day_.ledger.record(day_.day, state));
    return store_gathered(token, is_new);
  }

  /// Adds the rows that the target lacks, a slice of all hashes at a time.
  Result<void> add_missing(const Content& present) {
    DayState state;
    const std::uint64_t slices = present.rows / kRowsOfSliceMax + 1;
    for (std::uint64_t slice = 0; slice < slices; ++slice) {
      OPTIINFRA_TRY(auto there, hashes_of_target(slice, slices));
      const auto take = [&](const Block& block, std::size_t row, std::uint64_t hash) -> Result<bool> {
        add(state.content, hash);
        const auto found = there.find(hash);
        if (found != there.end() && found->second > 0) {
          --found->second;
          return true;
        }
        OPTIINFRA_CHECK(gathered_->append(block, row));
        if (gathered_->is_full()) OPTIINFRA_CHECK(store_gathered({}, true));
        return true;
      };
      OPTIINFRA_CHECK(
          read([&](Session& session) { return day_.sql.rows(session, day_.day, slice, slices); }, take));
      if (gathered_->rows() > 0) OPTIINFRA_CHECK(store_gathered({}, true));
    }
    state.is_finished = true;
    return day_.ledger.record(day_.day, state);
  }

  Result<void> store_gathered(const std::string& token, bool is_new) {
    const std::size_t rows = gathered_->rows();
    if (auto stored = gathered_->store(day_.target, token, is_new); !stored)
      return with_context(std::move(stored).error(), "write the target");
    gathered_->clear();
    stored_ += rows;
    if (day_.on_block) day_.on_block(rows);
    return {};
  }

  Result<std::unordered_map<std::uint64_t, std::uint64_t>> hashes_of_target(std::uint64_t slice,
                                                                            std::uint64_t slices) {
    std::unordered_map<std::uint64_t, std::uint64_t> there;
    auto asked = day_.target.with_session([&](Session& session) -> Result<void> {
      return done(session.query(day_.sql.hashes(session, day_.day, slice, slices), [&](const Block& block) {
        const auto& hashes = *block.values<std::vector<std::uint64_t>>(0);
        const auto& counts = *block.values<std::vector<std::uint64_t>>(1);
        for (std::size_t i = 0; i < hashes.size(); ++i) there[hashes[i]] += counts[i];
        return true;
      }));
    });
    if (!asked) return with_context(std::move(asked).error(), "read the target");
    return there;
  }

  /// Calls `take(block, row, hash)` for each row of the source's answer, until it returns false.
  template <typename MakeStatement, typename Take>
  Result<void> read(MakeStatement&& make_statement, Take&& take) {
    Result<bool> taken = true;
    const auto take_block = [&](const Block& block) {
      const auto* hashes = block.values<std::vector<std::uint64_t>>(block.columns().size() - 1);
      if (hashes == nullptr) taken = Error{ErrorKind::kCorrupt, "the source's answer lacks the rows' hashes"};
      for (std::size_t row = 0; taken && *taken && row < block.row_count(); ++row)
        taken = take(block, row, (*hashes)[row]);
      return taken && *taken;
    };
    auto asked = day_.source.with_session([&](Session& session) -> Result<void> {
      return done(session.query(make_statement(session), take_block));
    });
    if (!taken) return std::move(taken).error();
    if (!asked) return with_context(std::move(asked).error(), "read the source");
    return {};
  }

  const DayCopy& day_;
  std::unique_ptr<Gathering> gathered_;
  std::uint64_t stored_ = 0;
};

}  // namespace

Result<std::uint64_t> copy_day(const DayCopy& day, const Content& present) {
  auto copied = Copying(day).copy(present);
  if (!copied)
    return with_context(std::move(copied).error(),
                        "copy " + std::string(day.sql.table().name) + " of " + day.day);
  return copied;
}

}  // namespace optiinfra::copy
