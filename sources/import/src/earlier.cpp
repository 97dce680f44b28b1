#include "earlier.hpp"

#include <algorithm>
#include <array>

namespace optiinfra {
namespace {

class Search {
 public:
  Search(std::span<const ImportRecord> known, const EarlierRequest& request)
      : known_(known), request_(request), origin_(request.file.origin) {}

  Result<Earlier> run() {
    const ImportRecord* own = find(origin_.id);
    if (own != nullptr) {
      OPTIINFRA_TRY(own, settle_own(*own));
    }
    if (!origin_.delivery.empty()) replace_delivery();
    const ImportRecord* kept = own;
    if (own == nullptr) {
      OPTIINFRA_TRY(kept, longest_to_continue());
      if (kept != nullptr) earlier_.continued = *kept;
    }
    for (const ImportRecord& each : known_) {
      if (!begins_with(each) || continues(kept, each)) continue;
      // Both are there in full only when a program stored them that did not compare.
      if (own != nullptr && own->finished && each.finished) continue;
      // Nothing of it would count twice.
      if (each.finished && each.rows_stored == 0) continue;
      OPTIINFRA_CHECK(replace(each));
    }
    earlier_.is_finished = own != nullptr && own->finished;
    return std::move(earlier_);
  }

 private:
  const ImportRecord* find(const Uuid& id) const {
    const auto found =
        std::find_if(known_.begin(), known_.end(), [&](const ImportRecord& each) { return each.id == id; });
    return found == known_.end() ? nullptr : &*found;
  }

  bool is_in_group(const Uuid& id) const {
    return std::find(request_.group.begin(), request_.group.end(), id) != request_.group.end();
  }

  /// The file's own import where it goes on or stays as it is; nothing when it is replaced.
  Result<const ImportRecord*> settle_own(const ImportRecord& own) {
    const ImportRecord* const none = nullptr;
    if (own.is_being_taken_back) return add(own), none;
    if (origin_.delivery.empty() || own.delivery == origin_.delivery) return &own;
    const bool is_whole = own.continues.is_nil() &&
                          std::none_of(known_.begin(), known_.end(),
                                       [&](const ImportRecord& each) { return each.continues == own.id; });
    if (own.delivery.empty() && is_whole) return &own;  // It gets the name.
    if (request_.replace) return add(own), none;
    return conflict(own, own.delivery.empty() ? "was imported in pieces while it grew"
                                              : "was imported as a file of delivery " + own.delivery);
  }

  void replace_delivery() {
    for (const ImportRecord& each : known_)
      if (each.delivery == origin_.delivery && !is_in_group(each.id)) add(each);
  }

  /// The bytes of `each`, in whole, are those that the file begins with.
  bool begins_with(const ImportRecord& each) const {
    if (each.content.is_nil() || each.id == origin_.id || is_replaced(each) || is_in_group(each.id))
      return false;
    const auto content = request_.content.find(each.content_bytes);
    return content != request_.content.end() && content->second == each.content;
  }

  bool is_replaced(const ImportRecord& each) const {
    return std::any_of(earlier_.replaced.begin(), earlier_.replaced.end(),
                       [&](const ImportRecord& other) { return other.id == each.id; });
  }

  void add(const ImportRecord& each) {
    if (!is_replaced(each)) earlier_.replaced.push_back(each);
  }

  /// Whether `later` is `each`, or continues it, or one that does.
  bool continues(const ImportRecord* later, const ImportRecord& each) const {
    for (; later != nullptr; later = later->continues.is_nil() ? nullptr : find(later->continues))
      if (later->id == each.id) return true;
    return false;
  }

  bool has_grown_from(const ImportRecord& each) const {
    return each.content_bytes < origin_.content_bytes && each.reading == origin_.reading &&
           each.delivery.empty() && origin_.delivery.empty() && !each.is_being_taken_back &&
           request_.file.format.kind != FormatKind::kTyped && request_.file.format.compression == "none" &&
           // Whether its objects are one a line is known only when it is read.
           !(request_.replace && request_.file.format.kind == FormatKind::kJsonLines);
  }

  Result<bool> ends_a_line(std::uint64_t bytes) const {
    std::array<unsigned char, 2> at{};
    OPTIINFRA_TRY(const std::size_t size, request_.file.file.read_at(bytes - 1, at));
    return size > 0 && (at[0] == '\n' || (size > 1 && (at[1] == '\n' || at[1] == '\r')));
  }

  Result<const ImportRecord*> longest_to_continue() const {
    const ImportRecord* longest = nullptr;
    for (const ImportRecord& each : known_) {
      if (!each.finished || !begins_with(each) || !has_grown_from(each)) continue;
      if (longest != nullptr && longest->content_bytes >= each.content_bytes) continue;
      OPTIINFRA_TRY(const bool is_whole, ends_a_line(each.content_bytes));
      if (is_whole) longest = &each;
    }
    return longest;
  }

  /// Of an import that never ended the rest is not known to be stored, so it is made again with what was
  /// added.
  Result<void> replace(const ImportRecord& each) {
    if (request_.replace || (!each.finished && has_grown_from(each))) return add(each), Result<void>{};
    if (each.content_bytes == origin_.content_bytes && each.map == origin_.map)
      return conflict(each, "was imported through the map " + shown_map(each) +
                                " with other customers, another --at or other contents of the map")
          .error();
    if (each.content_bytes == origin_.content_bytes)
      return conflict(each, "has the content of an import through the map " + shown_map(each)).error();
    if (each.reading != origin_.reading)
      return conflict(each, "begins with the content of an import through the map " + shown_map(each))
          .error();
    if (!each.delivery.empty())
      return conflict(each, "begins with the content of delivery " + each.delivery).error();
    if (!origin_.delivery.empty())
      return conflict(each, "begins with the content of an import that has no delivery").error();
    return conflict(each, "begins with the content of an import, and what was added cannot be told by lines")
        .error();
  }

  static std::string shown_map(const ImportRecord& each) {
    return each.map + (each.is_being_taken_back ? ", which is being taken back" : "");
  }

  Result<const ImportRecord*> conflict(const ImportRecord& each, const std::string& what) const {
    return Error{
        ErrorKind::kConflict,
        request_.file.file.path().string() + " " + what + " (" + each.id.to_string() + ", " + each.path +
            ", of " + format_time(each.begun) +
            "): its rows would count twice. --replace takes the earlier rows back first; nothing was "
            "stored"};
  }

  const std::span<const ImportRecord> known_;
  const EarlierRequest& request_;
  const ImportOrigin& origin_;
  Earlier earlier_;
};

}  // namespace

Result<Earlier> find_earlier(std::span<const ImportRecord> known, const EarlierRequest& request) {
  return Search(known, request).run();
}

}  // namespace optiinfra
