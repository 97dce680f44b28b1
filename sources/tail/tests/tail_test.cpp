#include "optiinfra/tail/tail.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "optiinfra/core/identity.hpp"
#include "optiinfra/testing/temporary_folder.hpp"

namespace optiinfra::tail {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Dies at its n-th call: from then on no call does anything.
class DyingDisk : public spool::FileSystem {
 public:
  explicit DyingDisk(unsigned calls) : left_(calls) {}

  bool is_dead() const { return left_ == 0; }
  /// Something else that a kill can come before.
  bool is_alive_still() { return step(); }

  Result<void> create_folder(const fs::path& folder) override {
    return alive([&] { return real_.create_folder(folder); });
  }
  Result<std::unique_ptr<spool::FolderLock>> lock_folder(const fs::path& folder) override {
    return alive([&] { return real_.lock_folder(folder); });
  }
  Result<std::vector<std::string>> list(const fs::path& folder) override {
    return alive([&] { return real_.list(folder); });
  }
  Result<std::unique_ptr<spool::File>> create(const fs::path& file) override {
    return alive([&]() -> Result<std::unique_ptr<spool::File>> {
      OPTIINFRA_TRY(auto made, real_.create(file));
      return std::unique_ptr<spool::File>(std::make_unique<DyingFile>(*this, std::move(made)));
    });
  }
  Result<std::unique_ptr<spool::File>> open(const fs::path& file) override {
    return alive([&] { return real_.open(file); });
  }
  Result<void> rename(const fs::path& from, const fs::path& to) override {
    return alive([&] { return real_.rename(from, to); });
  }
  Result<void> remove(const fs::path& file) override {
    return alive([&] { return real_.remove(file); });
  }
  Result<void> sync_folder(const fs::path& folder) override {
    return alive([&] { return real_.sync_folder(folder); });
  }

 private:
  class DyingFile : public spool::File {
   public:
    DyingFile(DyingDisk& disk, std::unique_ptr<spool::File> file) : disk_(disk), file_(std::move(file)) {}
    Result<std::uint64_t> size() override { return file_->size(); }
    Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) override {
      return file_->read(offset, into);
    }
    Result<std::size_t> write(std::uint64_t offset,
                              std::span<const std::span<const std::byte>> parts) override {
      return disk_.alive([&] { return file_->write(offset, parts); });
    }
    Result<void> allocate(std::uint64_t bytes) override { return file_->allocate(bytes); }
    Result<void> truncate(std::uint64_t bytes) override { return file_->truncate(bytes); }
    Result<void> sync() override {
      return disk_.alive([&] { return file_->sync(); });
    }

   private:
    DyingDisk& disk_;
    std::unique_ptr<spool::File> file_;
  };

  bool step() { return left_ != 0 && --left_ != 0; }
  template <typename Call>
  auto alive(Call call) -> decltype(call()) {
    if (!step()) return Error{ErrorKind::kStorage, "dead"};
    return call();
  }

  unsigned left_;
  spool::FileSystem& real_ = spool::posix_file_system();
};

/// What a store does with blocks: a token counts once, and always has the same rows.
class Blocks {
 public:
  void store(const TailBlock& block) {
    std::vector<Uuid> ids(block.rows.request_id.begin(), block.rows.request_id.end());
    const auto [known, is_new] = rows_.try_emplace(block.token, ids);
    if (!is_new) ++repeats;
    EXPECT_EQ(known->second, ids) << "a block came again with other rows: " << block.token;
  }
  std::multiset<Uuid> ids() const {
    std::multiset<Uuid> all;
    for (const auto& [token, ids] : rows_) all.insert(ids.begin(), ids.end());
    return all;
  }
  unsigned repeats = 0;

 private:
  std::map<std::string, std::vector<Uuid>> rows_;
};

