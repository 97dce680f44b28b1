#include "optiinfra/agent/follow.hpp"

#include <thread>

#include "optiinfra/api/insert.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/core/identity.hpp"
#include "optiinfra/rows/encode.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::agent {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kLookEvery{50};

class ApiBlocks final : public BlockSink {
 public:
  explicit ApiBlocks(api::ApiStore store) : store_(std::move(store)) {}

  Result<void> store(const tail::TailBlock& block) override {
    auto inserted = api::insert_rows(store_, Family::kPerformance, "application/x-ndjson", block_key(block),
                                     block_lines(block),
                                     {.call = milliseconds{60'000}, .all = milliseconds{0}, .pause = {}});
    // The same lines, as an earlier program or form read them: the service has those.
    if (!inserted && inserted.error().kind == ErrorKind::kConflict) return {};
    if (!inserted) return std::move(inserted).error();
    if (refused_ == 0 && !inserted->refused.empty()) refusal_ = inserted->refused.front().to_string();
    refused_ += inserted->rejected;
    return {};
  }

  std::uint64_t rows_refused() const override { return refused_; }
  std::string refusal() const override { return refusal_; }

 private:
  api::ApiStore store_;
  std::uint64_t refused_ = 0;
  std::string refusal_;
};

class StoreBlocks final : public BlockSink {
 public:
  explicit StoreBlocks(Client client) : client_(std::move(client)) {}

  Result<void> store(const tail::TailBlock& block) override {
    OPTIINFRA_CHECK(client_.insert(block.rows, {.token = block.token}));
    return {};
  }

 private:
  Client client_;
};

class Following {
 public:
  Following(tail::Tail& tail, BlockSink& sink, const FollowOptions& options)
      : tail_(tail), sink_(sink), options_(options) {}

  Result<void> run() {
    while (!is_over()) {
      OPTIINFRA_TRY(const bool has_read, step());
      if (!has_read && options_.to_end) break;
      if (!has_read) wait(kFollowStep);
    }
    OPTIINFRA_CHECK(tail_.close());
    tell();
    return {};
  }

 private:
  bool is_over() const {
    return options_.is_stopped() ||
           (options_.length.count() != 0 && Clock::now() >= begin_ + options_.length);
  }

  void wait(milliseconds pause) const {
    for (const auto until = Clock::now() + pause; Clock::now() < until && !is_over();)
      std::this_thread::sleep_for(kLookEvery);
  }

  void tell() {
    for (const std::string& each : tail_.take_remarks()) options_.remark(each);
  }

  /// Whether there was a block. One that the store does not take now is tried again after a pause.
  Result<bool> step() {
    OPTIINFRA_TRY(const tail::TailBlock* const block, tail_.next());
    tell();
    if (block == nullptr) return false;
    auto stored = block->rows.size() == 0 ? Result<void>{} : sink_.store(*block);
    if (!stored && !collect::may_pass(stored.error()))
      return with_context(std::move(stored).error(), block->file);
    if (!stored && !waits_) options_.remark("lines of " + block->file + " wait: " + stored.error().message);
    if (stored && waits_) options_.remark("lines are stored again");
    waits_ = !stored;
    if (stored) {
      tail_.stored();
    } else {
      wait(kFollowStep);
    }
    if (sink_.rows_refused() != 0 && !std::exchange(said_refusal_, true))
      options_.remark("the service refuses rows: " + sink_.refusal());
    return true;
  }

  tail::Tail& tail_;
  BlockSink& sink_;
  const FollowOptions& options_;
  const Clock::time_point begin_ = Clock::now();
  bool waits_ = false, said_refusal_ = false;
};

}  // namespace

Uuid block_key(const tail::TailBlock& block) {
  return Uuid::of_name(identity_of("insert", table_of(Family::kPerformance).name), block.token);
}

std::string block_lines(const tail::TailBlock& block) {
  std::string lines;
  rows::append_json_lines(lines, block.rows, 0, block.rows.size());
  return lines;
}

std::unique_ptr<BlockSink> make_api_blocks(api::ApiStore store) {
  return std::make_unique<ApiBlocks>(std::move(store));
}

Result<std::unique_ptr<BlockSink>> open_store_blocks(const StoreUrl& url) {
  OPTIINFRA_TRY(Client client, Client::open(url));
  return std::unique_ptr<BlockSink>(std::make_unique<StoreBlocks>(std::move(client)));
}

Result<void> follow(tail::Tail& tail, BlockSink& sink, const FollowOptions& options) {
  return Following(tail, sink, options).run();
}

}  // namespace optiinfra::agent
