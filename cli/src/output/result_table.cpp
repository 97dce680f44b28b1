#include "output/result_table.hpp"

#include <fmt/core.h>

#include "output/table.hpp"

namespace optiinfra::cli {
namespace {

bool is_number_type(std::string_view type) {
  for (const std::string_view wrapper : {"Nullable(", "LowCardinality("})
    if (type.starts_with(wrapper)) type.remove_prefix(wrapper.size());
  return type.starts_with("Int") || type.starts_with("UInt") || type.starts_with("Float") ||
         type.starts_with("Decimal");
}

class TableWriter final : public ResultWriter {
 public:
  TableWriter(Screen& screen, const Terminal& terminal) : screen_(screen), terminal_(terminal) {}

  Result<void> begin(const std::vector<std::string>& names, const std::vector<std::string>& types) override {
    for (std::size_t i = 0; i < names.size(); ++i)
      // The values are texts already; kCount only sets numbers to the right.
      section_.records.fields.push_back(
          {names[i], names[i], i < types.size() && is_number_type(types[i]) ? Look::kCount : Look::kText});
    return {};
  }

  Result<void> row(std::string_view row) override {
    if (++count_ > kTableRowsMax) return {};
    OPTIINFRA_TRY(const auto texts, parse_row(row));
    Row& cells = section_.records.rows.emplace_back(section_.records.fields.size());
    for (std::size_t i = 0; i < texts.size() && i < cells.size(); ++i)
      if (texts[i]) cells[i] = *texts[i];
    return {};
  }

  Result<void> end(double elapsed_ms) override {
    Report report{.command = "sql"};
    if (!section_.records.fields.empty()) report.sections.push_back(std::move(section_));
    report.elapsed = std::chrono::duration<double, std::milli>(elapsed_ms);
    if (count_ > kTableRowsMax)
      report.notes.push_back(
          fmt::format("{} of {} rows; --output csv or json prints all", kTableRowsMax, count_));
    return screen_.write(render_report(report, terminal_));
  }

 private:
  Screen& screen_;
  Terminal terminal_;
  Section section_;
  std::size_t count_ = 0;
};

}  // namespace

std::unique_ptr<ResultWriter> make_table_writer(Screen& screen, const Terminal& terminal) {
  return std::make_unique<TableWriter>(screen, terminal);
}

}  // namespace optiinfra::cli
