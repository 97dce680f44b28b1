#include <fstream>
#include <map>

#include "client.hpp"
#include "optiinfra/generate/fleet.hpp"

namespace compare {

using namespace optiinfra;

namespace {

/// The part of a fleet's rows that a family has (fleet.hpp), and somewhat less, so that there are enough.
constexpr double kPerformanceShare = 0.69, kResourceShare = 0.19;

template <typename Row>
Result<Rows> make(std::size_t count, double share, sys_seconds end) {
  const auto wanted = static_cast<std::uint64_t>(static_cast<double>(count) / share) + 1'000;
  OPTIINFRA_TRY(fleet::Fleet fleet, fleet::Fleet::create({.seed = 1, .days = 1, .rows = wanted, .end = end}));
  Batch<Row> batch;
  if (!fleet.next_batch(batch, count) || batch.size() != count)
    return invalid_argument("the fleet has fewer than " + std::to_string(count) + " rows");
  batch.fill_left_out();
  return Rows{std::move(batch), fleet.description().range, {}, {}};
}

template <typename Batch>
std::string key(const Batch& batch, std::size_t row) {
  if constexpr (requires { batch.service_id; })
    return batch.service_id[row].to_string();
  else
    return std::string(batch.instance_id[row]);
}

void find_busiest(Rows& rows) {
  std::visit(
      [&](const auto& batch) {
        std::map<std::pair<Uuid, std::string>, std::size_t> counts;
        std::size_t most = 0;
        for (std::size_t row = 0; row < batch.size(); ++row) {
          const auto name = std::pair{batch.customer_id[row], key(batch, row)};
          if (const std::size_t found = ++counts[name]; found > most) {
            most = found;
            std::tie(rows.busiest_customer, rows.busiest) = name;
          }
        }
      },
      rows.batch);
}

void print(std::ostream& out, const Uuid& value) { out << value.to_string(); }
void print(std::ostream& out, std::string_view value) { out << value; }
void print(std::ostream& out, auto value) { out << +value; }
template <typename T>
void print(std::ostream& out, const std::optional<T>& value) {
  if (value) {
    out << +*value;
  } else {
    out << "\\N";
  }
}

template <typename Row>
void write(std::ostream& out, const Batch<Row>& batch) {
  for (std::size_t row = 0; row < batch.size(); ++row) {
    out << format_time(sys_seconds{std::chrono::seconds{batch.timestamp[row]}});
    bool is_first = true;
    for_each_column<Row>([&](const auto& access) {
      if (!std::exchange(is_first, false)) print(out << '\t', (batch.*access.batch)[row]);
    });
    out << '\n';
  }
}

}  // namespace

Result<Rows> make_rows(const std::string& family, std::size_t count, sys_seconds end) {
  OPTIINFRA_TRY(Rows rows, family == "performance" ? make<PerformanceMetric>(count, kPerformanceShare, end)
                                                   : make<ResourceMetric>(count, kResourceShare, end));
  find_busiest(rows);
  return rows;
}

Result<void> write_rows(const Rows& rows, const std::string& path) {
  std::ofstream out(path);
  if (const auto* batch = std::get_if<PerformanceBatch>(&rows.batch))
    write<PerformanceMetric>(out, *batch);
  else
    write<ResourceMetric>(out, std::get<ResourceBatch>(rows.batch));
  if (!out.flush()) return Error{ErrorKind::kStorage, "cannot write " + path};
  return {};
}

}  // namespace compare