class Tailing : public ::testing::Test {
 protected:
  fs::path log() const { return folder_ / "requests.log"; }
  static std::string line(int id) {
    return R"({"id": ")" + std::to_string(id) + R"(", "request_received_ts": 1772359200, "e2e_latency": 1})" +
           "\n";
  }
  static std::string lines(int first, int last) {
    std::string text;
    for (int id = first; id <= last; ++id) text += line(id);
    return text;
  }
  void append(const std::string& text) { append(log(), text); }
  static void append(const fs::path& file, const std::string& text) {
    std::ofstream(file, std::ios::app) << text;
  }
  TailOptions options(std::vector<std::string> files = {}) const {
    const auto form = LogForm::builtin("sglang");
    if (files.empty()) files = {log().string()};
    return {.form = *form,
            .defaults = {.customer = "acme", .service = "chat"},
            .files = std::move(files),
            .state_folder = folder_ / "state",
            .rotated_grace = std::chrono::milliseconds{0},
            .renamed_quiet = std::chrono::milliseconds{0}};
  }
  /// Until it looks for files again.
  static void wait_for_look() { std::this_thread::sleep_for(std::chrono::milliseconds{1'050}); }
  void start() { start(options()); }
  void start(TailOptions with) {
    tail_.reset();
    auto opened = Tail::open(std::move(with));
    ASSERT_TRUE(opened) << opened.error().message;
    tail_.emplace(*std::move(opened));
  }
  /// Takes all that is there now.
  void drain() {
    for (;;) {
      const auto block = tail_->next();
      ASSERT_TRUE(block) << block.error().message;
      if (*block == nullptr) break;
      blocks_.store(**block);
      tail_->stored();
    }
    for (const std::string& each : tail_->take_remarks()) remarks_ += each + "\n";
  }
  /// Opens the tail again, which looks for files at once.
  void drain_again() {
    if (tail_) {
      ASSERT_TRUE(tail_->close());
    }
    start();
    drain();
  }
  void expect_once(int first, int last) const {
    std::multiset<Uuid> expected;
    for (int id = first; id <= last; ++id) expected.insert(identity_of("request", std::to_string(id)));
    EXPECT_EQ(blocks_.ids().size(), expected.size());
    EXPECT_TRUE(blocks_.ids() == expected);
  }

  testing::TemporaryFolder folder_;
  std::optional<Tail> tail_;
  Blocks blocks_;
  std::string remarks_;
};

TEST_F(Tailing, WaitsForAFileAndForTheEndOfALine) {
  start();
  drain();
  EXPECT_THAT(remarks_, HasSubstr("requests.log is not there yet"));
  append(lines(1, 2) + R"({"id": "3", "request_rec)");
  drain_again();
  expect_once(1, 2);
  drain();
  append(R"(eived_ts": 1772359200, "e2e_latency": 1})"
         "\n" +
         line(4));
  drain();
  expect_once(1, 4);
  EXPECT_EQ(tail_->counts().rows, 4u);  // Since it was opened again.
  EXPECT_EQ(tail_->counts().behind_bytes, 0u);
}

TEST_F(Tailing, ReadsARenamedFileToItsEndAndItsSuccessorFromTheBeginning) {
  append(lines(1, 3));
  start();
  drain();
  fs::rename(log(), folder_ / "requests.log.1");
  append(lines(5, 6));
  append(folder_ / "requests.log.1", line(4));  // By a writer that has it open still.
  wait_for_look();
  drain();
  expect_once(1, 6);
  append(lines(7, 8));
  drain_again();
  expect_once(1, 8);
}

TEST_F(Tailing, FindsAFileThatWasRenamedWhileNothingFollowedIt) {
  append(lines(1, 3));
  start();
  drain();
  ASSERT_TRUE(tail_->close());
  tail_.reset();
  append(lines(4, 5));
  fs::rename(log(), folder_ / "requests.log.1");
  append(folder_ / "requests.log.1", R"({"id": "6", "request_received_ts": 1772359200, "e2e_latency": 1})");
  append(lines(7, 8));
  start();
  drain();
  drain();
  expect_once(1, 8);
  drain_again();
  expect_once(1, 8);
  EXPECT_EQ(remarks_, "");
}

TEST_F(Tailing, BeginsAgainWhenAFileIsTruncated) {
  append(lines(1, 30));
  start();
  drain();
  fs::resize_file(log(), 0);  // As copytruncate does.
  append(lines(31, 32));
  drain();
  expect_once(1, 32);
  EXPECT_THAT(remarks_, HasSubstr("requests.log was truncated; what it had after byte"));
  ASSERT_TRUE(tail_->close());
  fs::resize_file(log(), 0);
  append(lines(33, 80));  // Longer than what was read: its beginning tells.
  drain_again();
  expect_once(1, 80);
  EXPECT_THAT(remarks_, HasSubstr("holds something else than before"));
}

TEST_F(Tailing, SaysThatAFileIsGoneAndKnowsItWhenItComesBack) {
  append(lines(1, 3));
  start();
  drain();
  ASSERT_TRUE(tail_->close());
  fs::create_directory(folder_ / "away");
  fs::rename(log(), folder_ / "away/log");
  drain_again();
  EXPECT_THAT(remarks_, HasSubstr("requests.log is gone"));
  fs::rename(folder_ / "away/log", log());
  append(line(4));
  drain_again();
  expect_once(1, 4);
}

TEST_F(Tailing, FollowsAllFilesOfAPattern) {
  append(folder_ / "m-01.log", lines(1, 2));
  append(folder_ / "m-02.log", lines(3, 4));
  append(folder_ / "other", line(5));
  start(options({(folder_ / "m-*.log").string()}));
  drain();
  expect_once(1, 4);
  EXPECT_EQ(tail_->counts().files, 2u);
}

TEST_F(Tailing, LeavesOutALineThatIsTooLongAndNamesIt) {
  append(line(1) + std::string(kBlockBytesMax + 10, 'x') + "\n" + line(2));
  start();
  drain();
  expect_once(1, 2);
  EXPECT_THAT(remarks_, HasSubstr("requests.log line 2 is longer than 4 MiB and left out"));
  EXPECT_EQ(tail_->counts().too_long, 1u);
  EXPECT_EQ(tail_->counts().lines, 3u);
  append("no json\n");
  drain_again();
  EXPECT_THAT(remarks_, HasSubstr("requests.log line 4 is refused: no JSON object"));
  expect_once(1, 2);
}

TEST_F(Tailing, GivesABlockAgainUntilItIsStored) {
  append(lines(1, 2));
  start();
  const auto first = tail_->next();
  ASSERT_TRUE(first);
  const std::string token = (*first)->token;
  append(line(3));
  const auto again = tail_->next();
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->token, token);
  start();  // Killed: the lines that came since are of the next block.
  const auto after = tail_->next();
  ASSERT_TRUE(after);
  EXPECT_EQ((*after)->token, token);
  EXPECT_EQ((*after)->rows.size(), 2u);
  drain();
  expect_once(1, 3);
}

