#include "optiinfra/report/name_rows.hpp"

#include <gtest/gtest.h>

#include <string>

namespace optiinfra::report {
namespace {

const std::string kId = "550e8400-e29b-41d4-a716-446655440000";

TEST(NameRows, OfCsvMayQuoteCellsAndLeaveOutIds) {
  const auto names = read_names_csv("name,kind,id\r\n\"Acme, \"\"Inc.\"\"\",customer," + kId +
                                    "\r\n\r\nteam-a,customer,\ngpu-1,instance,i-0abc");
  ASSERT_TRUE(names) << names.error().message;
  ASSERT_EQ(names->size(), 3u);
  EXPECT_EQ((*names)[0].name, "Acme, \"Inc.\"");
  EXPECT_EQ((*names)[0].id, kId);
  EXPECT_EQ((*names)[1].id, "");
  EXPECT_EQ((*names)[2].kind, NameKind::kInstance);
}

TEST(NameRows, OfCsvThatAreWrongAreRefusedWithTheirLine) {
  const auto message = [](const std::string& text) {
    const auto names = read_names_csv(text);
    return names ? std::string() : names.error().message;
  };
  EXPECT_EQ(message("kind,nam\n"), "'nam' is not one of kind, name, id, customer_id; did you mean 'name'?");
  EXPECT_EQ(message("kind,name\ncustomer,\"a\nb\"\ntenant,x\n"),
            "line 4: 'tenant' is not one of customer, service, instance");
  EXPECT_EQ(message("kind,name\ncustomer\n"), "line 2 has 1 cells, and the header 2");
  EXPECT_EQ(message("kind,name\ncustomer,\"acme\n"), "line 2 ends inside of quotes");
}

TEST(NameRows, OfJsonAreAnObjectOrAnArray) {
  const auto one = read_names_json(R"({"kind": "customer", "name": "acme", "id": null})");
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ(one->front().name, "acme");
  const auto two = read_names_json(R"([{"kind": "service", "name": "chat", "customer_id": ")" + kId +
                                   R"("}, {"kind": "customer", "name": "b"}])");
  ASSERT_TRUE(two) << two.error().message;
  EXPECT_EQ(two->front().customer_id.to_string(), kId);
}

TEST(NameRows, OfJsonThatAreWrongAreRefusedWithTheirIndex) {
  const auto message = [](const std::string& text) {
    const auto names = read_names_json(text);
    return names ? std::string() : names.error().message;
  };
  EXPECT_EQ(message(R"([{"kind": "customer", "name": 5}])"), "row 0: name must be a text");
  EXPECT_EQ(message(R"([{"kind": "customer", "name": "a"}, {"nam": "b"}])"),
            "row 1: 'nam' is not one of kind, name, id, customer_id; did you mean 'name'?");
  EXPECT_EQ(message("{"), "the body is not JSON");
  EXPECT_NE(message(std::string(100'000, '[')).find("more inside"), std::string::npos);
}

}  // namespace
}  // namespace optiinfra::report
