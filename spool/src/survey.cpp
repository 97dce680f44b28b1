#include "survey.hpp"

#include <algorithm>

#include "optiinfra/spool/request_log.hpp"

namespace optiinfra::spool {
namespace fs = std::filesystem;
namespace {

struct Names {
  std::vector<SegmentName> segments;
  std::uint64_t damaged_kept = 0;
  bool checkpoint = false;
  std::string foreign;  ///< A name that is not one of ours.
};

Names sort_names(const std::vector<std::string>& listed) {
  Names names;
  for (const std::string& text : listed) {
    if (const auto name = parse_segment_name(text)) {
      names.segments.push_back(*name);
    } else if (text == kCheckpointName) {
      names.checkpoint = true;
    } else if (text.ends_with(kDamagedSuffix)) {
      ++names.damaged_kept;
    } else if (text != "lock" && text != kCheckpointSpareName && !RequestLog::is_file_name(text)) {
      names.foreign = text;
    }
  }
  std::sort(names.segments.begin(), names.segments.end(), [](const SegmentName& a, const SegmentName& b) {
    return std::pair(a.number, a.first_sequence) < std::pair(b.number, b.first_sequence);
  });
  return names;
}

Result<std::optional<SegmentHeader>> read_header(FileSystem& files, const fs::path& path) {
  OPTIINFRA_TRY(const auto file, files.open(path));
  std::array<std::byte, kSegmentHeaderBytes> bytes;
  OPTIINFRA_TRY(const std::size_t read, file->read(0, bytes));
  return decode_segment_header(Bytes(bytes).first(read));
}

Result<void> load_checkpoint(FileSystem& files, const fs::path& folder, Survey& survey,
                             RecoveryReport& report) {
  OPTIINFRA_TRY(auto loaded, CheckpointFile::load(files, folder));
  survey.damaged_slot = loaded.damaged_slot;
  survey.checkpoint = std::move(loaded.checkpoint);
  if (survey.checkpoint) survey.checkpoint_file = std::move(loaded.file);
  report.checkpoint_damaged = !survey.checkpoint;
  report.checkpoint_torn = survey.checkpoint && loaded.damaged_slot;
  if (report.checkpoint_damaged)
    note(report, "the file checkpoint is damaged: records may be replayed that were acknowledged");
  return {};
}

// A file out of order is none that this spool made; it is left where it is.
void keep_ascending(std::vector<SegmentName>& names, RecoveryReport& report) {
  SegmentName before;
  std::erase_if(names, [&](const SegmentName& name) {
    if (name.number > before.number && name.first_sequence >= before.first_sequence) {
      before = name;
      return false;
    }
    note(report,
         "the file " + to_string(name) + " does not fit into the order of the others; it was not read");
    return true;
  });
}

Result<void> find_identity(Survey& survey, const fs::path& folder) {
  if (survey.checkpoint) {
    survey.identity = survey.checkpoint->identity;
    return {};
  }
  const auto readable = std::find_if(survey.segments.begin(), survey.segments.end(),
                                     [](const SegmentFile& segment) { return segment.header.has_value(); });
  if (readable == survey.segments.end()) {
    return Error{ErrorKind::kCorrupt,
                 "neither the checkpoint nor any segment header of the spool " + folder.string() +
                     " is readable; restore the file checkpoint from a copy, or move the "
                     "folder away to begin a new spool"};
  }
  survey.identity = readable->header->identity;
  return {};
}

void check_header(SegmentFile& segment, const Uuid& identity) {
  const auto& header = segment.header;
  if (header && (header->identity != identity || header->number != segment.name.number ||
                 header->first_sequence != segment.name.first_sequence))
    segment.header.reset();
}

Result<void> read_headers(FileSystem& files, const fs::path& folder, const std::vector<SegmentName>& names,
                          Survey& survey) {
  for (const SegmentName& name : names) {
    survey.last_number = std::max(survey.last_number, name.number);
    survey.last_run = std::max(survey.last_run, name.first_sequence >> 32);
    if (survey.known_to_checkpoint(name.number) && survey.listed(name.number) == nullptr) {
      survey.leftovers.push_back(name);
      continue;
    }
    OPTIINFRA_TRY(auto header, read_header(files, folder / to_string(name)));
    if (header && header->version > kFormatVersion) {
      return Error{ErrorKind::kIncompatible,
                   "the spool " + folder.string() + " was written by a newer program; use that one"};
    }
    survey.segments.push_back({name, header});
  }
  return {};
}

}  // namespace

const CheckpointSegment* Survey::listed(std::uint64_t number) const noexcept {
  if (!checkpoint) return nullptr;
  const auto& all = checkpoint->segments;
  const auto it = std::find_if(all.begin(), all.end(), [number](const CheckpointSegment& segment) {
    return segment.number == number;
  });
  return it == all.end() ? nullptr : &*it;
}

Result<void> expect_spool_or_empty(FileSystem& files, const fs::path& folder) {
  OPTIINFRA_TRY(const auto listed, files.list(folder));
  const Names names = sort_names(listed);
  if (names.checkpoint || names.foreign.empty()) return {};
  return Error{ErrorKind::kIncompatible, folder.string() + " is not a spool: it holds " + names.foreign +
                                             "; choose an empty or new folder"};
}

Result<Survey> survey(FileSystem& files, const fs::path& folder, RecoveryReport& report) {
  Survey survey;
  OPTIINFRA_TRY(const auto listed, files.list(folder));
  Names names = sort_names(listed);
  survey.damaged_kept = names.damaged_kept;
  if (names.checkpoint) {
    OPTIINFRA_CHECK(load_checkpoint(files, folder, survey, report));
  } else if (names.segments.empty()) {
    report.created = true;
    survey.identity = Uuid::random();
    return survey;
  } else {
    report.checkpoint_damaged = true;
    note(report, "the file checkpoint is missing: records may be replayed that were acknowledged");
  }
  keep_ascending(names.segments, report);
  OPTIINFRA_CHECK(read_headers(files, folder, names.segments, survey));
  OPTIINFRA_CHECK(find_identity(survey, folder));
  for (SegmentFile& segment : survey.segments) check_header(segment, survey.identity);
  if (survey.checkpoint) {
    survey.last_number = std::max(survey.last_number, survey.checkpoint->last_segment);
    survey.last_run = std::max(survey.last_run, survey.checkpoint->run);
  }
  return survey;
}

void note(RecoveryReport& report, std::string problem) {
  if (report.problems.size() < kSpoolProblemsMax) report.problems.push_back(std::move(problem));
}

}  // namespace optiinfra::spool
