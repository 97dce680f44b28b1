#include "recovery.hpp"

#include <algorithm>

#include "segment_reader.hpp"
#include "survey.hpp"

namespace optiinfra::spool {
namespace fs = std::filesystem;
namespace {

/// Openings passed over when the last checkpoint, which counts them, may be lost: some may have given out
/// sequences that no segment tells of.
constexpr std::uint64_t kRunsPassedOver = 1'024;
constexpr std::uint64_t kRunMax = std::uint64_t{1} << 30;

/// Bytes of no record, between two records of a segment or after its last.
struct Region {
  Sequence after = 0;   ///< The record before.
  Sequence before = 0;  ///< Of the record after it; kStillGrowing when there is none.
  std::uint64_t bytes = 0;
};

struct Content {
  Segment segment;
  std::vector<Region> regions;
  Sequence durable = 0;  ///< Synced, as its own records tell.
  std::uint64_t end = 0;
};

std::string span_text(Sequence first, Sequence last) {
  return std::to_string(first) + " to " + std::to_string(last);
}

class Recovery {
 public:
  Recovery(FileSystem& files, const fs::path& folder) : files_(files), folder_(folder) {}

  Result<Recovered> run();

 private:
  Result<std::uint64_t> next_run() const;
  Sequence limit(std::size_t index) const;
  Sequence promised(std::size_t index, const Content& content) const;
  bool was_acknowledged(Sequence sequence) const;
  std::uint64_t acknowledged_within(Sequence first, Sequence last) const;
  Result<void> read_segment(std::size_t index);
  Result<void> read_records(std::size_t index, Content& content);
  void take(const SegmentReader::Record& record, Content& content);
  Result<void> judge_header(std::size_t index, Sequence promised);
  Result<void> rewrite_header(const SegmentName& name);
  void judge_regions(Content& content, Sequence promised);
  void find_missing_segments();
  void note_missing_segment(std::uint64_t number, Sequence first, Sequence last);
  Result<void> write_checkpoint(std::uint64_t run);
  void tidy();

  FileSystem& files_;
  const fs::path& folder_;
  Survey survey_;
  Recovered result_;
  std::vector<std::pair<SegmentName, std::uint64_t>> cuts_;  ///< Where an undamaged segment's records end.
  std::vector<SegmentName> damaged_headers_;
};

Result<Recovered> Recovery::run() {
  OPTIINFRA_TRY(survey_, survey(files_, folder_, result_.report));
  OPTIINFRA_TRY(const std::uint64_t run, next_run());
  result_.report.closed_in_order = survey_.checkpoint && survey_.checkpoint->closed;
  for (std::size_t i = 0; i < survey_.segments.size(); ++i) OPTIINFRA_CHECK(read_segment(i));
  find_missing_segments();
  OPTIINFRA_CHECK(write_checkpoint(run));
  tidy();
  return std::move(result_);
}

Result<std::uint64_t> Recovery::next_run() const {
  const bool in_doubt = result_.report.checkpoint_damaged || survey_.damaged_slot;
  // One more than needed, for a run whose counter went beyond its 32 bits.
  const std::uint64_t run = survey_.last_run + 2 + (in_doubt ? kRunsPassedOver : 0);
  if (run < kRunMax && survey_.segments.size() <= kSpoolSegmentsMax) return run;
  return Error{ErrorKind::kCorrupt, "the spool " + folder_.string() +
                                        " has used up its sequences or holds more than " +
                                        std::to_string(kSpoolSegmentsMax) + " segments; begin a new one"};
}

// The last sequence that counts as this segment's: what follows was written again in the next.
Sequence Recovery::limit(std::size_t index) const {
  const bool has_next = index + 1 < survey_.segments.size();
  const Sequence limit = has_next ? survey_.segments[index + 1].name.first_sequence - 1 : kStillGrowing - 1;
  const auto* listed = survey_.listed(survey_.segments[index].name.number);
  return listed != nullptr ? std::min(limit, listed->last) : limit;
}

// The last sequence that sync() promised of this segment, as far as anything on the disk tells.
Sequence Recovery::promised(std::size_t index, const Content& content) const {
  const std::uint64_t number = survey_.segments[index].name.number;
  const auto* listed = survey_.listed(number);
  if (listed != nullptr && listed->last != kStillGrowing) return listed->last;
  Sequence promised = std::max(content.durable, content.segment.first() - 1);
  if (survey_.checkpoint) promised = std::max(promised, std::min(survey_.checkpoint->durable, limit(index)));
  if (index + 1 < survey_.segments.size()) {
    const auto& next = survey_.segments[index + 1].header;
    if (next && next->previous_segment == number)
      promised = std::max(promised, std::min(next->previous_sequence, limit(index)));
  }
  return promised;
}

bool Recovery::was_acknowledged(Sequence sequence) const {
  if (!survey_.checkpoint) return false;
  const auto& ranges = survey_.checkpoint->acknowledged;
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), sequence,
                       [](Sequence wanted, const SequenceRange& range) { return wanted < range.first; });
  return after != ranges.begin() && sequence <= std::prev(after)->last;
}

