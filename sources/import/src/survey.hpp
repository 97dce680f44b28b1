/// Examines a whole file before anything of it is stored.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format.hpp"
#include "optiinfra/transport/session.hpp"
#include "source_file.hpp"

namespace optiinfra {

/// Most distinct keys of JSON objects.
inline constexpr std::size_t kJsonKeysMax = 4096;

struct Survey {
  std::uint64_t rows = 0;           ///< Lines after the header of delimited text, else rows.
  bool lines_are_rows = true;       ///< False: fields have line breaks, so lines must be counted.
  bool has_commas = false;          ///< Of delimited text.
  bool quotes_last_blanks = false;  ///< A text in quotes ends in a space or a tab.
  std::vector<std::string> keys;    ///< Of all JSON objects, in order; the first kJsonKeysMax that occur.
};

/// Reads a text file to its end. Of typed formats it counts the rows, which damage does not show in.
/// Errors: kInvalidArgument for text that is compressed and damaged, for delimited text that is not UTF-8 and
/// for quotes in CSV that do not pair up, naming the line.
Result<Survey> survey(Session& session, const SourceFile& file, const FileFormat& format);

/// Whether a compressed file ends where it should, as far as the engine does not look at that.
Result<void> expect_whole(const SourceFile& file, const FileFormat& format);

}  // namespace optiinfra
