// What it costs to scrape the targets of a configuration, without storing: scrape_bench CONFIG SECONDS.
// Prints the CPU time of this process as a share of one core, and the most memory it had. scrape_load.py
// plays the targets.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>

#include "optiinfra/scrape/scraper.hpp"

namespace {

using namespace optiinfra;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return line.substr(line.find_first_of("0123456789"));
  return "unknown";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("scrape_bench CONFIG SECONDS\n", stderr), 2;
  auto scraper = scrape::Scraper::open({.config_file = argv[1]});
  if (!scraper) return std::fprintf(stderr, "scrape_bench: %s\n", scraper.error().message.c_str()), 1;
  const double seconds = std::atof(argv[2]), begin = cpu_seconds();
  const auto end =
      scrape::Scraper::Clock::now() +
      std::chrono::duration_cast<scrape::Scraper::Clock::duration>(std::chrono::duration<double>(seconds));
  std::uint64_t rows = 0, tokens = 0;
  while (scrape::Scraper::Clock::now() < end) {
    const scrape::ScrapedRows collected =
        scraper->collect(scrape::Scraper::Clock::now() + std::chrono::milliseconds{100});
    rows += collected.resources.size() + collected.servings.size();
    for (const ServingMetric& each : collected.servings) tokens += each.completion_tokens.value_or(0);
    for (const std::string& remark : scraper->take_remarks()) std::fprintf(stderr, "%s\n", remark.c_str());
  }
  const double cpu = cpu_seconds() - begin;
  std::uint64_t up = 0, scrapes = 0, failures = 0, samples = 0, missed = 0;
  for (const scrape::TargetStatus& each : scraper->targets()) {
    up += each.is_up ? 1 : 0;
    scrapes += each.scrapes;
    failures += each.failures;
    missed += each.missed;
    samples += each.samples * (each.scrapes - each.failures);
  }
  std::printf(
      "%zu targets, %llu up, %llu scrapes, %llu failed, %llu missed, %llu samples, %llu rows, %llu tokens\n"
      "CPU %.2f s of %.0f s: %.3f of a core; %.2f M samples/s of CPU; memory at most %s\n",
      scraper->targets().size(), static_cast<unsigned long long>(up),
      static_cast<unsigned long long>(scrapes), static_cast<unsigned long long>(failures),
      static_cast<unsigned long long>(missed), static_cast<unsigned long long>(samples),
      static_cast<unsigned long long>(rows), static_cast<unsigned long long>(tokens), cpu, seconds,
      cpu / seconds, static_cast<double>(samples) / cpu / 1e6, peak_memory().c_str());
}
