// Every door that the engine's own lists name, tried as each role: a table function, an engine, a privilege,
// a setting or a function of a new engine is tried too, and stays shut unless it is on a list here, with a
// reason.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "optiinfra/testing/server.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSecret = "4c2f-secret-of-the-machine";
constexpr const char* kRoles[] = {"ada", "agent", "grafana"};

/// A port of this machine that nobody may be made to talk to.
class Trap {
 public:
  Trap() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 16), 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  Trap(const Trap&) = delete;
  Trap& operator=(const Trap&) = delete;
  ~Trap() { ::close(socket_); }

  std::string port() const { return std::to_string(port_); }

  bool was_reached() const {
    const int connection = ::accept(socket_, nullptr, nullptr);
    if (connection >= 0) ::close(connection);
    return connection >= 0;
  }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

class Access : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string password = (folder / "password").string();
    std::ofstream(password) << "word\n";
    secret = (folder / "secret").string();
    std::ofstream(secret) << kSecret << "\n";
    std::vector<std::string> flags;
    for (const char* user : {"ada:admin", "agent:write", "grafana:read"})
      flags.insert(flags.end(), {"--user", user, "--password-file", password});
    server = std::make_unique<testing::ServerProcess>(OPTIINFRA_PROGRAM, folder / "store", flags);
    ASSERT_TRUE(server->is_ready()) << server->failure();
    for (const char* role : kRoles) {
      auto session =
          (*make_connector(server->native_url(std::string(role) + ":word"), IfAbsent::kFail))->connect();
      ASSERT_TRUE(session) << session.error().message;
      sessions.push_back(std::move(*session));
    }
    probe = ask(0, "SELECT file('" + secret + "')");
    if (probe.find(kSecret) != std::string::npos) GTEST_SKIP() << "this kernel has no Landlock";
  }

  /// What `role` gets: text, or "ERROR: " and why.
  std::string ask(std::size_t role, const std::string& sql) {
    std::string answer;
    const auto asked = sessions[role]->query_text({.sql = sql, .timeout = std::chrono::seconds{10}}, "TSV",
                                                  [&](std::string_view text) {
                                                    answer += text;
                                                    return answer.size() < 100'000;
                                                  });
    return asked ? answer : "ERROR: " + asked.error().message;
  }

  static bool is_refused(const std::string& answer) { return answer.starts_with("ERROR: "); }

  std::vector<std::string> list(const std::string& sql) {
    std::istringstream lines(ask(0, sql));
    std::vector<std::string> names;
    for (std::string line; std::getline(lines, line);) names.push_back(line);
    EXPECT_GT(names.size(), 5u) << sql;
    return names;
  }

  /// Arguments by which a door would lead to the secret or to the trap.
  std::vector<std::string> arguments() const {
    const std::string host = "127.0.0.1:" + trap.port(), url = "'http://" + host + "/b/x.tsv'";
    return {"'" + secret + "'",
            "'" + secret + "', 'LineAsString', 'a String'",
            url,
            url + ", 'LineAsString', 'a String'",
            url + ", 'key', 'word', 'LineAsString', 'a String'",
            "'" + host + "', 'd', 't', 'u', 'p'",
            "'" + host + "', 0, 'k', 'a String'",
            "'cat " + secret + "', 'LineAsString', 'a String'"};
  }

  void expect_shut(const std::string& sql, const std::string& answer) {
    EXPECT_THAT(answer, Not(HasSubstr(kSecret))) << sql;
    EXPECT_FALSE(trap.was_reached()) << sql;
  }

  const testing::TemporaryFolder folder;
  const Trap trap;
  std::string secret, probe;
  std::unique_ptr<testing::ServerProcess> server;
  std::vector<std::unique_ptr<Session>> sessions;
};

