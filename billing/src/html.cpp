#include <algorithm>
#include <set>

#include "gathered.hpp"
#include "optiinfra/attribution/unit_cost.hpp"
#include "shown.hpp"

namespace optiinfra::billing {
namespace {

/// The columns of `unit-cost` that the page has room for.
constexpr const char* kShownColumns[] = {"total_cost",
                                         "served_cost",
                                         "wasted_cost",
                                         "underfill_cost",
                                         "idle_cost",
                                         "overhead_cost",
                                         "unreconciled_cost",
                                         "requests",
                                         "failed_requests",
                                         "prompt_tokens",
                                         "completion_tokens",
                                         "cost_per_request",
                                         "cost_per_million_tokens",
                                         "coverage"};

constexpr const char* kStyle = R"(
body { font: 14px/1.45 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 82rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.window, .small { color: #555; } .answer { font-size: 1.15rem; }
.notice { border-left: .3rem solid #b45309; background: #fff7ed; padding: .5rem .75rem; }
table { border-collapse: collapse; width: 100%; font-size: .78rem; } caption { text-align: left; font-weight: 600; padding: .5rem 0; }
th, td { border-bottom: 1px solid #d4d4d4; padding: .25rem .4rem; text-align: right; vertical-align: top; }
th { vertical-align: bottom; } td { font-variant-numeric: tabular-nums; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 12rem; } dt { font-weight: 600; } dd { margin: 0 0 .4rem 1rem; }
@media print { @page { size: A4 landscape; margin: 12mm; } body { max-width: none; margin: 0; padding: 0; font-size: 9pt; }
  table { font-size: 7pt; } th, td { padding: .15rem .2rem; } th:first-child, td:first-child { min-width: 38mm; } thead { display: table-header-group; } tr, .notice, dl > div { break-inside: avoid; }
  h2, caption { break-after: avoid; } .notice { background: none; } }
)";

/// What users wrote, kept apart from the text around it also where it is written from right to left.
std::string user_text(std::string_view text) { return "<bdi>" + escaped(text) + "</bdi>"; }

/// Money has the unit of its row's currency.
std::string heading_of(const AnswerColumn& column, const std::string& currency) {
  if (column.kind == CellKind::kCount || column.unit.empty()) return escaped(column.heading);
  return escaped(column.heading) + ",<br>" + escaped(column.unit == "currency" ? currency : column.unit);
}

class Page {
 public:
  Page(const Gathered& gathered, const std::string& title, const Names& names)
      : gathered_(gathered), title_(title), names_(names) {}

  std::string text() {
    head();
    if (!gathered_.is_over())
      notice(shown_month(gathered_.month.begin) + " is not over: this covers the hours that had ended by " +
             shown_hour(gathered_.window.end) + " UTC.");
    not_attributed();
    estimated();
    for (const std::string& currency : currencies()) tables(currency);
    method();
    html_ += "</main></body></html>\n";
    return std::move(html_);
  }

 private:
  std::string window() const {
    return shown_hour(gathered_.window.begin) + " to " + shown_hour(gathered_.window.end) + " UTC";
  }

  void head() {
    const std::string heading = "Cost of " + title_ + ", " + shown_month(gathered_.month.begin);
    html_ +=
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
        escaped(heading) + "</title>\n<style>" + kStyle + "</style></head>\n<body><main>\n<h1>Cost of " +
        user_text(title_) + ", " + shown_month(gathered_.month.begin) + "</h1>\n";
    for (const std::string& sentence : sentences(gathered_, title_))
      html_ += "<p class=\"answer\">" + user_text(sentence) + "</p>\n";
    html_ += "<p class=\"window\">Hours from " + window() + ", the end not included.</p>\n";
  }

  void notice(const std::string& text) { html_ += "<p class=\"notice\">" + escaped(text) + "</p>\n"; }

  void not_attributed() {
    if (gathered_.not_attributed.empty()) return;
    std::string hours;
    std::size_t count = 0;
    for (const TimeRange& each : gathered_.not_attributed) {
      hours += (hours.empty() ? "" : "; ") + shown_hour(each.begin) + " to " + shown_hour(each.end);
      count += static_cast<std::size_t>((each.end - each.begin) / std::chrono::hours{1});
    }
    notice("The cost of " + shown_count(count) + (count == 1 ? " hour" : " hours") +
           " with requests or charges is in no number here, because " + (count == 1 ? "it is" : "they are") +
           " not attributed (optiinfra attribute): " + hours + ", UTC.");
  }

  void estimated() {
    if (total_texts("price_source").find("price book") == std::string::npos) return;
    notice(
        "Hours that no bill covers yet have the price of the price book here. Their amounts change when the "
        "bill "
        "comes.");
  }

  /// Of all rows; that of requests without a price last.
  std::vector<std::string> currencies() const {
    std::set<std::string> found;
    for (std::size_t row = 0; row < gathered_.total().rows.size(); ++row)
      found.insert(text_of(gathered_.total(), row, "currency"));
    std::vector<std::string> names(found.begin(), found.end());
    if (!names.empty() && names.front().empty()) std::rotate(names.begin(), names.begin() + 1, names.end());
    return names;
  }

  void tables(const std::string& currency) {
    html_ += "<h2>" +
             (currency.empty() ? std::string("Without a currency or a price")
                               : "Amounts in " + user_text(currency)) +
             "</h2>\n";
    for (const Split& split : gathered_.splits) table(split, currency);
  }

  /// What the row is about.
  std::string label(const Split& split, std::size_t row) const {
    const std::string key = split.key;
    if (key == "total") return "total";
    if (key == "day") return shown_day(std::get<sys_seconds>(split.answer.rows[row].front()));
    const std::string id = std::get<std::string>(split.answer.rows[row].front());
    if (id.empty()) return "what served no request";
    const auto kind = parse_name_kind(key);
    const NamedId* const entry = kind ? names_.of(*kind, id) : nullptr;
    return entry == nullptr
               ? user_text(id)
               : user_text(entry->name) + "<br><span class=\"small\">" + user_text(id) + "</span>";
  }

  void table(const Split& split, const std::string& currency) {
    const Answer& answer = split.answer;
    std::vector<std::size_t> columns;
    for (const char* key : kShownColumns)
      for (std::size_t i = 0; i < answer.columns.size(); ++i)
        if (answer.columns[i].key == key) columns.push_back(i);
    html_ += std::string("<table><caption>") + split.heading + ", " + window() +
             "</caption>\n<thead><tr><th>" + (std::string(split.key) == "day" ? "day (UTC)" : split.key) +
             "</th>";
    for (const std::size_t column : columns)
      html_ += "<th>" + heading_of(answer.columns[column], currency) + "</th>";
    html_ += "</tr></thead>\n<tbody>\n";
    std::set<std::string> reasons;
    for (std::size_t row = 0; row < answer.rows.size(); ++row) {
      if (text_of(answer, row, "currency") != currency) continue;
      html_ += "<tr><td>" + label(split, row) + "</td>";
      bool has_absent = false;
      for (const std::size_t column : columns) {
        const Cell& cell = answer.rows[row][column];
        has_absent = has_absent || std::holds_alternative<std::monostate>(cell);
        html_ += "<td>" + escaped(shown_cell(answer.columns[column], cell)) + "</td>";
      }
      html_ += "</tr>\n";
      if (has_absent) add_reasons(text_of(answer, row, "reason"), reasons);
    }
    html_ += "</tbody></table>\n";
    if (reasons.empty()) return;
    html_ += "<p class=\"small\">– is a value that is not known:";
    const char* before = " ";
    for (const std::string& reason : reasons) {
      html_ += before + escaped(reason);
      before = "; ";
    }
    html_ += ".</p>\n";
  }

  /// Those of `text`, but for the one about a column that the page does not show.
  static void add_reasons(const std::string& text, std::set<std::string>& reasons) {
    constexpr std::string_view kBetween = "; ";
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find(kBetween, begin), text.size());
      const std::string reason = text.substr(begin, end - begin);
      if (reason != attribution::kNoGoodScore) reasons.insert(reason);
      begin = end + kBetween.size();
    }
  }

  /// All values that the column has in the total, whose rows are lists of them: "bill, price book".
  std::string total_texts(std::string_view key) const {
    constexpr std::string_view kBetween = ", ";
    std::set<std::string> texts;
    for (std::size_t row = 0; row < gathered_.total().rows.size(); ++row) {
      const std::string list = text_of(gathered_.total(), row, key);
      for (std::size_t begin = 0; begin < list.size();) {
        const std::size_t end = std::min(list.find(kBetween, begin), list.size());
        texts.insert(list.substr(begin, end - begin));
        begin = end + kBetween.size();
      }
    }
    std::string all;
    for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
    return all.empty() ? "none" : all;
  }

  void term(const char* name, const std::string& meaning) {
    html_ += std::string("<div><dt>") + name + "</dt><dd>" + meaning + "</dd></div>\n";
  }

  /// All rows of an answer say the same.
  void converted() {
    const auto& columns = gathered_.total().columns;
    const bool is_converted = std::any_of(columns.begin(), columns.end(), [](const AnswerColumn& each) {
      return each.key == "exchange_rates";
    });
    if (!is_converted || gathered_.total().rows.empty()) return;
    const std::string rates = text_of(gathered_.total(), 0, "exchange_rates");
    if (!rates.empty())
      term("Currencies", "Amounts of other currencies are converted, each hour by the rate of its day: " +
                             escaped(rates) + ".");
  }

  void method() {
    html_ += "<h2>How these numbers are made</h2>\n<dl>\n";
    term("Attributed cost",
         "Each charge of an instance and hour is split among the requests that it served, so that the parts "
         "add "
         "up to the charge, to the billionth. It is a model of who used what. Amounts here are rounded.");
    term("Hours", shown_count(gathered_.hours_attributed) + " of the " +
                      shown_count(static_cast<std::uint64_t>((gathered_.window.end - gathered_.window.begin) /
                                                             std::chrono::hours{1})) +
                      " hours of the window are attributed" +
                      (gathered_.not_attributed.empty()
                           ? "; the others have no request and no charge of this report."
                           : "; those of the others that have requests or charges are named above."));
    term("Method",
         "Weight and instance of the requests are from: " + escaped(total_texts("allocation_method")) +
             ". Before the slash: their own times (request_times), their tokens at the rates of the "
             "instance (instance_rates) or at a fixed proportion (multiplier), or how long they ran "
             "(duration); after it: the instance that they name, or those of their service or of the "
             "customer (pool).");
    term("Prices", "From: " + escaped(total_texts("price_source")) + ".");
    converted();
    term("Served, wasted",
         "Time with requests, by their weight; wasted is the part of served for requests that "
         "failed or were aborted.");
    term("Underfill, idle",
         "Time in which more requests would have fitted, and time without any, of instances "
         "that the customer pays for.");
    term("Overhead, unreconciled",
         "Taxes, purchases and charges without an instance; credits, refunds and "
         "adjustments, with their sign.");
    term("Priced", "The share of requests that a charge covers. The cost of the others is not known.");
    html_ += "</dl>\n";
  }

  const Gathered& gathered_;
  const std::string& title_;
  const Names& names_;
  std::string html_;
};

}  // namespace

std::string html_page(const Gathered& gathered, const std::string& title, const Names& names) {
  return Page(gathered, title, names).text();
}

}  // namespace optiinfra::billing
