#include "embedded/http_rules.hpp"

#include <unistd.h>

#include "embedded/serve_options.hpp"
#include "embedded/xml.hpp"

namespace optiinfra::embedded {
namespace {

std::string rule(const std::string& conditions, const std::string& handler) {
  return "<rule>\n" + conditions + "<handler>" + handler + "</handler>\n</rule>\n";
}

std::string answer(int status, const std::string& sentence) {
  return element("type", "static") + element("status", std::to_string(status)) +
         element("response_content", sentence + "\n");
}

std::string header(const std::string& name, const std::string& pattern) {
  return "<headers>" + element(name, "regex:" + pattern) + "</headers>\n";
}

std::string escaped(const std::string& name) {
  std::string pattern;
  for (const char character : name) {
    if (character == '.') pattern += '\\';
    pattern += character;
  }
  return pattern;
}

std::string own_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

/// The accepted values of the header Host. An IP address is good whatever it is: a page
/// that was opened by address has no name that could be pointed elsewhere. Without the header it is no page.
std::string hosts(const ServeOptions& options) {
  std::string names = R"(localhost|[0-9.]+|\[[0-9a-f:.%]+\])";
  if (const std::string name = own_name(); is_host_name(name)) names += "|" + escaped(name);
  for (const std::string& name : options.host_names) names += "|" + escaped(name);
  return "(?i)((" + names + ")(:[0-9]+)?)?";
}

constexpr const char* kEnginePages[] = {"play", "dashboard", "binary", "merges", "jemalloc"};
constexpr const char* kPageScripts[] = {"/js/uplot.js", "/js/lz-string.js"};

}  // namespace

std::string http_rules(const ServeOptions& options) {
  const std::string host = header("host", hosts(options));
  const auto at = [&host](const std::string& path) { return element("url", path) + host; };
  const std::string other_origin = answer(403, "a web page of another origin must not use this server");
  std::string rules = rule(header("origin", ".+"), other_origin) +
                      rule(header("sec-fetch-site", "(cross-site|same-site)"), other_origin);
  rules += rule(at("/ping"), element("type", "ping"));
  rules += rule(at("/replicas_status"), element("type", "replicas_status"));
  rules += rule("<empty_query_string/><methods>GET,HEAD</methods>\n" + at("/"), answer(200, "Ok."));
  rules += rule(at("/"), element("type", "dynamic_query_handler") + element("query_param_name", "query"));
  if (options.has_engine_pages) {
    for (const char* page : kEnginePages) rules += rule(at(std::string("/") + page), element("type", page));
    for (const char* script : kPageScripts) rules += rule(at(script), element("type", "js"));
  }
  rules += rule(host, answer(404, "there is nothing here; send statements to /"));
  rules += rule("", answer(403,
                           "the name in the header Host is not a name of this server; allow it with: "
                           "optiinfra server --host-name NAME"));
  return "<http_handlers>\n" + rules + "</http_handlers>\n<enable_webterminal>0</enable_webterminal>\n";
}

}  // namespace optiinfra::embedded
