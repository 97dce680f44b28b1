/// @file optiinfra/c_interface/failure.hpp
/// An error with the value that it is about, as every binding shows it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "optiinfra/client/client.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/schema/validate.hpp"

namespace optiinfra::c_interface {

struct Failure {
  Error error;
  std::optional<RefusedValue> at = {};

  Failure(Error why) : error(std::move(why)), at(error.refused) {}
  Failure(RefusedValue value) : error{ErrorKind::kInvalidArgument, value.to_string()}, at(std::move(value)) {}
};

/// Hands `batch` to a writer, which then has the rows, and waits for the acknowledgement that `options` ask
/// for; nullopt when it came. Where a rule was broken, the failure has the first value that broke one.
std::optional<Failure> write(Writer& writer, const AnyBatch& batch, const WriteOptions& options,
                             std::chrono::milliseconds timeout);

std::size_t rows_of(const AnyBatch& batch);

/// An empty batch of the family of that name.
Result<AnyBatch> batch_of(std::string_view family);

}  // namespace optiinfra::c_interface
