#include "source.hpp"

#include <algorithm>

#include "optiinfra/transport/small_answer.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace optiinfra::copy {
namespace {

/// Replicas of a shard share their place in Keeper; a table without one has an identifier of its own.
Result<std::string> part_identity(Session& session) {
  const std::vector<NamedValue> parameters = {{"database", std::string(session.database())},
                                              {"name", table_of(Family::kCost).raw_table}};
  OPTIINFRA_TRY(const auto replicated,
                query_texts(session, {.sql = "SELECT zookeeper_path FROM system.replicas WHERE database = "
                                             "{database:String} AND table = {name:String}",
                                      .parameters = parameters}));
  if (!replicated.empty()) return replicated[0][0];
  OPTIINFRA_TRY(const auto own,
                query_texts(session, {.sql = "SELECT toString(uuid) FROM system.tables WHERE "
                                             "database = {database:String} AND name = {name:String}",
                                      .parameters = parameters}));
  if (own.empty()) return Error{ErrorKind::kCorrupt, "the store has no table " + parameters[1].second};
  return own[0][0];
}

}  // namespace

Result<Uuid> identity_of(Client& store) {
  std::string parts;
  OPTIINFRA_CHECK(store.with_each_part([&](Session& session, std::uint32_t) -> Result<void> {
    OPTIINFRA_TRY(const std::string part, part_identity(session));
    parts += part + "\n";
    return {};
  }));
  const XXH128_hash_t hash = XXH3_128bits(parts.data(), parts.size());
  return Uuid{hash.high64, hash.low64};
}

Result<std::chrono::days> kept_for(Client& store, Family family, store::Tier tier) {
  std::chrono::days shortest = store::kRetentionMax;
  OPTIINFRA_CHECK(store.with_each_part([&](Session& session, std::uint32_t) -> Result<void> {
    OPTIINFRA_TRY(const auto keep, store::effective_retention(session, family, tier));
    if (keep.count() > 0) shortest = std::min(shortest, keep);
    return {};
  }));
  return shortest;
}

Result<std::map<std::string, Content>> contents_by_day(Client& store, const TierSql& sql) {
  std::map<std::string, Content> contents;
  OPTIINFRA_CHECK(store.with_session([&](Session& session) -> Result<void> {
    return done(session.query(sql.contents(session), [&](const Block& block) {
      const auto& days = *block.values<Strings>(0);
      const auto& rows = *block.values<std::vector<std::uint64_t>>(1);
      const auto& sums = *block.values<std::vector<std::uint64_t>>(2);
      for (std::size_t i = 0; i < block.row_count(); ++i) contents[std::string(days[i])] = {rows[i], sums[i]};
      return true;
    }));
  }));
  return contents;
}

}  // namespace optiinfra::copy
