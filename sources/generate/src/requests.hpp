// The fleet's requests: what performance and quality rows are made of.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "load.hpp"
#include "mathematics.hpp"
#include "plan.hpp"

namespace optiinfra::fleet {

/// How a request ends, in the order of kStatuses.
enum class RequestEnd : std::uint8_t { kOk, kClientError, kServerError, kAborted, kDropped };

struct Request {
  std::uint32_t time = 0;  ///< Unix seconds.
  std::uint32_t service = 0;
  Uuid id;
  std::uint32_t prompt_tokens = 0, completion_tokens = 0, batch_size = 0;
  std::uint32_t latency_tenths_ms = 0;
  std::uint32_t gpu_tenths_percent = 0, kv_cache_tenths_percent = 0;

  // What follows is 0 unless the fleet has all columns.
  std::uint32_t instance = 0;
  std::uint32_t queue_tenths_ms = 0, first_token_tenths_ms = 0;  ///< The first token comes after the queue.
  std::uint32_t cached_tokens = 0, reasoning_tokens = 0;
  RequestEnd end = RequestEnd::kOk;
  const char* finish_reason = "";

  /// Whether the engine computed something for it.
  bool was_served() const { return end != RequestEnd::kClientError && end != RequestEnd::kDropped; }
};

/// Works out request number `index` from its number. Asking in rising order is cheap, going back is not
/// allowed. `plan` must outlive it.
class RequestSequence {
 public:
  explicit RequestSequence(const Plan& plan);
  Request at(std::uint64_t index);

 private:
  static constexpr std::size_t kChoices = 4096;

  /// A service in the slot that holds the request.
  struct Service {
    float prompt_tokens, completion_tokens;  ///< Medians.
    float first_token_ms, prefill_ms_per_token, decode_ms_per_token;
    float batch_size;
    std::uint32_t gpu_tenths, kv_cache_tenths;
    float queue_ms, cached_share, tool_call_share, reasoning_share;
    std::uint32_t trouble;  ///< Its failures are as many times as usual.
  };

  void enter(std::size_t slot);
  Service service_in_slot(std::size_t service, sys_seconds time) const;
  void choose_by_demand(sys_seconds time);
  void finish(Request& request, const Service& service, std::uint64_t bits) const;

  const Plan& plan_;
  std::uint64_t stream_;
  Quantiles prompt_factors_, completion_factors_, latency_factors_;
  std::size_t slot_ = 0;
  std::uint64_t slot_begin_ms_ = 0;
  std::uint64_t first_request_ = 0, end_request_ = 0;
  double ms_per_request_ = 0;
  std::array<std::uint8_t, kChoices> choices_{};  ///< Services, each as often as its share of the slot.
  std::vector<Service> services_;
};

}  // namespace optiinfra::fleet
