#include "gathering.hpp"

#include "optiinfra/client/trusted_insert.hpp"
#include "optiinfra/codec/type.hpp"
#include "optiinfra/copy/copy.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::copy {
namespace {

Error another_layout() {
  return {ErrorKind::kCorrupt, "the source answered with another layout than asked for"};
}

template <typename T>
std::size_t push(std::vector<T>& into, const std::vector<T>& from, std::size_t row) {
  into.push_back(from[row]);
  return 0;
}
template <typename Texts>
std::size_t push(Texts& into, const Texts& from, std::size_t row) {
  into.append(from[row]);
  return from[row].size();
}

template <typename Row>
class RawGathering final : public Gathering {
 public:
  Result<void> append(const Block& answer, std::size_t row) override {
    bool fits = true;
    std::size_t column = 0;
    for_each_column<Row>(
        [&](const auto& access) { fits = push_value(batch_.*access.batch, answer, column++, row) && fits; });
    if (!fits) return another_layout();
    return {};
  }

  bool is_full() const noexcept override {
    return batch_.size() == kCopyBlockRowsMax || text_bytes_ >= kCopyBlockTextBytesMax;
  }
  std::size_t rows() const noexcept override { return batch_.size(); }
  void clear() override {
    batch_.clear();
    text_bytes_ = 0;
  }

  Result<void> store(Client& target, const std::string& token, bool is_new) override {
    const TrustedInsert insert{.token = token,
                               .history = is_new ? TokenHistory::kNeverTried : TokenHistory::kUnknown};
    auto stored = insert(target, batch_);
    if (!stored) return std::move(stored).error();
    return {};
  }

 private:
  template <typename Values>
  bool push_value(Values& into, const Block& answer, std::size_t column, std::size_t row) {
    const auto* from = answer.values<Values>(column);
    if (from != nullptr) text_bytes_ += push(into, *from, row);
    return from != nullptr;
  }

  template <typename T>
  bool push_value(Optionals<T>& into, const Block& answer, std::size_t column, std::size_t row) {
    const auto* from = answer.values<std::unique_ptr<Nullable>>(column);
    const auto* values = from == nullptr ? nullptr : std::get_if<std::vector<T>>(&(*from)->values);
    if (values == nullptr) return false;
    into.push_back((*from)->null[row] != 0 ? std::nullopt : std::optional<T>((*values)[row]));
    return true;
  }

  Batch<Row> batch_;
  std::size_t text_bytes_ = 0;
};

/// The columns of the answer, except the last, which is the row's hash.
class RollupGathering final : public Gathering {
 public:
  explicit RollupGathering(Family family) : family_(family) {}

  Result<void> append(const Block& answer, std::size_t row) override {
    if (columns_.empty()) OPTIINFRA_CHECK(begin(answer));
    if (answer.columns().size() != columns_.size() + 1) return another_layout();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!push_value(columns_[i].data, answer.columns()[i].data, row)) return another_layout();
    }
    ++rows_;
    return {};
  }

  bool is_full() const noexcept override {
    return rows_ == kCopyBlockRowsMax || text_bytes_ >= kCopyBlockTextBytesMax;
  }
  std::size_t rows() const noexcept override { return rows_; }
  void clear() override {
    columns_.clear();
    rows_ = text_bytes_ = 0;
  }

  Result<void> store(Client& target, const std::string& token, bool) override {
    Block block;
    for (Column& column : columns_) block.add(std::move(column));
    columns_.clear();
    return target.insert_rollup(family_, block, token.empty() ? Uuid::random().to_string() : token);
  }

 private:
  Result<void> begin(const Block& answer) {
    for (std::size_t i = 0; i + 1 < answer.columns().size(); ++i) {
      const Column& column = answer.columns()[i];
      OPTIINFRA_TRY(ColumnData data, empty_column(column.type));
      columns_.push_back({column.name, column.type, std::move(data)});
    }
    return {};
  }

  bool push_value(ColumnData& into, const ColumnData& from, std::size_t row) {
    return std::visit(
        [&]<typename Values>(Values& values) {
          const Values* given = std::get_if<Values>(&from);
          if constexpr (!std::is_same_v<Values, std::unique_ptr<Nullable>>) {
            if (given != nullptr) text_bytes_ += push(values, *given, row);
            return given != nullptr;
          } else {
            return false;  // A rollup has no column whose values may be absent.
          }
        },
        into);
  }

  const Family family_;
  std::vector<Column> columns_;
  std::size_t rows_ = 0;
  std::size_t text_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Gathering> make_gathering(Family family, store::Tier tier) {
  if (tier == store::Tier::kRollup) return std::make_unique<RollupGathering>(family);
  return with_metric(family, []<typename Row>() -> std::unique_ptr<Gathering> {
    return std::make_unique<RawGathering<Row>>();
  });
}

}  // namespace optiinfra::copy