std::uint64_t Recovery::acknowledged_within(Sequence first, Sequence last) const {
  std::uint64_t count = 0;
  if (!survey_.checkpoint) return count;
  for (const SequenceRange& range : survey_.checkpoint->acknowledged) {
    const Sequence begin = std::max(first, range.first), end = std::min(last, range.last);
    if (begin <= end) count += end - begin + 1;
  }
  return count;
}

Result<void> Recovery::read_segment(std::size_t index) {
  Content content;
  OPTIINFRA_CHECK(read_records(index, content));
  ++result_.report.segments;
  const Sequence promise = promised(index, content);
  OPTIINFRA_CHECK(judge_header(index, promise));
  judge_regions(content, promise);
  if (!content.segment.damaged && content.segment.bytes > content.end)
    cuts_.emplace_back(content.segment.name, content.end);
  result_.ledger.add(std::move(content.segment));
  return {};
}

Result<void> Recovery::read_records(std::size_t index, Content& content) {
  Segment& segment = content.segment;
  segment.name = survey_.segments[index].name;
  const auto* listed = survey_.listed(segment.name.number);
  segment.damaged = listed != nullptr && listed->damaged;
  OPTIINFRA_TRY(const auto file, files_.open(folder_ / to_string(segment.name)));
  OPTIINFRA_TRY(segment.bytes, file->size());
  SegmentReader reader(*file, {survey_.identity, segment.name.number, segment.first(), limit(index)});
  while (true) {
    OPTIINFRA_TRY(const auto record, reader.next());
    if (!record) break;
    take(*record, content);
  }
  content.regions.push_back({segment.last(), kStillGrowing, reader.damaged_tail_bytes()});
  content.end = reader.end();
  return {};
}

void Recovery::take(const SegmentReader::Record& record, Content& content) {
  Segment& segment = content.segment;
  if (record.damaged_bytes > 0)
    content.regions.push_back({segment.last(), record.sequence, record.damaged_bytes});
  while (segment.last() + 1 < record.sequence) segment.append(true);
  content.durable = std::max(content.durable, record.durable);
  const bool done = record.kind == RecordKind::kVoid || was_acknowledged(record.sequence);
  segment.append(done);
  RecoveryReport& report = result_.report;
  ++(done ? report.records_acknowledged : report.records);
  if (!done) report.record_bytes += record.payload.size();
}

Result<void> Recovery::judge_header(std::size_t index, Sequence promised) {
  const SegmentFile& file = survey_.segments[index];
  if (file.header) return {};
  // A crash may come before the header is on the disk; nothing was promised of that segment then.
  const bool begun = promised >= file.name.first_sequence || survey_.known_to_checkpoint(file.name.number);
  if (!begun) return rewrite_header(file.name);
  ++result_.report.damaged_headers;
  note(result_.report,
       "the header of segment " + to_string(file.name) + " was damaged; its records were read without it");
  damaged_headers_.push_back(file.name);
  return {};
}

// So that the next opening does not report as damage what is none or was reported before.
Result<void> Recovery::rewrite_header(const SegmentName& name) {
  SegmentHeader header;
  header.identity = survey_.identity;
  header.number = name.number;
  header.first_sequence = name.first_sequence;
  OPTIINFRA_TRY(const auto file, files_.open(folder_ / to_string(name)));
  OPTIINFRA_CHECK(write_all(*file, 0, encode(header)));
  return file->sync();
}

