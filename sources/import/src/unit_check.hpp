/// Remarks on values that look as if they were in another unit than the column's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "optiinfra/schema/batch_columns.hpp"
#include "optiinfra/schema/column.hpp"

namespace optiinfra {

class UnitCheck {
 public:
  /// Takes the rows into account. They are right as far as their rules say.
  template <typename Row>
  void add(const Batch<Row>& batch) {
    for_each_column<Row>([&](const auto& access) {
      if (is_checked(access.definition)) add(access.definition, batch.*access.batch);
    });
  }

  /// A sentence for each column of which all values are suspiciously small, and some are not 0.
  std::vector<std::string> remarks() const;

 private:
  struct Seen {
    std::uint64_t values = 0;
    float largest = 0;
  };

  static bool is_checked(const ColumnDefinition& column);
  void add(const ColumnDefinition& column, const std::vector<float>& values);
  void add(const ColumnDefinition& column, const Optionals<float>& values);
  template <typename Values>
  void add(const ColumnDefinition&, const Values&) {}  // No such column is checked.

  std::map<std::string, Seen> columns_;
};

}  // namespace optiinfra
