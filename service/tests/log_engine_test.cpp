// What the service tells of its requests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "customers.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/service/service.hpp"
#include "optiinfra/service/tokens.hpp"
#include "optiinfra/testing/http_call.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::service {
namespace {

using ::testing::SizeIs;

class AnsweredRequests : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string url = "embedded:" + (folder_ / "store").string();
    ASSERT_TRUE(Client::open(url, {.create = true}));
    auto service = Service::listen({.port = 0,
                                    .folder = folder_ / "service",
                                    .attribute_after = std::nullopt,
                                    .on_answer = [this](const AnsweredRequest& request) {
                                      const std::lock_guard lock(mutex_);
                                      told_.push_back(request);
                                    }});
    ASSERT_TRUE(service) << service.error().message;
    service_.emplace(std::move(service).value());
    ASSERT_TRUE(service_->start(*parse_store_url(url)));
  }

  testing::HttpAnswer get(const std::string& target,
                          std::vector<std::pair<std::string, std::string>> headers) {
    const std::string address = service_->address();
    const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    return testing::http_call(port, {.method = "GET", .target = target, .headers = std::move(headers)});
  }

  testing::TemporaryFolder folder_;
  std::mutex mutex_;
  std::vector<AnsweredRequest> told_;
  std::optional<Service> service_;
};

TEST_F(AnsweredRequests, AreToldWithTheirIdTheirCallerAndTheirOutcome) {
  const std::string token = *Tokens(folder_ / "service").create("page", Scope::kRead, {});
  EXPECT_EQ(get("/api/v1/customers?limit=1", {{"X-Request-Id", "proxy-17"}}).header("x-request-id"),
            "proxy-17");
  EXPECT_EQ(get("/api/v1/me", {{"Authorization", "Bearer " + token}}).status, 200);
  const auto refused = get("/api/v1/me", {{"Authorization", "Bearer oi_00000000_wrong"}});
  const auto forged = get("/nowhere%0Aforged", {{"X-Request-Id", "two words"}});
  service_->stop(std::chrono::seconds{1});
  ASSERT_THAT(told_, SizeIs(4));
  EXPECT_EQ(told_[0].id, "proxy-17");
  EXPECT_EQ(told_[0].caller, "local");
  EXPECT_EQ(told_[0].method, "GET");
  EXPECT_EQ(told_[0].path, "/api/v1/customers") << "without parameters, which may name customers";
  EXPECT_EQ(told_[0].status, 200);
  EXPECT_GT(told_[0].answer_bytes, 10u);
  EXPECT_EQ(told_[1].caller, token.substr(3, 8)) << "the token's public part";
  EXPECT_EQ(told_[2].status, 401);
  EXPECT_EQ(told_[2].caller, "unknown");
  EXPECT_EQ(told_[2].id, refused.header("x-request-id"));
  EXPECT_EQ(told_[3].status, 404);
  EXPECT_EQ(told_[3].path, "/nowhere?forged");
  EXPECT_NE(told_[3].id, "two words");
  EXPECT_EQ(told_[3].id, forged.header("x-request-id"));
}

}  // namespace
}  // namespace optiinfra::service