TEST_F(Tailing, RefusesAStateOfOthersAndADamagedOne) {
  append(line(1));
  start();
  drain();
  const auto second = Tail::open(options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kUnavailable);
  ASSERT_TRUE(tail_->close());
  tail_.reset();
  fs::resize_file(folder_ / "state/tail.json", 40);
  const auto damaged = Tail::open(options());
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().kind, ErrorKind::kCorrupt);
  TailOptions nobody = options();
  nobody.defaults.customer.clear();
  EXPECT_THAT(Tail::open(std::move(nobody)).error().message, HasSubstr("whose the requests are"));
}

TEST_F(Tailing, ReadsOnWhereAPowerLossCutALog) {
  append(lines(1, 30));
  start();
  drain();
  ASSERT_TRUE(tail_->close());
  const auto size = fs::file_size(log());
  fs::resize_file(log(), size - 100);  // In the middle of a line.
  drain_again();
  expect_once(1, 30);
  EXPECT_THAT(remarks_, HasSubstr("requests.log ends at byte " + std::to_string(size - 100) +
                                  " and was read to byte " + std::to_string(size)));
  append(lines(31, 32));
  drain();
  drain_again();
  expect_once(1, 32);
}

TEST_F(Tailing, SaysThatABlockWhoseLinesAPowerLossTookIsNotKnown) {
  append(lines(1, 30));
  start();
  drain();
  const auto size = fs::file_size(log());
  append(lines(41, 50));
  const auto block = tail_->next();
  ASSERT_TRUE(block && *block != nullptr);
  blocks_.store(**block);  // And the power goes before that is known.
  fs::resize_file(log(), size + 100);
  start();
  drain();
  append(lines(31, 40));
  drain();
  expect_once(1, 50);
  EXPECT_THAT(remarks_, HasSubstr("whether its lines after byte " + std::to_string(size) + " were stored"));
}

