// The messages of prometheus/prompb, remote.proto and io/prometheus/write/v2/types.proto, by their field
// numbers.
#include "optiinfra/remote_write/decode.hpp"

#include <algorithm>
#include <protozero/pbf_message.hpp>

namespace optiinfra::remote_write {
namespace {

using protozero::data_view;
using protozero::pbf_reader;
using protozero::pbf_wire_type;

/// Leaves the reading of a request; caught where it begins.
struct Refused {
  Error error;
};

[[noreturn]] void refuse(std::string message) { throw Refused{invalid_argument(std::move(message))}; }

[[noreturn]] void refuse_more_than(std::size_t max, const char* what) {
  throw Refused{{ErrorKind::kTooLarge, "the request has more than " + std::to_string(max) + " " + what}};
}

template <typename Value>
void check_room(const std::vector<Value>& values, std::size_t max, const char* what) {
  if (values.size() == max) refuse_more_than(max, what);
}

std::string_view text(data_view view) { return {view.data(), view.size()}; }

class Reader {
 public:
  RemoteWriteRequest read_v1(std::string_view body) {
    make_room(body, 1);
    pbf_reader message(body.data(), body.size());
    while (message.next(1)) read_series_v1(message.get_message());
    return std::move(request_);
  }

  RemoteWriteRequest read_v2(std::string_view body) {
    pbf_reader symbols(body.data(), body.size());
    while (symbols.next(4)) {
      check_room(symbols_, kRemoteWriteLabelsMax, "symbols");
      symbols_.push_back(text(symbols.get_view()));
    }
    if (!symbols_.empty() && !symbols_.front().empty()) refuse("the first symbol must be the empty text");
    make_room(body, 5);
    pbf_reader message(body.data(), body.size());
    while (message.next(5)) read_series_v2(message.get_message());
    return std::move(request_);
  }

 private:
  /// Growing step by step costs more than all else: the memory goes back to the system with each request.
  void make_room(std::string_view body, protozero::pbf_tag_type series_field) {
    constexpr std::size_t kLabelsExpected = 10, kLabelBytes = 2;
    std::size_t series = 0;
    pbf_reader message(body.data(), body.size());
    while (message.next(series_field)) {
      message.skip();
      ++series;
    }
    if (series > kRemoteWriteSeriesMax) refuse_more_than(kRemoteWriteSeriesMax, "series");
    request_.series.reserve(series);
    request_.samples.reserve(series);
    request_.labels.reserve(std::min(series * kLabelsExpected, body.size() / kLabelBytes));
  }

  RemoteSeries begin_series() {
    RemoteSeries series;
    series.labels_begin = static_cast<std::uint32_t>(request_.labels.size());
    series.samples_begin = static_cast<std::uint32_t>(request_.samples.size());
    return series;
  }

  void end_series(RemoteSeries series) {
    series.labels_end = static_cast<std::uint32_t>(request_.labels.size());
    series.samples_end = static_cast<std::uint32_t>(request_.samples.size());
    request_.native_histograms += series.native_histograms;
    request_.series.push_back(series);
  }

  void add_label(exposition::MetricLabel label) {
    check_room(request_.labels, kRemoteWriteLabelsMax, "labels");
    request_.labels.push_back(label);
  }

  void read_series_v1(pbf_reader message) {
    RemoteSeries series = begin_series();
    while (message.next()) {
      switch (message.tag()) {
        case 1:
          add_label(label_of(message.get_message()));
          break;
        case 2:
          add_sample(message.get_message());
          break;
        case 3:
          ++request_.exemplars;
          message.skip();
          break;
        case 4:
          ++series.native_histograms;
          message.skip();
          break;
        default:
          message.skip();
      }
    }
    end_series(series);
  }

  static exposition::MetricLabel label_of(pbf_reader message) {
    exposition::MetricLabel label;
    while (message.next()) {
      if (message.tag() == 1)
        label.name = text(message.get_view());
      else if (message.tag() == 2)
        label.value = text(message.get_view());
      else
        message.skip();
    }
    return label;
  }

  void read_series_v2(pbf_reader message) {
    RemoteSeries series = begin_series();
    std::int64_t created_ms = 0;
    while (message.next()) {
      switch (message.tag()) {
        case 1:
          add_references(message);
          break;
        case 2:
          add_sample(message.get_message());
          break;
        case 3:
          ++series.native_histograms;
          message.skip();
          break;
        case 4:
          ++request_.exemplars;
          message.skip();
          break;
        case 6:  // Until 2.0-rc.3 the series has what the sample has since.
          created_ms = message.get_int64();
          break;
        default:
          message.skip();
      }
    }
    if (half_label_) refuse("a series has a label without a value");
    end_series(series);
    if (created_ms == 0) return;
    for (std::size_t i = series.samples_begin; i < request_.samples.size(); ++i)
      if (!request_.samples[i].start_timestamp_ms) request_.samples[i].start_timestamp_ms = created_ms;
  }

  /// Packed, as all known senders write them, or one by one.
  void add_references(pbf_reader& message) {
    if (message.wire_type() != pbf_wire_type::length_delimited) return add_reference(message.get_uint32());
    for (const std::uint32_t each : message.get_packed_uint32()) add_reference(each);
  }

  void add_reference(std::uint32_t reference) {
    if (reference >= symbols_.size()) refuse("a label refers to a symbol that is not there");
    const std::string_view symbol = symbols_[reference];
    if (half_label_) {
      add_label({*half_label_, symbol});
      half_label_.reset();
    } else {
      half_label_ = symbol;
    }
  }

  void add_sample(pbf_reader message) {
    check_room(request_.samples, kRemoteWriteSamplesMax, "samples");
    RemoteSample& sample = request_.samples.emplace_back();
    while (message.next()) {
      switch (message.tag()) {
        case 1:
          sample.value = message.get_double();
          break;
        case 2:
          sample.timestamp_ms = message.get_int64();
          break;
        case 3:
          if (const std::int64_t start = message.get_int64(); start != 0) sample.start_timestamp_ms = start;
          break;
        default:
          message.skip();
      }
    }
  }

  RemoteWriteRequest request_;
  std::vector<std::string_view> symbols_;
  std::optional<std::string_view> half_label_;  ///< The name of a label whose value comes next.
};

}  // namespace

Result<RemoteWriteRequest> decode_remote_write(std::string_view body, RemoteWriteProtocol protocol) {
  if (body.size() > kRemoteWriteBytesMax)
    return Error{ErrorKind::kTooLarge,
                 "the request has more than " + std::to_string(kRemoteWriteBytesMax) + " bytes"};
  try {
    Reader reader;
    return protocol == RemoteWriteProtocol::kV1 ? reader.read_v1(body) : reader.read_v2(body);
  } catch (const protozero::exception& problem) {
    return invalid_argument(std::string("the body is not protobuf of remote write: ") + problem.what());
  } catch (const Refused& refused) {
    return refused.error;
  }
}

}  // namespace optiinfra::remote_write
