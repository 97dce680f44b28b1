#include "output/table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "output/chart.hpp"
#include "output/number.hpp"

namespace optiinfra::cli {
namespace {

constexpr const char* kGap = "  ";

std::string bold(std::string text, const Terminal& terminal) {
  return terminal.colour ? "\x1b[1m" + std::move(text) + "\x1b[0m" : std::move(text);
}

std::string dim(std::string text, const Terminal& terminal) {
  return terminal.colour ? "\x1b[2m" + std::move(text) + "\x1b[0m" : std::move(text);
}

std::string repeated(const char* piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char byte) { return byte < 0x20 || byte == 0x7F; }, '?');
  return text;
}

/// A value as a table shows it.
struct TableText {
  const Field& field;

  std::string operator()(std::monostate) const { return "-"; }
  std::string operator()(bool value) const { return value ? "yes" : "no"; }
  std::string operator()(std::int64_t value) const {
    return value < 0 ? "-" + count(std::uint64_t{0} - static_cast<std::uint64_t>(value))
                     : count(static_cast<std::uint64_t>(value));
  }
  std::string operator()(std::uint64_t value) const {
    return field.look == Look::kBytes ? format_bytes(value) : count(value);
  }
  std::string operator()(double value) const {
    if (!std::isfinite(value)) return "-";
    return field.look == Look::kDecimal ? format_decimal(value, field.decimals) : fmt::format("{}", value);
  }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(sys_seconds value) const { return format_engine_time(value); }

  std::string count(std::uint64_t value) const {
    return field.look == Look::kText ? std::to_string(value) : format_count(value);
  }
};

std::string cell_text(const Value& value, const Field& field) {
  return printable(std::visit(TableText{field}, value));
}

bool is_right_aligned(const Field& field) { return field.look != Look::kText && field.look != Look::kTime; }

/// `text` in `width` columns; the last column of a line is not filled up on its right.
std::string padded(const std::string& text, std::size_t width, bool right, bool last) {
  const std::size_t used = display_width(text);
  const std::string space(used < width ? width - used : 0, ' ');
  return right ? space + text : last ? text : text + space;
}

struct Grid {
  std::vector<std::vector<std::string>> lines;  ///< Headings first.
  std::vector<std::size_t> widths;
};

/// The columns that a table shows: not those that no row has a value for and that need one.
Records shown(const Records& records) {
  Records left;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < records.fields.size(); ++i) {
    const bool has_value = std::any_of(records.rows.begin(), records.rows.end(), [i](const Row& row) {
      return !std::holds_alternative<std::monostate>(row[i]);
    });
    if (records.fields[i].only_if_present && !has_value) continue;
    kept.push_back(i);
    left.fields.push_back(records.fields[i]);
  }
  for (const Row& row : records.rows) {
    Row& cells = left.rows.emplace_back();
    for (const std::size_t i : kept) cells.push_back(row[i]);
  }
  return left;
}

Grid make_grid(const Records& records) {
  Grid grid;
  auto& headings = grid.lines.emplace_back();
  for (const Field& field : records.fields) headings.push_back(field.heading);
  for (const Row& row : records.rows) {
    auto& line = grid.lines.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) line.push_back(cell_text(row[i], records.fields[i]));
  }
  grid.widths.resize(records.fields.size());
  for (const auto& line : grid.lines)
    for (std::size_t i = 0; i < line.size(); ++i)
      grid.widths[i] = std::max(grid.widths[i], display_width(line[i]));
  return grid;
}

std::string line_text(const std::vector<std::string>& cells, const Grid& grid, const Records& records) {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i != 0) text += kGap;
    text += padded(cells[i], grid.widths[i], is_right_aligned(records.fields[i]), i + 1 == cells.size());
  }
  return text;
}

std::string rule(const Grid& grid, const Terminal& terminal) {
  std::string text;
  for (std::size_t i = 0; i < grid.widths.size(); ++i)
    text += (i == 0 ? "" : kGap) + repeated(terminal.unicode ? "─" : "-", grid.widths[i]);
  return text;
}

/// One line a field.
std::string render_row(const Records& records, const Row& row, const Terminal& terminal) {
  std::size_t name_width = 0;
  std::size_t number_width = 0;
  for (std::size_t i = 0; i < records.fields.size(); ++i) {
    const Field& field = records.fields[i];
    name_width = std::max(name_width, display_width(field.heading));
    if (is_right_aligned(field))
      number_width = std::max(number_width, display_width(cell_text(row[i], field)));
  }
  std::string text;
  for (std::size_t i = 0; i < records.fields.size(); ++i) {
    const Field& field = records.fields[i];
    const std::string value = cell_text(row[i], field);
    text += bold(padded(field.heading, name_width, false, false), terminal) + kGap +
            padded(value, number_width, is_right_aligned(field), true) + "\n";
  }
  return text;
}

/// A row a paragraph, for tables that are wider than the terminal.
std::string render_rows_apart(const Records& records, const Terminal& terminal) {
  std::string text;
  for (const Row& row : records.rows) text += (text.empty() ? "" : "\n") + render_row(records, row, terminal);
  return text;
}

std::size_t width_of(const Grid& grid) {
  std::size_t width = 2 * (grid.widths.size() - 1);  // The gaps.
  for (const std::size_t each : grid.widths) width += each;
  return width;
}

std::string last_line(const Report& report) {
  std::string text;
  if (report.window)
    text = "window " + format_time(report.window->begin) + " to " + format_time(report.window->end) + ", ";
  return text + format_span(report.elapsed.value_or(std::chrono::duration<double>{}));
}

}  // namespace

std::string render_table(const Records& all, const Terminal& terminal) {
  if (all.rows.empty()) return "(none)\n";
  const Records records = shown(all);
  const Grid grid = make_grid(records);
  if (terminal.interactive && width_of(grid) > static_cast<std::size_t>(terminal.width))
    return render_rows_apart(records, terminal);
  std::string text = bold(line_text(grid.lines.front(), grid, records), terminal) + "\n";
  text += dim(rule(grid, terminal), terminal) + "\n";
  for (std::size_t i = 1; i < grid.lines.size(); ++i) text += line_text(grid.lines[i], grid, records) + "\n";
  return text;
}

std::string render_object(const Records& all, const Terminal& terminal) {
  const Records records = shown(all);
  return records.rows.empty() ? "(none)\n" : render_row(records, records.rows.front(), terminal);
}

std::string render_report(const Report& report, const Terminal& terminal) {
  if (!report.instead.empty()) return report.instead + "\n" + dim(last_line(report), terminal) + "\n";
  std::string text;
  for (const Section& section : report.sections) {
    if (!text.empty()) text += "\n";
    if (!section.title.empty()) text += bold(section.title, terminal) + "\n";
    text += section.is_object ? render_object(section.records, terminal)
                              : render_table(section.records, terminal);
  }
  for (const Series& series : report.charts) text += "\n" + render_chart(series, terminal);
  if (!report.notes.empty()) text += "\n";
  for (const std::string& note : report.notes) text += note + "\n";
  return text + dim(last_line(report), terminal) + "\n";
}

}  // namespace optiinfra::cli
