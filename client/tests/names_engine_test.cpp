// Names of customers, services and instances: set, used in questions, renamed, removed, copied.
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "optiinfra/client/client.hpp"
#include "optiinfra/client/names.hpp"
#include "optiinfra/core/identity.hpp"
#include "optiinfra/testing/temporary_folder.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra {
namespace {

using namespace std::chrono_literals;

const Uuid kAcme{1, 1}, kOther{2, 2}, kChat{3, 3};

Client open_store(const testing::TemporaryFolder& folder, const char* name = "store") {
  auto opened = Client::open("embedded:" + (folder.path() / name).string(), {.create = true});
  if (!opened) throw std::runtime_error(opened.error().message);
  return *std::move(opened);
}

NewName customer(std::string name, const Uuid& id) {
  return {NameKind::kCustomer, std::move(name), id.to_string()};
}

std::string error_of(const Result<std::size_t>& result) { return result ? "" : result.error().message; }

class NamesTest : public ::testing::Test {
 protected:
  Names names() {
    auto names = client_.names(0ms);
    EXPECT_TRUE(names) << names.error().message;
    return *names;
  }
  std::size_t set(const NewName& name) {
    auto changed = set_names(client_, std::span(&name, 1), "test");
    EXPECT_TRUE(changed) << changed.error().message;
    return changed ? *changed : 0;
  }

  testing::TemporaryFolder folder_;
  Client client_ = open_store(folder_);
};

TEST_F(NamesTest, AnswerQuestionsAsTheirIdsDo) {
  PerformanceMetric row;
  row.timestamp = now() - 60s;
  row.customer_id = kAcme;
  row.service_id = kChat;
  row.model_name = "m";
  row.latency_ms = 5;
  ASSERT_TRUE(client_.insert(std::vector{row}));
  set(customer("Acme, Inc.", kAcme));
  set({NameKind::kService, "chat", kChat.to_string(), kAcme});
  Question question{.measures = {"performance.request_count"},
                    .range = {now() - 1h, now() + 1s},
                    .filters = {{"customer", "Acme, Inc."}, {"service_id", "chat"}}};
  auto answer = client_.query(question);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->coverage.front().rows, 1u);
  question.filters.front().value = "Acme Inc.";
  answer = client_.query(question);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message,
            "customer: no customer is called 'Acme Inc.'; did you mean 'Acme, Inc.'?");
}

TEST_F(NamesTest, BelongToOneIdAndAnIdHasOneName) {
  EXPECT_EQ(set(customer("acme", kAcme)), 1u);
  EXPECT_EQ(set(customer("acme", kAcme)), 0u) << "What holds already is no change";
  const NewName taken = customer("acme", kOther);
  const auto refused = set_names(client_, std::span(&taken, 1), "test");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(set({NameKind::kService, "acme", kChat.to_string()}), 1u) << "Kinds have names of their own";

  EXPECT_EQ(set(customer("acme-corp", kAcme)), 1u);
  EXPECT_EQ(names().of(NameKind::kCustomer, kAcme.to_string())->name, "acme-corp");
  EXPECT_EQ(names().find(NameKind::kCustomer, "acme"), nullptr);
  const auto id = names().id_of(NameKind::kCustomer, "acme");
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().message, "no customer is called 'acme' any more; its name is 'acme-corp'");
  EXPECT_EQ(set(customer("acme", kOther)), 1u) << "A name that its id gave up is free";
  EXPECT_EQ(*names().id_of(NameKind::kCustomer, "acme"), kOther.to_string());
}

TEST_F(NamesTest, AreSetAllOrNone) {
  const std::vector<NewName> some = {customer("good", kAcme), customer("", kOther)};
  EXPECT_NE(error_of(set_names(client_, some, "test")).find("must not be empty"), std::string::npos);
  EXPECT_TRUE(names().all().empty());
}

