/// @file optiinfra/client/names.hpp
/// The names that people gave to customers, services and instances. A name is unique within its kind; an id
/// has one name at a time (docs/names.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/client/question.hpp"
#include "optiinfra/core/error.hpp"
#include "optiinfra/core/time.hpp"
#include "optiinfra/core/uuid.hpp"

namespace optiinfra {

class Client;

enum class NameKind { kCustomer, kService, kInstance };
inline constexpr NameKind kNameKinds[] = {NameKind::kCustomer, NameKind::kService, NameKind::kInstance};

/// "customer", "service", "instance"; also what identity_of() calls it, and the dimension.
std::string_view to_string(NameKind kind) noexcept;
Result<NameKind> parse_name_kind(std::string_view text);

/// The kind whose ids the column has: "customer_id". nullopt for other columns.
std::optional<NameKind> name_kind_of_column(std::string_view column) noexcept;

inline constexpr std::size_t kNameBytesMax = 256;
inline constexpr std::size_t kNamesMax = 100'000;  ///< Names of one store that are valid at a time.
/// Records of names: each change adds one, and all are read into memory.
inline constexpr std::size_t kNameRecordsMax = 1'000'000;

/// How old the names may be that a client uses. A name that this client set is used at once.
inline constexpr std::chrono::milliseconds kNamesAge{2'000};

/// A name and what it belongs to.
struct NamedId {
  NameKind kind{};
  std::string name;
  std::string id;      ///< A UUID in lower case, or an instance's id as its rows have it.
  Uuid customer_id{};  ///< The customer whose it is; nil when nobody said so. Of a customer, its own id.
  sys_seconds set_at{};
  std::string source;  ///< Who set it: "program", "api", a source of rows.
};

/// The names of a store at one time. Cheap to copy.
/// Threads: any number may use one object.
class Names {
 public:
  Names();

  /// nullptr when there is no such name, or the object does not show it.
  const NamedId* find(NameKind kind, std::string_view name) const;

  /// The name of an id; nullptr when it has none.
  const NamedId* of(NameKind kind, std::string_view id) const;

  /// The id that `text` means: itself when it is a UUID, else the id of that name. An instance's id may be
  /// any text, so that a text that is no name is itself the id. Errors: kInvalidArgument, with the nearest
  /// names, or what the name was changed to.
  Result<std::string> id_of(NameKind kind, std::string_view text) const;

  /// Replaces names by ids in the values of filters.
  Result<void> resolve(std::vector<Filter>& filters) const;

  /// All, or those of one kind; by kind and name.
  std::vector<const NamedId*> all(std::optional<NameKind> kind = std::nullopt) const;

  /// The same names without those that belong to other customers, or to nobody. Empty: all are shown.
  Names kept_to(std::vector<Uuid> customers) const;

  class Book;
  Names(std::shared_ptr<const Book> book, std::vector<Uuid> customers);

 private:
  bool shows(const NamedId& entry) const;

  std::shared_ptr<const Book> book_;
  std::vector<Uuid> customers_;
};

/// A name to set.
struct NewName {
  NameKind kind{};
  std::string name;
  std::string id = {};    ///< Empty: identity_of(kind, name). An instance needs one.
  Uuid customer_id = {};  ///< As in NamedId; may be nil.
};

/// Sets all names, or none. An id that had another name is renamed; the old name is free then. Returns how
/// many names this changed: setting what holds already changes nothing. Errors: kInvalidArgument for a name
/// that is empty, too long, no UTF-8, a UUID, or that has control characters or spaces around it; kConflict
/// for a name that belongs to another id, also when another program set it at the same time; kTooLarge beyond
/// kNamesMax.
Result<std::size_t> set_names(Client& client, std::span<const NewName> names, std::string_view source);

/// Removes a name. Its id stays as it is, and is shown without a name.
/// Errors: kInvalidArgument when there is no such name.
Result<void> remove_name(Client& client, NameKind kind, std::string_view name, std::string_view source);

/// Replaces names by ids in the values of filters. Does not read the names when no filter needs it.
Result<void> resolve_names(Client& client, std::vector<Filter>& filters);

/// Records of the names of a customer, and of its services and instances. These are the ones that were set
/// with the customer, and those set without any whose id only its rows have.
Result<std::uint64_t> count_names_of(Client& client, const Uuid& customer);

/// Gives the customer the names of its services and instances that were set without one, so that they are
/// known as its own when its rows are gone.
Result<void> claim_names(Client& client, const Uuid& customer);

/// Removes the records that count_names_of() counts, the customer's own name last, so that after a kill the
/// name still finds the customer. Call claim_names() before its rows are removed.
Result<void> forget_names(Client& client, const Uuid& customer);

/// Adds the records of names that `source` has and `target` lacks. May be repeated.
/// Returns how many there were.
Result<std::size_t> copy_names(Client& source, Client& target);

}  // namespace optiinfra
