// `init --cluster` against hosts that are played: which statements reach which host.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "optiinfra/store/cluster.hpp"

namespace optiinfra::store {
namespace {

Column texts(const std::string& name, const std::vector<std::string>& values) {
  Strings column;
  for (const std::string& value : values) column.append(value);
  return {name, "String", std::move(column)};
}

/// One server: what was executed, and as much state as the migration asks for.
struct Host {
  std::string name;
  bool answers = true;
  std::map<std::string, std::string> raw_engines;           ///< Of cost_metrics_ts, by database.
  std::map<std::string, std::set<std::uint32_t>> versions;  ///< By database.
  std::map<std::string, std::set<std::string>> layouts;
  std::vector<std::string> executed;

  std::size_t count(std::string_view part) const {
    return static_cast<std::size_t>(std::count_if(executed.begin(), executed.end(), [&](const auto& sql) {
      return sql.find(part) != std::string::npos;
    }));
  }
};

struct Fleet {
  std::vector<std::vector<std::string>> shards = {{"db1", "db2"}, {"db3", "db4"}};
  bool has_keeper = false;
  std::map<std::string, Host> hosts;

  Host& at(const std::string& name) {
    Host& host = hosts[name];
    host.name = name;
    return host;
  }
};

class HostSession final : public Session {
 public:
  HostSession(Fleet& fleet, Host& host, std::string database)
      : fleet_(fleet), host_(host), database_(std::move(database)) {}

  std::string_view database() const noexcept override { return database_; }
  Result<QuerySummary> query_text(const Statement&, std::string_view, const TextSink&) override {
    return QuerySummary{};
  }

  Result<QuerySummary> query(const Statement& statement, const BlockSink& sink) override {
    const Block answer = answer_of(statement);
    if (!answer.empty()) sink(answer);
    return QuerySummary{};
  }

  Result<void> execute(const Statement& statement) override {
    const bool on_cluster = statement.sql.find("ON CLUSTER") != std::string::npos;
    if (on_cluster && !fleet_.has_keeper)
      return Error{ErrorKind::kRejected, "Replicated DDL queries are disabled", Applied::kNo, true, 392};
    host_.executed.push_back(statement.sql);
    const auto create = statement.sql.find("CREATE TABLE IF NOT EXISTS " + database_ + ".cost_metrics_ts");
    if (create == std::string::npos) return {};
    const std::size_t engine = statement.sql.find("ENGINE = ") + 9;
    const std::string name =
        statement.sql.substr(engine, statement.sql.find_first_of("(\n", engine) - engine);
    for (auto& [host_name, host] : fleet_.hosts) {
      if (on_cluster || &host == &host_) host.raw_engines[database_] = name;
    }
    return {};
  }

  Result<InsertSummary> insert(const InsertStatement& statement, const Block& block) override {
    if (const auto* number = block.find("number"))
      host_.versions[database_].insert(std::get<std::vector<std::uint32_t>>(number->data)[0]);
    if (const auto* layout = block.find("layout"))
      host_.layouts[database_].insert(std::string(std::get<Strings>(layout->data)[0]));
    EXPECT_TRUE(statement.deduplication_token.empty());
    return InsertSummary{};
  }

 private:
  Block answer_of(const Statement& statement) const {
    const auto asks = [&](std::string_view part) { return statement.sql.find(part) != std::string::npos; };
    const auto number = [](std::uint64_t value) {
      Block block;
      block.add({"n", "UInt64", std::vector<std::uint64_t>{value}});
      return block;
    };
    if (asks("FROM system.clusters WHERE")) return clusters();
    if (asks("12 - count()") || asks("8 - count()") || asks("4 - sum(")) return number(0);
    if (asks("max(number)")) return number(*host_.versions.at(database_).rbegin());
    if (asks("'schema_migrations'")) return number(host_.versions.contains(database_) ? 1 : 0);
    if (asks("SELECT toUInt64(count()) FROM system.tables")) return number(host_.layouts.contains(database_));
    Block block;
    if (asks("SELECT DISTINCT layout")) {
      const auto& known = host_.layouts.at(database_);
      block.add(texts("layout", {known.begin(), known.end()}));
    }
    if (asks("SELECT engine FROM") && host_.raw_engines.contains(database_))
      block.add(texts("engine", {host_.raw_engines.at(database_)}));
    return block;
  }

  Block clusters() const {
    std::vector<std::string> numbers, weights, names, ports;
    for (std::size_t shard = 0; shard < fleet_.shards.size(); ++shard) {
      for (const std::string& name : fleet_.shards[shard]) {
        numbers.push_back(std::to_string(shard + 1)), weights.emplace_back("1");
        names.push_back(name), ports.emplace_back("9000");
      }
    }
    Block block;
    block.add(texts("a", numbers)), block.add(texts("b", weights));
    block.add(texts("c", names)), block.add(texts("d", ports));
    return block;
  }

  Fleet& fleet_;
  Host& host_;
  std::string database_;
};

class HostConnector final : public Connector {
 public:
  HostConnector(Fleet& fleet, const StoreUrl& url) : fleet_(fleet), url_(url) {}
  Result<std::unique_ptr<Session>> connect() override {
    Host& host = fleet_.at(url_.hosts.front().host);
    if (!host.answers) return Error{ErrorKind::kUnavailable, "connection refused"};
    return std::unique_ptr<Session>(std::make_unique<HostSession>(fleet_, host, url_.database));
  }
  std::string description() const override { return "played"; }

