#include "optiinfra/remote_write/record.hpp"

#include <protozero/pbf_message.hpp>
#include <protozero/pbf_writer.hpp>

namespace optiinfra::remote_write {
namespace {

/// Field numbers. They stay as they are: records outlive an update of the program.
enum Field : protozero::pbf_tag_type {
  kTime = 1,
  kProtocol = 2,
  kEncoding = 3,
  kCustomerAllowed = 4,
  kCustomer = 5,
  kService = 6,
  kBody = 7,
  kClock = 8
};

std::string_view text_of(protozero::data_view view) { return {view.data(), view.size()}; }

RemoteWriteRecord read(std::string_view text) {
  RemoteWriteRecord record;
  protozero::pbf_reader message(text.data(), text.size());
  while (message.next()) {
    switch (message.tag()) {
      case kTime:
        record.time = exposition::sys_milliseconds(std::chrono::milliseconds(message.get_int64()));
        break;
      case kClock:
        record.clock = exposition::sys_milliseconds(std::chrono::milliseconds(message.get_int64()));
        break;
      case kProtocol:
        record.protocol = message.get_uint32() == 2 ? RemoteWriteProtocol::kV2 : RemoteWriteProtocol::kV1;
        break;
      case kEncoding:
        record.encoding = text_of(message.get_view());
        break;
      case kCustomerAllowed:
        if (const auto id = Uuid::parse(text_of(message.get_view()))) record.origin.customers.push_back(*id);
        break;
      case kCustomer:
        record.origin.customer = text_of(message.get_view());
        break;
      case kService:
        record.origin.service = text_of(message.get_view());
        break;
      case kBody:
        record.body = text_of(message.get_view());
        break;
      default:
        message.skip();
    }
  }
  return record;
}

}  // namespace

std::string remote_write_record_text(const RemoteWriteRecord& record) {
  std::string text;
  protozero::pbf_writer message(text);
  message.add_int64(kTime, record.time.time_since_epoch().count());
  message.add_int64(kClock, record.clock.time_since_epoch().count());
  message.add_uint32(kProtocol, static_cast<std::uint32_t>(record.protocol));
  message.add_string(kEncoding, record.encoding.data(), record.encoding.size());
  for (const Uuid& each : record.origin.customers) message.add_string(kCustomerAllowed, each.to_string());
  message.add_string(kCustomer, record.origin.customer);
  message.add_string(kService, record.origin.service);
  message.add_bytes(kBody, record.body.data(), record.body.size());
  return text;
}

Result<RemoteWriteRecord> parse_remote_write_record(std::string_view text) {
  try {
    return read(text);
  } catch (const protozero::exception& problem) {
    return Error{ErrorKind::kCorrupt,
                 std::string("a record of remote write cannot be read: ") + problem.what()};
  }
}

}  // namespace optiinfra::remote_write
