/// Captures what the engine prints on standard error while it starts: the only place where it says why a
/// start failed.
#pragma once

#include <string>

namespace optiinfra::embedded {

/// While one lives, standard error of this process goes into memory. One at a time.
class CapturedStandardError {
 public:
  CapturedStandardError();
  CapturedStandardError(const CapturedStandardError&) = delete;
  CapturedStandardError& operator=(const CapturedStandardError&) = delete;
  ~CapturedStandardError();

  /// What was printed, up to 64 KiB. From here on standard error is the caller's again; a second call
  /// gives nothing.
  std::string take();

 private:
  int captured_;
  int original_;
};

/// `text` up to its first line's end.
std::string first_line(const std::string& text);

}  // namespace optiinfra::embedded
