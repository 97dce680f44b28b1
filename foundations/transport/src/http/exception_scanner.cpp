#include "http/exception_scanner.hpp"

#include <algorithm>
#include <utility>

namespace optiinfra::http {
namespace {

/// How many bytes at the end of `data` may be the beginning of `marker`.
std::size_t begun(std::string_view data, std::string_view marker) {
  for (std::size_t size = std::min(data.size(), marker.size() - 1); size > 0; --size) {
    if (data.ends_with(marker.substr(0, size))) return size;
  }
  return 0;
}

}  // namespace

ExceptionScanner::ExceptionScanner(std::string_view tag) {
  if (tag.empty()) return;
  marker_ = "\r\n__exception__\r\n" + std::string(tag) + "\r\n";
  end_ = " " + std::string(tag) + "\r\n__exception__";
}

std::string_view ExceptionScanner::take(std::string_view bytes) {
  if (marker_.empty()) return bytes;
  if (found_) return take_exception(bytes), std::string_view{};
  std::string_view data = bytes;
  if (!held_.empty()) {
    joined_ = std::exchange(held_, {});
    joined_ += bytes;
    data = joined_;
  }
  if (const auto at = data.find(marker_); at != std::string_view::npos) {
    found_ = true;
    take_exception(data.substr(at + marker_.size()));
    return data.substr(0, at);
  }
  const std::size_t size = data.size() - begun(data, marker_);
  held_ = data.substr(size);
  return data.substr(0, size);
}

std::string_view ExceptionScanner::finish() {
  joined_ = std::exchange(held_, {});
  return joined_;
}

void ExceptionScanner::take_exception(std::string_view bytes) {
  exception_ += bytes.substr(0, kExceptionBytesMax - std::min(exception_.size(), kExceptionBytesMax));
}

std::string_view ExceptionScanner::text() const {
  const std::string_view text = std::string_view(exception_).substr(0, exception_.find(end_));
  if (text.size() == exception_.size()) return text;
  return text.substr(0, text.find_last_not_of("0123456789") + 1);
}

}  // namespace optiinfra::http
