#include "optiinfra/attribution/attribute.hpp"

#include <algorithm>

#include "estimates.hpp"
#include "hour_reader.hpp"
#include "hour_writer.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::attribution {
namespace {

using namespace std::chrono_literals;

/// Counts up when the rules change, so that every hour is made again.
constexpr std::uint64_t kRulesVersion = 1;

/// FNV-1a over numbers and texts.
class Hash {
 public:
  Hash& add(std::uint64_t number) {
    for (int byte = 0; byte < 8; ++byte) mix(static_cast<unsigned char>(number >> (8 * byte)));
    return *this;
  }
  Hash& add(const std::string& text) {
    add(text.size());
    for (const char character : text) mix(static_cast<unsigned char>(character));
    return *this;
  }
  std::uint64_t value() const noexcept { return value_; }

 private:
  void mix(unsigned char byte) {
    value_ ^= byte;
    value_ *= 0x100000001B3ULL;
  }
  std::uint64_t value_ = 0xCBF29CE484222325ULL;
};

Hash& add(Hash& hash, const Charge& charge) {
  for (const std::string* text : {&charge.provider, &charge.instance, &charge.region, &charge.instance_type,
                                  &charge.currency, &charge.price_source})
    hash.add(*text);
  return hash.add(charge.payer.to_string()).add(static_cast<std::uint64_t>(charge.usage));
}

std::uint64_t hash_of(const RawDigest& digest, const std::vector<EfficientRate>& rates,
                      const std::vector<Charge>& estimates) {
  Hash hash;
  hash.add(kRulesVersion).add(digest.rows).add(digest.hash);
  for (const EfficientRate& rate : rates)
    hash.add(rate.instance_type).add(rate.model).add(rate.is_time ? 1u : 0u).add(rate.weight_per_second);
  for (const Charge& charge : estimates) add(hash, charge);
  return hash.value();
}

Result<TimeRange> ended_hours(TimeRange range) {
  const TimeRange whole{floor_hour(range.begin + 1h - 1s), floor_hour(std::min(range.end, now()))};
  if (whole.begin < whole.end) return whole;
  return invalid_argument("no whole hour that has ended lies between " + format_time(range.begin) + " and " +
                          format_time(range.end));
}

/// The days of a range, one after the other: rates of a day come from the hours of the days before.
class Attribution {
 public:
  Attribution(Client& client, TimeRange window, const OnHour& on_hour)
      : client_(client), on_hour_(on_hour), report_{.window = window} {}

  Result<AttributionReport> run() {
    OPTIINFRA_TRY(prices_, read_price_book(client_));
    OPTIINFRA_CHECK(find_oldest());
    const TimeRange window = report_.window;
    for (sys_seconds begin = window.begin; begin < window.end && !is_stopped_;) {
      const sys_seconds end =
          std::min<sys_seconds>(std::chrono::floor<std::chrono::days>(begin) + 24h, window.end);
      OPTIINFRA_CHECK(
          client_.with_session([&](Session& session) { return make_day(session, {begin, end}); }));
      begin = end;
    }
    return report_;
  }

 private:
  /// Raw rows from here on are all there.
  Result<void> find_oldest() {
    std::vector<Family> families = {Family::kPerformance, Family::kCost};
    // Estimates are made from samples, too.
    if (prices_.has_hourly()) families.insert(families.end(), {Family::kResource, Family::kServing});
    std::chrono::seconds kept = std::chrono::seconds::max();
    for (const Family family : families) {
      OPTIINFRA_TRY(const auto retention, client_.raw_retention(family));
      kept = std::min<std::chrono::seconds>(kept, retention);
    }
    oldest_ = now() - kept + kLongestRequest;
    return {};
  }

  Result<void> make_day(Session& session, TimeRange hours) {
    const sys_seconds kept = std::max(hours.begin, floor_hour(oldest_ + 1h - 1s));
    report_.hours_past_retention +=
        static_cast<std::uint64_t>((std::min(kept, hours.end) - hours.begin) / 1h);
    if (kept >= hours.end) return {};
    hours.begin = kept;
    OPTIINFRA_TRY(const auto digests, read_digests(session, hours));
    OPTIINFRA_TRY(const auto versions, read_versions(session, hours));
    OPTIINFRA_TRY(const auto rates, read_rates(session, std::chrono::floor<std::chrono::days>(hours.begin)));
    OPTIINFRA_TRY(auto estimates, read_estimates(session, prices_, hours));
    for (sys_seconds hour = hours.begin; hour < hours.end; hour += 1h) {
      std::vector<Charge>& estimated = estimates[hour];
      const auto digest = digests.find(hour);
      const auto version = versions.find(hour);
      if (digest == digests.end() && version == versions.end() && estimated.empty()) continue;
      if (on_hour_ && !on_hour_(hour)) {
        is_stopped_ = true;
        return {};
      }
      const std::uint64_t inputs =
          hash_of(digest == digests.end() ? RawDigest{} : digest->second, rates, estimated);
      const std::uint64_t before = version == versions.end() ? 0 : version->second.version;
      if (before != 0 && version->second.inputs == inputs) {
        ++report_.hours_current;
        continue;
      }
      report_.estimated_charges += estimated.size();
      auto made = make_hour(session, hour, {next_version(before), inputs}, rates, std::move(estimated));
      if (!made) return with_context(std::move(made).error(), "attribute " + format_time(hour));
      if (before != 0) ++report_.hours_remade;
    }
    return {};
  }

  Result<void> make_hour(Session& session, sys_seconds hour, const HourVersion& version,
                         const std::vector<EfficientRate>& rates, std::vector<Charge> estimated) {
    OPTIINFRA_TRY(HourInput input, read_hour(session, hour));
    input.rates = rates;
    // A bill may have come since the estimates were made.
    for (Charge& estimate : estimated) {
      const bool is_billed =
          std::any_of(input.charges.begin(), input.charges.end(), [&](const Charge& charge) {
            return charge.instance == estimate.instance && (charge.has_usage || charge.fees != 0) &&
                   !is_estimate(charge);
          });
      if (!is_billed) input.charges.push_back(std::move(estimate));
    }
    const auto rows = attribute_hour(std::move(input));
    OPTIINFRA_CHECK(store_version(session, hour, version, rows));
    ++report_.hours_made;
    report_.rows += rows.size();
    for (const AttributedCost& row : rows) report_.requests += row.requests;
    return {};
  }

  Client& client_;
  const OnHour& on_hour_;
  AttributionReport report_;
  PriceBook prices_;
  sys_seconds oldest_{};
  bool is_stopped_ = false;
};

}  // namespace

Result<AttributionReport> attribute(Client& client, TimeRange range, const OnHour& on_hour) {
  OPTIINFRA_TRY(const TimeRange window, ended_hours(range));
  return Attribution(client, window, on_hour).run();
}

}  // namespace optiinfra::attribution
