/// @file optiinfra/core/log.hpp
/// What the library tells an operator while a call goes on: attempts that are repeated, a store that is out
/// of reach, rows that are recovered. Nothing is written to standard error or elsewhere by the library
/// itself.
#pragma once

#include <functional>
#include <string_view>

namespace optiinfra {

enum class LogLevel {
  kInfo,     ///< As it should be, and worth knowing.
  kWarning,  ///< It goes on by itself; somebody should look.
};

/// Receives one message, a sentence without a newline, valid only during the call.
/// Threads: called from any thread of the library, several at once. It must not throw, and should be short:
/// the call that it tells of waits for it.
using LogSink = std::function<void(LogLevel, std::string_view message)>;

}  // namespace optiinfra
