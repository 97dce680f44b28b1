/// @file optiinfra/transport/session.hpp
/// One session with one store: statements and blocks in, blocks out. Only this layer knows what kind of store
/// it is: the engine in this process, or a server.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "optiinfra/codec/block.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// Default time budget of one call; Statement::timeout overrides it.
inline constexpr std::chrono::milliseconds kCallTimeout{60'000};

/// A name and its value in text.
using NamedValue = std::pair<std::string, std::string>;

/// SQL with its values kept apart from it.
struct Statement {
  /// One statement; a semicolon and comments may end it. Several are refused, because settings such as
  /// readonly would apply only to the last of them.
  std::string sql;
  /// Values of {name:Type} placeholders. The engine binds them; they are never pasted into the SQL.
  /// A text is passed unchanged, whatever it holds; Array, Map and Tuple are written as in SQL: ['a','b'].
  std::vector<NamedValue> parameters = {};
  /// Settings of only this statement, such as {"max_threads", "1"}.
  std::vector<NamedValue> settings = {};
  /// Budget for the whole call. Must be positive.
  std::chrono::milliseconds timeout = kCallTimeout;
  /// The call ends with kCancelled soon after a stop is requested, and a server ends the statement. The
  /// embedded engine is asked between two blocks of an answer, and not while it works on one.
  std::stop_token stop = {};
};

struct QuerySummary {
  std::uint64_t rows_read = 0;   ///< From storage.
  std::uint64_t bytes_read = 0;  ///< From storage, uncompressed.
  std::chrono::microseconds elapsed{0};
  std::string query_id = {};  ///< Of the statement; empty for the embedded engine, which does not tell.
};

struct InsertSummary {
  std::uint64_t rows_written = 0;  ///< Into the table and everything its views feed.
  std::chrono::microseconds elapsed{0};
  std::string query_id = {};  ///< As in QuerySummary.
};

/// One insert of one block: stored whole or, on Applied::kNo, not at all.
struct InsertStatement {
  std::string table;  ///< With its database, as SQL: "optiinfra.cost_metrics_ts".
  /// Names this block across retries. The same token again within the table's deduplication window
  /// stores nothing. Empty: every call stores.
  std::string deduplication_token = {};
  std::vector<NamedValue> settings = {};
  std::chrono::milliseconds timeout = kCallTimeout;
  std::stop_token stop = {};  ///< As in Statement.
};

/// Receives one block of an answer, valid only during the call. Return false to stop early; the query
/// then counts as successful.
using BlockSink = std::function<bool(const Block&)>;

/// Receives a piece of formatted text, valid only during the call. Return false to stop early.
using TextSink = std::function<bool(std::string_view)>;

/// Threads: one call at a time on one object; an object may move between threads. Parallel work
/// needs several sessions (Connector::connect).
/// Errors:  calls return Result, and throw only std::bad_alloc and what a sink throws. After an error
///          Error::connection_usable says whether the session still works.
class Session {
 public:
  virtual ~Session() = default;

  /// The database that holds the store's tables; part of its URL. It need not exist yet. A plain name,
  /// so it needs no quotes in SQL. Valid as long as the session.
  virtual std::string_view database() const noexcept = 0;

  /// Runs a query and hands over its blocks in order. Memory stays near the size of one block.
  virtual Result<QuerySummary> query(const Statement& statement, const BlockSink& on_block) = 0;

  /// Runs a statement and hands over its answer in one of the engine's formats ("JSONEachRow", "CSV"...).
  /// Queries in a format that consists only of rows arrive piece by piece;
  /// JSONCompactEachRowWithNamesAndTypes may repeat its two headings at the start of a piece. Other formats
  /// ("JSON", "Parquet") and statements (SHOW, EXPLAIN) arrive in one piece, held in memory.
  virtual Result<QuerySummary> query_text(const Statement& statement, std::string_view format,
                                          const TextSink& on_text) = 0;

  /// Runs a statement without an answer: DDL, SYSTEM, ALTER.
  virtual Result<void> execute(const Statement& statement) = 0;

  /// Inserts `block`, its columns matched by name. A block without rows succeeds and sends nothing.
  /// On an error with Applied::kUnknown the block may be stored: repeat the same bytes with the same
  /// token. Dropping the object or the process in the middle never commits part of the block.
  virtual Result<InsertSummary> insert(const InsertStatement& statement, const Block& block) = 0;
};

/// Where a store is, and how to open sessions with it.
/// Threads: connect may be called from several threads at once.
class Connector {
 public:
  virtual ~Connector() = default;

  /// Errors: kUnavailable when another process holds the store (the message names it), kStorage,
  /// kIncompatible for a folder that is not a store.
  virtual Result<std::unique_ptr<Session>> connect() = 0;

  /// The store for people, without secrets: "embedded:/var/lib/optiinfra".
  virtual std::string description() const = 0;
};

}  // namespace optiinfra