TEST_F(Access, TableFunctionsReachNoFileAndNoHost) {
  // They make rows up, or read tables that the user may read anyway.
  const std::set<std::string> open = {"numbers",
                                      "numbers_mt",
                                      "zeros",
                                      "zeros_mt",
                                      "primes",
                                      "generateRandom",
                                      "generateSeries",
                                      "generate_series",
                                      "values",
                                      "SQLStandardValues",
                                      "null",
                                      "view",
                                      "viewExplain",
                                      "viewIfPermitted",
                                      "format",
                                      "input",
                                      "merge",
                                      "loop",
                                      "fuzzJSON",
                                      "fuzzQuery",
                                      "eval",
                                      "dictionary",
                                      "mergeTreeIndex",
                                      "mergeTreeProjection",
                                      "mergeTreeTextIndex",
                                      "mergeTreeAnalyzeIndexes",
                                      "mergeTreeAnalyzeIndexesUUID",
                                      "timeSeriesData",
                                      "timeSeriesTags",
                                      "timeSeriesMetrics",
                                      "timeSeriesSamples",
                                      "timeSeriesSelector",
                                      "prometheusQuery",
                                      "prometheusQueryRange"};
  for (const std::string& name : list("SELECT name FROM system.table_functions ORDER BY name")) {
    for (std::size_t role = 0; role < sessions.size(); ++role) {
      for (const std::string& with : arguments()) {
        const std::string sql = "SELECT * FROM `" + name + "`(" + with + ") LIMIT 3";
        const std::string answer = ask(role, sql);
        expect_shut(sql, answer);
        EXPECT_TRUE(open.contains(name) || is_refused(answer))
            << kRoles[role] << ": " << sql << ": " << answer;
      }
    }
  }
}

TEST_F(Access, EnginesThatKeepRowsInTheStoreAreTheOnlyOnes) {
  const std::set<std::string> open = {"MergeTree", "AggregatingMergeTree", "SummingMergeTree",
                                      "ReplacingMergeTree", "CollapsingMergeTree",
                                      "VersionedCollapsingMergeTree", "CoalescingMergeTree", "Memory", "Null",
                                      "Set", "Join", "Merge", "Buffer", "Log", "TinyLog", "StripeLog",
                                      // Needs a cluster of the configuration, and there is none.
                                      "Distributed"};
  for (const std::string& engine : list("SELECT name FROM system.table_engines ORDER BY name")) {
    std::vector<std::string> forms = arguments();
    forms.emplace_back("");
    for (std::size_t role = 0; role < sessions.size(); ++role) {
      for (const std::string& with : forms) {
        const std::string sql = "CREATE TABLE default.door (a String) ENGINE = " + engine + "(" + with + ")";
        const std::string answer = ask(role, sql);
        expect_shut(sql, answer);
        if (is_refused(answer)) continue;
        EXPECT_TRUE(role == 0 && open.contains(engine)) << kRoles[role] << ": " << sql;
        ask(role, "DROP TABLE default.door SYNC");
      }
    }
  }
  for (const std::string& engine : list("SELECT name FROM system.database_engines ORDER BY name")) {
    for (std::size_t role = 0; role < sessions.size(); ++role) {
      for (const std::string& with : arguments()) {
        const std::string sql = "CREATE DATABASE door ENGINE = " + engine + "(" + with + ")";
        const std::string answer = ask(role, sql);
        expect_shut(sql, answer);
        EXPECT_TRUE(is_refused(answer)) << kRoles[role] << ": " << sql;
      }
    }
  }
}

