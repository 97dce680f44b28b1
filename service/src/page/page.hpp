/// The page for people: files of web/ that are part of the program.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "routes.hpp"

namespace optiinfra::service {

struct PageFile {
  std::string_view path;  ///< "/" or "/page/HASH/src/application.js".
  std::string_view content_type;
  std::string_view hash;  ///< Of the contents.
  std::string_view gzip;  ///< The contents, compressed.
};

/// All files; "/" is the first. Made by web/embed.cmake.
std::span<const PageFile> page_files();

/// One route for each file, open to all: the files hold no data.
std::vector<Route> page_routes();

/// Whether a request that another site caused may be answered: a link to the page that was followed. The page
/// cannot be framed, and it reads nothing before it runs as its own origin.
bool is_link_to_page(const Request& request);

}  // namespace optiinfra::service
