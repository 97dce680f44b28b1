/// @file optiinfra/agent/follow.hpp
/// Stores what a tail reads.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "optiinfra/api/api_store.hpp"
#include "optiinfra/collect/sink.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/tail/tail.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::agent {

/// Where blocks of a tail go. Threads: one call at a time.
class BlockSink {
 public:
  virtual ~BlockSink() = default;

  /// Stores the rows of a block once, however often it is called for it, also by another process. Errors: as
  /// of an insert; after any of them the same block may be stored again.
  virtual Result<void> store(const tail::TailBlock& block) = 0;

  /// Rows that the store did not take by rules of its own, so far: of customers for whom a token may not
  /// write.
  virtual std::uint64_t rows_refused() const { return 0; }

  /// Why the first of them was refused; empty when none was.
  virtual std::string refusal() const { return {}; }
};

/// Through a service.
std::unique_ptr<BlockSink> make_api_blocks(api::ApiStore store);

/// Into a store that this process opens. Errors: those of Client::open.
Result<std::unique_ptr<BlockSink>> open_store_blocks(const StoreUrl& url);

struct FollowOptions {
  std::chrono::seconds length{0};  ///< 0: until is_stopped.
  bool to_end = false;             ///< Ends when there is nothing more to read now.
  std::function<bool()> is_stopped = [] { return false; };
  collect::Remark remark = [](const std::string&) {};
};

/// Files are looked at so often, and so a file's lines are stored in blocks of at least so long.
inline constexpr std::chrono::milliseconds kFollowStep{1'000};

/// Follows until the time is over. While the store is away or full the block waits, and no more is read.
/// Errors: those of the sink that waiting does not cure, and of the tail's state.
Result<void> follow(tail::Tail& tail, BlockSink& sink, const FollowOptions& options);

/// The key of a block's rows in an insert of a service.
Uuid block_key(const tail::TailBlock& block);

/// The rows of a block as JSON lines.
std::string block_lines(const tail::TailBlock& block);

}  // namespace optiinfra::agent
