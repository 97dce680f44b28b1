// Names follow https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics, but metrics
// keep their own: the table of known names has them.
#include "metric_series.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <functional>
#include <protozero/pbf_writer.hpp>

namespace optiinfra::otlp {
namespace {

std::string customer_named(const Attributes& attributes) {
  return attributes.text({"optiinfra.customer", "customer.id", "tenant.id"});
}

/// Prometheus' mark of a series that ended.
double stale_marker() {
  constexpr std::uint64_t kBits = 0x7ff0000000000002;
  double value = 0;
  std::memcpy(&value, &kBits, sizeof value);
  return value;
}

std::string number_text(double value) {
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[32];
  const auto [end, code] = std::to_chars(text, text + sizeof text, value);
  return {text, code == std::errc{} ? end : text};
}

std::string label_name(std::string_view attribute) {
  std::string name(attribute);
  for (char& letter : name) {
    const bool is_word = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                         (letter >= '0' && letter <= '9');
    if (!is_word) letter = '_';
  }
  if (!name.empty() && name.front() >= '0' && name.front() <= '9') name.insert(0, "_");
  return name;
}

bool says_whose(std::string_view label) {
  constexpr std::string_view kLabels[] = {"__name__", "customer", "service",       "job",
                                          "instance", "le",       "instance_type", "model"};
  return std::find(std::begin(kLabels), std::end(kLabels), label) != std::end(kLabels);
}

/// What a value in `unit` is multiplied by to be in seconds, bytes or a ratio, as the conventions have it.
/// Names of Prometheus carry their unit, so those are taken as they are.
double scale_of(const MetricInfo& metric) {
  if (metric.name.find('.') == std::string::npos) return 1;
  constexpr std::pair<std::string_view, double> kScales[] = {
      {"ms", 1e-3},     {"us", 1e-6}, {"ns", 1e-9}, {"min", 60},      {"h", 3'600},
      {"kBy", 1e3},     {"MBy", 1e6}, {"GBy", 1e9}, {"KiBy", 0x1p10}, {"MiBy", 0x1p20},
      {"GiBy", 0x1p30}, {"%", 1e-2},  {"kJ", 1e3},  {"mW", 1e-3},     {"kW", 1e3}};
  for (const auto& [unit, scale] : kScales)
    if (metric.unit == unit) return scale;
  return 1;
}

const char* why_refused(const MetricInfo& metric, const MetricPoint& point) {
  if (metric.name.empty()) return "a metric has no name";
  if (point.time_ns == 0) return "a data point has no time";
  if (metric.is_delta && point.start_ns == 0) return "a delta has no start time";
  if (metric.is_delta && metric.kind == PointKind::kSum && !metric.is_monotonic)
    return "a delta of a sum that can fall says nothing of its value; export it as cumulative";
  if (metric.kind == PointKind::kHistogram && !point.counts.empty()) {
    if (point.counts.size() != point.bounds.size() + 1) return "a histogram needs one count more than bounds";
    if (!std::is_sorted(point.bounds.begin(), point.bounds.end(), std::less_equal<>()))
      return "the bounds of a histogram must ascend";
  }
  if (metric.kind == PointKind::kExponentialHistogram && (point.scale < -10 || point.scale > 20))
    return "the scale of an exponential histogram must be from -10 to 20";
  return nullptr;
}

}  // namespace

void MetricSeries::reject(const MetricInfo& metric, std::string reason) {
  if (result_.rejected++ == 0) result_.reason = metric.name + ": " + std::move(reason);
}

std::uint32_t MetricSeries::symbol(std::string_view text) {
  if (texts_.empty()) symbols_.emplace(texts_.emplace_back(), 0);  // The format asks for it.
  const auto known = symbols_.find(text);
  if (known != symbols_.end()) return known->second;
  const auto number = static_cast<std::uint32_t>(texts_.size());
  symbols_.emplace(texts_.emplace_back(text), number);
  return number;
}

void MetricSeries::begin_resource(const Resource& resource) {
  end_resource();
  resource_ = resource.number;
  owner_ = set_resource_labels(resource.attributes);
}

Result<void> MetricSeries::set_resource_labels(const Attributes& told) {
  resource_labels_.clear();
  const auto add = [&](const char* label, std::string value) {
    if (!value.empty()) resource_labels_.emplace_back(label, std::move(value));
  };
  OPTIINFRA_TRY(const Uuid customer, identity_of_("customer", customer_named(told)));
  OPTIINFRA_TRY(const Uuid service,
                identity_of_("service", told.text({"optiinfra.service", "service.name"})));
  customer_ = customer.to_string();
  add("service", service.to_string());
  // Processes of one service count apart, also on one host.
  add("job", told.text({"service.name"}) + '/' +
                 told.text({"service.instance.id", "container.id", "k8s.pod.uid", "process.pid"}));
  const std::string instance = told.text({"host.id", "service.instance.id", "host.name", "k8s.pod.name"});
  if (instance.empty())
    return invalid_argument(
        "the resource names no instance; give host.id, service.instance.id or host.name, for instance in "
        "OTEL_RESOURCE_ATTRIBUTES");
  add("instance", instance);
  add("instance_type", told.text({"host.type"}));
  return {};
}

Result<void> MetricSeries::set_labels(const MetricPoint& point) {
  labels_ = resource_labels_;
  std::string customer = customer_;
  if (const std::string own = customer_named(point.attributes); !own.empty()) {
    OPTIINFRA_TRY(const Uuid id, identity_of_("customer", own));
    customer = id.to_string();
  }
  labels_.emplace_back("customer", std::move(customer));
  point.attributes.each([&](std::string_view name, std::string value) {
    std::string label = label_name(name);
    if (label.empty() || value.empty()) return;
    if (says_whose(label) && label != "model") label.insert(0, "exported_");
    labels_.emplace_back(std::move(label), std::move(value));
  });
  return {};
}

void MetricSeries::add_sample(const std::string& name, const MetricPoint& point, double value,
                              std::string_view bound) {
  if (++series_count_ > kSeriesOfRequestMax || is_too_large()) return;
  Sample sample{.labels_begin = static_cast<std::uint32_t>(references_.size()),
                .value = point.is_absent ? stale_marker() : value,
                .time_ns = point.time_ns,
                .start_ns = point.start_ns < point.time_ns ? point.start_ns : 0};
  const auto add = [&](std::string_view label, std::string_view text) {
    references_.push_back(symbol(label));
    references_.push_back(symbol(text));
  };
  add("__name__", name);
  if (is_delta_) add("__temporality__", "delta");
  for (const auto& [label, text] : labels_) add(label, text);
  if (!bound.empty()) add("le", bound);
  sample.labels_end = static_cast<std::uint32_t>(references_.size());
  samples_.push_back(sample);
}

void MetricSeries::add_buckets(const MetricInfo& metric, const MetricPoint& point, double scale) {
  const std::string name = metric.name + "_bucket";
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < point.bounds.size() && i < point.counts.size(); ++i) {
    below += point.counts[i];
    add_sample(name, point, static_cast<double>(below), number_text(point.bounds[i] * scale));
  }
  add_sample(name, point, static_cast<double>(point.count), "+Inf");
}

void MetricSeries::add_exponential(const MetricInfo& metric, const MetricPoint& point, double scale) {
  // At a scale above the grid's, 2^shift buckets make one of the grid.
  const int shift = std::max(0, point.scale - kGridScale);
  const int grid_scale = point.scale - shift;
  const double step = std::exp2(-grid_scale);  // In doublings.
  std::uint64_t below = point.zero_count;
  for (const std::uint64_t each : point.negative.counts) below += each;
  const std::string name = metric.name + "_bucket";
  std::size_t next = 0;
  // In the unit of the metric.
  const double shift_of_unit = -std::round(std::log2(scale));
  const auto first = static_cast<int>(std::ceil((kGridLowest + shift_of_unit) / step));
  const auto last = static_cast<int>(std::floor((kGridHighest + shift_of_unit) / step));
  for (int bound = first; bound <= last; ++bound) {
    // The bucket of index i ends at bound i + 1.
    const auto holds = [&](std::size_t i) {
      return ((static_cast<std::int64_t>(point.positive.offset) + static_cast<std::int64_t>(i)) >> shift) <
             bound;
    };
    while (next < point.positive.counts.size() && holds(next)) below += point.positive.counts[next++];
    add_sample(name, point, static_cast<double>(below), number_text(std::exp2(bound * step) * scale));
  }
  add_sample(name, point, static_cast<double>(point.count), "+Inf");
}

void MetricSeries::add(const Resource& resource, const MetricInfo& metric, const MetricPoint& point) {
  if (resource.number != resource_) begin_resource(resource);
  if (const char* const why = why_refused(metric, point)) return reject(metric, why);
  if (!owner_) return reject(metric, owner_.error().message);
  if (const auto labels = set_labels(point); !labels) return reject(metric, labels.error().message);
  ++result_.points;
  is_delta_ = metric.is_delta;
  const double scale = scale_of(metric);
  switch (metric.kind) {
    case PointKind::kGauge:
    case PointKind::kSum:
      return add_sample(metric.name, point, point.value * scale);
    case PointKind::kHistogram:
      if (!point.counts.empty()) add_buckets(metric, point, scale);
      break;
    case PointKind::kExponentialHistogram:
      add_exponential(metric, point, scale);
      break;
    case PointKind::kSummary:
      break;
  }
  if (point.sum) add_sample(metric.name + "_sum", point, *point.sum * scale);
  add_sample(metric.name + "_count", point, static_cast<double>(point.count));
}

/// Points of one collection get the time of its first one, so that they become one row, and a delta never
/// begins before the collection that ended the one before.
void MetricSeries::end_resource() {
  std::vector<std::uint64_t> times;
  times.reserve(samples_.size());
  for (const Sample& each : samples_) times.push_back(each.time_ns);
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  std::vector<std::uint64_t> collections = times;
  for (std::size_t i = 1; i < times.size(); ++i)
    if (times[i] - times[i - 1] <= kCollectionNs) collections[i] = collections[i - 1];
  const auto collected_at = [&](std::uint64_t time_ns) {
    return collections[static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), time_ns) -
                                                times.begin())];
  };
  constexpr std::uint64_t kNsOfMs = 1'000'000;
  protozero::pbf_writer request(series_);
  for (const Sample& each : samples_) {
    protozero::pbf_writer series(request, 5);
    series.add_packed_uint32(1, references_.begin() + each.labels_begin,
                             references_.begin() + each.labels_end);
    protozero::pbf_writer sample(series, 2);
    sample.add_double(1, each.value);
    sample.add_int64(2, static_cast<std::int64_t>(collected_at(each.time_ns) / kNsOfMs));
    if (each.start_ns != 0) sample.add_int64(3, static_cast<std::int64_t>(each.start_ns / kNsOfMs));
  }
  samples_.clear();
  references_.clear();
}

Result<OtlpMetrics> MetricSeries::take() {
  if (series_count_ > kSeriesOfRequestMax || is_too_large())
    return Error{ErrorKind::kTooLarge, "the request has more than " + std::to_string(kSeriesOfRequestMax) +
                                           " values and buckets, or too many labels of them; export smaller "
                                           "batches"};
  end_resource();
  if (!series_.empty()) {
    protozero::pbf_writer request(result_.body);
    for (const std::string& each : texts_) request.add_string(4, each.data(), each.size());
    result_.body += series_;
  }
  return std::move(result_);
}

}  // namespace optiinfra::otlp
