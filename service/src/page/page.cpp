#include "page/page.hpp"

#include "decompress.hpp"
#include "problem.hpp"

namespace optiinfra::service {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{4} << 20;

/// Own scripts and styles, and answers of this server; nothing from elsewhere, nothing inline, no frames, no
/// forms.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src "
    "'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

bool takes_gzip(const Request& request) {
  return request.header("accept-encoding").find("gzip") != std::string_view::npos;
}

Response answer_file(const PageFile& file, const Request& request) {
  Response response{.content_type = std::string(file.content_type)};
  const bool is_compressed = takes_gzip(request);
  const std::string tag = "\"" + std::string(file.hash) + (is_compressed ? "-gzip\"" : "\"");
  response.headers = {
      {"ETag", tag},
      {"Vary", "Accept-Encoding"},
      {"Content-Security-Policy", kPolicy},
      {"Cross-Origin-Opener-Policy", "same-origin"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      // Another version of the page has other addresses.
      {"Cache-Control", file.path == "/" ? "no-cache" : "public, max-age=31536000, immutable"}};
  if (request.header("if-none-match") == tag) {
    response.status = 304;
    return response;
  }
  if (is_compressed) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = file.gzip;
    return response;
  }
  auto plain = decompressed(std::string(file.gzip), "gzip", kFileBytesMax);
  if (!plain) return problem_of(plain.error());
  response.body = *std::move(plain);
  return response;
}

}  // namespace

std::vector<Route> page_routes() {
  std::vector<Route> routes;
  for (const PageFile& file : page_files())
    routes.push_back({.method = "GET",
                      .path = std::string(file.path),
                      .name = "page",
                      .tag = kPageTag,
                      .meaning = "The page for people",
                      .openness = Openness::kAll,
                      .handle = [&file](const Call& call) { return answer_file(file, call.request); }});
  return routes;
}

bool is_link_to_page(const Request& request) {
  return request.path == "/" && (request.method == "GET" || request.method == "HEAD") &&
         request.header("sec-fetch-mode") == "navigate" && request.header("sec-fetch-dest") == "document";
}

}  // namespace optiinfra::service
