#include "optiinfra/c_interface/failure.hpp"

#include "optiinfra/client/catalogue.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::c_interface {
namespace {

/// Only the error's text says which value it is about, so a refused batch is checked again.
template <typename Row>
Failure failure_of(Error error, const Batch<Row>& batch) {
  Failure failure(std::move(error));
  if (failure.error.kind != ErrorKind::kInvalidArgument || !batch.is_rectangular()) return failure;
  Validation validation = validate(batch, now());
  if (!validation.refused.empty()) failure.at = std::move(validation.refused.front());
  return failure;
}

template <typename Row>
std::optional<Failure> insert_rows(Client& client, const Batch<Row>& batch, const InsertOptions& options) {
  auto receipt = client.insert(batch, options);
  if (receipt) return std::nullopt;
  return failure_of(std::move(receipt).error(), batch);
}

template <typename Row>
std::optional<Failure> write_rows(Writer& writer, const Batch<Row>& batch, const WriteOptions& options,
                                  std::chrono::milliseconds timeout) {
  auto receipt = writer.write(batch, options);
  if (!receipt) return failure_of(std::move(receipt).error(), batch);
  auto reached = receipt->ticket.wait(timeout);
  if (reached) return std::nullopt;
  Error error = std::move(reached).error();
  error.applied = Applied::kUnknown;
  return Failure(std::move(error));
}

}  // namespace

std::optional<Failure> insert(Client& client, const AnyBatch& batch, const InsertOptions& options) {
  return std::visit([&](const auto& rows) { return insert_rows(client, rows, options); }, batch);
}

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
