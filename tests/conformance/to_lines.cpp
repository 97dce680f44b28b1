#include "to_lines.hpp"

#include <sstream>
#include <utility>

namespace optiinfra::testing {
namespace {

struct ValueWriter {
  std::ostream& out;
  std::size_t row;

  void operator()(const std::vector<std::uint8_t>& values) const { out << unsigned{values[row]}; }
  void operator()(const std::vector<std::int8_t>& values) const { out << int{values[row]}; }
  void operator()(const std::vector<Uuid>& values) const { out << values[row].to_string(); }
  void operator()(const std::unique_ptr<Nullable>& values) const {
    if (values->null[row] != 0) {
      out << "NULL";
    } else {
      std::visit(*this, values->values);
    }
  }
  template <typename Values>
  void operator()(const Values& values) const {
    out << values[row];
  }
};

}  // namespace

std::string to_lines(const Block& block) {
  std::ostringstream out;
  for (std::size_t row = 0; row < block.row_count(); ++row) {
    const char* separator = "";
    for (const Column& column : block.columns()) {
      out << std::exchange(separator, "\t");
      std::visit(ValueWriter{out, row}, column.data);
    }
    out << '\n';
  }
  return std::move(out).str();
}

}  // namespace optiinfra::testing
