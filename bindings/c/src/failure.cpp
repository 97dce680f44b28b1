#include "optiinfra/c_interface/failure.hpp"

#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::c_interface {
namespace {

template <typename Row>
std::optional<Failure> write_rows(Writer& writer, const Batch<Row>& batch, const WriteOptions& options,
                                  std::chrono::milliseconds timeout) {
  auto receipt = writer.write(batch, options);
  if (!receipt) return Failure(std::move(receipt).error());
  auto reached = receipt->ticket.wait(timeout);
  if (reached) return std::nullopt;
  Error error = std::move(reached).error();
  error.applied = Applied::kUnknown;
  return Failure(std::move(error));
}

}  // namespace

std::optional<Failure> write(Writer& writer, const AnyBatch& batch, const WriteOptions& options,
                             std::chrono::milliseconds timeout) {
  return std::visit([&](const auto& rows) { return write_rows(writer, rows, options, timeout); }, batch);
}

std::size_t rows_of(const AnyBatch& batch) {
  return std::visit([](const auto& rows) { return rows.size(); }, batch);
}

Result<AnyBatch> batch_of(std::string_view family) {
  OPTIINFRA_TRY(const Family named, parse_family(family));
  return with_metric(named, []<typename Row>() { return AnyBatch(Batch<Row>{}); });
}

}  // namespace optiinfra::c_interface
