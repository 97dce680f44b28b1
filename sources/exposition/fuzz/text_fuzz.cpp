// Any bytes: samples or an error with a line, never a crash, a hang or memory out of proportion. The first
// byte chooses the format. What is read goes on to rows, read twice as if a target had answered it twice.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "optiinfra/core/utf8.hpp"
#include "optiinfra/exposition/explain.hpp"
#include "optiinfra/exposition/rows_between.hpp"

namespace {

using namespace optiinfra;
using namespace optiinfra::exposition;

void expect(bool holds) {
  if (!holds) std::abort();
}

exposition::sys_milliseconds at(int seconds) {
  return exposition::sys_milliseconds(std::chrono::seconds(1'800'000'000 + seconds));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const exposition::ReadOptions options{.format = data[0] % 2 == 0 ? exposition::TextFormat::kPrometheus
                                                                   : exposition::TextFormat::kOpenMetrics};
  const auto first = exposition::read_metrics(text, exposition::AliasTable::builtin(), at(0), options);
  expect(exposition::explain_metrics(text, exposition::AliasTable::builtin(), options).has_value() ==
         first.has_value());
  if (!first) {
    expect(is_utf8(first.error().message) && first.error().message.starts_with("line "));
    return 0;
  }
  const auto second = exposition::read_metrics(text, exposition::AliasTable::builtin(), at(15), options);
  exposition::TargetOwner owner{.customer_id = {1, 1}, .service_id = {1, 2}, .instance_id = "host:1"};
  const exposition::RowsBetween rows =
      exposition::rows_between(&*first, *second, exposition::AliasTable::builtin(), owner);
  for (const exposition::ServingInterval& each : rows.servings) {
    expect(each.interval_seconds == 15);
    // The same text twice: nothing happened, except where a start time lies between the two.
    expect(!each.prompt_tokens || *each.prompt_tokens >= 0);
  }
  return 0;
}
