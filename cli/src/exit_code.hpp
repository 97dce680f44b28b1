/// The exit codes of the program.
#pragma once

#include "optiinfra/core/error.hpp"

namespace optiinfra::cli {

enum class ExitCode : int {
  kDone = 0,
  kFailed = 1,
  kWrongUsage = 2,    ///< Nothing was done: the command line itself is wrong.
  kRowsRefused = 3,   ///< Done, except for rows that break a rule.
  kDifference = 4,    ///< verify found what does not agree.
  kNotFound = 5,      ///< The question names a customer, service, ... of which the store has no rows.
  kInterrupted = 130  ///< Stopped by a signal after the block in flight; the same command goes on.
};

/// kWrongUsage when only a different call can succeed, else kFailed.
constexpr ExitCode exit_code_of(const Error& error) noexcept {
  return error.kind == ErrorKind::kInvalidArgument ? ExitCode::kWrongUsage : ExitCode::kFailed;
}

}  // namespace optiinfra::cli
