#include "output/progress.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "output/number.hpp"

namespace optiinfra::cli {
namespace {

constexpr std::chrono::milliseconds kRewriteEvery{100};
constexpr std::chrono::seconds kLineEvery{5};
constexpr int kBarColumns = 24;

std::string bar(double share, const Terminal& terminal) {
  const int filled = static_cast<int>(share * kBarColumns);
  std::string text;
  for (int i = 0; i < kBarColumns; ++i)
    text += i < filled ? (terminal.unicode ? "█" : "#") : (terminal.unicode ? "░" : ".");
  return text + " ";
}

}  // namespace

std::string progress_line(std::uint64_t done, std::uint64_t total, std::chrono::duration<double> elapsed,
                          const std::string& unit, const Terminal& terminal) {
  const double rate = elapsed.count() > 0 ? static_cast<double>(done) / elapsed.count() : 0;
  const std::string pace = fmt::format("{} {}, {}", format_count(done), unit, format_rate(rate));
  if (total == 0 || done > total) return pace;
  const double share = static_cast<double>(done) / static_cast<double>(total);
  std::string line = terminal.interactive ? bar(share, terminal) : std::string{};
  line += fmt::format("{:3.0f} %  {}", share * 100, pace);
  if (rate > 0 && done < total)
    line += fmt::format(", {} left",
                        format_span(std::chrono::duration<double>(static_cast<double>(total - done) / rate)));
  return line;
}

Progress::Progress(std::string label, std::string unit, std::uint64_t total, bool quiet, Terminal terminal)
    : label_(std::move(label)), unit_(std::move(unit)), quiet_(quiet), terminal_(terminal), total_(total) {}

Progress::~Progress() {
  if (is_line_open_) std::fputs("\r\x1b[K", stderr);
}

void Progress::set(std::uint64_t done, std::uint64_t total) {
  const std::lock_guard lock(mutex_);
  done_ = done;
  total_ = total;
  show(Clock::now());
}

void Progress::add(std::uint64_t more) {
  const std::lock_guard lock(mutex_);
  done_ += more;
  show(Clock::now());
}

void Progress::show(Clock::time_point at) {
  if (quiet_ ||
      at - shown_ < (terminal_.interactive ? Clock::duration(kRewriteEvery) : Clock::duration(kLineEvery)))
    return;
  shown_ = at;
  const std::string line = label_ + "  " + progress_line(done_, total_, at - begin_, unit_, terminal_);
  if (terminal_.interactive) {
    std::fputs(("\r\x1b[K" + line).c_str(), stderr);
    is_line_open_ = true;
  } else {
    std::fputs((line + "\n").c_str(), stderr);
  }
}

}  // namespace optiinfra::cli
