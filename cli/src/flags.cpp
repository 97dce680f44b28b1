#include "flags.hpp"

#include <charconv>
#include <cstdint>

#include "optiinfra/client/question_text.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::cli {
Result<TimeRange> WindowFlags::range() const {
  if (!from || !to) return last_hours(hours);
  auto range = range_between(*from, *to);
  if (!range) return with_context(std::move(range).error(), "--to");
  return range;
}

Result<void> WindowFlags::check() const {
  OPTIINFRA_CHECK(range());
  return {};
}

CLI::Option* add_id(CLI::App& app, const std::string& name, std::optional<std::string>& target,
                    const std::string& meaning) {
  const auto parse = [](const std::string& text) -> Result<std::optional<std::string>> {
    if (text.empty()) return invalid_argument("is empty; give a UUID or a name");
    return std::optional(text);
  };
  return add_parsed(app, name, target, parse, meaning, "UUID|NAME");
}

CLI::Option* add_time(CLI::App& app, const std::string& name, std::optional<sys_seconds>& target,
                      const std::string& meaning) {
  return add_parsed(app, name, target, parse_time, meaning, "TIME");
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, std::chrono::seconds& target,
                          const std::string& meaning) {
  return add_parsed(app, name, target, parse_duration, meaning, "DURATION");
}

Result<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t number = 0, unit = 1;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (rest == "k" || rest == "K") unit = 1'000;
  if (rest == "M") unit = 1'000'000;
  if (rest == "G") unit = 1'000'000'000;
  if (code != std::errc{} || rest.empty() != (unit == 1) || number > UINT64_MAX / unit)
    return invalid_argument("'" + std::string(text) +
                            "' is not a whole number; write for example 10000, 10k or 2M");
  return number * unit;
}

std::string family_type() {
  std::string names;
  for (const Family family : kFamilies)
    names += (names.empty() ? "" : "|") + std::string(table_of(family).name);
  return names;
}

Result<std::chrono::days> parse_days(std::string_view text) {
  OPTIINFRA_TRY(const std::chrono::seconds length, parse_duration(text));
  const auto days = std::chrono::floor<std::chrono::days>(length);
  if (days == length) return days;
  return invalid_argument("'" + std::string(text) + "' is not a number of whole days; write for example 14d");
}

void add_window(CLI::App& app, WindowFlags& flags) {
  auto* const hours = app.add_option("--hours", flags.hours, "The last N hours, up to now; 1 to 87600")
                          ->type_name("N")
                          ->check(within(1, kHoursMax))
                          ->capture_default_str();
  auto* const from =
      add_time(app, "--from", flags.from, "Start of an exact window, included")->excludes(hours);
  auto* const to =
      add_time(app, "--to", flags.to, "End of an exact window, not included")->excludes(hours)->needs(from);
  from->needs(to);
}

}  // namespace optiinfra::cli
