/// @file optiinfra/testing/fake_service.hpp
/// An HTTP service that answers what a test says: for answers that `optiinfra server` never gives.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace optiinfra::testing {

struct FakeRequest {
  std::string head, body;

  /// The value of a header, whose name is given as the client writes it; empty when there is none.
  std::string header(const std::string& name) const;
};

struct FakeAnswer {
  int status = 200;  ///< 0: no answer comes, and the connection stays open.
  std::string body = {};
};

/// Listens on a free port of 127.0.0.1, on one thread of its own. Answers one request at a time and closes
/// the connection behind it. `answer` is called in that thread. Ends the process when it cannot listen.
class FakeService {
 public:
  explicit FakeService(std::function<FakeAnswer(const FakeRequest&)> answer);
  FakeService(const FakeService&) = delete;
  FakeService& operator=(const FakeService&) = delete;
  /// Drops the connection.
  ~FakeService();

  std::uint16_t port() const noexcept;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace optiinfra::testing