void Recovery::judge_regions(Content& content, Sequence promised) {
  RecoveryReport& report = result_.report;
  for (const Region& region : content.regions) {
    const Sequence last = std::min(region.before - 1, promised);
    const std::uint64_t promises = last > region.after ? last - region.after : 0;
    const std::uint64_t lost = promises - acknowledged_within(region.after + 1, last);
    // Torn, or reported by the opening before, which counted as done what it had lost.
    if (lost == 0) {
      report.torn_bytes += region.bytes;
      continue;
    }
    content.segment.damaged = true;
    report.damaged_bytes += region.bytes;
    report.records_missing += lost;
    note(report, "segment " + to_string(content.segment.name) + " is damaged: records " +
                     span_text(region.after + 1, last) + " are lost, " + std::to_string(lost) +
                     " of them not acknowledged");
  }
}

void Recovery::find_missing_segments() {
  const auto present = [this](std::uint64_t number) {
    return std::any_of(survey_.segments.begin(), survey_.segments.end(),
                       [number](const SegmentFile& it) { return it.name.number == number; });
  };
  if (survey_.checkpoint) {
    for (const CheckpointSegment& listed : survey_.checkpoint->segments) {
      if (present(listed.number)) continue;
      const bool growing = listed.last == kStillGrowing;
      note_missing_segment(listed.number, listed.first, growing ? survey_.checkpoint->durable : listed.last);
    }
  }
  for (const SegmentFile& segment : survey_.segments) {
    if (!segment.header) continue;
    const std::uint64_t previous = segment.header->previous_segment;
    if (previous == 0 || survey_.known_to_checkpoint(previous) || present(previous)) continue;
    note_missing_segment(previous, 1, 0);
  }
}

void Recovery::note_missing_segment(std::uint64_t number, Sequence first, Sequence last) {
  ++result_.report.segments_missing;
  std::string problem = "segment " + std::to_string(number) + " is missing";
  if (first <= last) {
    result_.report.records_missing += last - first + 1 - acknowledged_within(first, last);
    problem += " with records " + span_text(first, last);
  }
  note(result_.report, problem);
}

Result<void> Recovery::write_checkpoint(std::uint64_t run) {
  Checkpoint checkpoint;
  checkpoint.identity = survey_.identity;
  checkpoint.run = run;
  checkpoint.last_segment = survey_.last_number;
  if (survey_.checkpoint) checkpoint.durable = survey_.checkpoint->durable;
  for (const Segment& segment : result_.ledger.segments())
    checkpoint.durable = std::max(checkpoint.durable, segment.last());
  result_.checkpoint = checkpoint;
  result_.ledger.describe(checkpoint);
  if (survey_.checkpoint_file) {
    OPTIINFRA_CHECK(survey_.checkpoint_file->write(checkpoint));
    result_.checkpoint_file = std::move(survey_.checkpoint_file);
    return {};
  }
  OPTIINFRA_TRY(result_.checkpoint_file, CheckpointFile::create(files_, folder_, checkpoint));
  return {};
}

// Best effort: what remains is found by the next opening.
void Recovery::tidy() {
  result_.damaged_kept = survey_.damaged_kept;
  for (const SegmentName& name : survey_.leftovers) (void)files_.remove(folder_ / to_string(name));
  for (const Segment& segment : result_.ledger.finished()) {
    (void)discard(files_, folder_, segment, result_.damaged_kept);
    result_.ledger.remove(segment.name.number);
  }
  for (const SegmentName& name : damaged_headers_) {
    if (result_.ledger.find_number(name.number) != nullptr) (void)rewrite_header(name);
  }
  for (const auto& [name, end] : cuts_) {
    Segment* const segment = result_.ledger.find_number(name.number);
    if (segment == nullptr) continue;
    const auto file = files_.open(folder_ / to_string(name));
    if (file && (*file)->truncate(end)) segment->bytes = end;
  }
}

}  // namespace

Result<Recovered> recover(FileSystem& files, const fs::path& folder) { return Recovery(files, folder).run(); }

Result<void> discard(FileSystem& files, const fs::path& folder, const Segment& segment,
                     std::uint64_t& damaged_kept) {
  const std::string name = to_string(segment.name);
  if (!segment.damaged || damaged_kept >= kDamagedKeptMax) return files.remove(folder / name);
  ++damaged_kept;
  return files.rename(folder / name, folder / (name + std::string(kDamagedSuffix)));
}

}  // namespace optiinfra::spool
