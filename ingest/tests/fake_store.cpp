#include "fake_store.hpp"

#include "optiinfra/store/migrate.hpp"

namespace optiinfra::testing {

class FakeSession final : public Session {
 public:
  explicit FakeSession(std::shared_ptr<FakeStore> store) : store_(std::move(store)) {}

  std::string_view database() const noexcept override { return "optiinfra"; }

  /// The questions that reach it: for the schema's version, how many rows of a token are stored, which
  /// inserts of it run, how long rows are kept, and whether rollups differ.
  Result<QuerySummary> query(const Statement& statement, const BlockSink& on_block) override {
    const auto asks_for = [&](std::string_view text) {
      return statement.sql.find(text) != std::string::npos;
    };
    if (asks_for("retention") || asks_for("engine_full")) return QuerySummary{};
    std::vector<std::uint64_t> numbers{store::schema_version_of_program()};
    for (const auto& [name, value] : statement.parameters) {
      if (name == "token") numbers = {store_->rows_of(value)};
    }
    if (asks_for("system.processes")) numbers = {0};
    if (asks_for("differing")) numbers = {1, 0, 0};
    Block block;
    block.add({"number", "UInt64", std::move(numbers)});
    on_block(block);
    return QuerySummary{};
  }

  Result<QuerySummary> query_text(const Statement&, std::string_view, const TextSink&) override {
    return Error{ErrorKind::kInvalidArgument, "the fake store formats nothing"};
  }

  Result<void> execute(const Statement&) override { return {}; }

  Result<InsertSummary> insert(const InsertStatement& statement, const Block& block) override {
    return store_->insert(statement, block);
  }

 private:
  std::shared_ptr<FakeStore> store_;
};

namespace {

class FakeConnector final : public Connector {
 public:
  explicit FakeConnector(std::shared_ptr<FakeStore> store) : store_(std::move(store)) {}
  Result<std::unique_ptr<Session>> connect() override {
    ++store_->sessions;
    return std::unique_ptr<Session>(std::make_unique<FakeSession>(store_));
  }
  std::string description() const override { return "fake:"; }

 private:
  std::shared_ptr<FakeStore> store_;
};

}  // namespace

std::shared_ptr<Connector> FakeStore::connector() {
  return std::make_shared<FakeConnector>(shared_from_this());
}

Result<InsertSummary> FakeStore::insert(const InsertStatement& statement, const Block& block) {
  const std::optional<Error> fault = on_insert ? on_insert(statement, block) : std::nullopt;
  const std::lock_guard lock(mutex_);
  if (!fault) {
    if (rows_by_token_.emplace(statement.deduplication_token, block.row_count()).second) {
      insert_sizes_.push_back(block.row_count());
      const Column* ids = block.find("request_id");
      if (ids != nullptr) {
        for (const Uuid& id : std::get<std::vector<Uuid>>(ids->data)) request_ids_.insert(id.to_string());
      }
    }
  }
  if (fault) return *fault;
  return InsertSummary{block.row_count(), {}};
}

std::multiset<std::string> FakeStore::request_ids() const {
  const std::lock_guard lock(mutex_);
  return request_ids_;
}

std::size_t FakeStore::insert_count() const { return insert_sizes().size(); }

std::vector<std::size_t> FakeStore::insert_sizes() const {
  const std::lock_guard lock(mutex_);
  return insert_sizes_;
}

std::uint64_t FakeStore::rows_of(const std::string& token) const {
  const std::lock_guard lock(mutex_);
  const auto found = rows_by_token_.find(token);
  return found == rows_by_token_.end() ? 0 : found->second;
}

}  // namespace optiinfra::testing