TEST_F(NamesTest, ThatCannotBeToldFromAnIdOrFromEachOtherAreRefused) {
  for (const std::string& name :
       {std::string(), kAcme.to_string(), std::string(" acme"), std::string("ac\nme"), std::string("\xFF"),
        std::string(kNameBytesMax + 1, 'x')}) {
    const NewName each = customer(name, kAcme);
    EXPECT_FALSE(set_names(client_, std::span(&each, 1), "test")) << name;
  }
  const NewName without_id{NameKind::kInstance, "gpu-1"};
  EXPECT_FALSE(set_names(client_, std::span(&without_id, 1), "test"));
}

TEST_F(NamesTest, WithoutAnIdMeanTheIdentityOfTheirText) {
  set({NameKind::kCustomer, "team-a"});
  EXPECT_EQ(*names().id_of(NameKind::kCustomer, "team-a"), identity_of("customer", "team-a").to_string());
}

TEST_F(NamesTest, RemovedLeaveTheirIdWithoutAName) {
  set(customer("acme", kAcme));
  ASSERT_TRUE(remove_name(client_, NameKind::kCustomer, "acme", "test"));
  EXPECT_EQ(names().of(NameKind::kCustomer, kAcme.to_string()), nullptr);
  const auto again = remove_name(client_, NameKind::kCustomer, "acme", "test");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, "no customer is called 'acme'");
}

TEST_F(NamesTest, KeptToCustomersHideTheNamesOfOthersAlsoInErrors) {
  set(customer("acme", kAcme));
  set(customer("other", kOther));
  set({NameKind::kService, "other-chat", kChat.to_string(), kOther});
  const Names own = names().kept_to({kAcme});
  ASSERT_EQ(own.all().size(), 1u);
  EXPECT_EQ(own.of(NameKind::kService, kChat.to_string()), nullptr);
  const auto hidden = own.id_of(NameKind::kCustomer, "other"),
             absent = own.id_of(NameKind::kCustomer, "othes");
  ASSERT_FALSE(hidden);
  ASSERT_FALSE(absent);
  std::string message = hidden.error().message;
  message.replace(message.find("other"), 5, "othes");
  EXPECT_EQ(message, absent.error().message);
}

TEST_F(NamesTest, AnInstancesIdNeedsNoNameAndItsNameIsItsId) {
  set({NameKind::kInstance, "gpu-1", "i-0abc"});
  EXPECT_EQ(*names().id_of(NameKind::kInstance, "gpu-1"), "i-0abc");
  EXPECT_EQ(*names().id_of(NameKind::kInstance, "i-0abc"), "i-0abc");
}

