#include "optiinfra/client/question_text.hpp"

#include <algorithm>

#include "optiinfra/client/catalogue.hpp"

namespace optiinfra {

std::vector<std::string> parse_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::string_view name = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), name.size() + 1));
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

Result<Filter> parse_filter(std::string_view text) {
  const std::size_t mark = text.find('=');
  if (mark == 0 || mark == std::string_view::npos)
    return invalid_argument("'" + std::string(text) + "' is not NAME=VALUE");
  return Filter{std::string(text.substr(0, mark)), std::string(text.substr(mark + 1))};
}

std::vector<Order> parse_order(std::string_view text) {
  constexpr std::string_view kDescending = ":desc";
  std::vector<Order> order;
  for (std::string& name : parse_names(text)) {
    const bool is_descending = name.ends_with(kDescending);
    if (is_descending) name.resize(name.size() - kDescending.size());
    order.push_back({std::move(name), is_descending});
  }
  return order;
}

Result<Bucket> parse_bucket(std::string_view text) {
  for (const Bucket bucket : {Bucket::kHour, Bucket::kDay, Bucket::kWeek}) {
    if (text == to_string(bucket)) return bucket;
  }
  return invalid_argument("'" + std::string(text) + "' is not one of hour, day, week");
}

Result<TimeRange> last_hours(int hours) {
  if (hours < 1 || hours > kHoursMax)
    return invalid_argument(std::to_string(hours) + " hours are outside 1 to " + std::to_string(kHoursMax));
  const sys_seconds end = now() + std::chrono::seconds{1};
  return TimeRange{end - std::chrono::hours{hours}, end};
}

Result<TimeRange> range_between(sys_seconds begin, sys_seconds end) {
  if (begin < end) return TimeRange{begin, end};
  return invalid_argument(format_time(end) + " is not after " + format_time(begin) +
                          ", where the window begins");
}

}  // namespace optiinfra
