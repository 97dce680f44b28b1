/// Flags whose text becomes a typed value while the command line is read, so that a wrong one is a
/// usage error that names the flag.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

#include "optiinfra/core/error.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/core/uuid.hpp"
#include "optiinfra/schema/metrics.hpp"

namespace optiinfra::cli {

/// Adds `name`, whose text `parse` turns into `target`. `target` must outlive `app`.
template <typename T, typename Parse>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, T& target, Parse parse,
                        const std::string& meaning, const std::string& type) {
  return app
      .add_option_function<std::string>(
          name,
          [name, &target, parse](const std::string& text) {
            auto value = parse(text);
            if (!value) throw CLI::ValidationError(name, value.error().message);
            target = *std::move(value);
          },
          meaning)
      ->type_name(type);
}

/// Which of a stretch of hours or an exact range a question is about.
struct WindowFlags {
  int hours = 24;
  std::optional<sys_seconds> from;
  std::optional<sys_seconds> to;

  bool is_exact() const noexcept { return from.has_value(); }

  /// The exact range, or the hours up to and with this second. Errors: kInvalidArgument for a range
  /// that ends before it begins.
  Result<TimeRange> range() const;
  Result<void> check() const;
};

/// A customer or a service, by its UUID or its name; the store knows which.
CLI::Option* add_id(CLI::App& app, const std::string& name, std::optional<std::string>& target,
                    const std::string& meaning);

CLI::Option* add_time(CLI::App& app, const std::string& name, std::optional<sys_seconds>& target,
                      const std::string& meaning);
CLI::Option* add_duration(CLI::App& app, const std::string& name, std::chrono::seconds& target,
                          const std::string& meaning);

/// That a number lies in [`low`, `high`]; help shows only what the flag's meaning says.
template <typename Number>
CLI::Validator within(Number low, Number high) {
  return CLI::Validator(CLI::Range(low, high)).description("");
}

/// "10000", "10k", "2M", "1G": thousands, not 1024.
Result<std::uint64_t> parse_count(std::string_view text);

/// Adds `name`, a count from `low` to `high`.
template <typename Number>
CLI::Option* add_count(CLI::App& app, const std::string& name, Number& target, Number low, Number high,
                       const std::string& meaning) {
  const auto parse = [low, high](const std::string& text) -> Result<Number> {
    OPTIINFRA_TRY(const std::uint64_t count, parse_count(text));
    if (count >= low && count <= high) return static_cast<Number>(count);
    return invalid_argument("'" + text + "' is not within " + std::to_string(low) + " and " +
                            std::to_string(high));
  };
  return add_parsed(app, name, target, parse, meaning, "N");
}

/// How the families are listed where one is asked for: "cost|performance|...".
std::string family_type();

/// Whole days, written as a duration: "14d".
Result<std::chrono::days> parse_days(std::string_view text);

/// --hours, or --from with --to.
void add_window(CLI::App& app, WindowFlags& flags);

}  // namespace optiinfra::cli
