// Any bytes as lines of each form: rows that keep the rules, or lines that are counted, never a crash, a hang
// or memory out of proportion. The same bytes give the same rows. The first byte chooses the form.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "optiinfra/core/utf8.hpp"
#include "optiinfra/schema/validate.hpp"
#include "optiinfra/tail/form.hpp"

namespace {

using namespace optiinfra;

void expect(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<tail::LogForm> forms = [] {
    std::vector<tail::LogForm> all;
    for (const tail::LogForm::Known& each : tail::LogForm::known())
      all.push_back(*tail::LogForm::builtin(each.name));
    return all;
  }();
  if (size == 0) return 0;
  const tail::LogForm& form = forms[data[0] % forms.size()];
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr sys_seconds kClock{std::chrono::seconds{1'772'400'000}};
  const tail::LineDefaults defaults{.customer = "a", .service = "b"};
  const tail::LogRows read = tail::read_log(form, defaults, text, kClock);
  expect(read.rows.size() + read.others + read.refused_count == read.lines);
  expect(read.rows.is_rectangular() && validate(read.rows, kClock).ok());
  for (const tail::RefusedLine& each : read.refused)
    expect(each.line < read.lines && is_utf8(each.to_string()));
  const tail::LogRows again = tail::read_log(form, defaults, text, kClock);
  expect(again.rows.request_id == read.rows.request_id && again.refused_count == read.refused_count);
  return 0;
}