TEST_F(Access, PrivilegesAreThoseOfTheRole) {
  // Everyone has it, and it shows caches of remote disks, of which there are none.
  const std::set<std::string> everyone = {"SHOW FILESYSTEM CACHES"};
  // What an admin has on everything; nothing here leaves the store or changes how the server works.
  const std::set<std::string> admin = {
      "SHOW", "SHOW DATABASES", "SHOW TABLES", "SHOW COLUMNS", "SHOW DICTIONARIES", "SELECT", "INSERT",
      "ALTER UPDATE", "ALTER DELETE", "ALTER COLUMN", "ALTER ADD COLUMN", "ALTER MODIFY COLUMN",
      "ALTER DROP COLUMN", "ALTER COMMENT COLUMN", "ALTER CLEAR COLUMN", "ALTER RENAME COLUMN",
      "ALTER MATERIALIZE COLUMN", "ALTER MODIFY COMMENT", "ALTER INDEX", "ALTER ORDER BY", "ALTER SAMPLE BY",
      "ALTER ADD INDEX", "ALTER DROP INDEX", "ALTER MATERIALIZE INDEX", "ALTER CLEAR INDEX",
      "ALTER STATISTICS", "ALTER ADD STATISTICS", "ALTER DROP STATISTICS", "ALTER MODIFY STATISTICS",
      "ALTER MATERIALIZE STATISTICS", "ALTER PROJECTION", "ALTER ADD PROJECTION", "ALTER DROP PROJECTION",
      "ALTER MATERIALIZE PROJECTION", "ALTER CLEAR PROJECTION", "ALTER CONSTRAINT", "ALTER ADD CONSTRAINT",
      "ALTER DROP CONSTRAINT", "ALTER MODIFY CONSTRAINT", "ALTER TTL", "ALTER MATERIALIZE TTL",
      "ALTER SETTINGS", "ALTER VIEW", "ALTER VIEW MODIFY QUERY", "ALTER VIEW MODIFY REFRESH",
      "ALTER VIEW MODIFY SQL SECURITY", "CREATE DATABASE", "CREATE TABLE", "CREATE VIEW",
      "CREATE TEMPORARY TABLE", "CREATE TEMPORARY VIEW",
      // The engine grants it to users who may insert, alter and drop; a part stays in the store.
      "ALTER MOVE PARTITION", "CREATE ARBITRARY TEMPORARY TABLE", "DROP DATABASE", "DROP TABLE", "DROP VIEW",
      "UNDROP TABLE", "TRUNCATE", "OPTIMIZE", "KILL QUERY", "SYSTEM FLUSH", "SYSTEM FLUSH DISTRIBUTED",
      "SYSTEM FLUSH LOGS", "SYSTEM FLUSH ASYNC INSERT QUEUE", "SYSTEM FLUSH OBJECT STORAGE QUEUE",
      "SYSTEM DROP CACHE", "NONE"};
  for (const std::string& privilege : list("SELECT privilege FROM system.privileges ORDER BY privilege")) {
    // Has a door of its own: TABLE ENGINE ON a name, READ ON a source.
    if (privilege == "TABLE ENGINE" || privilege == "NONE") continue;
    const bool drops_a_cache =
        (privilege.starts_with("SYSTEM DROP ") && privilege.find(" CACHE") != std::string::npos) ||
        privilege.starts_with("SYSTEM PREWARM ");
    for (std::size_t role = 0; role < sessions.size(); ++role) {
      const std::string answer = ask(role, "CHECK GRANT " + privilege + " ON *.*");
      if (answer == "1\n") {
        EXPECT_TRUE(everyone.contains(privilege) ||
                    (role == 0 && (admin.contains(privilege) || drops_a_cache)))
            << kRoles[role] << ": " << privilege;
      }
    }
  }
}

TEST_F(Access, ScalarFunctionsReachNoFileAndNoHost) {
  for (const std::string& name : list("SELECT name FROM system.functions WHERE NOT is_aggregate AND name NOT "
                                      "LIKE 'sleep%' ORDER BY name")) {
    for (const std::string& argument : {"'" + secret + "'", "'http://127.0.0.1:" + trap.port() + "/'"}) {
      const std::string sql = "SELECT toString(`" + name + "`(" + argument + "))";
      expect_shut(sql, ask(0, sql));
    }
  }
}

TEST_F(Access, NoSettingThatIsExperimentalOrWeakensABoundCanBeChanged) {
  // A door by its name; what is allowed nevertheless stands below, with the reason.
  const std::string rule =
      "SELECT name FROM system.settings WHERE tier = 'Experimental' OR match(name, "
      "'cors|response_headers|client_http_header|max_parser|max_ast|max_expanded_ast|introspection|dynamic_"
      "disk|"
      "server_credentials|unrestricted|^insert_deduplicate$|in_dependent_materialized|materialized_views_"
      "ignore|"
      "dropped_target_table|sql_security|view_definer|^dialect$|on_client_close$|display_secrets|"
      "timeout_overflow_mode$') ORDER BY name";
  const std::set<std::string> open = {
      "timeout_overflow_mode_leaf",  // The limit of the whole statement stands.
      "throw_if_deduplication_in_dependent_materialized_views_enabled_with_async_insert",  // Says more, not
                                                                                           // less.
  };
  for (const std::string& name : list(rule)) {
    for (std::size_t role = 0; role < sessions.size(); ++role) {
      const std::string value = "SELECT value FROM system.settings WHERE name = '" + name + "'";
      const std::string before = ask(role, value);
      for (const char* other : {"0", "1", "7", "'break'", "'NONE'", "'kusto'", "{'a':'b'}"}) {
        const auto set = sessions[role]->execute({.sql = "SET " + name + " = " + other});
        if (!set || open.contains(name)) continue;
        EXPECT_EQ(ask(role, value), before) << kRoles[role] << ": " << name << " = " << other;
      }
    }
  }
}

