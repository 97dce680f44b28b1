#include "attempts.hpp"

#include <gtest/gtest.h>

#include <stop_token>
#include <thread>

#include "optiinfra/client/client.hpp"
#include "session_pool.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;

/// A store whose sessions fail in the given ways, one after the other, and then work.
class FlakyStore final : public Connector {
 public:
  class FlakySession final : public Session {
   public:
    explicit FlakySession(FlakyStore& store) : store_(store) {}
    std::string_view database() const noexcept override { return "optiinfra"; }
    Result<QuerySummary> query(const Statement&, const BlockSink& on_block) override {
      ++store_.queries;
      if (store_.on_query) store_.on_query();
      Block block;
      block.add({"n", "UInt8", std::vector<std::uint8_t>{1}});
      if (store_.answers_before_failing || store_.failures.empty()) (void)on_block(block);
      if (store_.failures.empty()) return QuerySummary{};
      Error error = store_.failures.front();
      store_.failures.erase(store_.failures.begin());
      return error;
    }
    Result<QuerySummary> query_text(const Statement&, std::string_view, const TextSink&) override {
      return QuerySummary{};
    }
    Result<void> execute(const Statement&) override { return {}; }
    Result<InsertSummary> insert(const InsertStatement&, const Block&) override { return InsertSummary{}; }

   private:
    FlakyStore& store_;
  };

  Result<std::unique_ptr<Session>> connect() override {
    ++sessions;
    return std::unique_ptr<Session>(std::make_unique<FlakySession>(*this));
  }
  std::string description() const override { return "flaky"; }

  std::vector<Error> failures;
  std::function<void()> on_query;
  bool answers_before_failing = false;
  int sessions = 0, queries = 0;
};

struct State {
  template <typename Use>
  auto with_session(const Budget& budget, Use&& use) -> decltype(use(std::declval<Session&>())) {
    OPTIINFRA_TRY(SessionPool::Lease lease, pool.take(budget));
    auto result = use(*lease);
    if (!result) lease.settle(result.error());
    return result;
  }
  SessionPool pool;
  ClientOptions options;
};

class ARead : public ::testing::Test {
 protected:
  Result<QuerySummary> ask(std::chrono::milliseconds timeout = 10s) {
    const LogSink log = [this](LogLevel level, std::string_view message) {
      EXPECT_EQ(level, LogLevel::kWarning);
      told_.emplace_back(message);
    };
    State state{.pool = SessionPool(store_), .options = {.call_timeout = timeout, .log = log}};
    bool begun = false;
    return read_repeatedly(state, {timeout, stop_}, begun, [&](Session& session, const Budget& left) {
      EXPECT_LE(left.timeout, timeout);
      return session.query({.sql = "SELECT 1", .timeout = left.timeout},
                           [&](const Block&) { return begun = true; });
    });
  }
  static Error lost(ErrorKind kind = ErrorKind::kUnavailable) {
    return {kind, "lost", Applied::kUnknown, false};
  }

  std::shared_ptr<FlakyStore> store_ = std::make_shared<FlakyStore>();
  std::stop_token stop_;
  std::vector<std::string> told_;
};

TEST(SessionPool, EndsTheWaitOfACallerWhoStops) {
  SessionPool pool(std::make_shared<FlakyStore>());
  std::vector<SessionPool::Lease> lent;
  for (std::size_t i = 0; i < kSessionsMax; ++i) lent.push_back(*pool.take({1s}));
  std::stop_source source;
  std::jthread caller([&source] {
    std::this_thread::sleep_for(50ms);
    source.request_stop();
  });
  const auto waited = pool.take({1h, source.get_token()});
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().kind, ErrorKind::kCancelled);
}

TEST_F(ARead, TellsTheLogOfEachAttemptThatIsRepeated) {
  store_->failures = {lost(), lost(ErrorKind::kCorrupt)};
  EXPECT_TRUE(ask());
  EXPECT_EQ(told_, (std::vector<std::string>{"attempt 1 of at most 3 failed and is repeated: lost",
                                             "attempt 2 of at most 3 failed and is repeated: lost"}));
}

TEST_F(ARead, IsNotRepeatedOnceItsCallerStops) {
  std::stop_source source;
  stop_ = source.get_token();
  store_->on_query = [&source] { source.request_stop(); };
  store_->failures = {lost(), lost()};
  EXPECT_FALSE(ask());
  EXPECT_EQ(store_->queries, 1);
}

TEST(SessionPool, OpensNothingNewBeforeAllIsClosedWhenItIsReopened) {
  const auto store = std::make_shared<FlakyStore>();
  SessionPool pool(store);
  {
    auto idle = pool.take({1s});
    ASSERT_TRUE(idle);
  }
  {
    auto lent = pool.take({1s});
    ASSERT_TRUE(lent);
    pool.reopen();
    const auto early = pool.take({10ms});
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().kind, ErrorKind::kTimeout);
  }
  EXPECT_TRUE(pool.take({1s}));
  EXPECT_EQ(store->sessions, 2);
  pool.reopen();
  EXPECT_TRUE(pool.take({1s}));
  EXPECT_EQ(store->sessions, 3);
}

TEST_F(ARead, IsRepeatedOnAnotherSessionWhenItsOwnBroke) {
  store_->failures = {lost(), lost(ErrorKind::kCorrupt)};
  EXPECT_TRUE(ask());
  EXPECT_EQ(store_->queries, 3);
  EXPECT_EQ(store_->sessions, 3);
}

TEST_F(ARead, IsRepeatedOnTheSameSessionWhenTheStoreHadNoRoom) {
  store_->failures = {{ErrorKind::kUnavailable, "too many queries"}};
  EXPECT_TRUE(ask());
  EXPECT_EQ(store_->queries, 2);
  EXPECT_EQ(store_->sessions, 1);
}

TEST_F(ARead, IsNotRepeatedOnceRowsWereHandedOver) {
  store_->answers_before_failing = true;
  store_->failures = {lost()};
  EXPECT_FALSE(ask());
  EXPECT_EQ(store_->queries, 1);
}

TEST_F(ARead, IsNotRepeatedWhenItWouldFailAgain) {
  for (const ErrorKind kind : {ErrorKind::kRejected, ErrorKind::kTimeout, ErrorKind::kInvalidArgument}) {
    store_->failures = {lost(kind)};
    EXPECT_FALSE(ask());
    EXPECT_TRUE(store_->failures.empty());
  }
  EXPECT_EQ(store_->queries, 3);
}

TEST_F(ARead, IsGivenUpAfterSomeAttemptsOrWithItsBudget) {
  store_->failures = std::vector<Error>(10, lost());
  EXPECT_FALSE(ask());
  EXPECT_EQ(store_->queries, kAttemptsMax);
  store_->queries = 0;
  EXPECT_FALSE(ask(kAttemptPause / 2));
  EXPECT_EQ(store_->queries, 1);
}

}  // namespace
}  // namespace optiinfra
