/// Splits and filters the rows of one table by the dimensions of a question.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/codec/block.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::attribution {

/// Where a table has a dimension.
struct KeyColumn {
  Dimension dimension;
  const char* column;
  bool is_uuid = false;
};

/// Bucket and dimensions of a row, as text.
using Key = std::vector<std::string>;

class Selection {
 public:
  /// `time_column` is what buckets are made of. Errors: kInvalidArgument for a dimension that `known` does
  /// not list, and for a filter's value that is no UUID where one is needed.
  static Result<Selection> create(std::span<const KeyColumn> known,
                                  const std::vector<std::string>& dimensions,
                                  const std::vector<Filter>& filters, std::optional<Bucket> bucket,
                                  const char* time_column);

  /// "toUInt32(...) AS bucket, ... AS key0": the first columns of a query; text for each dimension.
  std::string keys() const;
  /// "bucket, key0", for GROUP BY.
  std::string key_names() const;
  std::size_t key_count() const noexcept { return 1 + dimensions_.size(); }

  /// " AND customer_id IN ({filter0:UUID})", and its values.
  std::string conditions() const;
  const std::vector<NamedValue>& parameters() const noexcept { return parameters_; }

  /// The columns that it splits and filters by; not that of the time.
  std::set<std::string_view> columns_read() const;

  /// Of an answer: the bucket's begin, when there are buckets, and the dimensions.
  std::vector<AnswerColumn> columns() const;
  Key key_at(const Block& block, std::size_t row) const;
  std::vector<Cell> cells_of(const Key& key) const;

 private:
  std::vector<const KeyColumn*> dimensions_;
  std::optional<Bucket> bucket_;
  const char* time_column_ = "";
  std::set<std::string_view> filtered_;
  std::string conditions_;
  std::vector<NamedValue> parameters_;
};

}  // namespace optiinfra::attribution
