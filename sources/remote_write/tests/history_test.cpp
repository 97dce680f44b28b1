// Random histories: requests cut at random, repeated, delayed and out of order, counters that begin again,
// and a receiver that is killed between. What the rows add up to is what was counted.
#include <random>
#include <set>

#include "remote_write_testing.hpp"

namespace optiinfra::remote_write {
namespace {

struct Sent {
  std::string body;
  double second = 0;
};

/// What a receiver keeps over its death: the requests that were not released, and the rows that were stored.
class World {
 public:
  void take(const Sent& sent) {
    log_.emplace(++records_, sent);
    add(records_, sent);
  }

  /// Stores the rows and then forgets the released requests, or is killed between.
  void work(double second, bool is_killed) {
    gatherer_.settle(at_second(second));
    settled_ = second;
    for (const GatheredRows& each : gatherer_.take_rows()) {
      if (!stored_.insert(each.serving_identity).second) continue;
      for (const ServingMetric& row : each.servings) tokens_ += row.completion_tokens.value_or(0);
    }
    if (is_killed) return kill();
    for (const std::uint64_t each : gatherer_.take_released()) log_.erase(each);
  }

  void kill() {
    gatherer_ = RemoteWriteGatherer(exposition::AliasTable::builtin());
    for (const auto& [record, sent] : log_) add(record, sent);
    gatherer_.settle(at_second(settled_));
  }

  std::uint64_t tokens() const { return tokens_; }
  std::size_t log() const { return log_.size(); }

 private:
  void add(std::uint64_t record, const Sent& sent) {
    const auto request = decode_remote_write(sent.body, RemoteWriteProtocol::kV1);
    ASSERT_TRUE(request);
    gatherer_.add({record, at_second(sent.second), at_second(sent.second)}, *request, {});
  }

  RemoteWriteGatherer gatherer_{exposition::AliasTable::builtin()};
  std::map<std::uint64_t, Sent> log_;
  std::uint64_t records_ = 0;
  double settled_ = 0;  ///< A receiver keeps it as a record of its own.
  std::set<Uuid> stored_;
  std::uint64_t tokens_ = 0;
};

struct Engine {
  std::string instance;
  int tokens = 1'000;
};

TEST(RemoteWriteHistory, AddsUpToWhatWasCounted) {
  constexpr int kScrapes = 40, kHistories = 60;
  for (unsigned seed = 1; seed <= kHistories; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    World world;
    std::vector<Engine> engines{{"a:1"}, {"b:1"}, {"c:1"}};
    std::uint64_t expected = 0;
    for (int scrape = 0; scrape < kScrapes; ++scrape) {
      const double second = scrape * 15.0;
      std::vector<SentSeries> series;
      for (Engine& each : engines) {
        if (scrape != 0) {
          const int gained = below(100);
          const bool begins_again = below(15) == 0 && gained < each.tokens;
          each.tokens = begins_again ? gained : each.tokens + gained;
          expected += static_cast<std::uint64_t>(gained);
        }
        for (int rank = 0; rank < 2; ++rank)
          series.push_back(scraped("vllm:generation_tokens_total{engine=\"" + std::to_string(rank) + "\"} " +
                                       std::to_string(each.tokens) + "\n",
                                   second, target(each.instance))[0]);
      }
      std::shuffle(series.begin(), series.end(), random);
      std::vector<Sent> requests;
      while (!series.empty()) {
        const auto size = std::min<std::size_t>(series.size(), 1 + static_cast<std::size_t>(below(4)));
        const std::vector<SentSeries> cut(series.end() - static_cast<std::ptrdiff_t>(size), series.end());
        series.resize(series.size() - size);
        // At most as late as senders are.
        requests.push_back({body_v1(cut), second + below(10)});
        if (below(4) == 0) requests.push_back({requests.back().body, second + 10 + below(4)});
      }
      std::sort(requests.begin(), requests.end(),
                [](const Sent& a, const Sent& b) { return a.second < b.second; });
      for (const Sent& each : requests) {
        world.take(each);
        if (below(3) == 0) world.work(each.second, below(6) == 0);
        if (below(10) == 0) world.kill();
      }
    }
    world.work(kScrapes * 15.0 + 60, false);
    EXPECT_EQ(world.tokens(), 2 * expected) << "seed " << seed;
    EXPECT_LE(world.log(), 30u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace optiinfra::remote_write
