#include "socket/resolve.hpp"

#include <netdb.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace optiinfra::net {
namespace {

struct Answer {
  int code = 0;
  int system_error = 0;
  std::vector<Address> addresses;
};

Answer look_up(const Endpoint& endpoint, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  Answer answer;
  answer.code = ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &list);
  answer.system_error = errno;
  if (answer.code != 0) return answer;
  for (const addrinfo* each = list; each != nullptr && answer.addresses.size() < kAddressesMax;
       each = each->ai_next) {
    Address& address = answer.addresses.emplace_back();
    std::memcpy(&address.storage, each->ai_addr, each->ai_addrlen);
    address.size = each->ai_addrlen;
  }
  ::freeaddrinfo(list);
  return answer;
}

/// Shared by the caller and the thread that looks up, whichever lives longer.
struct Lookup {
  std::mutex mutex;
  std::condition_variable done;
  std::optional<Answer> answer;
};

std::atomic<int> lookups_under_way{0};

Error not_resolved(const Answer& answer) {
  const std::string reason = answer.code == EAI_SYSTEM ? std::generic_category().message(answer.system_error)
                                                       : std::string(::gai_strerror(answer.code));
  return {ErrorKind::kUnavailable, "the host's name has no address: " + reason};
}

Result<std::vector<Address>> taken(Answer answer) {
  if (answer.code != 0 || answer.addresses.empty()) return not_resolved(answer);
  return std::move(answer.addresses);
}

}  // namespace

Result<std::vector<Address>> resolve(const Endpoint& endpoint, Deadline deadline) {
  if (Answer numeric = look_up(endpoint, AI_NUMERICHOST); numeric.code == 0) return taken(std::move(numeric));
  if (lookups_under_way.fetch_add(1) >= kLookupsMax) {
    --lookups_under_way;
    return Error{ErrorKind::kUnavailable,
                 "too many look-ups of host names hang; is the name server reachable?"};
  }
  auto lookup = std::make_shared<Lookup>();
  try {
    std::thread([lookup, endpoint] {
      Answer answer = look_up(endpoint, AI_ADDRCONFIG);
      --lookups_under_way;
      const std::lock_guard lock(lookup->mutex);
      lookup->answer = std::move(answer);
      lookup->done.notify_one();
    }).detach();
  } catch (const std::system_error&) {
    --lookups_under_way;
    return Error{ErrorKind::kUnavailable, "the system gives no thread to look up the host's name"};
  }
  std::unique_lock lock(lookup->mutex);
  if (!lookup->done.wait_until(lock, deadline.at(), [&] { return lookup->answer.has_value(); }))
    return Error{ErrorKind::kTimeout, "the host's name was not resolved in time"};
  return taken(std::move(*lookup->answer));
}

}  // namespace optiinfra::net
