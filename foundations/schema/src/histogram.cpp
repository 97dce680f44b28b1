#include "optiinfra/schema/histogram.hpp"

#include <algorithm>
#include <charconv>

namespace optiinfra {
namespace {

constexpr std::string_view kUnboundedText = "+Inf";

/// Takes `what` from the front of `text`.
bool take(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

/// Takes a whole number of at most `max` from the front of `text`.
bool take_number(std::string_view& text, std::uint64_t max, std::uint64_t& number) {
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || number > max) return false;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  return true;
}

bool take_bucket(std::string_view& text, HistogramBucket& bucket) {
  if (!take(text, "\"")) return false;
  bucket.upper_us = kUnboundedUs;
  if (!take(text, kUnboundedText) && !take_number(text, kBoundUsMax, bucket.upper_us)) return false;
  return take(text, "\":") && take_number(text, kBucketCountMax, bucket.count);
}

}  // namespace

std::string histogram_text(const Histogram& histogram) {
  if (histogram.empty()) return "";
  const auto counts = [](const HistogramBucket& bucket) { return bucket.count != 0; };
  auto first = std::find_if(histogram.begin(), histogram.end(), counts);
  auto last = std::find_if(histogram.rbegin(), histogram.rend(), counts).base();
  if (first == histogram.end()) first = histogram.begin(), last = first + 1;
  if (first != histogram.begin()) --first;
  std::string text;
  for (auto bucket = first; bucket != last; ++bucket) {
    text += bucket == first ? "{\"" : ",\"";
    text += bucket->upper_us > kBoundUsMax ? std::string(kUnboundedText) : std::to_string(bucket->upper_us);
    text += "\":" + std::to_string(bucket->count);
  }
  return text + "}";
}

std::optional<Histogram> parse_histogram(std::string_view text) {
  Histogram histogram;
  if (!take(text, "{")) return std::nullopt;
  do {
    HistogramBucket bucket;
    if (!take_bucket(text, bucket)) return std::nullopt;
    const bool is_ascending = histogram.empty() || histogram.back().upper_us < bucket.upper_us;
    if (!is_ascending || histogram.size() == kHistogramBucketsMax) return std::nullopt;
    histogram.push_back(bucket);
  } while (take(text, ","));
  return text == "}" ? std::optional(std::move(histogram)) : std::nullopt;
}

}  // namespace optiinfra