TEST_F(Tailing, LeavesAFileToOthersThatTheOptionsNameNoMore) {
  const fs::path other = folder_ / "other.log";
  append(lines(1, 2));
  append(other, lines(3, 4));
  start(options({log().string(), other.string()}));
  drain();
  append(lines(8, 9));
  append(other, line(5));
  ASSERT_TRUE(tail_->close());
  start(options({other.string()}));
  drain();
  expect_once(1, 5);
  ASSERT_TRUE(tail_->close());
  fs::rename(log(), folder_ / "requests.log.1");
  start(options({other.string()}));
  drain();
  expect_once(1, 5);
  EXPECT_EQ(remarks_, "");
}

TEST_F(Tailing, ReadsTheRestOfARenamedFileOnlyAsItWasReadBefore) {
  append(lines(1, 3));
  start();
  drain();
  ASSERT_TRUE(tail_->close());
  append(lines(5, 6));
  fs::rename(log(), folder_ / "requests.log.1");
  append(line(4));
  TailOptions changed = options();
  changed.defaults.customer = "umbrella";
  start(std::move(changed));
  drain();
  expect_once(1, 4);
  EXPECT_THAT(remarks_, HasSubstr("read as sglang, customer acme, service chat, not as sglang, customer "
                                  "umbrella, service chat; what follows byte"));
  drain_again();
  expect_once(1, 6);
}

TEST_F(Tailing, FollowsAWriterThatNobodyToldOfTheRotation) {
  const fs::path renamed = folder_ / "requests.log.1";
  append(lines(1, 2));
  TailOptions patient = options();
  patient.renamed_quiet = kRenamedQuiet;
  start(std::move(patient));
  drain();
  fs::rename(log(), renamed);
  append(renamed, line(3).substr(0, 20));
  wait_for_look();
  drain();
  append(renamed, line(3).substr(20) + line(4));
  drain();
  expect_once(1, 4);
  drain_again();  // Not patient: it is over.
  append(renamed, line(5));
  drain();
  expect_once(1, 4);
  drain_again();  // It grew all the same.
  expect_once(1, 5);
}

/// Logs that this process has open.
std::size_t open_logs() {
  std::size_t count = 0;
  std::error_code ignored;
  for (const auto& each : fs::directory_iterator("/proc/self/fd"))
    if (fs::read_symlink(each.path(), ignored).string().find("/many-") != std::string::npos) ++count;
  return count;
}

