#include "rejected_rows.hpp"

#include <algorithm>

namespace optiinfra::service {
namespace {

void cut(std::string& text) {
  if (text.size() <= RejectedRows::kTextBytesMax) return;
  std::size_t size = RejectedRows::kTextBytesMax;
  const auto continues = [&](std::size_t i) {
    return (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U;
  };
  while (size > 0 && continues(size)) --size;
  text.resize(size);
}

}  // namespace

void RejectedRows::add(std::vector<RejectedSample> samples) {
  if (samples.size() > kKeptOfRequest) samples.resize(kKeptOfRequest);
  for (RejectedSample& each : samples) {
    cut(each.column);
    cut(each.reason);
  }
  const std::lock_guard lock(mutex_);
  samples_.insert(samples_.begin(), std::make_move_iterator(samples.begin()),
                  std::make_move_iterator(samples.end()));
  if (samples_.size() > kKept) samples_.resize(kKept);
}

std::vector<RejectedSample> RejectedRows::latest(const Caller& caller) const {
  const auto may_see = [&](const RejectedSample& each) {
    return caller.sees_all() ||
           (!each.customers.empty() &&
            std::ranges::all_of(each.customers, [&](const Uuid& customer) { return caller.sees(customer); }));
  };
  std::vector<RejectedSample> seen;
  const std::lock_guard lock(mutex_);
  std::ranges::copy_if(samples_, std::back_inserter(seen), may_see);
  return seen;
}

void RejectedRows::forget(const Uuid& customer) {
  const std::lock_guard lock(mutex_);
  std::erase_if(samples_, [&](const RejectedSample& each) {
    return each.customers.empty() || std::ranges::find(each.customers, customer) != each.customers.end();
  });
}

}  // namespace optiinfra::service
