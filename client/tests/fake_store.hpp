/// A store that keeps what is inserted and fails when told to.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "optiinfra/transport/session.hpp"

namespace optiinfra {

struct FakeStore {
  struct Insert {
    InsertStatement statement;
    std::size_t rows;
  };

  /// Asked before each insert; an error is what the insert gives, and nothing is kept.
  std::function<Result<void>(const InsertStatement&)> before_insert = [](const auto&) {
    return Result<void>{};
  };
  /// Asked before each session is opened.
  std::function<Result<void>()> before_connect = [] { return Result<void>{}; };

  std::string database = "optiinfra";
  std::mutex mutex;
  std::vector<Insert> inserts;

  std::size_t rows() {
    const std::lock_guard lock(mutex);
    std::size_t sum = 0;
    for (const Insert& insert : inserts) sum += insert.rows;
    return sum;
  }

  /// Rows by token.
  std::map<std::string, std::size_t> tokens() {
    const std::lock_guard lock(mutex);
    std::map<std::string, std::size_t> result;
    for (const Insert& insert : inserts) result[insert.statement.deduplication_token] += insert.rows;
    return result;
  }
};

class FakeSession final : public Session {
 public:
  explicit FakeSession(std::shared_ptr<FakeStore> store) : store_(std::move(store)) {}

  std::string_view database() const noexcept override { return store_->database; }
  Result<QuerySummary> query(const Statement&, const BlockSink&) override { return QuerySummary{}; }
  Result<QuerySummary> query_text(const Statement&, std::string_view, const TextSink&) override {
    return QuerySummary{};
  }
  Result<void> execute(const Statement&) override { return {}; }
  Result<InsertSummary> insert(const InsertStatement& statement, const Block& block) override {
    OPTIINFRA_CHECK(store_->before_insert(statement));
    const std::lock_guard lock(store_->mutex);
    store_->inserts.push_back({statement, block.row_count()});
    return InsertSummary{};
  }

 private:
  std::shared_ptr<FakeStore> store_;
};

class FakeConnector final : public Connector {
 public:
  explicit FakeConnector(std::shared_ptr<FakeStore> store) : store_(std::move(store)) {}
  Result<std::unique_ptr<Session>> connect() override {
    OPTIINFRA_CHECK(store_->before_connect());
    return std::unique_ptr<Session>(std::make_unique<FakeSession>(store_));
  }
  std::string description() const override { return "fake"; }

 private:
  std::shared_ptr<FakeStore> store_;
};

}  // namespace optiinfra