TEST_F(Tailing, ReadsTheNewestOfManyFilesFirstAndKeepsFewOpen) {
  constexpr int kFiles = static_cast<int>(kOpenFilesMax) + 36;
  const auto many = [&](int number) { return folder_ / ("many-" + std::to_string(1'000 + number) + ".log"); };
  const auto present = fs::file_time_type::clock::now();
  for (int i = 1; i <= kFiles; ++i) {
    append(many(i), line(i));
    fs::last_write_time(many(i), present - std::chrono::seconds{2 * (kFiles - i)});
  }
  start(options({(folder_ / "many-*.log").string()}));
  const auto first = tail_->next();
  ASSERT_TRUE(first && *first != nullptr);
  EXPECT_EQ((*first)->file, many(kFiles).string());
  drain();
  expect_once(1, kFiles);
  EXPECT_LE(open_logs(), kOpenFilesMax);
  append(many(1), line(kFiles + 1));  // Of these three none is open.
  append(many(2), line(kFiles + 2));
  fs::rename(many(2), folder_ / "old-2.log");
  fs::remove(many(3));
  append(many(kFiles + 1), line(kFiles + 3));
  wait_for_look();
  drain();
  expect_once(1, kFiles + 3);
  EXPECT_LE(open_logs(), kOpenFilesMax);
  EXPECT_EQ(tail_->counts().behind_bytes, 0u);
  EXPECT_EQ(remarks_, "");
}

TEST_F(Tailing, SaysOnceWhyNothingIsRead) {
  fs::create_symlink("loop.log", folder_ / "loop.log");
  const auto path = [&](const char* name) { return (folder_ / name).string(); };
  start(options({path("away/*.log"), path("none-*.log"), path("loop.log"), path("later.log")}));
  drain();
  EXPECT_THAT(remarks_, HasSubstr("away/*.log cannot be listed: No such file or directory"));
  EXPECT_THAT(remarks_, HasSubstr("nothing fits " + path("none-*.log") + " yet"));
  EXPECT_THAT(remarks_, HasSubstr("loop.log cannot be examined: Too many levels of symbolic links"));
  EXPECT_THAT(remarks_, HasSubstr("later.log is not there yet"));
  remarks_.clear();
  wait_for_look();
  drain();
  EXPECT_EQ(remarks_, "");
}

TEST_F(Tailing, LeavesOutALongLineThatARotationCut) {
  append(line(1) + std::string(kBlockBytesMax + (kBlockBytesMax / 4), 'x'));
  start();
  drain();
  EXPECT_EQ(tail_->counts().too_long, 0u);
  ASSERT_TRUE(tail_->close());
  fs::rename(log(), folder_ / "requests.log.1");
  append(line(2));
  drain_again();
  expect_once(1, 2);
  EXPECT_EQ(tail_->counts().too_long, 1u);
  EXPECT_EQ(tail_->counts().behind_bytes, 0u);
  drain_again();
  EXPECT_EQ(tail_->counts().lines, 0u);
}

/// Follows the file with a disk that dies at its n-th call; a store, too, may be reached or not. False once
/// it lived to the end.
bool tail_until_death(TailOptions options, Blocks& blocks, unsigned calls) {
  DyingDisk disk(calls);
  auto tail = Tail::open(std::move(options), disk);
  if (!tail) return true;
  for (;;) {
    const auto block = tail->next();
    if (!block) return true;
    if (*block == nullptr) break;
    if (!disk.is_alive_still()) return true;
    blocks.store(**block);
    if (!disk.is_alive_still()) return true;
    tail->stored();
  }
  return !tail->close();
}

TEST_F(Tailing, CountsEachLineOnceWhereverItIsKilled) {
  unsigned deaths = 0, repeats = 0;
  for (unsigned calls = 1;; ++calls) {
    fs::remove_all(folder_ / "state");
    fs::remove(log());
    fs::remove(folder_ / "requests.log.1");
    blocks_ = {};
    append(lines(1, 3));
    start();
    drain();
    ASSERT_TRUE(tail_->close());
    tail_.reset();
    append(lines(4, 5));
    const bool is_dead = tail_until_death(options(), blocks_, calls);
    append(lines(6, 7));
    if (calls % 2 == 0) {
      fs::rename(log(), folder_ / "requests.log.1");
      append(lines(8, 9));
    } else {
      append(lines(8, 9));
    }
    start();
    drain();
    drain();
    expect_once(1, 9);
    repeats += blocks_.repeats;
    if (HasFailure() || !is_dead) break;
    ++deaths;
  }
  EXPECT_GE(deaths, 15u);  // As many points there are; each was one at which it died.
  EXPECT_GE(repeats, 1u);  // And at some a block was stored without that being known.
}

}  // namespace
}  // namespace optiinfra::tail
