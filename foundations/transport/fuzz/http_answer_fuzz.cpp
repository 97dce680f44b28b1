// Any header lines and any body, cut anywhere: nothing crashes, what is kept stays bounded, and an answer
// gives the same data however the network cuts it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/answer_head.hpp"
#include "http/exception_scanner.hpp"

namespace {

using optiinfra::http::AnswerHead;
using optiinfra::http::ExceptionScanner;

void expect(bool holds) {
  if (!holds) std::abort();
}

/// Takes the lines up to the empty one; what follows is left in `input`.
AnswerHead take_head(std::string_view& input) {
  AnswerHead head;
  while (!input.empty() && !head.complete()) {
    const std::size_t end = std::min(input.find('\n'), input.size() - 1);
    head.take_line(input.substr(0, end + 1));
    input.remove_prefix(end + 1);
  }
  return head;
}

struct Scanned {
  std::string data, exception;
};

Scanned scan(std::string_view tag, std::string_view body, std::size_t step) {
  ExceptionScanner scanner(tag);
  Scanned scanned;
  for (std::size_t at = 0; at < body.size(); at += step) scanned.data += scanner.take(body.substr(at, step));
  if (!scanner.found()) scanned.data += scanner.finish();
  scanned.exception = scanner.text();
  expect(scanner.found() || scanned.data == body);
  expect(scanned.exception.size() <= optiinfra::http::kExceptionBytesMax);
  return scanned;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = data[0] % 40u + 1;
  std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const AnswerHead head = take_head(input);
  expect(head.exception_tag().size() <= optiinfra::http::kExceptionTagBytesMax);
  expect(head.query_id().size() <= optiinfra::http::kHeaderValueBytesMax);
  const Scanned whole = scan(head.exception_tag(), input, input.size() + 1);
  const Scanned cut = scan(head.exception_tag(), input, step);
  expect(whole.data == cut.data && whole.exception == cut.exception);
  return 0;
}
