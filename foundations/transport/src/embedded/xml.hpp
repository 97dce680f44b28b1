/// Helpers for the XML that the engine reads at its start.
#pragma once

#include <string>

namespace optiinfra::embedded {

/// `text` as the content of an XML element.
std::string xml_text(const std::string& text);

/// <name>text</name>, `text` escaped.
std::string element(const std::string& name, const std::string& text);

/// A whole file.
std::string document(const std::string& content);

}  // namespace optiinfra::embedded
