// Inserts rows under a token, so that repeating the call stores them once, whatever failed before. retry
// [URL]
#include <iostream>
#include <thread>
#include <vector>

#include "optiinfra/client.hpp"
#include "optiinfra/error.hpp"

int main(int argc, char** argv) {
  auto client = optiinfra::Client::open(argc > 1 ? argv[1] : "embedded:", {.create = true});
  if (!client) return std::cerr << client.error().message << '\n', 1;

  optiinfra::QualityMetric score;
  score.timestamp = optiinfra::now();
  score.customer_id = optiinfra::Uuid::random();
  score.service_id = score.customer_id;
  score.request_id = optiinfra::Uuid::random();
  score.overall_quality_score = 0.93f;
  const std::vector<optiinfra::QualityMetric> scores{score};

  // The same token for the same rows: "<this producer>:<number of this batch>".
  const optiinfra::InsertOptions once{.token = "evaluator-7:42"};
  for (int attempt = 1; attempt <= 5; ++attempt) {
    const auto stored = client->insert(scores, once);
    if (stored) {
      std::cout << "stored at attempt " << attempt << '\n';
      break;
    }
    if (!optiinfra::is_retryable(stored.error())) return std::cerr << stored.error().message << '\n', 1;
    std::this_thread::sleep_for(std::chrono::seconds{attempt});
  }

  // As after a crash: the rows are handed over again and count once.
  if (!client->insert(scores, once)) return 1;
  const auto trend = client->query_quality_trends(score.customer_id, score.service_id);
  if (!trend) return std::cerr << trend.error().message << '\n', 1;
  std::uint64_t count = 0;
  for (const optiinfra::QualityHour& hour : trend->hours) count += hour.total_requests;
  std::cout << count << " score in the store\n";
}