TEST_F(NamesTest, SetAtTheSameTimeHaveOneOwnerThatEveryProgramAgreesOn) {
  std::vector<std::thread> threads;
  std::atomic<int> succeeded = 0;
  for (std::uint64_t i = 0; i < 8; ++i)
    threads.emplace_back([this, i, &succeeded] {
      const NewName name = customer("contested", Uuid{7, i});
      if (set_names(client_, std::span(&name, 1), "test")) ++succeeded;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(succeeded, 1);
  const std::string owner = *names().id_of(NameKind::kCustomer, "contested");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(*names().id_of(NameKind::kCustomer, "contested"), owner);
  EXPECT_EQ(names().all().size(), 1u);
}

TEST_F(NamesTest, AreCopiedOnceWithTheirHistory) {
  set(customer("acme", kAcme));
  set(customer("acme-corp", kAcme));
  testing::TemporaryFolder folder;
  const std::string target = "embedded:" + (folder.path() / "target").string();
  // One process holds one store at a time: what the second one has comes from the first as records.
  ASSERT_TRUE(client_.names());
  auto copied = copy_names(client_, client_);
  ASSERT_TRUE(copied);
  EXPECT_EQ(*copied, 0u);
}

TEST_F(NamesTest, AreReadAgainWhenTheyAreOld) {
  ASSERT_TRUE(client_.names());
  ASSERT_TRUE(client_.with_session([](Session& session) {
    return session.execute({.sql = "INSERT INTO optiinfra.names VALUES ('customer', 'acme', '" +
                                   kAcme.to_string() + "', '" + kAcme.to_string() +
                                   "', now64(6), 'sql', 0)"});
  }));
  EXPECT_EQ(client_.names(1h)->find(NameKind::kCustomer, "acme"), nullptr);
  EXPECT_NE(client_.names(0ms)->find(NameKind::kCustomer, "acme"), nullptr);
}

/// Acme's: chat, set with it, and batch, set without a customer. Shared has rows of another customer too.
class ForgottenNames : public NamesTest {
 protected:
  void SetUp() override {
    set(customer("acme", kAcme));
    set(customer("other", kOther));
    set({NameKind::kService, "chat", kChat.to_string(), kAcme});
    set({NameKind::kService, "batch", kBatch.to_string()});
    set({NameKind::kService, "shared", kShared.to_string()});
    set({NameKind::kInstance, "the old box", "i-1"});
    insert(kAcme, kBatch);
    insert(kAcme, kShared);
    insert(kOther, kShared);
    ResourceMetric used;
    used.timestamp = now() - 60s;
    used.customer_id = kAcme;
    used.instance_id = "i-1";
    ASSERT_TRUE(client_.insert(std::vector{used}));
  }

  void insert(const Uuid& owner, const Uuid& service) {
    PerformanceMetric row;
    row.timestamp = now() - 60s;
    row.customer_id = owner;
    row.service_id = service;
    row.model_name = "m";
    row.latency_ms = 5;
    ASSERT_TRUE(client_.insert(std::vector{row}));
  }

  std::string all_names() {
    std::string text;
    const Names known = names();
    for (const NamedId* const each : known.all()) text += each->name + ";";
    return text;
  }

  const Uuid kBatch{4, 4}, kShared{5, 5};
};

TEST_F(ForgottenNames, AreTheCustomersAndThoseThatOnlyItsRowsHave) {
  const auto count = count_names_of(client_, kAcme);
  ASSERT_TRUE(count) << count.error().message;
  EXPECT_EQ(*count, 4u) << "acme, chat, batch and the instance";
  ASSERT_TRUE(claim_names(client_, kAcme));
  const auto forgotten = forget_names(client_, kAcme);
  ASSERT_TRUE(forgotten) << forgotten.error().message;
  EXPECT_EQ(all_names(), "other;shared;");
  EXPECT_EQ(*count_names_of(client_, kAcme), 0u);
}

TEST_F(ForgottenNames, StayKnownWhileTheRowsAreGone) {
  ASSERT_TRUE(claim_names(client_, kAcme));
  for (const char* const table : {"performance_metrics_ts", "performance_metrics_hourly"})
    ASSERT_TRUE(client_.with_session([&](Session& session) {
      return session.execute(
          {.sql = std::string("ALTER TABLE optiinfra.") + table +
                  " DELETE WHERE customer_id = {customer:UUID} SETTINGS mutations_sync = 2",
           .parameters = {{"customer", kAcme.to_string()}}});
    }));
  ASSERT_TRUE(forget_names(client_, kAcme));
  EXPECT_EQ(all_names(), "other;shared;");
}

TEST_F(ForgottenNames, OfThePastDoNotComeBack) {
  ASSERT_TRUE(claim_names(client_, kAcme));
  ASSERT_TRUE(remove_name(client_, NameKind::kService, "batch", "test"));
  ASSERT_TRUE(forget_names(client_, kAcme));
  EXPECT_EQ(all_names(), "other;shared;") << "its first record, without a customer, went with the last";
}

TEST_F(ForgottenNames, AreMissedByAClientThatKnewThem) {
  Client other = open_store(folder_);
  ASSERT_NE(other.names(0ms)->find(NameKind::kCustomer, "acme"), nullptr);
  ASSERT_TRUE(forget_names(client_, kAcme));
  // As many records as before: their number alone does not tell.
  set(customer("new-1", {7, 1}));
  set(customer("new-2", {7, 2}));
  EXPECT_EQ(other.names(0ms)->find(NameKind::kCustomer, "acme"), nullptr);
}

}  // namespace
}  // namespace optiinfra
