/// Chooses the map of each file: the one that was named, or the one that fits the file's columns.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inputs.hpp"
#include "map.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/import/import.hpp"
#include "plan.hpp"

namespace optiinfra {

/// What the columns of a file say about the map that it needs.
struct FittingMap {
  std::string name;                 ///< kContractMap or a ready-made map; empty when none fits.
  std::optional<std::string> hint;  ///< Why none does, where the columns come near one that would.
};

/// A file has the contract's form when it has all required columns of the table. It has the form of a
/// ready-made map when it has, in some spelling, all columns that the map cannot do without. `maps` are the
/// ready-made maps of all families, without those whose `known_by` does not hold. Errors: kInvalidArgument
/// when several maps fit.
Result<FittingMap> fitting_map(const std::vector<ImportMap>& maps, Family family,
                               const std::vector<std::string>& columns);

/// A map that is ready for use.
struct PreparedMap {
  CheckedMap checked;
  std::optional<CheckedMap> delivery = {};  ///< See check_delivery(); for kDeliveryOfBill only.
  TypesOfValues known_types = {};
};

class MapChoice {
 public:
  /// Loads and prepares the map that the options name, if they name one, and reads the customers.
  /// Errors: those of load_map(), expect_fit() and read_customers().
  static Result<MapChoice> make(Client& client, const ImportOptions& options, const Inputs& inputs);

  /// The format that the named map states; empty otherwise.
  std::string_view format() const { return named_ ? std::string_view(named_->format) : std::string_view(); }

  /// The map of a file. It lives as long as the choice.
  /// Errors: kInvalidArgument for a file that fits several maps, or none and nearly one, or of whose form no
  /// rows can be made, when the options state a time and the map has no use for it, or needs one and they
  /// state none, and when they ask for kDeliveryOfBill and the map does not say it; those of reading it, and
  /// of check_map().
  Result<PreparedMap*> map_of(Session& reader, const std::filesystem::path& path);

 private:
  MapChoice(const ImportOptions& options, const Inputs& inputs, std::optional<ImportMap> named,
            CustomersByKey customers)
      : options_(options), inputs_(inputs), named_(std::move(named)), customers_(std::move(customers)) {}

  Result<std::string> choose(Session& reader, const std::filesystem::path& path);
  Result<std::vector<ImportMap>> candidates(Session& reader, const SourceFile& file, const FileFormat& format,
                                            const std::vector<std::string>& columns) const;
  Result<PreparedMap*> map_named(Session& reader, const std::filesystem::path& path);
  Result<PreparedMap*> prepare(Session& reader, ImportMap map);

  const ImportOptions& options_;
  const Inputs& inputs_;
  std::optional<ImportMap> named_;
  CustomersByKey customers_;
  std::vector<ImportMap> ready_made_;  ///< Filled when the first file has no named map.
  std::vector<std::unique_ptr<PreparedMap>> prepared_;
};

}  // namespace optiinfra
