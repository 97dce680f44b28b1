/// The answers that a report shows.
#pragma once

#include <string>
#include <vector>

#include "optiinfra/billing/customer_report.hpp"
#include "optiinfra/client/question.hpp"

namespace optiinfra::billing {

/// The customers' costs, split by one thing.
struct Split {
  const char* key;      ///< "total", "customer", "service", "model", "day".
  const char* heading;  ///< "By service".
  Answer answer;        ///< Of `unit-cost`.
};

struct Gathered {
  TimeRange month{};
  TimeRange window{};                          ///< The month's hours that have ended.
  std::vector<Split> splits = {};              ///< The total first.
  std::size_t hours_attributed = 0;            ///< Hours of the window that are attributed, of any customer.
  std::vector<TimeRange> not_attributed = {};  ///< Hours with rows of the customers, neighbours together.

  bool is_over() const noexcept { return window.end == month.end; }
  const Answer& total() const noexcept { return splits.front().answer; }
};

/// The cell of the column `key`, which the answer has.
const Cell& cell_of(const Answer& answer, std::size_t row, std::string_view key);
std::string text_of(const Answer& answer, std::size_t row, std::string_view key);

/// The page. `title` is whose report it is.
std::string html_page(const Gathered& gathered, const std::string& title, const Names& names);

/// The first sentences of the page, one for each currency, and one for requests without a price.
std::vector<std::string> sentences(const Gathered& gathered, const std::string& title);

Result<void> write_focus(Client& client, const CustomerReportQuestion& question, TimeRange window,
                         const Names& names, const report::TextOutput& output);

}  // namespace optiinfra::billing