/// The engine holds the SETTINGS of a whole statement to the bounds, and those of a part of it to none
/// (docs/engine.md): what matters is that the whole statement keeps its own.
TEST_F(Access, ASettingOfAPartOfAStatementLiftsNoBoundOfTheWhole) {
  const std::string counting =
                        "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))",
                    gathering = "SELECT length(groupArray(number)) FROM numbers(1000000000)";
  const auto why_refused = [&](std::size_t role, const std::string& sql) {
    const auto ended = sessions[role]->execute({.sql = sql, .timeout = std::chrono::seconds{30}});
    return ended ? std::string("it was executed") : ended.error().message;
  };
  for (std::size_t role = 0; role < sessions.size(); ++role) {
    for (const char* lifted :
         {"max_execution_time = 0", "max_execution_time = 0, timeout_overflow_mode = 'break'"}) {
      EXPECT_THAT(why_refused(role, "SELECT * FROM (" + counting + " SETTINGS " + lifted +
                                        ") SETTINGS max_execution_time = 0.5"),
                  HasSubstr("imeout exceeded"))
          << kRoles[role] << ": " << lifted;
    }
    EXPECT_THAT(
        why_refused(role, "SELECT * FROM (" + gathering +
                              " SETTINGS max_memory_usage = 0) SETTINGS max_memory_usage = 100000000"),
        HasSubstr("emory limit exceeded"));
    for (const char* clause :
         {"max_parser_depth = 7", "max_execution_time = 0", "allow_introspection_functions = 1"}) {
      for (const char* statement : {"SELECT 1 SETTINGS ", "EXPLAIN SELECT 1 SETTINGS "}) {
        EXPECT_THAT(why_refused(role, std::string(statement) + clause), HasSubstr("hould"))
            << kRoles[role] << ": " << statement << clause;
      }
    }
    // A part may set what allows introspection, and still lacks the privilege.
    EXPECT_THAT(
        ask(role, "SELECT * FROM (SELECT demangle('_Z1av') SETTINGS allow_introspection_functions = 1)"),
        HasSubstr("Not enough privileges"))
        << kRoles[role];
  }
}

TEST_F(Access, StatementsThatReadOrWriteFilesAreRefused) {
  const std::string out = (folder / "out").string(), url = "'http://127.0.0.1:" + trap.port() + "/b/x'";
  const std::string statements[] = {
      "BACKUP DATABASE optiinfra TO File('" + out + "')",
      "BACKUP DATABASE optiinfra TO Disk('default', 'b')",
      std::string("BACKUP DATABASE optiinfra TO Null"),
      "BACKUP DATABASE optiinfra TO S3(" + url + ")",
      "RESTORE DATABASE optiinfra AS door FROM File('" + out + "')",
      "RESTORE ALL FROM S3(" + url + ")",
      "INSERT INTO FUNCTION file('" + out + "', 'TSV', 'a String') VALUES ('a')",
      "CREATE DICTIONARY default.door (a UInt64) PRIMARY KEY a SOURCE(FILE(PATH '" + secret +
          "' FORMAT 'TSV')) LAYOUT(FLAT()) LIFETIME(0)",
      "CREATE DICTIONARY default.door (a UInt64) PRIMARY KEY a SOURCE(HTTP(URL " + url +
          " FORMAT 'TSV')) LAYOUT(FLAT()) LIFETIME(0)",
      "CREATE DICTIONARY default.door (a UInt64) PRIMARY KEY a SOURCE(EXECUTABLE(COMMAND 'cat " + secret +
          "' FORMAT 'TSV')) LAYOUT(FLAT()) LIFETIME(0)",
      "CREATE FUNCTION door AS x -> file('" + secret + "')",
      "CREATE NAMED COLLECTION door AS url = " + url,
      std::string("CREATE USER door"),
      std::string("GRANT ALL ON *.* TO grafana"),
      "CREATE DATABASE door ENGINE = Backup('optiinfra', File('" + secret + "'))",
      "CREATE TABLE default.door (a String) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = 'web', "
      "endpoint = " +
          url + ")",
      "CREATE TABLE default.door (a String) ENGINE = Log SETTINGS disk = disk(type = 'web', endpoint = " +
          url + ")",
      "CREATE DATABASE door ENGINE = Atomic SETTINGS disk = disk(type = 'web', endpoint = " + url + ")"};
  for (const std::string& sql : statements) {
    for (std::size_t role = 0; role < sessions.size(); ++role) {
      const std::string answer = ask(role, sql);
      expect_shut(sql, answer);
      EXPECT_TRUE(is_refused(answer)) << kRoles[role] << ": " << sql;
    }
  }
  EXPECT_FALSE(std::filesystem::exists(out));
}

}  // namespace
}  // namespace optiinfra
