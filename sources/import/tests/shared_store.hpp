/// A store that the tests of a suite share, since making one takes longer than most of them.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "optiinfra/client/client.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra {

/// Each test has rows of its own in it, or empties it.
class SharedStoreTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new testing::TemporaryFolder(testing::memory_folder());
    auto client = Client::open("embedded:" + (*folder_ / "store").string(), {.create = true});
    ASSERT_TRUE(client) << client.error().message;
    client_ = new Client(*std::move(client));
  }
  static void TearDownTestSuite() {
    delete client_;
    delete folder_;
    client_ = nullptr, folder_ = nullptr;
  }

  static std::filesystem::path write(const std::string& name, const std::string& text) {
    std::ofstream(*folder_ / name, std::ios::binary) << text;
    return *folder_ / name;
  }

  static inline testing::TemporaryFolder* folder_ = nullptr;
  static inline Client* client_ = nullptr;
};

}  // namespace optiinfra