 private:
  Fleet& fleet_;
  StoreUrl url_;
};

class MigrateCluster : public ::testing::Test {
 protected:
  Result<ClusterMigration> migrate(bool is_replicated = true,
                                   const char* url = "clickhouse://db1/optiinfra") {
    return migrate_cluster(*parse_store_url(url), {"fleet", is_replicated}, [this](const StoreUrl& to) {
      return Result<std::shared_ptr<Connector>>(std::make_shared<HostConnector>(fleet_, to));
    });
  }

  Fleet fleet_;
};

TEST_F(MigrateCluster, MakesReplicatedTablesOnEveryHostWhereStatementsDoNotTravel) {
  const auto made = migrate();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(made->is_on_cluster);
  EXPECT_EQ(made->hosts.size(), 4u);
  for (const auto& [name, host] : fleet_.hosts) {
    EXPECT_EQ(host.raw_engines.at("optiinfra_shard"), "ReplicatedMergeTree") << name;
    EXPECT_EQ(host.raw_engines.at("optiinfra"), "Distributed") << name;
    EXPECT_TRUE(host.versions.at("optiinfra_shard").contains(schema_version_of_program())) << name;
    EXPECT_TRUE(host.versions.at("optiinfra").contains(schema_version_of_program())) << name;
    EXPECT_EQ(host.layouts.at("optiinfra"), (std::set<std::string>{"1:1,2:1"})) << name;
    EXPECT_EQ(host.count("ON CLUSTER"), 0u) << name;
    EXPECT_EQ(host.count("schema_migrations\n(\n"), 2u) << name;
    EXPECT_EQ(host.count("Replicated"), host.count("ENGINE = Replicated")) << name;
  }
}

TEST_F(MigrateCluster, RunsEachStatementOnceWhereTheClusterCarriesItToAllHosts) {
  for (const char* name : {"db1", "db2", "db3", "db4"}) fleet_.at(name);
  fleet_.has_keeper = true;
  const auto made = migrate();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->is_on_cluster);
  EXPECT_EQ(fleet_.at("db1").count("optiinfra_shard.cost_metrics_ts ON CLUSTER `fleet`"), 1u);
  for (const char* name : {"db2", "db3", "db4"}) {
    EXPECT_EQ(fleet_.at(name).count("cost_metrics_ts"), 0u) << name;
    EXPECT_TRUE(fleet_.at(name).versions.at("optiinfra_shard").contains(schema_version_of_program())) << name;
  }
}

TEST_F(MigrateCluster, ChangesNothingWhenOneHostDoesNotAnswer) {
  fleet_.at("db4").answers = false;
  const auto failed = migrate();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "host db4:9000 (shard 2): connection refused");
  for (const auto& [name, host] : fleet_.hosts) EXPECT_TRUE(host.executed.empty()) << name;
}

TEST_F(MigrateCluster, RefusesPlainTablesWhereReplicasWouldDriftApart) {
  const auto refused = migrate(false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_NE(refused.error().message.find("2 replicas"), std::string::npos) << refused.error().message;
  fleet_.shards = {{"db1"}, {"db3"}};
  EXPECT_TRUE(migrate(false));
  EXPECT_EQ(fleet_.at("db3").raw_engines.at("optiinfra_shard"), "MergeTree");
}

TEST_F(MigrateCluster, RefusesADatabaseThatHoldsAStoreOnOneMachine) {
  fleet_.at("db3").raw_engines["optiinfra"] = "MergeTree";
  const auto refused = migrate();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kIncompatible);
  EXPECT_NE(refused.error().message.find("host db3:9000"), std::string::npos);
  EXPECT_NE(refused.error().message.find("optiinfra copy"), std::string::npos);
  EXPECT_TRUE(fleet_.at("db1").executed.empty());
}

TEST_F(MigrateCluster, TakesANewShardInAndTellsEveryHostOfBothLayouts) {
  ASSERT_TRUE(migrate());
  fleet_.shards.push_back({"db5"});
  const auto grown = migrate();
  ASSERT_TRUE(grown) << grown.error().message;
  EXPECT_TRUE(grown->was_resized);
  for (const auto& [name, host] : fleet_.hosts)
    EXPECT_EQ(host.layouts.at("optiinfra"), (std::set<std::string>{"1:1,2:1", "1:1,2:1,3:1"})) << name;
  EXPECT_EQ(fleet_.at("db5").raw_engines.at("optiinfra_shard"), "ReplicatedMergeTree");
}

TEST_F(MigrateCluster, FinishesWhatAKillLeftOnTheHostsThatLackIt) {
  ASSERT_TRUE(migrate());
  Host& host = fleet_.at("db2");
  host.versions.clear();
  const std::size_t before = fleet_.at("db1").executed.size();
  const auto finished = migrate();
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_TRUE(host.versions.at("optiinfra").contains(schema_version_of_program()));
  EXPECT_EQ(fleet_.at("db1").executed.size(), before) << "a host that is current is left alone";
}

TEST_F(MigrateCluster, NeedsTheNativeProtocol) {
  for (const char* url : {"http://db1/optiinfra", "embedded:/tmp/x"}) {
    const auto refused = migrate(true, url);
    ASSERT_FALSE(refused) << url;
    EXPECT_NE(refused.error().message.find("clickhouse://"), std::string::npos);
  }
}

}  // namespace
}  // namespace optiinfra::store
