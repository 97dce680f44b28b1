#include "embedded/xml.hpp"

namespace optiinfra::embedded {

std::string xml_text(const std::string& text) {
  std::string escaped;
  for (const char character : text) {
    switch (character) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        escaped += character;
    }
  }
  return escaped;
}

std::string element(const std::string& name, const std::string& text) {
  return "<" + name + ">" + xml_text(text) + "</" + name + ">\n";
}

std::string document(const std::string& content) { return "<clickhouse>\n" + content + "</clickhouse>\n"; }

}  // namespace optiinfra::embedded
